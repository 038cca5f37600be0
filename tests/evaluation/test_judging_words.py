"""A judged run in words: each sentence with its numbers, and noise called noise."""

import numpy as np
import pytest

from cnnlab.evaluation.calibration import Calibration
from cnnlab.evaluation.judging_words import (
    accuracy_words,
    certainty_words,
    elsewhere_words,
    temperature_words,
    threshold_words,
)
from cnnlab.evaluation.reliability import certainty
from cnnlab.evaluation.scores import score
from cnnlab.evaluation.thresholds import Answered
from tests.evaluation.answering import overconfident


def calibration(temperature=1.6, *, mistakes=10):
    return Calibration(
        temperature=temperature, pictures=100, mistakes=mistakes, log_loss_before=0.5, log_loss_after=0.4
    )


def answered(right, of, *, threshold=0.8, pictures=200):
    return Answered(threshold=threshold, pictures=pictures, answered=of, right=right)


def test_the_accuracy_comes_with_its_interval_and_beside_guessing():
    scores = score(np.tile([0.8, 0.2], (10, 1)), np.array([0] * 9 + [1]), class_names=("cat", "dog"))
    words = accuracy_words(scores, split="test")
    assert words.headline == "9 of 10 test pictures are named right: 90.0 %"
    assert "59.6 % to 98.2 %" in words.details
    assert "“cat” would be right 90.0 % of the time, guessing 50.0 %" in words.details


@pytest.mark.parametrize(
    ("sharpness", "said"),
    [
        pytest.param(1.0, "about as sure as it is right", id="noise"),
        pytest.param(4.0, "surer than it is right", id="too sure"),
        pytest.param(0.3, "less sure than it is right", id="not sure enough"),
    ],
)
def test_which_way_it_leans_is_said_or_that_it_is_noise(sharpness, said):
    found = certainty(*overconfident(3000, sharpness=sharpness))
    words = certainty_words(found, None, None, split="test", pictures=3000)
    assert said in words.headline
    assert "3,000 test pictures" in words.details


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(calibration(1.6), "too sure", id="too sure"),
        pytest.param(calibration(0.6), "not sure enough", id="not sure enough"),
        pytest.param(calibration(1.02), "about as sure as it should be", id="right"),
        pytest.param(calibration(1.0, mistakes=0), "Nothing says", id="no mistake"),
    ],
)
def test_what_a_temperature_means_is_said(found, said):
    assert said in temperature_words(found).headline


@pytest.mark.parametrize(
    ("found", "checked", "headline", "details"),
    [
        pytest.param(None, None, "No threshold reaches 95 %", "Ask for less", id="out of reach"),
        pytest.param(
            answered(96, 100), None, "Answer from a confidence of 80.0 % on", "no test split", id="unchecked"
        ),
        pytest.param(
            answered(196, 200, threshold=0.0), answered(199, 200), "No threshold is needed", "it holds", id="not needed"
        ),
        pytest.param(answered(96, 100), answered(95, 100), "Answer from", "it may hold", id="cannot tell"),
        pytest.param(answered(96, 100), answered(60, 100), "Answer from", "it does not hold", id="fails"),
        pytest.param(answered(96, 100), answered(0, 0), "Answer from", "none is that sure", id="none"),
    ],
)  # fmt: skip
def test_where_to_draw_the_line_is_said_and_whether_it_holds(found, checked, headline, details):
    words = threshold_words(found, checked, wanted=0.95)
    assert headline in words.headline
    assert details in words.details


@pytest.mark.parametrize(
    ("right", "own", "said"),
    [
        pytest.param((60, 100), (90, 100), "It is worse on them", id="worse"),
        pytest.param((97, 100), (70, 100), "It is better on them", id="better"),
        pytest.param((17, 20), (90, 100), "As far as these pictures can tell", id="too few"),
    ],
)
def test_other_pictures_are_compared_with_its_own_and_noise_is_called_noise(right, own, said):
    words = elsewhere_words(*(np.arange(total) < count for count, total in (right, own)), own_split="test")
    assert words.headline.startswith(said)
    change = 100 * (right[0] / right[1] - own[0] / own[1])
    assert f": {change:+.1f} points (" in words.details
