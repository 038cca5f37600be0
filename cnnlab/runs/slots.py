"""Which places runs have to train in: each graphics card is one; without cards there is one, or as many as set.

This module never starts a run.
"""

from collections.abc import Collection
from itertools import count


def free_slot(taken: Collection[int]) -> int:
    """The lowest place that nobody has, from 0."""
    return next(slot for slot in count() if slot not in taken)


def environment_of(slot: int) -> dict[str, str]:
    """What a worker in this place is told: which card it may use, where there are any."""
    return {}
