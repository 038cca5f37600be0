"""Run B against run A on the same test pictures: better, worse or noise, and which pictures flipped."""

import numpy as np
import pytest

from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.evaluation.versus import BROKEN, MENDED, compare
from cnnlab.runs.records import Status
from cnnlab.runs.states import State
from cnnlab.specs.runs import DatasetReference
from tests.runs.making import make_run, run_spec

CLASSES = ("cat", "dog")


def judged_run(
    number, right, *, numbers=None, version=1, dataset="digits", classes=CLASSES, splits=None, true=None
):
    """A finished run that named these test pictures right or wrong, all of them cats unless said otherwise."""
    right = np.asarray(right, bool)
    numbers = np.arange(len(right)) if numbers is None else np.asarray(numbers)
    labels = np.array([classes.index(name) for name in (true or ["cat"] * len(right))], int)
    said = np.where(right, labels, 1 - labels)
    probabilities = np.full((len(right), len(classes)), 0.2)
    probabilities[np.arange(len(right)), said] = 0.6 + 0.01 * np.arange(len(right)) % 0.3
    table = predictions_table(
        pictures=numbers,
        splits=np.array(["test"] * len(right) if splits is None else splits, dtype=object),
        labels=labels,
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
    )
    reference = DatasetReference(id=dataset, version=version, name=dataset.capitalize())
    run = make_run(
        number, spec=run_spec(dataset=reference, class_names=classes), status=Status(state=State.FINISHED)
    )
    save_predictions(table, folder=run.path)
    return run


def outcome(*, mended, broken, both=60, neither=10):
    right_a = [0] * mended + [1] * broken + [1] * both + [0] * neither
    right_b = [1] * mended + [0] * broken + [1] * both + [0] * neither
    return compare(judged_run(1, right_a), judged_run(2, right_b))


@pytest.mark.parametrize(
    ("mended", "broken", "said"),
    [
        pytest.param(20, 2, "Lite is better than Tiny: B mended 20 pictures and broke 2", id="better"),
        pytest.param(2, 20, "Tiny is better than Lite: B mended 2 pictures and broke 20", id="worse"),
        pytest.param(9, 6, "Within noise: B mended 9 pictures and broke 6", id="noise"),
        pytest.param(5, 0, "With so few differing pictures nothing could be told apart", id="too few flips"),
        pytest.param(0, 0, "on each of the 70 pictures both are right or both are wrong", id="no flips"),
    ],
)
def test_the_verdict_says_which_is_better_or_that_it_is_noise(home, mended, broken, said):
    versus = outcome(mended=mended, broken=broken)
    sentence = versus.sentence(name_a="Tiny", name_b="Lite")
    assert said in sentence
    assert versus.is_noise is ("better" not in sentence)
    assert (len(versus.flips(MENDED)), len(versus.flips(BROKEN))) == (mended, broken)
    low, high = versus.interval
    assert low <= versus.change <= high


def test_the_figures_are_those_of_the_shared_pictures(home):
    versus = outcome(mended=20, broken=2)
    assert versus.accuracies == pytest.approx((62 / 92, 80 / 92))
    assert versus.change == pytest.approx(18 / 92)
    # Of 22 fair coins at most 2 on one side: 2 * (1 + 22 + 231) / 2^22.
    assert versus.p == pytest.approx(2 * 254 / 2**22)
    assert (versus.shared, versus.left_out, versus.same_version) == (92, 0, True)


def test_a_run_against_itself_is_never_better(home):
    run = judged_run(1, [1, 0, 1, 1])
    versus = compare(run, run)
    assert (versus.is_noise, versus.change, versus.p) == (True, 0.0, 1.0)


def test_a_flip_says_what_either_run_said_and_how_sure_it_was(home):
    versus = compare(judged_run(1, [0, 1, 0]), judged_run(2, [1, 0, 0]))
    (mended,) = versus.flips(MENDED).to_dict("records")
    assert (mended["picture"], mended["true"], mended["said_a"], mended["said_b"]) == (0, "cat", "dog", "cat")
    assert 0.5 < mended["sure_b"] <= 1.0
    assert versus.flips(BROKEN)["picture"].tolist() == [1]


def test_only_test_pictures_of_both_versions_count_and_the_rest_is_said(home):
    one = judged_run(1, [1, 1, 0, 1], numbers=[1, 2, 3, 4], splits=["test", "test", "test", "validation"])
    other = judged_run(2, [1, 0, 1], numbers=[2, 3, 4], version=2)
    versus = compare(one, other)
    assert versus.pictures["picture"].tolist() == [2, 3]
    assert (versus.left_out, versus.same_version) == (2, False)


def test_classes_are_compared_by_name_and_not_by_their_place(home):
    one = judged_run(1, [1, 1], true=["cat", "dog"])
    other = judged_run(2, [1, 1], true=["cat", "dog"], classes=("dog", "cat"), version=2)
    assert compare(one, other).change == 0.0
    assert compare(one, other).pictures["said_b"].tolist() == ["cat", "dog"]


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        pytest.param({"dataset": "flowers"}, r"'Digits', the other on 'Flowers', and the pictures of 'Digits'", id="other dataset"),
        pytest.param({"version": 2, "numbers": [7, 8]}, "versions 1 and 2 of 'Digits' have none", id="other pictures"),
        pytest.param({"splits": ["validation"] * 2}, "with a test split", id="no test split"),
    ],
)  # fmt: skip
def test_runs_that_share_no_test_pictures_are_a_sentence(home, other, sentence):
    with pytest.raises(RunError, match=sentence):
        compare(judged_run(1, [1, 0]), judged_run(2, [1, 0], **other))


def test_a_run_without_predictions_is_a_sentence(home):
    with pytest.raises(RunError, match="has no predictions yet"):
        compare(judged_run(1, [1]), make_run(2))
