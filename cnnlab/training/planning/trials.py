"""Short trials of a plan, each in a process of its own: start one, watch it, cancel it, read what it found.

    <workspace>/cache/trials/<kind>-<key>/     each as `jobs.folder` says

The key is made of everything that matters to the result, so a trial is found again by the settings alone.
One trial runs at a time: a newer one ends the older. This module never loads TensorFlow.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from filelock import FileLock

from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError, TrainingError
from cnnlab.jobs.folder import Job, forget_oldest
from cnnlab.jobs.records import JobProgress
from cnnlab.runs.machine import machine_id
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.training.planning.trial_records import (
    RangeResult,
    TimingResult,
    TrialKind,
    TrialRequest,
)

WORKER = "cnnlab.training.planning.trial_worker"
RESULTS: dict[str, type[TimingResult] | type[RangeResult]] = {
    "timing": TimingResult,
    "learning_rates": RangeResult,
}
KEPT = 60
"""Ended trials that are kept; the oldest make room."""
RECIPE = 1
"""Grows when a trial measures something else; results of before are then no longer found."""
CHANGES_NOTHING = {
    "epochs",
    "learning_rate",
    "head_epochs",
    "head_learning_rate",
    "fine_tune_epochs",
    "fine_tune_learning_rate",
    "early_stopping_patience",
    "schedule",
    "folds",
}
"""Settings of training that neither change what a step takes nor the curve of a range test."""


@dataclass(frozen=True, kw_only=True)
class Trial(Job):
    """One trial, under way or ended."""

    kind: TrialKind

    noun: ClassVar[str] = "trial"
    advice: ClassVar[str] = "Try a smaller batch or image size."

    def result(self) -> TimingResult | RangeResult:
        """What it found.

        Raises:
            TrainingError: It has not finished, or its result cannot be read.
        """
        found = self.read("result.json", RESULTS[self.kind]) if self.state == "finished" else None
        if found is None:
            raise TrainingError(
                f"This trial has no result: it is {self.state}. {self.message} Start it again.".replace(
                    "  ", " "
                )
            )
        return found


def start_trial(spec: RunSpec, *, kind: TrialKind) -> Trial:
    """Start a trial of a plan, or return the one that is under way; any other that is under way is ended.

    Raises:
        DatasetError: The dataset is gone, or cannot be trained on.
        TrainingError: The trial cannot be written.
    """
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    if problems := dataset.problems():
        raise DatasetError(" ".join(problems))
    trial = _trial(spec, kind=kind)
    with FileLock(_trials() / "start.lock"):
        if trial.exists and trial.state == "running":
            if trial.is_cancelled:
                raise TrainingError(
                    "This trial was cancelled and is still ending. Start it again in some seconds."
                )
            return trial
        for other in _all_trials():
            if other.state == "running":
                other.cancel()
        try:
            forget_oldest([other for other in _all_trials() if other != trial], kept=KEPT - 1)
            trial.start(TrialRequest(kind=kind, spec=spec), module=WORKER)
        except OSError as error:
            raise TrainingError(
                f"The trial could not be written ({error.strerror or error}). Make room on the disk of "
                f"{workspace().home}, and try again."
            ) from error
    return trial


def find_trial(spec: RunSpec, *, kind: TrialKind) -> Trial | None:
    """Return the trial for these settings, under way or ended, or None when there was none."""
    trial = _trial(spec, kind=kind)
    return trial if trial.exists else None


def find_timing(spec: RunSpec) -> TimingResult | None:
    """Return what a trial of this plan found, or None."""
    trial = find_trial(spec, kind="timing")
    if trial is None:
        return None
    said = trial.read("progress.json", JobProgress)
    return trial.read("result.json", TimingResult) if said and said.state == "finished" else None


def _trials() -> Path:
    folder = workspace().cache / "trials"
    folder.mkdir(exist_ok=True)
    return folder


def _all_trials() -> list[Trial]:
    found = []
    for path in _trials().glob("*/request.json"):
        # The name begins with the kind, so that a list of trials opens no file.
        kind = path.parent.name.partition("-")[0]
        if kind in RESULTS:
            found.append(Trial(kind=kind, folder=path.parent))
    return found


def _trial(spec: RunSpec, *, kind: TrialKind) -> Trial:
    return Trial(kind=kind, folder=_trials() / f"{kind}-{_key(spec)}")


def _key(spec: RunSpec) -> str:
    training = spec.training.model_dump(mode="json", exclude=CHANGES_NOTHING)
    if training["kind"] == "transfer":
        training["fine_tunes"] = spec.training.fine_tunes
        if not spec.training.fine_tunes:
            del training["unfreeze"], training["unfreeze_blocks"]
    parts = [
        RECIPE,
        machine_id(),
        spec.dataset.id,
        spec.dataset.version,
        spec.network.model_dump(mode="json"),
        training,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
