"""Runs that differ in nothing but the seed, as one group: its mean and spread, and seeds it has not seen.

One run is one draw; several seeds say how much of a score is luck. This module never starts a run.
"""

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnnlab.runs.rows import RunRow
from cnnlab.specs.runs import RunSpec

LONGEST_NAME = 120
_SEED_IN_NAME = re.compile(r"\s*\(seed \d+\)$")


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Scores of one group of runs."""

    mean: float
    deviation: float | None
    """Standard deviation between the seeds (of a sample, n - 1); None of one run."""
    low: float
    high: float
    count: int


@dataclass(frozen=True, kw_only=True)
class Family:
    """Runs of equal settings but for the seed, newest first."""

    rows: tuple[RunRow, ...]

    @property
    def name(self) -> str:
        """What its oldest run is called, without its seed."""
        return _SEED_IN_NAME.sub("", self.rows[-1].name)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Each seed once, ascending."""
        return tuple(sorted({row.seed for row in self.rows}))

    def scores(self, score: str) -> tuple[float, ...]:
        """A score of each seed that has one; a seed that ran twice counts once, by its newest run.

        Args:
            score: A field of `RunRow`: `test_accuracy`, `val_accuracy`, ...
        """
        scored = [row for row in self.rows if getattr(row, score) is not None]
        return tuple(getattr(row, score) for row in {row.seed: row for row in reversed(scored)}.values())

    def spread(self, score: str) -> Spread | None:
        """Mean and spread of a score, or None where no run has it yet."""
        values = self.scores(score)
        if not values:
            return None
        return Spread(
            mean=statistics.fmean(values),
            deviation=statistics.stdev(values) if len(values) > 1 else None,
            low=min(values),
            high=max(values),
            count=len(values),
        )


def families(rows: Sequence[RunRow]) -> list[Family]:
    """Group runs by their settings; groups come in the order of the first run that is given of each."""
    groups: dict[str, list[RunRow]] = {}
    for row in rows:
        # A damaged run has no settings that it could share.
        groups.setdefault(row.family or row.id, []).append(row)
    return [
        Family(rows=tuple(sorted(group, key=lambda row: (row.created_at, row.id), reverse=True)))
        for group in groups.values()
    ]


def unused_seeds(used: Sequence[int]) -> Iterator[int]:
    """Seeds that are not among these, from the smallest."""
    taken, seed = set(used), 0
    while True:
        if seed not in taken:
            yield seed
        seed += 1


def with_seed(spec: RunSpec, *, seed: int) -> RunSpec:
    """The same run with another seed, which is in its name too: 'Tiny on Digits (seed 1)'."""
    suffix = f" (seed {seed})"
    base = _SEED_IN_NAME.sub("", spec.name)[: LONGEST_NAME - len(suffix)].rstrip()
    return spec.with_changes(name=base + suffix, seed=seed)
