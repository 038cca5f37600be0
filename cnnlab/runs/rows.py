"""What a list of runs shows of each: one row, read from the run's folder.

A run whose folder is damaged is a row with a sentence, never an exception. This module never keeps
anything: `runs.store` does.
"""

import math
from dataclasses import dataclass
from typing import Any

from cnnlab.errors import RunError
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.marks import read_marks
from cnnlab.runs.retries import why_it_ended
from cnnlab.runs.states import State
from cnnlab.runs.tail import find_tail
from cnnlab.specs.differences import fingerprint

REPORTED = (
    "val_accuracy",
    "val_loss",
    "test_accuracy",
    "test_accuracy_low",
    "test_accuracy_high",
    "seconds",
    "parameters",
    "verdict",
)
"""What comes from the report once there is one."""


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run in a list. A number that is not known, or is no number, is None."""

    id: str
    name: str
    state: State
    created_at: float
    """Wall clock, seconds since 1970."""
    dataset_id: str = ""
    dataset_version: int = 0
    dataset_name: str = ""
    kind: str = ""
    """`blocks` or `backbone`."""
    network_name: str = ""
    """A CNN's own name, or the backbone's name in the table of `models.backbones`."""
    weights: str = ""
    """Of a backbone: `imagenet` or `random`."""
    image_size: int = 0
    seed: int = 0
    epoch: int = 0
    """Epochs finished, over all phases."""
    epochs: int = 0
    """Epochs planned, over all phases; 0 before the worker has said."""
    val_accuracy: float | None = None
    """Of the best epoch so far, which is the one with the lowest validation loss."""
    val_loss: float | None = None
    test_accuracy: float | None = None
    test_accuracy_low: float | None = None
    """Lower end of the 95 % interval."""
    test_accuracy_high: float | None = None
    seconds: float | None = None
    """What the run has taken; while it has no report, its epochs."""
    parameters: int | None = None
    """Trainable and frozen ones."""
    verdict: str = ""
    message: str = ""
    """Why it failed, or what is damaged."""
    damaged: bool = False
    """A file of the run cannot be read; all one can do is delete it."""
    family: str = ""
    """Equal for runs whose settings differ in nothing but the seed and the name."""
    starred: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""


def read_row(run: RunFolder) -> RunRow:
    """Read the row of a run as it is now."""
    try:
        return RunRow(
            id=run.id,
            created_at=run.created_at,
            **_asked_for(run),
            **_progress(run),
            **_scores(run),
            **read_marks(run).model_dump(),
        )
    except RunError as error:
        return RunRow(
            id=run.id,
            name=run.id,
            state=State.FAILED,
            created_at=run.created_at,
            message=str(error),
            damaged=True,
        )


def _asked_for(run: RunFolder) -> dict[str, Any]:
    spec = run.spec()
    return {
        "name": spec.name,
        "dataset_id": spec.dataset.id,
        "dataset_version": spec.dataset.version,
        "dataset_name": spec.dataset.name,
        "kind": spec.network.kind,
        "network_name": spec.network.name if spec.network.kind == "blocks" else spec.network.backbone,
        "weights": spec.network.weights if spec.network.kind == "backbone" else "",
        "image_size": spec.network.image_size,
        "seed": spec.seed,
        "family": fingerprint(spec),
    }


def _progress(run: RunFolder) -> dict[str, Any]:
    status = run.status()
    progress = {"state": run.state(), "message": why_it_ended(run)}
    if status is not None:
        progress |= {"epoch": status.epoch, "epochs": status.epochs}
    return progress


def _scores(run: RunFolder) -> dict[str, Any]:
    report = run.report()
    if report is not None:
        return {name: _number(getattr(report, name)) for name in REPORTED}
    tail = find_tail(run)
    epochs, phases = tail.epochs, tail.phases
    if epochs.empty:
        return {}
    best = epochs[epochs["best"]]
    counts = phases[["trainable_parameters", "frozen_parameters"]].sum(axis=1)
    return {
        "val_accuracy": _number(best["val_accuracy"].iloc[-1].item()) if len(best) else None,
        "val_loss": _number(best["val_loss"].iloc[-1].item()) if len(best) else None,
        "seconds": _number(epochs["seconds"].sum().item()),
        "parameters": counts.iloc[-1].item() if len(counts) else None,
    }


def _number(value: Any) -> Any:
    """Leave out what is no number: SQLite would make it NULL anyway, and pages show nothing for it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
