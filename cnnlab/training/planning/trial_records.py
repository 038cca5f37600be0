"""What a trial was asked, how far it is, and what it found: JSON there and back.

This module never opens a file: `trials` does.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from cnnlab.runs.records import PhaseName
from cnnlab.specs.runs import RunSpec
from cnnlab.training.planning.costs import Costs

TrialKind = Literal["timing", "learning_rates"]
TrialState = Literal["running", "finished", "failed", "cancelled"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")


class TrialRequest(_Record):
    """What was asked for."""

    kind: TrialKind
    spec: RunSpec


class TrialProgress(_Record):
    """How far a trial is, or how it ended."""

    state: TrialState = "running"
    activity: str = "Starting"
    share: float | None = None
    """How much of the activity is done, 0 to 1, where that is known."""
    message: str = ""
    """Why it failed."""


class TimingResult(_Record):
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


class RangeCurve(_Record):
    """The loss of one phase while the learning rate rises."""

    phase: PhaseName
    learning_rates: tuple[float, ...]
    losses: tuple[float, ...]
    """Smoothed; as long as `learning_rates`."""
    suggestion: float | None
    sentence: str


class RangeResult(_Record):
    """A range test of every phase."""

    kind: Literal["learning_rates"] = "learning_rates"
    phases: tuple[RangeCurve, ...]
    measured_at: float
    """Wall clock, seconds since 1970."""
