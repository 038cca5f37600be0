"""A run asked about the pictures of another dataset: whether what it learned holds where it never was.

    <run>/evaluation/elsewhere/DATASET-VERSION/     the job, as `jobs.folder` says; predictions.parquet lies in it

Left out is what would say nothing: pictures of classes that the run does not know, and pictures that it has
learned from or was chosen by. Run as `python -m cnnlab.evaluation.elsewhere FOLDER` this is the worker: it
asks the LiteRT model, so no TensorFlow is needed. This module never trains.
"""

import contextlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset, list_datasets
from cnnlab.data.packing import decode_blocks
from cnnlab.data.splits import TEST
from cnnlab.errors import EvaluationError, RunError
from cnnlab.evaluation.judged import ELSEWHERE, JudgedSplit, judge_predictions
from cnnlab.evaluation.predictions import predictions_table, save_predictions
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
from cnnlab.evaluation.same_pictures import pictures_of
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.jobs.records import JobRecord
from cnnlab.prediction.predictor import load_predictor
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.runs import DatasetReference, RunSpec

WORKER = "cnnlab.evaluation.elsewhere"
FOLDER = "elsewhere"
MOST_PICTURES = 10_000
"""Of a dataset so many at most, drawn evenly; the same ones for every run."""


class ElsewhereRequest(RunRequest):
    """Which run is asked about which pictures."""

    dataset: DatasetReference


class ElsewhereResult(JobRecord):
    """The asking in numbers."""

    num_pictures: int
    num_unknown: int
    """Left out: their class is none of the run's."""
    num_seen: int
    """Left out: the run has learned from the same bytes, or was chosen by them."""
    knows_seen: bool
    """Whether it could be told which these are: its own dataset, or a list of it, has to be here."""
    num_all: int
    """Pictures of the dataset."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The pictures of a dataset that a run can be judged by, and why others are left out."""

    pictures: np.ndarray
    """Their numbers, int, ascending."""
    labels: np.ndarray
    """Their classes among those of the run, int32."""
    num_unknown: int
    num_seen: int
    num_all: int


def datasets_to_ask_about(spec: RunSpec) -> list[Dataset]:
    """The datasets of others that have a class in common with a run; those that are nothing but a test set come first."""
    found = [
        dataset
        for dataset in list_datasets()
        if dataset.id != spec.dataset.id and not set(spec.class_names).isdisjoint(dataset.class_names)
    ]
    return sorted(found, key=lambda dataset: not dataset.split.test_only)


def find_asking(run: RunFolder, dataset: DatasetReference) -> RunJob | None:
    """Return the job that asks a run about a version of a dataset, or None where there was none."""
    return find_job(run, _name(dataset))


def start_asking(run: RunFolder, dataset: DatasetReference) -> RunJob:
    """Start asking a run about a version of a dataset, or return the job that does it already.

    Raises:
        DatasetError: The dataset is gone.
        EvaluationError: The job is still ending, or it cannot be written.
    """
    find_dataset(dataset.id, version=dataset.version)
    request = ElsewhereRequest(run=run.id, attempt=attempt_of(run), dataset=dataset)
    return start_job(run, _name(dataset), request=request, module=WORKER)


def result_of(job: RunJob | None) -> ElsewhereResult | None:
    """What a job found, or None where it has not finished."""
    return job.read("result.json", ElsewhereResult) if job is not None and job.state == "finished" else None


def judge_elsewhere(run: RunFolder, dataset: DatasetReference) -> JudgedSplit:
    """Read what a run said about the pictures of another dataset.

    Raises:
        RunError: The run's settings are damaged.
        EvaluationError: It was not asked, what it said is damaged, or does not fit its settings.
    """
    folder = run.path / "evaluation" / _name(dataset)
    try:
        return judge_predictions(run, folder=folder, split=ELSEWHERE, dataset=dataset)
    except RunError as error:
        run.spec()
        raise EvaluationError(
            f"What run {run.id} said about the pictures of {dataset.name!r} is missing or damaged. Ask it again."
        ) from error


