"""A run is asked about the same altered pictures as every other, every right answer is counted, and the weakest spot is named."""

import numpy as np
import pytest

from cnnlab.data.packing import PackedPictures, pack_pictures
from cnnlab.errors import EvaluationError
from cnnlab.evaluation import robustness
from cnnlab.evaluation.corruptions import CORRUPTIONS
from cnnlab.evaluation.robustness import (
    RECIPE,
    Curve,
    RobustnessResult,
    find_robustness,
    robustness_of,
    sample,
    start_robustness,
    try_out,
    weakest,
    weakest_words,
)
from cnnlab.evaluation.run_jobs import RunRequest
from cnnlab.jobs import folder as jobs_folder
from cnnlab.runs.records import Status
from cnnlab.runs.states import State
from tests.data.making import class_files, make_dataset
from tests.evaluation.asking import Asked, Listening, run_on


@pytest.fixture
def dataset(tmp_path):
    return make_dataset(tmp_path, class_files({"cat": 20, "dog": 20}))


def result_of(untouched: int = 90, **correct: tuple[int, ...]) -> RobustnessResult:
    """Of 100 pictures; what is not said is right as often as untouched."""
    return RobustnessResult(
        recipe=RECIPE,
        attempt=1,
        split="test",
        num_pictures=100,
        num_all=400,
        untouched=untouched,
        curves=tuple(
            Curve(kind=kind, steps=row.steps, correct=correct.get(kind, (untouched,) * len(row.steps)))
            for kind, row in CORRUPTIONS.items()
        ),
        seconds=1.0,
    )


def test_every_step_of_every_corruption_is_counted_on_the_same_pictures(dataset, monkeypatch):
    run, asked, reporter = run_on(dataset), Asked(), Listening()
    monkeypatch.setattr(robustness, "load_predictor", lambda folder: asked)
    result = try_out(run, RunRequest(run=run.id, attempt=1), reporter)
    packed = pack_pictures(dataset, image_size=16)
    positions = packed.positions("test")
    said = (packed.pictures[positions].mean(axis=(1, 2, 3)) <= 127.5).astype(int)
    assert result.untouched == (said == packed.labels[positions]).sum()
    assert result.num_pictures == result.num_all == len(positions)
    assert {curve.kind: curve.steps for curve in result.curves} == {
        kind: row.steps for kind, row in CORRUPTIONS.items()
    }
    # At a fifth of the light every picture is dark, so every one is said to be of the second class.
    darkest = next(curve for curve in result.curves if curve.kind == "darker").correct[-1]
    assert darkest == (packed.labels[positions] == 1).sum()
    copies = 1 + sum(len(row.steps) for row in CORRUPTIONS.values())
    assert len(asked.seen) == len(positions) * copies
    shares = [done / total for _, done, total in reporter.heard if total == len(asked.seen)]
    assert shares == sorted(shares)


def packed_of(splits: list[str]) -> PackedPictures:
    count = len(splits)
    return PackedPictures(
        pictures=np.zeros((count, 4, 4, 3), np.uint8),
        labels=np.zeros(count, np.int32),
        splits=np.array(splits),
        picture_numbers=np.arange(count),
        fingerprint="",
    )


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        pytest.param(["test"] * 9 + ["validation"], ("test", 5, 9), id="more than enough"),
        pytest.param(["test"] * 3 + ["training"] * 4, ("test", 3, 3), id="few"),
        pytest.param(["validation"] * 2 + ["training"] * 4, ("validation", 2, 2), id="no test split"),
    ],
)
def test_the_pictures_are_drawn_from_the_test_split_the_same_each_time(splits, expected, monkeypatch):
    monkeypatch.setattr(robustness, "MOST_PICTURES", 5)
    split, positions, num_all = sample(packed_of(splits))
    assert (split, len(positions), num_all) == expected
    assert (positions == sample(packed_of(splits))[1]).all()


def test_with_training_pictures_alone_nothing_is_tried():
    with pytest.raises(EvaluationError, match="test split"):
        sample(packed_of(["training"] * 3))


def test_the_weakest_spot_is_the_corruption_that_costs_most():
    result = result_of(blur=(88, 80, 60, 40, 30), noise=(90, 88, 84, 80, 70))
    curve, first = weakest(result)
    assert (curve.kind, first) == ("blur", 1)
    headline, details = weakest_words(result, num_classes=4)
    assert headline == "Its weakest spot is blur."
    assert "At 1 % of the side it falls from 90.0 % to 80.0 %" in details
    assert "100 of 400 test pictures" in details


@pytest.mark.parametrize(
    ("result", "said"),
    [
        pytest.param(result_of(noise=(90, 90, 89, 88, 86)), "costs it five points", id="robust"),
        pytest.param(result_of(untouched=27), "hardly beats guessing", id="guessing"),
    ],
)
def test_where_nothing_is_lost_that_is_said(result, said):
    assert said in weakest_words(result, num_classes=4)[0]


def test_a_trial_is_shown_only_for_the_attempt_and_the_recipe_that_it_is_of(dataset, monkeypatch):
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: None)
    run = run_on(dataset)
    job = start_robustness(run)
    assert find_robustness(run) == job
    assert robustness_of(run) is None
    finish(job, result_of())
    assert robustness_of(run) == result_of()
    finish(job, result_of().model_copy(update={"recipe": RECIPE - 1}))
    assert robustness_of(run) is None
    run.write_status(Status(state=State.FINISHED, attempt=2))
    assert find_robustness(run) is None


def finish(job, result) -> None:
    (job.folder / "result.json").write_text(result.model_dump_json())
    (job.folder / "progress.json").write_text('{"state": "finished"}')
