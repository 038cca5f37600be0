"""Short trials of a plan, each in a process of its own: start one, watch it, cancel it, read what it found.

    <workspace>/cache/trials/<key>/
        request.json    what was asked for                     written once, before the start
        progress.json   how far it is, or how it ended         the worker
        result.json     what it found                          the worker, before it says that it has finished
        cancel          somebody wants it to end
        worker.lock     held by the worker for its whole life
        worker.log      what it printed

The key is made of everything that matters to the result, so a trial is found again by the settings alone.
One trial runs at a time: a newer one ends the older. This module never loads TensorFlow.
"""

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from cnnlab.data.children import start_detached
from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError, TrainingError
from cnnlab.files import read_last_lines, write_text
from cnnlab.runs.machine import machine_id
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.training.planning.trial_records import (
    RangeResult,
    TimingResult,
    TrialKind,
    TrialProgress,
    TrialRequest,
    TrialState,
)

WORKER = "cnnlab.training.planning.trial_worker"
RESULTS: dict[str, type[TimingResult] | type[RangeResult]] = {
    "timing": TimingResult,
    "learning_rates": RangeResult,
}
LAUNCH_GRACE_SECONDS = 60.0
"""How long a started worker may take until it holds its lock."""
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
class Trial:
    """One trial, under way or ended; all that is known lies in its folder."""

    kind: TrialKind
    folder: Path

    @property
    def key(self) -> str:
        """Name of the trial: equal for settings that would give the same result."""
        return self.folder.name

    @property
    def state(self) -> TrialState:
        """Whether it is under way, or how it ended."""
        return self._said().state

    @property
    def message(self) -> str:
        """Why it failed, as a sentence; '' where it did not."""
        return self._said().message

    def progress(self) -> tuple[str, float | None]:
        """What it is doing, and how much of that is done, 0 to 1, where that is known."""
        said = self._said()
        return said.activity, said.share

    def cancel(self) -> None:
        """Ask it to end; it looks several times a second."""
        (self.folder / "cancel").touch()

    def result(self) -> TimingResult | RangeResult:
        """What it found.

        Raises:
            TrainingError: It has not finished, or its result cannot be read.
        """
        found = _read(self.folder / "result.json", RESULTS[self.kind]) if self.state == "finished" else None
        if found is None:
            raise TrainingError(
                f"This trial has no result: it is {self.state}. {self.message} Start it again.".replace(
                    "  ", " "
                )
            )
        return found

    def is_held(self) -> bool:
        """Whether a living worker holds it."""
        lock = FileLock(self.folder / "worker.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        lock.release()
        return False

    def _said(self) -> TrialProgress:
        said = _read(self.folder / "progress.json", TrialProgress)
        if said is not None and said.state != "running":
            return said
        if self.is_held():
            return said or TrialProgress()
        started = (self.folder / "request.json").stat().st_mtime
        if said is None and time.time() - started < LAUNCH_GRACE_SECONDS:
            return TrialProgress()
        # It may have ended between the two looks: what it said last counts.
        again = _read(self.folder / "progress.json", TrialProgress)
        if again is not None and again.state != "running":
            return again
        return TrialProgress(state="failed", activity="", message=self._why_lost())

    def _why_lost(self) -> str:
        last = read_last_lines(self.folder / "worker.log", lines=1).strip()
        said = f" The last it printed: {last[:300]}" if last else ""
        return f"The trial ended without a word; the machine may have run out of memory. Try a smaller batch or image size.{said}"


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
        if (trial.folder / "request.json").is_file() and trial.state == "running":
            if (trial.folder / "cancel").exists():
                raise TrainingError(
                    "This trial was cancelled and is still ending. Start it again in some seconds."
                )
            return trial
        for other in _all_trials():
            if other.state == "running":
                other.cancel()
        try:
            _prepare(trial, TrialRequest(kind=kind, spec=spec))
        except OSError as error:
            raise TrainingError(
                f"The trial could not be written ({error.strerror or error}). Make room on the disk of "
                f"{workspace().home}, and try again."
            ) from error
        start_detached(WORKER, str(trial.folder), log=trial.folder / "worker.log")
    return trial


def find_trial(spec: RunSpec, *, kind: TrialKind) -> Trial | None:
    """Return the trial for these settings, under way or ended, or None when there was none."""
    trial = _trial(spec, kind=kind)
    return trial if (trial.folder / "request.json").is_file() else None


def find_timing(spec: RunSpec) -> TimingResult | None:
    """Return what a trial of this plan found, or None."""
    trial = find_trial(spec, kind="timing")
    if trial is None:
        return None
    said = _read(trial.folder / "progress.json", TrialProgress)
    return _read(trial.folder / "result.json", TimingResult) if said and said.state == "finished" else None


def _prepare(trial: Trial, request: TrialRequest) -> None:
    shutil.rmtree(trial.folder, ignore_errors=True)
    ended = sorted(
        (other for other in _all_trials() if other.state != "running"),
        key=lambda other: (other.folder / "request.json").stat().st_mtime,
    )
    for old in ended[: max(len(ended) - KEPT + 1, 0)]:
        shutil.rmtree(old.folder, ignore_errors=True)
    trial.folder.mkdir(parents=True)
    write_text(trial.folder / "request.json", request.model_dump_json())


def _trials() -> Path:
    folder = workspace().cache / "trials"
    folder.mkdir(exist_ok=True)
    return folder


def _all_trials() -> list[Trial]:
    found = []
    for path in _trials().glob("*/request.json"):
        request = _read(path, TrialRequest)
        if request is not None:
            found.append(Trial(kind=request.kind, folder=path.parent))
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


def _read(path: Path, model: type[BaseModel]):
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
