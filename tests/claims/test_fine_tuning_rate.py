"""A rate that is too high destroys what a backbone knows, and the verdict says so only where it was measured."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab.claims.claim import Measuring
from cnnlab.claims.fine_tuning_rate import FineTuningRate, measure, verdict_of
from cnnlab.claims.transferring import moved

WORSE, EQUAL, BETTER = (-0.2, -0.1), (-0.1, 0.1), (0.1, 0.2)


@pytest.mark.parametrize(
    ("at_high", "at_highest", "verdict"),
    [
        pytest.param(WORSE, WORSE, "holds", id="the lesson's high rate is worse"),
        pytest.param(EQUAL, WORSE, "partly", id="only a still higher one is worse"),
        pytest.param(EQUAL, EQUAL, "noise", id="no rate differs"),
        pytest.param(BETTER, WORSE, "fails", id="the lesson's high rate is better"),
    ],
)
def test_the_verdict_follows_the_intervals(at_high, at_highest, verdict):
    assert verdict_of({1e-4: EQUAL, 1e-3: at_high, 1e-2: at_highest}) == verdict


def test_drift_is_the_norm_of_the_change_over_the_norm_of_the_start():
    start = [np.array([3.0, 0.0]), np.array([[4.0]])]
    assert moved(start, start) == 0.0
    assert moved(start, [np.array([3.0, 0.3]), np.array([[4.4]])]) == pytest.approx(0.1)


@pytest.mark.slow
def test_a_high_rate_moves_the_weights_far_and_destroys_what_they_knew(tmp_path: Path):
    settings = FineTuningRate(
        dataset="digits", pictures_per_class=10, image_size=64, unfreeze_blocks=2, epochs=3
    )
    answer = measure(settings, Measuring(report=lambda *_: None, folder=tmp_path))
    scores = answer.scores
    # Seeds 0 to 4: before 0.71 to 0.79, at 1e-5 0.73 to 0.80, at 1e-3 0.44 to 0.64 (11 to 35 points lower),
    # at 1e-2 0.09 to 0.10; drift 0.0005, 0.045 and 0.5.
    assert scores["accuracy 1e-05"] > scores["accuracy before"] - 0.05
    assert scores["accuracy 1e-05"] > scores["accuracy 0.001"]
    assert scores["accuracy 1e-05"] > scores["accuracy 0.01"] + 0.4
    assert scores["drift 1e-05"] * 10 < scores["drift 0.001"]
    assert scores["drift 0.001"] * 3 < scores["drift 0.01"]
    assert answer.verdict in ("holds", "partly")
