"""Altering a picture: each operation does what it says, no more than it may, and the same again for the same seed."""

import numpy as np
import pytest

from cnnlab.data.augmentation import OPERATIONS, AugmentedPictures, augment_picture, augment_pictures
from cnnlab.specs.augmentation import Augmentation

SIZE = 32
NOISE = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
EVERYTHING = Augmentation(
    flip=True, rotation_degrees=20, shift_share=0.2, zoom_share=0.3, brightness_share=0.4, contrast_share=0.4
)
STRONGEST = {"flip": True, "rotation_degrees": 45.0} | dict.fromkeys(
    ("shift_share", "zoom_share", "brightness_share", "contrast_share"), 0.5
)


def spot(row: int, column: int) -> np.ndarray:
    """A grey picture with a white square of 4 x 4 pixels."""
    picture = np.full((SIZE, SIZE, 3), 50, np.uint8)
    picture[row : row + 4, column : column + 4] = 250
    return picture


def centre_of_spot(picture: np.ndarray) -> np.ndarray:
    """Row and column of the middle of what is bright."""
    bright = np.clip(picture[..., 0].astype(float) - 100, 0, None)
    places = np.arange(SIZE) + 0.5
    return np.array([bright.sum(axis=1) @ places, bright.sum(axis=0) @ places]) / bright.sum()


def many(settings: Augmentation, picture: np.ndarray, *, count: int = 60) -> np.ndarray:
    return np.stack(
        [
            augment_picture(picture, settings=settings, seed=0, number=number, copy=0)
            for number in range(count)
        ]
    )


def test_every_setting_has_a_row_and_every_row_a_setting():
    assert set(OPERATIONS) == set(Augmentation.model_fields)
    assert all((row.move is None) != (row.recolour is None) for row in OPERATIONS.values())


@pytest.mark.parametrize("field", OPERATIONS)
def test_an_operation_alone_changes_pictures_and_nothing_happens_without_it(field):
    settings = Augmentation(**{field: STRONGEST[field]})
    altered = many(settings, NOISE)
    assert (altered != NOISE).any(axis=(1, 2, 3)).mean() > 0.3
    assert (altered.dtype, altered.shape) == (np.uint8, (60, SIZE, SIZE, 3))
    np.testing.assert_array_equal(many(Augmentation(), NOISE), np.stack([NOISE] * 60))


def test_a_flip_is_exact_and_happens_about_every_other_time():
    altered = many(Augmentation(flip=True), NOISE, count=200)
    flipped = (altered == NOISE[:, ::-1]).all(axis=(1, 2, 3))
    as_it_was = (altered == NOISE).all(axis=(1, 2, 3))
    assert (flipped ^ as_it_was).all()
    assert 0.35 < flipped.mean() < 0.65


def test_a_shift_moves_by_no_more_than_its_share_in_both_directions():
    moves = (
        np.array([centre_of_spot(each) for each in many(Augmentation(shift_share=0.25), spot(14, 14))]) - 16
    )
    assert np.abs(moves).max() <= 0.25 * SIZE + 0.1
    assert (np.abs([moves.max(axis=0), moves.min(axis=0)]) > 4).all()


def test_a_rotation_keeps_the_distance_from_the_centre_and_turns_no_further_than_it_may():
    turned = many(Augmentation(rotation_degrees=30), spot(14, 24))
    places = np.array([centre_of_spot(each) for each in turned]) - 16
    np.testing.assert_allclose(np.hypot(*places.T), 10, atol=0.4)
    angles = np.degrees(np.arctan2(places[:, 0], places[:, 1]))
    assert 20 < min(angles.max(), -angles.min()) <= max(np.abs(angles)) < 31


def test_a_zoom_makes_larger_and_smaller_about_the_centre():
    zoomed = many(Augmentation(zoom_share=0.4), spot(14, 14))
    areas = np.array([(each[..., 0] > 150).sum() for each in zoomed]) / 16
    assert areas.min() < 0.6 < 1.5 < areas.max()
    np.testing.assert_allclose([centre_of_spot(each) for each in zoomed], 16, atol=0.3)


def test_what_comes_in_from_outside_is_the_mirror_image_and_not_black():
    altered = many(
        Augmentation(shift_share=0.5, rotation_degrees=45, zoom_share=0.5), np.full_like(NOISE, 200)
    )
    np.testing.assert_array_equal(altered, 200)


@pytest.mark.parametrize(
    ("field", "statistic"),
    [
        pytest.param("brightness_share", np.mean, id="brightness"),
        pytest.param("contrast_share", np.std, id="contrast"),
    ],
)
def test_colours_change_by_no_more_than_their_share(field, statistic):
    picture = (100 + NOISE // 8).astype(np.uint8)
    altered = many(Augmentation(**{field: 0.3}), picture)
    ratios = np.array([statistic(each) for each in altered]) / statistic(picture)
    assert 0.68 < ratios.min() < 0.8
    assert 1.2 < ratios.max() < 1.32


def test_the_same_seed_number_and_copy_give_the_same_picture_and_others_another():
    def altered(seed: int = 1, number: int = 2, copy: int = 3) -> np.ndarray:
        return augment_picture(NOISE, settings=EVERYTHING, seed=seed, number=number, copy=copy)

    np.testing.assert_array_equal(altered(), altered())
    for other in (altered(seed=9), altered(number=9), altered(copy=9)):
        assert (other != altered()).any()


def test_switching_one_operation_on_leaves_what_the_others_draw_as_it_is():
    shifts = [centre_of_spot(each) for each in many(Augmentation(shift_share=0.2), spot(14, 14))]
    both = many(Augmentation(shift_share=0.2, brightness_share=0.05), spot(14, 14))
    np.testing.assert_allclose([centre_of_spot(each) for each in both], shifts, atol=1.0)


def test_pictures_altered_when_asked_for_are_those_altered_one_by_one():
    pictures = np.random.default_rng(1).integers(0, 256, (6, SIZE, SIZE, 3), dtype=np.uint8)
    positions = np.array([1, 4, 5])
    lazy = AugmentedPictures(pictures, positions, settings=EVERYTHING, seed=3, copy=2)
    assert (len(lazy), lazy.shape) == (3, (3, SIZE, SIZE, 3))
    np.testing.assert_array_equal(
        lazy[1:], augment_pictures(pictures, positions[1:], settings=EVERYTHING, seed=3, copy=2)
    )
    np.testing.assert_array_equal(
        lazy[:1][0], augment_picture(pictures[1], settings=EVERYTHING, seed=3, number=1, copy=2)
    )
