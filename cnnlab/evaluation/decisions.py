"""What a person has decided about labels while looking at a run, kept until a new version is made of it.

    <run>/evaluation/decisions.json     one decision a picture

It lies in the run's folder, so that neither a reload nor a restart of the server loses an hour of
looking. Nothing of the dataset changes before `make_version`. This module never decides anything itself.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from cnnlab.data.corrections import correct_labels
from cnnlab.data.dataset import Dataset
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.judged import dataset_of
from cnnlab.files import write_text
from cnnlab.runs.folder import RunFolder

Kind = Literal["correct", "leave_out", "right"]


class Decision(BaseModel):
    """What shall become of one picture."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    """Another label, none at all, or the one that it has."""
    label: int | None = None
    """The right class: position in the class names of the run; of a correction only."""


class _Decisions(BaseModel):
    pictures: dict[int, Decision] = {}


def load_decisions(run: RunFolder) -> dict[int, Decision]:
    """What was decided, by number of the picture; nothing where the file is missing or damaged."""
    try:
        return _Decisions.model_validate_json(_path(run).read_bytes()).pictures
    except (OSError, ValidationError):
        return {}


def waiting(decisions: Mapping[int, Decision]) -> dict[int, Decision]:
    """Those that a new version would carry out."""
    return {picture: each for picture, each in decisions.items() if each.kind != "right"}


def decide(run: RunFolder, decisions: Mapping[int, Decision | None]) -> None:
    """Remember decisions about some pictures, or forget them (None); those about others stay.

    Raises:
        EvaluationError: They cannot be written.
    """
    path = _path(run)
    try:
        path.parent.mkdir(exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            kept = load_decisions(run) | dict(decisions)
            chosen = {picture: each for picture, each in kept.items() if each is not None}
            write_text(path, _Decisions(pictures=chosen).model_dump_json())
    except OSError as error:
        raise EvaluationError(
            f"The decision could not be written ({error.strerror or error}). Make room on the disk, and decide again."
        ) from error


def make_version(run: RunFolder, *, because: str) -> Dataset:
    """Carry out all that waits, as a new version of the dataset that the run saw.

    Raises:
        DatasetError: Nothing would change, or too little would be left to learn from.
        EvaluationError: The dataset was deleted.
        RunError: The run's settings are damaged.
    """
    dataset = dataset_of(run)
    if dataset is None:
        raise EvaluationError("The dataset of this run was deleted, so its labels cannot be corrected.")
    carried = waiting(load_decisions(run))
    made = correct_labels(
        dataset,
        labels={picture: each.label for picture, each in carried.items() if each.kind == "correct"},
        left_out=[picture for picture, each in carried.items() if each.kind == "leave_out"],
        because=because,
    )
    decide(run, dict.fromkeys(carried))
    return made


def _path(run: RunFolder) -> Path:
    return run.path / "evaluation" / "decisions.json"
