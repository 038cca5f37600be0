"""Pictures laid on a plane so that those that a network sees alike lie together: t-SNE (https://jmlr.org/papers/v9/vandermaaten08a.html).

    <run>/evaluation/tsne/        the job that computes it, as `jobs.folder` says
    <run>/evaluation/tsne.npz     where each picture of the features lies

The plane of the principal components comes with the features and needs no job. Run as
`python -m cnnlab.evaluation.projection FOLDER` this is the worker. This module never asks a model.
"""

import contextlib
import io
import re
import sys
import time
import zipfile
from pathlib import Path

import numpy as np

from cnnlab.errors import EvaluationError
from cnnlab.evaluation.features import Features, load_features
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
NAME = "tsne"
MOST_POINTS = 10_000
ITERATIONS = 500
COMPONENTS = 50
"""Principal components that t-SNE begins from: fewer are quicker, and leave out noise."""
FEWEST_POINTS = 10


class ProjectionResult(JobRecord):
    """The computation in numbers."""

    num_points: int
    perplexity: float
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


def find_projection(run: RunFolder) -> RunJob | None:
    """Return the job that lays out the pictures of a run, or None where there was none."""
    return find_job(run, NAME)


def start_projection(run: RunFolder) -> RunJob:
    """Start laying out the pictures of a run, or return the job that does it already.

    Raises:
        EvaluationError: There are no features of the run, the job is still ending, or it cannot be written.
    """
    _features_of(run)
    return start_job(run, NAME, request=RunRequest(run=run.id, attempt=attempt_of(run)), module=WORKER)


def load_projection(run: RunFolder, features: Features) -> np.ndarray | None:
    """Read where pictures lie.

    Returns:
        Float32, shape (N, 2), one row for each of the features; NaN where a picture is not on the map. None where
        nothing was computed for these features.

    Raises:
        EvaluationError: The file is damaged.
    """
    path = _path(run)
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


def lay_out(vectors: np.ndarray, *, reporter: Reporter) -> tuple[np.ndarray, float]:
    """Lay vectors on a plane by t-SNE, the same each time.

    Args:
        vectors: Float, shape (N, D), N at least `FEWEST_POINTS`.
        reporter: Hears how far it is.

    Returns:
        Float32, shape (N, 2), and the perplexity: about how many neighbours each one minds.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    reporter.report("Leaving out noise")
    reached = np.asarray(vectors, np.float64)
    if min(reached.shape) > COMPONENTS:
        reached = PCA(n_components=COMPONENTS, random_state=0).fit_transform(reached)
    perplexity = float(min(30.0, (len(vectors) - 1) / 3))
    layout = TSNE(perplexity=perplexity, max_iter=ITERATIONS, init="pca", random_state=0, n_jobs=2, verbose=2)
    reporter.report("Finding neighbours")
    # What it prints is the only word that it says on the way; a raised error ends it.
    with contextlib.redirect_stdout(_Listening(reporter)):
        places = layout.fit_transform(reached)
    return places.astype(np.float32), perplexity


class _Listening(io.TextIOBase):
    """Hears from what t-SNE prints how far it is."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def write(self, text: str) -> int:
        if found := re.search(r"Iteration (\d+)", text):
            self._reporter.report("Laying out the pictures", int(found[1]), ITERATIONS)
        return len(text)


def main(path: str) -> int:
    """Carry the layout in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> ProjectionResult:
        request = RunRequest.model_validate_json((folder / "request.json").read_bytes())
        run, started = RunFolder.find(request.run, runs=workspace().runs), time.perf_counter()
        features = _features_of(run)
        rows = drawn_rows(features)
        with alone(workspace().cache / "judging.lock", reporter, noun="judging"):
            places, perplexity = lay_out(features.vectors[rows], reporter=reporter)
        _save(run, rows=rows, places=places, features=features)
        return ProjectionResult(
            num_points=len(rows), perplexity=perplexity, seconds=time.perf_counter() - started
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


def _save(run: RunFolder, *, rows: np.ndarray, places: np.ndarray, features: Features) -> None:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, rows=rows, places=places, of=np.array(_mark(features)))

    write_atomically(_path(run), write)


def _mark(features: Features) -> tuple[int, int]:
    return features.attempt, len(features)


def _path(run: RunFolder) -> Path:
    return run.path / "evaluation" / "tsne.npz"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
