"""Pooling by hand: maxima and averages as a plain loop and Keras find them, and what a shift really changes."""

from itertools import product

import numpy as np
import pytest

from cnnlab.claims.pooling_by_hand import (
    DIRECTIONS,
    PoolingByHand,
    pool,
    shift_effect,
    shift_effects,
    shift_picture,
)
from cnnlab.claims.small_pictures import SIDE, write_picture

WINDOWS, STRIDES = (2, 3), (1, 2, 3)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Noise: no two rows or columns of it are alike."""
    return np.random.default_rng(0).integers(0, 10, (SIDE, SIDE))


@pytest.mark.parametrize(("window", "stride"), list(product(WINDOWS, STRIDES)))
def test_both_maps_are_what_a_plain_loop_finds(picture, window: int, stride: int):
    largest, averages = pool(picture, sliding=PoolingByHand(window=window, stride=stride).sliding)
    places = range(0, SIDE - window + 1, stride)
    covered = [
        [picture[row + down, column + right] for down in range(window) for right in range(window)]
        for row in places
        for column in places
    ]
    assert largest.shape == averages.shape == (len(places), len(places))
    assert largest.ravel().tolist() == [max(values) for values in covered]
    assert averages.ravel() == pytest.approx([sum(values) / window**2 for values in covered])


@pytest.mark.slow
def test_both_maps_are_what_keras_has(picture):
    import keras

    for window, stride in product(WINDOWS, STRIDES):
        ours = pool(picture, sliding=PoolingByHand(window=window, stride=stride).sliding)
        for layer, shown in zip(
            (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D), ours, strict=True
        ):
            theirs = layer(window, strides=stride)(picture[None, ..., None].astype(np.float32))
            assert np.abs(np.asarray(theirs)[0, ..., 0] - shown).max() < 1e-4


def test_a_shifted_picture_is_moved_and_repeats_its_edge(picture):
    assert (shift_picture(picture, direction="right", by=1)[:, 1:] == picture[:, :-1]).all()
    assert (shift_picture(picture, direction="left", by=2)[:, :-2] == picture[:, 2:]).all()
    assert (shift_picture(picture, direction="down", by=3)[3:] == picture[:-3]).all()
    assert (shift_picture(picture, direction="up", by=1)[:-1] == picture[1:]).all()
    assert (shift_picture(picture, direction="right", by=2)[:, :3] == picture[:, :1]).all()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_no_shift_changes_nothing(picture, direction: str):
    assert (shift_picture(picture, direction=direction, by=0) == picture).all()


def test_the_effect_counts_what_changed_and_by_how_much():
    effect = shift_effect(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 3.0, 2.0, 2.0]))
    assert effect.changed_share == 0.5
    assert effect.mean_change == 0.75


def test_the_maximum_stays_only_while_its_pixel_stays_in_its_window():
    """A dot in the left column of its window may go one to the right; from the right column it may not."""
    for column, changed in ((4, 0), (5, 2)):
        dot = np.zeros((SIDE, SIDE), np.int64)
        dot[4, column] = 9
        effects = shift_effects(PoolingByHand(picture=write_picture(dot), direction="right", shift=1))
        assert effects["max"].changed_share == pytest.approx(changed / 36)
        assert effects["average"].changed_share == pytest.approx(changed / 36)
        assert effects["pixels"].changed_share == pytest.approx(2 / 144)


def test_a_shift_by_the_stride_moves_the_maps_by_one_place(picture):
    sliding = PoolingByHand().sliding
    shifted = shift_picture(picture, direction="right", by=2)
    for before, after in zip(pool(picture, sliding=sliding), pool(shifted, sliding=sliding), strict=True):
        assert (after[:, 1:] == before[:, :-1]).all()


def test_the_picture_one_starts_with_shows_that_the_statement_is_loose():
    effects = shift_effects(PoolingByHand())
    assert effects["max"].changed_share > 0.1
    assert 0 < effects["max"].mean_change < effects["pixels"].mean_change
