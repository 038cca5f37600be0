"""What a trial was asked, and what it found: JSON there and back.

This module never opens a file: `trials` does.
"""

from typing import Literal

from cnnlab.jobs.records import JobRecord
from cnnlab.runs.records import PhaseName
from cnnlab.specs.runs import RunSpec
from cnnlab.training.planning.costs import Costs

TrialKind = Literal["timing", "learning_rates"]


class TrialRequest(JobRecord):
    """What was asked for."""

    kind: TrialKind
    spec: RunSpec


class TimingResult(JobRecord):
    """What the pieces of a plan cost on a machine."""

    kind: Literal["timing"] = "timing"
    costs: Costs
    peak_bytes: int
    """The most memory that the trial held."""
    machine_id: str
    measured_at: float
    """Wall clock, seconds since 1970."""
    seconds: float
    """How long the trial took."""


class RangeCurve(JobRecord):
    """The loss of one phase while the learning rate rises."""

    phase: PhaseName
    learning_rates: tuple[float, ...]
    losses: tuple[float, ...]
    """Smoothed; as long as `learning_rates`."""
    suggestion: float | None
    sentence: str


class RangeResult(JobRecord):
    """A range test of every phase."""

    kind: Literal["learning_rates"] = "learning_rates"
    phases: tuple[RangeCurve, ...]
    measured_at: float
    """Wall clock, seconds since 1970."""