def judged_elsewhere(run: RunFolder) -> list[JudgedSplit]:
    """What a run said about every other dataset that it was asked about, by name; what cannot be read is left out."""
    found = []
    for folder in sorted((run.path / "evaluation" / FOLDER).glob("*")):
        job = find_job(run, f"{FOLDER}/{folder.name}")
        request = job.read("request.json", ElsewhereRequest) if job is not None else None
        if request is not None and result_of(job) is not None:
            with contextlib.suppress(EvaluationError):
                found.append(judge_elsewhere(run, request.dataset))
    return sorted(found, key=lambda judged: (judged.dataset.name, judged.dataset.version))


def choose_pictures(dataset: Dataset, *, spec: RunSpec, seen: frozenset[str]) -> Chosen:
    """Choose the pictures that say something about a run.

    Args:
        dataset: The version to ask about.
        spec: Of the run.
        seen: SHA-256 of what the run has learned from, or was chosen by.
    """
    table = dataset.table()
    labels = table["class_name"].map({name: label for label, name in enumerate(spec.class_names)})
    unknown, known = labels.isna(), table["sha256"].isin(seen)
    left = np.flatnonzero(~unknown & ~known)
    drawn = np.sort(np.random.default_rng(0).permutation(left)[:MOST_PICTURES])
    return Chosen(
        pictures=table["picture"].to_numpy()[drawn],
        labels=labels.iloc[drawn].to_numpy(np.int32),
        num_unknown=int(unknown.sum()),
        num_seen=int((~unknown & known).sum()),
        num_all=len(table),
    )


def ask(run: RunFolder, dataset: Dataset, reporter: Reporter) -> tuple[pd.DataFrame, ElsewhereResult]:
    """Ask a run about the pictures of another dataset.

    Raises:
        EvaluationError: Not one of them says anything about this run.
        ModelError: The run has no model that can be asked.
    """
    spec, started = run.spec(), time.perf_counter()
    reporter.report("Choosing pictures")
    seen = _seen_by(run)
    chosen = choose_pictures(dataset, spec=spec, seen=seen or frozenset())
    if not len(chosen.pictures):
        raise EvaluationError(
            f"Of the {chosen.num_all:,} pictures of {dataset.name!r}, {chosen.num_unknown:,} are of classes that this run does not "
            f"know and {chosen.num_seen:,} it has seen already, so there is nothing to ask about. Choose another dataset."
        )
    predictor, total = load_predictor(run.path), len(chosen.pictures)
    # Decoded here rather than packed: most of a large dataset is not asked about, and a test set should not fill the cache.
    blocks = decode_blocks(dataset, chosen.pictures, image_size=spec.network.image_size)
    probabilities = np.empty((total, len(spec.class_names)), np.float32)
    for row, picture in enumerate(picture for block in blocks for picture in block):
        reporter.report("Asking the network", row, total)
        probabilities[row] = predictor.predict(picture)
    table = predictions_table(
        pictures=chosen.pictures,
        splits=np.full(total, ELSEWHERE),
        labels=chosen.labels,
        probabilities=probabilities,
    )
    return table, ElsewhereResult(
        num_pictures=total,
        num_unknown=chosen.num_unknown,
        num_seen=chosen.num_seen,
        knows_seen=seen is not None,
        num_all=chosen.num_all,
        seconds=time.perf_counter() - started,
    )


def main(path: str) -> int:
    """Carry the asking in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> ElsewhereResult:
        request = ElsewhereRequest.model_validate_json((folder / "request.json").read_bytes())
        run = RunFolder.find(request.run, runs=workspace().runs)
        dataset = find_dataset(request.dataset.id, version=request.dataset.version)
        with alone(workspace().cache / "judging.lock", reporter, noun="judging"):
            table, result = ask(run, dataset, reporter)
        save_predictions(table, folder=folder)
        return result

    return carry(
        folder, work, noun="asking", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


def _seen_by(run: RunFolder) -> frozenset[str] | None:
    """SHA-256 of all pictures but the test pictures of a run; None where they are not known."""
    pictures = pictures_of(run)
    if pictures is None:
        return None
    return frozenset(pictures.loc[pictures["split"] != TEST, "sha256"])


def _name(dataset: DatasetReference) -> str:
    return f"{FOLDER}/{dataset.id}-{dataset.version}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
