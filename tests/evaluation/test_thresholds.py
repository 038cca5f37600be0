"""What a threshold of confidence leaves, and which one is recommended."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.thresholds import answered_above, coverage_curve, recommend
from tests.evaluation.answering import answers

CONFIDENCE = np.array([0.99, 0.9, 0.8, 0.6, 0.6])
CORRECT = np.array([True, True, False, True, False])


def test_answers_above_a_threshold_are_counted():
    found = answered_above(CONFIDENCE, CORRECT, threshold=0.8)
    assert (found.answered, found.right, found.coverage) == (3, 2, 0.6)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.interval == wilson_interval(2, 3)


def test_where_nothing_is_that_sure_there_is_no_accuracy():
    found = answered_above(CONFIDENCE, CORRECT, threshold=1.0)
    assert (found.accuracy, found.interval, found.coverage) == (None, None, 0.0)


@settings(max_examples=30)
@given(answers())
def test_the_curve_says_at_every_threshold_what_counting_does(given_answers):
    probabilities, labels = given_answers
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    curve = coverage_curve(confidence, correct)
    assert curve["threshold"].iloc[0] == 0.0
    assert curve["coverage"].iloc[0] == 1.0
    assert curve["answered"].is_monotonic_decreasing
    for row in curve.itertuples():
        found = answered_above(confidence, correct, threshold=row.threshold)
        assert (found.answered, found.right) == (row.answered, row.right)


@pytest.mark.parametrize(
    ("wanted", "threshold"),
    [
        pytest.param(0.5, 0.0, id="reached as it is"),
        pytest.param(0.65, 0.601, id="the lowest that reaches it"),
        pytest.param(1.0, 0.801, id="no mistake"),
    ],
)
def test_the_lowest_threshold_that_reaches_what_is_wanted_is_recommended(wanted, threshold):
    assert recommend(CONFIDENCE, CORRECT, wanted=wanted).threshold == pytest.approx(threshold)


def test_what_cannot_be_reached_is_not_recommended():
    assert recommend(CONFIDENCE, ~CORRECT, wanted=0.9) is None
