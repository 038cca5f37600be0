"""Groups of pictures by how sure a model was, and how far sure and right lie apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.calibration import calibration_curve

from cnnlab.evaluation.reliability import (
    calibration_error,
    certainty,
    error_by_chance,
    largest_error,
    reliability,
)
from tests.evaluation.answering import answers, overconfident


@pytest.mark.parametrize(("equal", "strategy"), [("width", "uniform"), ("mass", "quantile")])
def test_groups_are_those_of_scikit_learn(equal, strategy):
    probabilities, labels = overconfident(1000)
    confidence, correct = probabilities.max(axis=1).astype(float), probabilities.argmax(axis=1) == labels
    found = reliability(confidence, correct, equal=equal)
    accuracy, sure = calibration_curve(correct, confidence, n_bins=10, strategy=strategy)
    # Quantiles lie between two pictures, so one picture may fall on the other side.
    np.testing.assert_allclose(found["accuracy"], accuracy, atol=0.0 if equal == "width" else 0.02)
    np.testing.assert_allclose(found["confidence"], sure, atol=1e-9 if equal == "width" else 0.02)


@settings(max_examples=30)
@given(answers())
def test_every_picture_is_in_one_group(given_answers):
    probabilities, labels = given_answers
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    for equal in ("width", "mass"):
        found = reliability(confidence, correct, equal=equal)
        assert found["pictures"].sum() == len(labels)
        assert np.average(found["accuracy"], weights=found["pictures"]) == pytest.approx(correct.mean())
        assert (found["low"] <= found["confidence"] + 1e-9).all()
        assert (found["confidence"] <= found["high"] + 1e-9).all()
        assert 0.0 <= calibration_error(found) <= largest_error(found) + 1e-9 <= 1.0 + 1e-9


def test_the_errors_by_hand():
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    correct = np.array([True, True, True, False])
    found = reliability(confidence, correct)
    assert found["pictures"].tolist() == [2, 2]
    assert calibration_error(found) == pytest.approx((0.05 + 0.05) / 2)
    assert largest_error(found) == pytest.approx(0.05)


def test_a_model_that_is_as_sure_as_it_is_right_is_within_noise_and_a_sharpened_one_is_not():
    assert certainty(*overconfident(3000, sharpness=1.0)).is_noise
    sharpened = certainty(*overconfident(3000, sharpness=3.0))
    assert not sharpened.is_noise
    assert sharpened.confidence > sharpened.accuracy


def test_fewer_pictures_leave_more_to_chance():
    few, many = (error_by_chance(np.full(count, 0.8)) for count in (50, 5000))
    assert few > 4 * many > 0.0
