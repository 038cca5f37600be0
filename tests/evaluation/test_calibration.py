"""The temperature takes back how much too sure a model is, is fitted once, and is kept with the run."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.errors import EvaluationError
from cnnlab.evaluation.calibration import (
    COOLEST,
    FILE,
    HOTTEST,
    apply_temperature,
    calibrate,
    fit_temperature,
    load_calibration,
)
from cnnlab.evaluation.metrics import cross_entropy
from cnnlab.evaluation.predictions import FILE as PREDICTIONS
from cnnlab.evaluation.reliability import certainty
from tests.evaluation.answering import answered_run, answers, overconfident


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_how_much_probabilities_were_sharpened_is_found_again(sharpness):
    probabilities, labels = overconfident(8000, sharpness=sharpness)
    assert fit_temperature(probabilities, labels) == pytest.approx(sharpness, rel=0.1)


def test_calibrated_probabilities_are_nearer_to_what_is_right_on_other_pictures_too():
    temperature = fit_temperature(*overconfident(4000))
    probabilities, labels = overconfident(4000, seed=1)
    calibrated = apply_temperature(probabilities, temperature)
    assert certainty(calibrated, labels).error < certainty(probabilities, labels).error / 2
    assert cross_entropy(calibrated, labels) < cross_entropy(probabilities, labels)


@given(answers(), st.floats(COOLEST, HOTTEST))
def test_a_temperature_keeps_sums_and_order(given_answers, temperature):
    probabilities, _ = given_answers
    calibrated = apply_temperature(probabilities, temperature)
    np.testing.assert_allclose(calibrated.sum(axis=1), 1.0, rtol=1e-5)
    rows = np.arange(len(probabilities))
    best = calibrated[rows, probabilities.argmax(axis=1)]
    np.testing.assert_allclose(best, calibrated.max(axis=1), rtol=1e-6)


def test_a_temperature_of_one_changes_nothing_and_no_probability_is_too_small():
    probabilities = np.array([[1.0, 0.0, 0.0], [0.7, 0.2, 0.1]], np.float32)
    np.testing.assert_allclose(apply_temperature(probabilities, 1.0), probabilities, atol=1e-7)
    assert np.isfinite(apply_temperature(probabilities, 20.0)).all()
    assert COOLEST <= fit_temperature(probabilities, np.array([1, 0])) <= HOTTEST


def test_where_nothing_is_wrong_nothing_is_changed():
    assert fit_temperature(np.array([[0.6, 0.4], [0.1, 0.9]]), np.array([0, 1])) == 1.0


def test_it_is_fitted_on_validation_once_and_kept_with_the_run():
    run = answered_run({"test": overconfident(50, seed=1), "validation": overconfident(500)})
    assert load_calibration(run) is None
    found = calibrate(run)
    assert found.pictures == 500
    assert found.temperature == pytest.approx(fit_temperature(*overconfident(500)))
    assert found.log_loss_after < found.log_loss_before
    written = (run.path / FILE).stat().st_mtime_ns
    assert calibrate(run) == load_calibration(run) == found
    assert (run.path / FILE).stat().st_mtime_ns == written


def test_a_run_that_was_scored_again_is_fitted_again():
    run = answered_run({"validation": overconfident(500)})
    calibrate(run)
    later = (run.path / FILE).stat().st_mtime_ns + 10**9
    os.utime(run.path / PREDICTIONS, ns=(later, later))
    assert load_calibration(run) is None


def test_a_damaged_file_is_as_good_as_none():
    run = answered_run({"validation": overconfident(500)})
    found = calibrate(run)
    (run.path / FILE).write_text('{"temperature": 1e9}')
    assert load_calibration(run) is None
    assert calibrate(run) == found


def test_without_validation_pictures_there_is_nothing_to_fit_on():
    with pytest.raises(EvaluationError, match="'validation'"):
        calibrate(answered_run({"test": overconfident(50)}))
