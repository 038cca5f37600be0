"""Which places runs have to train in: each graphics card is one; without cards there is one, or as many as set.

A run in a place with a card sees that card only, so two runs never share the memory of one unless
somebody asked for more places than there are cards. This module never starts a run.
"""

import functools
import subprocess
from collections.abc import Collection
from itertools import count

from cnnlab.settings import settings

LIST_CARDS = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")
LIST_SECONDS = 10.0
HIDES_THE_OTHERS = "CUDA_VISIBLE_DEVICES"


def graphics_cards() -> tuple[str, ...]:
    """The graphics cards that runs may use, as CUDA names them: those of `CNNLAB_CARDS`, else all there are.

    `CUDA_VISIBLE_DEVICES` is not asked: a worker's keeper, which moves the queue on too, has it set to
    the one card of its own worker.
    """
    named = tuple(card.strip() for card in settings().cards.split(",") if card.strip())
    return named or _list_cards()


@functools.cache
def _list_cards() -> tuple[str, ...]:
    """All cards of this machine; asked once, without TensorFlow."""
    try:
        answer = subprocess.run(
            LIST_CARDS, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIST_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        # No driver, or one that does not answer: TensorFlow would not find a card either.
        return ()
    lines = answer.stdout.decode("ascii", errors="replace").splitlines()
    return tuple(line.strip() for line in lines if line.startswith("GPU-"))


def count_slots() -> int:
    """How many runs train at the same time: as many as `CNNLAB_SLOTS` says, else one a card, else one."""
    return settings().slots or len(graphics_cards()) or 1


def free_slot(taken: Collection[int]) -> int:
    """The lowest place that nobody has, from 0."""
    return next(slot for slot in count() if slot not in taken)


def environment_of(slot: int) -> dict[str, str]:
    """What a worker in this place is told: which card it may use, where there are any."""
    cards = graphics_cards()
    return {HIDES_THE_OTHERS: cards[slot % len(cards)]} if cards else {}
