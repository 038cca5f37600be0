"""What a finished run said about each picture of one split, ready to be looked at from every side.

The worker asked the model once and wrote it down; whoever judges a run starts from here. This module
never asks a model and never opens a picture.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.data.splits import TEST, VALIDATION
from cnnlab.errors import DatasetError, EvaluationError
from cnnlab.evaluation.predictions import FILE, load_predictions, probabilities_of
from cnnlab.evaluation.same_pictures import find_dataset_of
from cnnlab.runs.folder import RunFolder
from cnnlab.specs.runs import DatasetReference, RunSpec

JUDGED = (TEST, VALIDATION)
"""Splits that every finished run is judged on, where its dataset has them; the one to look at first is first."""
ELSEWHERE = "other"
"""In place of a split: pictures of another dataset, as `elsewhere` says."""


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedSplit:
    """Pictures with a run's answers; shared by sessions, so its arrays are read-only."""

    run: RunFolder
    spec: RunSpec
    split: str
    """'test' or 'validation' of the run's dataset, or `ELSEWHERE`."""
    dataset: DatasetReference
    """Where the pictures are from: the dataset that the run saw, or another one."""
    pictures: np.ndarray
    """Number of each picture in the dataset, int, shape (N,)."""
    labels: np.ndarray
    """True class indices, int32, shape (N,)."""
    probabilities: np.ndarray
    """Float32, shape (N, K); each row sums to 1."""
    written_at: int
    """When the run's predictions were written, in nanoseconds: those of a run that was trained again are others."""

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells this from every other, for caches."""
        where = f" {self.dataset.id} {self.dataset.version}" if self.is_elsewhere else ""
        return self.run.id, self.split + where, self.written_at

    @property
    def is_elsewhere(self) -> bool:
        """Whether the pictures are of another dataset than the run's."""
        return self.split == ELSEWHERE

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the labels. Text of the user's: escape it."""
        return self.spec.class_names

    @cached_property
    def predicted(self) -> np.ndarray:
        """The most probable class of each picture, int, shape (N,)."""
        return _read_only(self.probabilities.argmax(axis=1))

    @cached_property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted class, float32, shape (N,)."""
        return _read_only(self.probabilities[np.arange(len(self.labels)), self.predicted])

    @cached_property
    def correct(self) -> np.ndarray:
        """Whether the prediction is the true class, bool, shape (N,)."""
        return _read_only(self.predicted == self.labels)

    def __len__(self) -> int:
        return len(self.labels)


def judge(run: RunFolder, *, split: str = TEST) -> JudgedSplit:
    """Read what a run said about a split.

    Raises:
        RunError: The run has no predictions, or a file of it is damaged.
        EvaluationError: It was not judged on this split, or its predictions do not fit its settings.
    """
    return judge_predictions(run, folder=run.path, split=split)


def judge_predictions(
    run: RunFolder, *, folder: Path, split: str, dataset: DatasetReference | None = None
) -> JudgedSplit:
    """Read a table of what a run said.

    Args:
        run: Who said it.
        folder: Where the table lies.
        split: Which of its rows.
        dataset: Where the pictures are from; None is the dataset that the run saw.

    Raises:
        RunError: There is no table, or a file is damaged.
        EvaluationError: It has no such rows, or does not fit the settings of the run.
    """
    spec = run.spec()
    table = load_predictions(folder)
    written_at = (folder / FILE).stat().st_mtime_ns
    chosen = table[table["split"] == split]
    if chosen.empty:
        others = " and ".join(split for split in JUDGED if (table["split"] == split).any())
        raise EvaluationError(
            f"Run {spec.name!r} has no predictions for the split {split!r}; it has them for {others or 'no split'}. "
            f"Choose another split, or train on a dataset that has this one."
        )
    probabilities = probabilities_of(chosen)
    labels = chosen["label"].to_numpy(np.int32)
    if probabilities.shape[1] != len(spec.class_names) or not 0 <= labels.min() <= labels.max() < len(
        spec.class_names
    ):
        raise EvaluationError(
            f"The predictions of run {spec.name!r} are of {probabilities.shape[1]} classes, its settings of "
            f"{len(spec.class_names)}. Train it again to have both alike."
        )
    return JudgedSplit(
        run=run,
        spec=spec,
        split=split,
        dataset=dataset or spec.dataset,
        pictures=_read_only(chosen["picture"].to_numpy()),
        labels=_read_only(labels),
        probabilities=_read_only(np.ascontiguousarray(probabilities, dtype=np.float32)),
        written_at=written_at,
    )


def both_splits(judged: JudgedSplit) -> dict[str, JudgedSplit]:
    """Validation, which chooses, and what is judged, which checks; of a run's own splits that is test."""
    found = {}
    for split in (VALIDATION, judged.split if judged.is_elsewhere else TEST):
        try:
            found[split] = judged if split == judged.split else judge(judged.run, split=split)
        except EvaluationError:
            continue
    return found


def judged_splits(run: RunFolder) -> tuple[str, ...]:
    """The splits that a run can be judged on, the one to look at first is first; none without predictions."""
    try:
        found = set(pd.read_parquet(run.path / FILE, columns=["split"])["split"])
    except (OSError, ValueError, KeyError):
        return ()
    return tuple(split for split in JUDGED if split in found)


def dataset_of(run: RunFolder) -> Dataset | None:
    """The version of the dataset that a run saw, or None where it was deleted, or never was here.

    Raises:
        RunError: The run's settings are damaged.
    """
    return find_dataset_of(run)


def dataset_judged(judged: JudgedSplit) -> Dataset | None:
    """The dataset that the judged pictures are from, or None where it is not here any more.

    Raises:
        RunError: The run's settings are damaged.
    """
    if not judged.is_elsewhere:
        return dataset_of(judged.run)
    try:
        return find_dataset(judged.dataset.id, version=judged.dataset.version)
    except DatasetError:
        return None


def _read_only(array: np.ndarray) -> np.ndarray:
    if array.flags.writeable and not array.flags.owndata:
        array = array.copy()
    array.setflags(write=False)
    return array
