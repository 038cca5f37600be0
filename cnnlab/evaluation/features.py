"""What a network makes of pictures before its head: one vector a picture, computed once and kept with the run.

    <run>/evaluation/features/               the job that computes them, as `jobs.folder` says
    <run>/evaluation/features.npz            the vectors
    <run>/evaluation/thumbnails-SPLIT.jpg    their pictures, small, side by side

The map of pictures and 'I do not know' begin here. This module never asks a model: `features_worker` does.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from cnnlab.data.library import find_dataset
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.run_jobs import RunJob, RunRequest, attempt_of, find_job, start_job
from cnnlab.files import write_atomically
from cnnlab.jobs.records import JobRecord
from cnnlab.runs.folder import RunFolder

WORKER = "cnnlab.evaluation.features_worker"
NAME = "features"
MOST_JUDGED, MOST_TRAINING = 10_000, 5_000
"""Of validation and of test pictures, and of training pictures, so many at most; drawn evenly by a fixed seed."""
SMALLEST_SHARE = 1e-7
Kind = Literal["maps", "answers"]


class FeaturesResult(JobRecord):
    """The computation in numbers."""

    num_pictures: dict[str, int]
    """By split."""
    num_all: dict[str, int]
    """How many the dataset has."""
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """One vector a picture, with what is known of the picture."""

    pictures: np.ndarray
    """Number of each picture in the dataset, int, shape (N,); ascending within a split."""
    splits: np.ndarray
    """'training', 'validation' or 'test', str, shape (N,)."""
    labels: np.ndarray
    """True class indices, int32, shape (N,)."""
    vectors: np.ndarray
    """Float32, shape (N, D)."""
    plane: np.ndarray
    """The two directions in which they differ most (principal components), float32, shape (N, 2)."""
    explained: float
    """Share of their variance that these two directions hold, 0 to 1."""
    kind: Kind
    """The means of the last maps, or log probabilities of a network without maps."""
    attempt: int
    """Of the run."""

    def __len__(self) -> int:
        return len(self.pictures)

    def of(self, split: str) -> "Features":
        """Those of one split."""
        chosen = self.splits == split
        kept = {name: getattr(self, name)[chosen] for name in ARRAYS}
        return Features(**kept, explained=self.explained, kind=self.kind, attempt=self.attempt)


ARRAYS = ("pictures", "splits", "labels", "vectors", "plane")


def vector_of(maps: np.ndarray | None, probabilities: np.ndarray) -> np.ndarray:
    """Make a vector of what a predictor explains of a picture.

    Args:
        maps: Float, shape (height, width, maps), or None for a network without maps.
        probabilities: Float, shape (num_classes,).

    Returns:
        Float32: the mean of each map, else the logarithm of each probability.
    """
    if maps is None:
        return np.log(np.maximum(probabilities, SMALLEST_SHARE)).astype(np.float32)
    return maps.mean(axis=(0, 1)).astype(np.float32)


def features_path(run: RunFolder) -> Path:
    """Where the vectors of a run lie once they are computed."""
    return run.path / "evaluation" / "features.npz"


def sprite_path(run: RunFolder, split: str) -> Path:
    """Where the small pictures of a split lie, in the order of its features, side by side in `sprite_columns`."""
    return run.path / "evaluation" / f"thumbnails-{split}.jpg"


def sprite_columns(count: int) -> int:
    """How many small pictures stand in a row of so many."""
    return max(1, int(np.ceil(np.sqrt(count))))


def save_features(features: Features, *, run: RunFolder) -> None:
    """Write features into a run's folder, atomically; half precision is enough for distances."""
    arrays = {name: getattr(features, name) for name in ARRAYS}
    arrays["vectors"] = np.clip(features.vectors, -6e4, 6e4).astype(np.float16)
    said = {"explained": features.explained, "kind": features.kind, "attempt": features.attempt}

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, said=np.array(json.dumps(said)), **arrays)

    features_path(run).parent.mkdir(exist_ok=True)
    write_atomically(features_path(run), write)


def load_features(run: RunFolder) -> Features | None:
    """Read the features of a run.

    Returns:
        None where they were not computed, or of an attempt before this one.

    Raises:
        EvaluationError: The file is damaged.
    """
    path = features_path(run)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            said = json.loads(str(stored["said"]))
            if said["attempt"] != attempt_of(run):
                return None
            arrays = {name: stored[name] for name in ARRAYS}
        arrays["vectors"] = arrays["vectors"].astype(np.float32)
        return Features(**arrays, **said)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise EvaluationError(
            f"The features of run {run.id} cannot be read ({type(error).__name__}). Compute them again."
        ) from error


def find_features(run: RunFolder) -> RunJob | None:
    """Return the job that computes the features of a run, under way or ended, or None where there was none."""
    return find_job(run, NAME)


def start_features(run: RunFolder) -> RunJob:
    """Start computing the features of a run, or return the job that does it already.

    Raises:
        RunError: The run's settings are damaged.
        DatasetError: Its dataset is gone.
        EvaluationError: The job was cancelled and is still ending, or cannot be written.
    """
    reference = run.spec().dataset
    find_dataset(reference.id, version=reference.version)
    return start_job(run, NAME, request=RunRequest(run=run.id, attempt=attempt_of(run)), module=WORKER)
