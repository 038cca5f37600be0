"""How a run's accuracy falls when pictures are shifted, turned, darkened, blurred and the like.

    <run>/evaluation/robustness/    the job, as `jobs.folder` says; its result holds every count

Run as `python -m cnnlab.evaluation.robustness FOLDER` this is the worker: it asks the LiteRT model, so no
TensorFlow is needed. This module never changes a picture itself: `corruptions` does.
"""

import sys
import time
from pathlib import Path

import numpy as np

from cnnlab.data.library import find_dataset
from cnnlab.data.packing import PackedPictures, pack_pictures
from cnnlab.data.splits import TEST, VALIDATION
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.corruptions import CORRUPTIONS, corrupt
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
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.jobs.records import JobRecord
from cnnlab.prediction.predictor import Predictor, load_predictor
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace

WORKER = "cnnlab.evaluation.robustness"
NAME = "robustness"
RECIPE = 1
"""Grows when pictures are altered otherwise; results of before are then no longer shown."""
MOST_PICTURES = 300
"""Of a split so many at most: 35 altered copies of each are asked about. The same ones for every run of a dataset."""
SERIOUS_DROP = 0.05
"""A loss of accuracy that is worth a word, as a share."""


class Curve(JobRecord):
    """How often a run was right at every step of one corruption."""

    kind: str
    steps: tuple[float, ...]
    correct: tuple[int, ...]


class RobustnessResult(JobRecord):
    """Counts of right answers, on the same pictures everywhere."""

    recipe: int
    attempt: int
    split: str
    num_pictures: int
    num_all: int
    """Pictures of the split."""
    untouched: int
    """Right answers for the pictures as they are."""
    curves: tuple[Curve, ...]
    seconds: float

    @property
    def accuracy(self) -> float:
        """On the pictures as they are, 0 to 1."""
        return self.untouched / self.num_pictures

    def share(self, correct: int) -> tuple[float, float, float]:
        """Accuracy of so many right answers, and its 95 % interval."""
        return (correct / self.num_pictures, *wilson_interval(correct, self.num_pictures))


def find_robustness(run: RunFolder) -> RunJob | None:
    """Return the trial of a run, under way or ended, or None where there was none."""
    return find_job(run, NAME)


def robustness_of(run: RunFolder) -> RobustnessResult | None:
    """Return what the trial of a run found, or None where there was none, or by another recipe."""
    job = find_robustness(run)
    if job is None or job.state != "finished":
        return None
    result = job.read("result.json", RobustnessResult)
    return result if result is not None and result.recipe == RECIPE else None


def start_robustness(run: RunFolder) -> RunJob:
    """Start the trial of a run, or return the one that is under way.

    Raises:
        RunError: The run's settings are damaged.
        DatasetError: Its dataset is gone.
        EvaluationError: The trial was cancelled and is still ending, or cannot be written.
    """
    reference = run.spec().dataset
    find_dataset(reference.id, version=reference.version)
    return start_job(run, NAME, request=RunRequest(run=run.id, attempt=attempt_of(run)), module=WORKER)


def weakest(result: RobustnessResult) -> tuple[Curve, int] | None:
    """The corruption that costs most, and at which step it first does so seriously; None where none does.

    Corruptions of different kinds have no common measure; what is compared is the mean loss over the five steps.
    """
    worst = min(result.curves, key=lambda curve: sum(curve.correct), default=None)
    if worst is None:
        return None
    limit = result.untouched - SERIOUS_DROP * result.num_pictures
    first = next((place for place, correct in enumerate(worst.correct) if correct < limit), None)
    return None if first is None else (worst, first)


