"""One shuffle moves every picture the same way, the verdict follows the intervals, and the CNN falls where the dense network does not."""

import numpy as np
import pytest

from cnnlab.claims.claim import Measuring
from cnnlab.claims.shuffled_pixels import (
    CNN,
    DENSE,
    OUTCOMES,
    ShuffledPixels,
    measure,
    outcome_of,
    shuffle_pixels,
)


def test_a_shuffle_keeps_every_pixel_with_its_channels():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), np.uint8)
    shuffled = shuffle_pixels(pictures, seed=3)
    assert (shuffled != pictures).any()
    for before, after in zip(pictures, shuffled, strict=True):
        assert sorted(map(tuple, before.reshape(-1, 3))) == sorted(map(tuple, after.reshape(-1, 3)))


def test_every_picture_is_shuffled_the_same_way():
    numbered = np.arange(16).reshape(1, 4, 4, 1)
    both = shuffle_pixels(np.concatenate([numbered, numbered + 100]), seed=3)
    assert (both[0] + 100 == both[1]).all()
    assert (shuffle_pixels(numbered, seed=3) == both[:1]).all()
    assert (shuffle_pixels(numbered, seed=4) != both[:1]).any()


@pytest.mark.parametrize(
    ("cnn", "dense", "dense_plain", "outcome"),
    [
        pytest.param((0.15, 0.25), (-0.03, 0.03), 0.4, "falls", id="the CNN alone falls"),
        pytest.param((0.15, 0.25), (0.1, 0.2), 0.4, "both fall", id="not clearly more than the dense one"),
        pytest.param((-0.01, 0.03), (-0.03, 0.03), 0.9, "alike", id="nobody falls"),
        pytest.param((-0.2, -0.1), (-0.03, 0.03), 0.4, "gains", id="the CNN gains"),
        pytest.param((0.15, 0.25), (-0.03, 0.03), 0.11, "guesses", id="the dense one has nothing to lose"),
    ],
)
def test_the_outcome_follows_the_intervals(cnn, dense, dense_plain, outcome):
    assert outcome_of(cnn, dense, dense_plain=dense_plain, chance=0.125) == outcome


def test_every_outcome_means_something_else():
    meanings = [meaning for _, meaning in OUTCOMES.values()]
    assert len(set(meanings)) == len(OUTCOMES)
    assert all(meaning.endswith(".") for meaning in meanings)
    assert OUTCOMES["falls"][0] == "holds"
    assert OUTCOMES["alike"][0] == "noise"
    assert OUTCOMES["gains"][0] == "fails"


@pytest.mark.slow
def test_the_cnn_falls_when_pixels_are_shuffled_and_the_dense_network_does_not(tmp_path):
    settings = ShuffledPixels(num_training=900)
    answer = measure(settings, Measuring(report=lambda *_: None, folder=tmp_path))
    lost = {name: answer.scores[f"{name} plain"] - answer.scores[f"{name} shuffled"] for name in (CNN, DENSE)}
    # Five seeds, with and without oneDNN: the CNN loses 14 to 21 points, the dense network between -3 and +3.
    assert lost[CNN] > 0.05
    assert abs(lost[DENSE]) < lost[CNN]
    assert answer.scores[f"{DENSE} plain"] > 0.2, "it guesses: 0.125"
    for picture in answer.pictures[0].pictures:
        assert (tmp_path / picture.file).is_file()
