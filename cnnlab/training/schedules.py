"""Table of learning-rate schedules: the rate at each step of a phase, as a share of the rate that was set.

A schedule is a function of how far the phase is, and nothing else: it can be drawn before the run,
and a run that is taken up needs no state of it. This module never touches an optimizer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cnnlab.errors import SpecError, unknown_name

Share = Callable[[float], float]
"""From how far the phase is, 0 to 1, to the share of the learning rate, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One way for the learning rate to change over a phase."""

    label: str
    helps: str
    share: Share
    paper: str = ""


def _constant(_: float) -> float:
    return 1.0


def _cosine(done: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * done))


def _warm_up(done: float, *, length: float) -> float:
    return min(1.0, done / length)


def _warm_up_cosine(done: float) -> float:
    length = 0.1
    # The first step must move: a share of exactly 0 would waste it.
    return (
        max(_warm_up(done, length=length), 0.01)
        if done < length
        else _cosine((done - length) / (1.0 - length))
    )


def _one_cycle(done: float) -> float:
    rise, start, end = 0.3, 1 / 25, 1e-4
    if done < rise:
        return start + (1.0 - start) * 0.5 * (1.0 - math.cos(math.pi * done / rise))
    return end + (1.0 - end) * _cosine((done - rise) / (1.0 - rise))


def _steps(done: float) -> float:
    return 0.1 ** math.floor(min(done, 0.999) * 3.0)


SCHEDULES = MappingProxyType(
    {
        "constant": Schedule(
            label="Constant",
            helps="Nothing to set and nothing to go wrong; the lesson's choice.",
            share=_constant,
        ),
        "cosine": Schedule(
            label="Cosine",
            helps="Ends in ever smaller steps, which often gains a point when all epochs are run.",
            share=_cosine,
            paper="https://arxiv.org/abs/1608.03983",
        ),
        "warm_up_cosine": Schedule(
            label="Warm-up, then cosine",
            helps="Starts gently for a tenth of the phase: for fine-tuning, where first steps can hurt what is known.",
            share=_warm_up_cosine,
            paper="https://arxiv.org/abs/1706.02677",
        ),
        "one_cycle": Schedule(
            label="One cycle",
            helps="Rises, then falls far below the start: allows a higher rate, for training from scratch in few epochs.",
            share=_one_cycle,
            paper="https://arxiv.org/abs/1708.07120",
        ),
        "steps": Schedule(
            label="Three steps",
            helps="A tenth of the rate after each third: the classic way to end a long training.",
            share=_steps,
        ),
    }
)


def learning_rate_at(step: int, *, steps: int, learning_rate: float, schedule: str) -> float:
    """The learning rate of one step of a phase.

    Args:
        step: From 0, within the phase.
        steps: Steps of the whole phase, if it is not stopped early.
        learning_rate: The rate that was set: the highest of the schedule.
        schedule: Name of a row.

    Raises:
        SpecError: There is no such row.
    """
    if schedule not in SCHEDULES:
        raise SpecError(unknown_name("schedule", schedule, SCHEDULES))
    return learning_rate * SCHEDULES[schedule].share(min(step / max(steps - 1, 1), 1.0))


def schedule_curve(
    schedule: str, *, steps: int, learning_rate: float, points: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    """Steps and their learning rates, to draw a phase before it runs.

    Returns:
        Two arrays of equal length, at most `points`: steps from 0 (int), and rates (float).
    """
    chosen = np.unique(np.linspace(0, max(steps - 1, 0), min(points, max(steps, 1))).astype(int))
    rates = [
        learning_rate_at(int(step), steps=steps, learning_rate=learning_rate, schedule=schedule)
        for step in chosen
    ]
    return chosen, np.array(rates)
