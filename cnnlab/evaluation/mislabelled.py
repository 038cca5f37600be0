"""The search for wrong labels of a run: started in a process of its own, watched, and what it found.

    <run>/evaluation/mislabelled/           the job, as `jobs.folder` says; its result sums up
    <run>/evaluation/mislabelled.parquet    every picture of the dataset with what heads said that never saw it

Heads on features are trained by `training.out_of_fold`; this module never loads TensorFlow and never
changes a label.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from cnnlab.data.library import find_dataset
from cnnlab.data.packing import PackedPictures
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.confident_learning import Findings
from cnnlab.files import write_atomically
from cnnlab.jobs.folder import Job
from cnnlab.jobs.records import JobRecord
from cnnlab.models.backbones import BACKBONES
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec

WORKER = "cnnlab.training.out_of_fold"
FOLDS = 5
RECIPE = 1
"""Grows when a search judges otherwise; results of before are then no longer shown."""
COLUMNS = ("picture", "split", "label", "likely", "own", "other", "margin", "mislabelled")
UNSURE_BELOW = 0.7
"""Heads that are right less often than this often disagree because a picture is hard, not because its label is wrong."""


class SearchRequest(JobRecord):
    """What was asked for."""

    run: str
    recipe: int = RECIPE


class SearchResult(JobRecord):
    """A search in numbers."""

    features: Literal["frozen", "learned"]
    """Of the pretrained backbone, which never saw the pictures; or of the network of the run itself."""
    folds: int
    num_pictures: int
    num_mislabelled: int
    accuracy: float
    """Share of the pictures whose label the heads named that never saw them, with its 95 % interval."""
    accuracy_low: float
    accuracy_high: float
    wrong_share: float
    """Estimated share of wrong labels, 0 to 1."""
    attempt: int
    """Of the run: a run that went on since has other features, where they are its own."""
    seconds: float = 0.0
    machine: str = ""


@dataclass(frozen=True, kw_only=True)
class Search(Job):
    """One search, under way or ended."""

    noun: ClassVar[str] = "search"
    advice: ClassVar[str] = "Try a run with a smaller image size."

    def result(self) -> SearchResult | None:
        """What it found in numbers, or None while it has not finished, or where it was another recipe."""
        request = self.read("request.json", SearchRequest)
        if request is None or request.recipe != RECIPE or self.state != "finished":
            return None
        return self.read("result.json", SearchResult)


def find_search(run: RunFolder) -> Search | None:
    """Return the search of a run, under way or ended, or None when there was none."""
    search = _search(run)
    return search if search.exists else None


def start_search(run: RunFolder) -> Search:
    """Start the search of a run, or return the one that is under way.

    Raises:
        RunError: The run's settings are damaged.
        DatasetError: Its dataset is gone.
        EvaluationError: The search was cancelled and is still ending, or it cannot be written.
    """
    reference = run.spec().dataset
    find_dataset(reference.id, version=reference.version)
    search = _search(run)
    if search.exists and search.state == "running":
        if search.is_cancelled:
            raise EvaluationError(
                "This search was cancelled and is still ending. Start it again in some seconds."
            )
        return search
    try:
        search.start(SearchRequest(run=run.id), module=WORKER)
    except OSError as error:
        raise EvaluationError(
            f"The search could not be written ({error.strerror or error}). Make room on the disk of "
            f"{workspace().home}, and try again."
        ) from error
    return search


def table_path(run: RunFolder) -> Path:
    """Where the table of a run lies once a search has finished."""
    return run.path / "evaluation" / "mislabelled.parquet"


def mislabelled_table(
    pictures: PackedPictures, positions: np.ndarray, *, probabilities: np.ndarray, findings: Findings
) -> pd.DataFrame:
    """Put what was found into a table, one row a picture, the likeliest wrong label first.

    Args:
        pictures: Of the dataset's version.
        positions: Which of them were judged, int, shape (N,).
        probabilities: Out of fold, float, shape (N, num_classes).
        findings: Of these.

    Returns:
        The columns `COLUMNS`: number of the picture, its split and label, the class that it likely is, the
        probability of either (own, other), own minus the largest other, and whether the label is likely wrong.
    """
    rows, found = np.arange(len(positions)), np.zeros(len(positions), bool)
    found[findings.mislabelled] = True
    labels = pictures.labels[positions]
    # A picture that is confidently none is nearest to the most probable class.
    likely = np.where(found, findings.likely, np.nan_to_num(probabilities, nan=-1.0).argmax(axis=1))
    table = pd.DataFrame(
        {
            "picture": pictures.picture_numbers[positions],
            "split": pictures.splits[positions],
            "label": labels,
            "likely": likely.astype(np.int32),
            "own": probabilities[rows, labels],
            "other": probabilities[rows, likely],
            "margin": findings.margin,
            "mislabelled": found,
        }
    )
    return table.sort_values("margin", kind="stable", ignore_index=True)


def save_mislabelled(table: pd.DataFrame, *, run: RunFolder) -> None:
    """Write the table into a run's folder, atomically."""
    path = table_path(run)
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, lambda temporary: table.to_parquet(temporary, index=False))


def load_mislabelled(run: RunFolder) -> pd.DataFrame:
    """Read the table of a run.

    Raises:
        EvaluationError: There is none, or it is damaged.
    """
    try:
        return pd.read_parquet(table_path(run))[list(COLUMNS)]
    except (OSError, ValueError, KeyError) as error:
        raise EvaluationError(
            f"What was found of run {run.id} cannot be read ({type(error).__name__}). Search again."
        ) from error


def describe_method(result: SearchResult, spec: RunSpec) -> str:
    """Say in plain words who judged, and what that is worth."""
    judged = (
        f"{result.folds} heads judged all {result.num_pictures:,} pictures, each picture by a head that never saw it "
        f"nor a copy of it"
    )
    if result.features == "frozen":
        row = BACKBONES.get(spec.network.backbone)
        name = row.label if row else spec.network.backbone
        weights = "with random weights" if spec.network.weights == "random" else "as pretrained"
        said = f"{judged}, on the features of {name} {weights}, which saw none of them."
    else:
        said = (
            f"{judged}, on the features that this network has learned itself. It learned them from the training pictures "
            f"under these very labels, so there some wrong labels look right and are missed; validation and test "
            f"pictures are judged fairly. A run with a pretrained backbone usually finds more."
        )
    if result.accuracy < UNSURE_BELOW:
        said += (
            f" The heads agree with only {100 * result.accuracy:.0f} % of the labels, so many of these pictures may be hard "
            f"rather than mislabelled."
        )
    return said


def _search(run: RunFolder) -> Search:
    return Search(folder=run.path / "evaluation" / "mislabelled")