def weakest_words(result: RobustnessResult, *, num_classes: int) -> tuple[str, str]:
    """Say what the run bears least: a headline, and what is behind it."""
    sample = (
        f"{result.num_pictures:,} of {result.num_all:,} {result.split} pictures, always the same"
        if result.num_pictures < result.num_all
        else f"all {result.num_all:,} {result.split} pictures"
    )
    if result.share(result.untouched)[1] <= 1.0 / num_classes:
        return (
            "It hardly beats guessing, so it has little to lose.",
            f"Untouched it is right {_percent(result.accuracy)} of the time, over {sample}.",
        )
    found = weakest(result)
    if found is None:
        return (
            "Nothing here costs it five points.",
            f"Untouched it is right {_percent(result.accuracy)} of the time, over {sample}.",
        )
    curve, first = found
    row = CORRUPTIONS[curve.kind]
    share, low, high = result.share(curve.correct[first])
    return (
        f"Its weakest spot is {row.label.lower()}.",
        f"At {curve.steps[first]:g} {row.unit} it falls from {_percent(result.accuracy)} to {_percent(share)} "
        f"({100 * low:.0f} to {100 * high:.0f} % with 95 % confidence); at {curve.steps[-1]:g} {row.unit} to "
        f"{_percent(result.share(curve.correct[-1])[0])}. Asked about {sample}.",
    )


def main(path: str) -> int:
    """Carry the trial in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> RobustnessResult:
        request = RunRequest.model_validate_json((folder / "request.json").read_bytes())
        with alone(workspace().cache / "judging.lock", reporter, noun="judging"):
            return try_out(RunFolder.find(request.run, runs=workspace().runs), request, reporter)

    return carry(
        folder, work, noun="trial", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


def try_out(run: RunFolder, request: RunRequest, reporter: Reporter) -> RobustnessResult:
    """Ask a run about altered copies of its test pictures, or of its validation pictures where it has none.

    Raises:
        DatasetError: The dataset is gone, or damaged.
        EvaluationError: It has neither test nor validation pictures.
        ModelError: The run has no model that can be asked.
    """
    spec, started = run.spec(), time.perf_counter()
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    packed = pack_pictures(
        dataset,
        image_size=spec.network.image_size,
        on_progress=lambda done, total: reporter.report("Packing pictures", done, total),
    )
    split, positions, num_all = sample(packed)
    predictor = load_predictor(run.path)
    untouched = _count(predictor, packed, positions, reporter=reporter)
    curves = tuple(
        Curve(
            kind=kind,
            steps=row.steps,
            correct=tuple(
                _count(predictor, packed, positions, reporter=reporter, kind=kind, step=step)
                for step in row.steps
            ),
        )
        for kind, row in CORRUPTIONS.items()
    )
    return RobustnessResult(
        recipe=RECIPE,
        attempt=request.attempt,
        split=split,
        num_pictures=len(positions),
        num_all=num_all,
        untouched=untouched,
        curves=curves,
        seconds=time.perf_counter() - started,
    )


def sample(packed: PackedPictures) -> tuple[str, np.ndarray, int]:
    """Draw the pictures to ask about, the same ones for every run: the split, their positions, and how many it has.

    Raises:
        EvaluationError: There are neither test nor validation pictures.
    """
    for split in (TEST, VALIDATION):
        positions = packed.positions(split)
        if len(positions):
            drawn = np.random.default_rng(0).permutation(len(positions))[:MOST_PICTURES]
            return split, positions[np.sort(drawn)], len(positions)
    raise EvaluationError("The dataset has neither test nor validation pictures. Give it a test split first.")


def _count(
    predictor: Predictor,
    packed: PackedPictures,
    positions: np.ndarray,
    *,
    reporter: Reporter,
    kind: str = "",
    step: float = 0.0,
) -> int:
    """How many pictures it names right, after something happened to them or as they are."""
    kinds, correct = list(CORRUPTIONS), 0
    asked = len(positions) * (1 + sum(len(row.steps) for row in CORRUPTIONS.values()))
    before = 0
    if kind:
        earlier = sum(len(CORRUPTIONS[name].steps) for name in kinds[: kinds.index(kind)])
        before = len(positions) * (1 + earlier + CORRUPTIONS[kind].steps.index(step))
    what = (
        f"{CORRUPTIONS[kind].label}: asking the network" if kind else "Asking about the pictures as they are"
    )
    for done, position in enumerate(positions):
        reporter.report(what, before + done, asked)
        picture = packed.pictures[position]
        if kind:
            seed = (int(packed.picture_numbers[position]), kinds.index(kind))
            picture = corrupt(picture, kind=kind, step=step, seed=seed)
        correct += int(predictor.predict(picture).argmax() == packed.labels[position])
    return correct


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
