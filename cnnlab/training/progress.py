"""How far a run has come: everything that has to survive, besides the arrays, to take it up exactly.

JSON there and back without loss: Python writes every float so that it reads back to the same bits.
This module never holds an array.
"""

from pydantic import BaseModel, ConfigDict

from cnnlab.runs.records import PhaseName


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="constants")


class EpochSums(_Part):
    """Sums over the steps of the epoch under way."""

    loss_sum: float = 0.0
    correct: int = 0
    seen: int = 0

    @property
    def loss(self) -> float | None:
        """Mean loss of the pictures seen so far in this epoch."""
        return self.loss_sum / self.seen if self.seen else None

    @property
    def accuracy(self) -> float | None:
        """Share of the pictures seen so far in this epoch that were named right, 0 to 1."""
        return self.correct / self.seen if self.seen else None

    def add(self, *, loss_sum: float, correct: int, seen: int) -> None:
        """Take one more step in."""
        self.loss_sum += loss_sum
        self.correct += correct
        self.seen += seen


class Best(_Part):
    """The epoch with the lowest validation loss, and where its weights are."""

    phase: PhaseName
    epoch: int
    """From 1, counted over all phases."""
    val_loss: float
    val_accuracy: float
    weights: str
    """File in the run's checkpoint folder."""
    sha256: str = ""
    """Of that file, once it is written; '' in checkpoints of an older cnnlab."""


class PhaseProgress(_Part):
    """One phase that is under way or over."""

    name: PhaseName
    epochs_done: int = 0
    epochs_without_better: int = 0
    last_loss: float | None = None
    """Mean training loss of the last finished epoch."""
    epochs_not_falling: int = 0
    """In a row, until now, with a training loss that was no lower than the one before."""
    best: Best | None = None
    """The best epoch of this phase; the best of the run is `Progress.best`."""
    seconds: float = 0.0


class Progress(_Part):
    """Where the run is."""

    phase_index: int = 0
    phases: list[PhaseProgress] = []
    epoch: int = 0
    """Epochs finished, over all phases."""
    step: int = 0
    """Steps finished, over all phases."""
    step_of_epoch: int = 0
    """Steps finished of the epoch under way."""
    sums: EpochSums = EpochSums()
    best: Best | None = None
    seconds: float = 0.0
    """Time that all attempts took until here, preparation included."""

    @property
    def phase(self) -> PhaseProgress:
        """The phase under way."""
        return self.phases[self.phase_index]
