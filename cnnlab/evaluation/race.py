"""Which backbone to take: what was measured of several, weighed against a cost and within a person's limits.

Two are compared on the pictures that both were judged by; of those that no other beats beyond noise,
the fastest is taken. Random weights never win over pretrained ones, and other datasets or versions
of one are never mixed in. This module never measures anything, and leaves the words to `race_words`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cnnlab.evaluation import race_words
from cnnlab.evaluation.pairing import difference_of
from cnnlab.evaluation.race_words import figure, megabytes
from cnnlab.runs.measurements import Measurement

Cost = Literal["latency_p50_ms", "latency_p95_ms", "lite_bytes", "predict_peak_bytes", "training_peak_bytes"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One measurement in the chart."""

    measurement: Measurement
    on_frontier: bool
    """No other is at least as accurate and cheaper."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What somebody can afford; None is no limit."""

    size_mb: float | None = None
    """Largest file of the model, in megabytes (10^6 bytes)."""
    latency_ms: float | None = None
    """Longest median time of one picture, in milliseconds."""

    def excess(self, measurement: Measurement) -> dict[str, float]:
        """How many times each limit a measurement takes, by unit; above 1 it is over.

        Compared as the screen writes the figures: what reads as 5 MB is within a limit of 5 MB.
        """
        found = {
            "MB": (megabytes(measurement), self.size_mb),
            "ms": (measurement.latency_p50_ms, self.latency_ms),
        }
        return {unit: figure(value) / limit for unit, (value, limit) in found.items() if limit}

    def met_by(self, measurement: Measurement) -> bool:
        """Whether a measurement is within all limits."""
        return all(share <= 1.0 for share in self.excess(measurement).values())

    def by_unit(self) -> dict[str, float]:
        """The limits that there are."""
        limits = {"MB": self.size_mb, "ms": self.latency_ms}
        return {unit: limit for unit, limit in limits.items() if limit}


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What to take, and why, in words."""

    sentence: str
    winner: Measurement | None
    """None when nothing is measured, or nothing meets the limits."""
    tied: tuple[Measurement, ...] = ()
    """Others within the limits that none there beats beyond noise, fastest first; the winner is no slower."""


def comparable(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Keep what stands beside the newest: the same machine and dataset, and the newest version of it that is here."""
    if not measurements:
        return []
    newest = max(measurements, key=lambda each: each.measured_at)
    wanted = (newest.machine_id, newest.dataset_id)
    same = [each for each in measurements if (each.machine_id, each.dataset_id) == wanted]
    version = max(each.dataset_version for each in same)
    return [each for each in same if each.dataset_version == version]


def frontier(measurements: Sequence[Measurement], *, cost: Cost = "latency_p50_ms") -> list[Entry]:
    """Say of each measurement whether another makes it needless, cheapest first.

    Args:
        measurements: Of one dataset. Another version of it is never on the frontier; random weights are
            only where nothing pretrained is measured.
        cost: The figure that should be small.
    """
    contenders = [(each.accuracy, getattr(each, cost)) for each in _contenders(measurements)]

    def is_needed(each: Measurement) -> bool:
        mine = (each.accuracy, getattr(each, cost))
        beaten = any(
            accuracy >= mine[0] and paid <= mine[1]
            for accuracy, paid in contenders
            if (accuracy, paid) != mine
        )
        return not beaten

    allowed = {id(each) for each in _contenders(measurements)}
    cheapest_first = sorted(
        measurements, key=lambda each: (getattr(each, cost), -each.accuracy, each.backbone)
    )
    return [
        Entry(measurement=each, on_frontier=id(each) in allowed and is_needed(each))
        for each in cheapest_first
    ]


def recommend(measurements: Sequence[Measurement], *, limits: Limits) -> Recommendation:
    """Choose within limits: the fastest of those that no other beats beyond noise.

    Args:
        measurements: Of one dataset; of several versions of it the newest counts, and that is said.
        limits: What somebody can afford.
    """
    contenders = _contenders(measurements)
    if not contenders:
        return Recommendation(sentence=race_words.NOTHING_MEASURED, winner=None)
    within = [each for each in contenders if limits.met_by(each)]
    if not within:
        closest = min(contenders, key=lambda each: (max(limits.excess(each).values()), -each.accuracy))
        over = _exceeded(limits, closest)
        sentence = race_words.nothing_fits(closest, over=list(over), limits=limits.by_unit())
        return Recommendation(sentence=sentence, winner=None)
    unbeaten = sorted(_unbeaten(within), key=_speed)
    winner, tied = unbeaten[0], tuple(unbeaten[1:])
    behind = [each for each in within if each not in unbeaten and difference_of(winner, each).low > 0.0]
    beyond = max((each for each in contenders if each not in within), key=_accuracy, default=None)
    story = race_words.Story(
        winner=winner,
        tied=tied,
        behind=max(behind, key=_accuracy, default=None),
        beyond=beyond,
        over=_exceeded(limits, beyond) if beyond else {},
        left_out=len(measurements) - len(comparable(measurements)),
    )
    return Recommendation(sentence=race_words.tell(story), winner=winner, tied=tied)


def _unbeaten(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Those than which none is better beyond noise; the most accurate is among them, and no two of them differ.

    Being within noise of the best is not enough: A may be level with B, and B with C, and C better than A.
    """
    best_first = sorted(measurements, key=_accuracy, reverse=True)
    found = [
        each
        for each in best_first
        if not any(difference_of(other, each).low > 0.0 for other in best_first if other is not each)
    ]
    # Of different pictures each might beat another in a ring.
    return found or best_first[:1]


def _exceeded(limits: Limits, measurement: Measurement) -> dict[str, float]:
    return {unit: limits.by_unit()[unit] for unit, share in limits.excess(measurement).items() if share > 1.0}


def _contenders(measurements: Sequence[Measurement]) -> list[Measurement]:
    """What may win: of the pictures as they are now, and pretrained where anything is."""
    found = comparable(measurements)
    return [each for each in found if each.weights != "random"] or found


def _speed(measurement: Measurement) -> tuple[float, int, str]:
    return measurement.latency_p50_ms, measurement.lite_bytes, measurement.backbone


def _accuracy(measurement: Measurement) -> tuple[float, float]:
    return measurement.accuracy, -measurement.latency_p50_ms
