"""Pictures of a run laid on a plane so that those that its network sees alike lie together.

    <run>/evaluation/LAYOUT/        the job that computes it, as `jobs.folder` says; `layouts` names them
    <run>/evaluation/LAYOUT.npz     where each picture of the features lies

The plane of the principal components comes with the features and needs no job. Run as
`python -m cnnlab.evaluation.projection FOLDER` this is the worker. This module never asks a model.
"""

import sys
import time
import zipfile
from pathlib import Path

import numpy as np

from cnnlab.errors import EvaluationError
from cnnlab.evaluation.features import Features, load_features
from cnnlab.evaluation.layouts import FEWEST_POINTS, lay_out
from cnnlab.evaluation.run_jobs import (
    MOST_SECONDS,
    NO_MEMORY,
    TOO_LONG,
    RunJob,
    RunRequest,
    attempt_of,
    find_job,
    start_job,
)
from cnnlab.files import write_atomically
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.jobs.records import JobRecord
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace

WORKER = "cnnlab.evaluation.projection"
MOST_POINTS = 10_000


class ProjectionRequest(RunRequest):
    """Which way to lay out the pictures of which run."""

    layout: str


class ProjectionResult(JobRecord):
    """The computation in numbers."""

    num_points: int
    neighbors: int
    """About how many of them each one minds."""
    seconds: float


def drawn_rows(features: Features) -> np.ndarray:
    """Which features lie on the map, ascending: all that are judged, and as many training pictures as there is room for.

    Returns:
        Rows of the features, int, shape (M,), at most `MOST_POINTS`.
    """
    judged = np.flatnonzero(features.splits != "training")
    training = np.flatnonzero(features.splits == "training")
    random = np.random.default_rng(0)
    judged = random.permutation(judged)[:MOST_POINTS]
    room = max(MOST_POINTS - len(judged), 0)
    return np.sort(np.concatenate([judged, random.permutation(training)[:room]]))


def find_projection(run: RunFolder, *, layout: str) -> RunJob | None:
    """Return the job that lays out the pictures of a run in some way, or None where there was none."""
    return find_job(run, layout)


def start_projection(run: RunFolder, *, layout: str) -> RunJob:
    """Start laying out the pictures of a run in a way of `layouts`, or return the job that does it already.

    Raises:
        EvaluationError: There are no features of the run, the job is still ending, or it cannot be written.
    """
    _features_of(run)
    request = ProjectionRequest(run=run.id, attempt=attempt_of(run), layout=layout)
    return start_job(run, layout, request=request, module=WORKER)


def load_projection(run: RunFolder, features: Features, *, layout: str) -> np.ndarray | None:
    """Read where pictures lie.

    Returns:
        Float32, shape (N, 2), one row for each of the features; NaN where a picture is not on the map. None where
        nothing was computed for these features.

    Raises:
        EvaluationError: The file is damaged.
    """
    path = _path(run, layout)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            rows, places, of = stored["rows"], stored["places"], stored["of"]
        if tuple(of) != _mark(features):
            return None
        plane = np.full((len(features), 2), np.nan, np.float32)
        plane[rows] = places
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        raise EvaluationError(
            f"The map of run {run.id} cannot be read ({type(error).__name__}). Lay it out again."
        ) from error
    return plane


def main(path: str) -> int:
    """Carry the layout in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> ProjectionResult:
        request = ProjectionRequest.model_validate_json((folder / "request.json").read_bytes())
        run, started = RunFolder.find(request.run, runs=workspace().runs), time.perf_counter()
        features = _features_of(run)
        rows = drawn_rows(features)
        with alone(workspace().cache / "judging.lock", reporter, noun="judging"):
            places, neighbors = lay_out(features.vectors[rows], layout=request.layout, reporter=reporter)
        _save(run, request.layout, rows=rows, places=places, features=features)
        return ProjectionResult(
            num_points=len(rows), neighbors=neighbors, seconds=time.perf_counter() - started
        )

    return carry(
        folder, work, noun="layout", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


def _features_of(run: RunFolder) -> Features:
    features = load_features(run)
    if features is None or len(features) < FEWEST_POINTS:
        raise EvaluationError(
            f"There are {0 if features is None else len(features)} features of run {run.id}, and a map needs "
            f"{FEWEST_POINTS}. Compute the features first."
        )
    return features


def _save(run: RunFolder, layout: str, *, rows: np.ndarray, places: np.ndarray, features: Features) -> None:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, rows=rows, places=places, of=np.array(_mark(features)))

    write_atomically(_path(run, layout), write)


def _mark(features: Features) -> tuple[int, int]:
    return features.attempt, len(features)


def _path(run: RunFolder, layout: str) -> Path:
    return run.path / "evaluation" / f"{layout}.npz"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
