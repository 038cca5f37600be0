"""Pictures are shifted as they should be, the verdict follows the intervals, and a CNN keeps more answers than a dense network."""

import numpy as np
import pytest

from cnnlab.claims.claim import Measuring
from cnnlab.claims.shifted_pictures import (
    COMPARED,
    DENSE,
    FLATTEN,
    GLOBAL,
    STAYS,
    Asked,
    ShiftedPictures,
    measure,
    shift_pictures,
    verdict_of,
)

COUNTED = np.arange(5 * 5).reshape(1, 5, 5, 1)


@pytest.mark.parametrize(
    ("shift", "row", "column"),
    [
        pytest.param((0, 0), [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], id="not at all"),
        pytest.param((0, 2), [0, 1, 2, 3, 4], [2, 1, 0, 1, 2], id="to the right"),
        pytest.param((0, -1), [0, 1, 2, 3, 4], [1, 2, 3, 4, 3], id="to the left"),
        pytest.param((1, 0), [1, 0, 1, 2, 3], [0, 1, 2, 3, 4], id="down"),
        pytest.param((-3, 0), [3, 4, 3, 2, 1], [0, 1, 2, 3, 4], id="up"),
    ],
)
def test_a_shift_moves_a_picture_and_mirrors_what_comes_in(shift, row, column):
    (moved,) = shift_pictures(COUNTED, np.array([shift]))
    assert (moved[..., 0] == COUNTED[0, row][:, column, 0]).all()


def test_each_picture_has_a_shift_of_its_own_and_none_is_changed():
    pictures = np.repeat(COUNTED, 2, axis=0)
    moved = shift_pictures(pictures, np.array([(0, 0), (0, 1)]))
    assert (moved[0] == pictures[0]).all()
    assert (moved[1] != pictures[1]).any()
    assert (pictures[1] == COUNTED[0]).all()


def test_answers_are_compared_with_those_before_the_shift_and_with_the_truth():
    probabilities = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.6, 0.4], [0.7, 0.3]]], np.float32)
    asked = Asked(probabilities=probabilities, labels=np.array([0, 0]))
    assert asked.same.tolist() == [[True, True], [True, False]]
    assert asked.correct.tolist() == [[True, False], [True, True]]
    assert asked.moved(1) == pytest.approx((0.3 + 0.3 + 0.5 + 0.5) / 4)


@pytest.mark.parametrize(
    ("gain", "agreement", "verdict"),
    [
        pytest.param((0.1, 0.3), 0.99, "holds", id="keeps more, and nearly all at one pixel"),
        pytest.param((0.1, 0.3), STAYS, "holds", id="just enough at one pixel"),
        pytest.param((0.1, 0.3), 0.9, "partly", id="keeps more, but one pixel changes answers"),
        pytest.param((-0.1, 0.1), 0.99, "noise", id="no difference"),
        pytest.param((-0.3, -0.1), 0.99, "fails", id="keeps fewer"),
    ],
)
def test_the_verdict_follows_the_interval(gain, agreement, verdict):
    assert verdict_of(gain, agreement=agreement) == verdict


@pytest.mark.slow
def test_a_cnn_keeps_more_answers_than_a_dense_network_when_pictures_are_shifted(tmp_path):
    said = []
    measuring = Measuring(report=lambda activity, done, total: said.append(activity), folder=tmp_path)
    answer = measure(ShiftedPictures(num_training=900, epochs=8, largest_shift=4), measuring)
    scores = answer.scores
    # Five seeds: 27 to 45 points more with global pooling at 3 pixels; with Flatten the accuracy falls by 29 to 43.
    assert scores[f"kept {COMPARED} {GLOBAL}"] > scores[f"kept {COMPARED} {DENSE}"] + 0.12
    assert scores[f"accuracy {FLATTEN}"] > scores[f"accuracy {COMPARED} {FLATTEN}"] + 0.12
    assert answer.verdict in ("holds", "partly")
    assert len(answer.charts[0].lines) == 3
    assert answer.charts[0].lines[0].y[0] == 1.0, "unshifted, all answers are as they were"
    for picture in answer.pictures[0].pictures:
        assert (tmp_path / picture.file).is_file()
    assert "Training the Dense network" in said
