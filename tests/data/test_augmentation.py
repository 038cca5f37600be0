"""Altering a picture: each operation does what it says, no more than it may, and the same again for the same seed."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cnnlab.data import recolouring
from cnnlab.data.augmentation import OPERATIONS, AugmentedPictures, augment_picture, augment_pictures
from cnnlab.specs.augmentation import Augmentation

SIZE = 32
NOISE = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
EVERYTHING = Augmentation(
    flip=True, rotation_degrees=20, shift_share=0.2, zoom_share=0.3, brightness_share=0.4, contrast_share=0.4
)
STRONGEST = {
    "flip": True,
    "rotation_degrees": 45.0,
    "flip_vertically": True,
    "crop_share": 0.5,
    "saturation_share": 0.5,
    "hue_degrees": 90.0,
    "blur_percent": 10.0,
    "erase_share": 0.4,
    "rand_operations": 2,
} | dict.fromkeys(("shift_share", "zoom_share", "brightness_share", "contrast_share"), 0.5)


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
    assert {*OPERATIONS, "rand_operations", "rand_magnitude", "mixup_alpha", "cutmix_alpha"} == set(
        Augmentation.model_fields
    )
    assert set(STRONGEST) == {*OPERATIONS, "rand_operations"}
    assert all((row.move is None) != (row.recolour is None) for row in OPERATIONS.values())


@pytest.mark.parametrize("field", STRONGEST)
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


def test_what_older_runs_drew_is_drawn_as_before():
    # The first six rows have two draws each, in their order, from one generator.
    settings = Augmentation.from_json('{"brightness_share": 0.4}')
    for number in range(5):
        drawn = np.random.Generator(np.random.PCG64([7, number, 2])).uniform(-1.0, 1.0, (6, 2))[4, 0]
        wanted = np.clip(np.rint(NOISE * np.float32(1 + 0.4 * drawn)), 0, 255).astype(np.uint8)
        found = augment_picture(NOISE, settings=settings, seed=7, number=number, copy=2)
        np.testing.assert_array_equal(found, wanted)


def test_a_flip_upside_down_is_exact():
    altered = many(Augmentation(flip_vertically=True), NOISE)
    flipped = (altered == NOISE[::-1]).all(axis=(1, 2, 3))
    assert (flipped ^ (altered == NOISE).all(axis=(1, 2, 3))).all()
    assert 0.2 < flipped.mean() < 0.8


def test_a_crop_shows_a_part_of_the_picture_and_enlarges_it():
    # Left to right 0 to 248: how much of that range is left is the width of the part.
    ramp = np.repeat(np.repeat(8 * np.arange(SIZE, dtype=np.uint8)[None, :, None], SIZE, axis=0), 3, axis=2)
    sides = [
        np.stack([each[..., 0] for each in many(Augmentation(crop_share=0.5), seen)])
        for seen in (ramp, ramp.transpose(1, 0, 2))
    ]
    widths, heights = (np.ptp(each.reshape(60, -1), axis=1) / 248 for each in sides)
    # A pixel more or less at each side.
    assert 0.42 < (widths * heights).min() < 0.7
    assert (widths * heights).max() > 0.85
    assert (np.median(sides[0], axis=(1, 2)) != 124).any()


def test_saturation_keeps_the_luma_and_leaves_grey_as_it_is():
    picture = (100 + NOISE // 8).astype(np.float32)
    for draw in (-1.0, -0.3, 0.9):
        altered = recolouring.saturate(picture, 0.5, np.array([draw]))
        np.testing.assert_allclose(altered @ recolouring.LUMA, picture @ recolouring.LUMA, atol=0.01)
        np.testing.assert_allclose(
            np.ptp(altered, axis=2), np.ptp(picture, axis=2) * (1 + 0.5 * draw), rtol=1e-3
        )


@pytest.mark.parametrize("field", ["saturation_share", "hue_degrees"])
def test_colour_operations_leave_grey_as_it_is(field):
    grey = np.repeat(NOISE[..., :1], 3, axis=2)
    altered = many(Augmentation(**{field: STRONGEST[field]}), grey)
    assert np.abs(altered.astype(int) - grey).max() <= 1


def test_a_third_of_a_turn_of_the_hue_makes_red_green():
    red = np.array([[[200.0, 0.0, 0.0]]], np.float32)
    turned = recolouring.turn_hue(red, 120.0, np.array([1.0]))
    np.testing.assert_allclose(turned, [[[0.0, 200.0, 0.0]]], atol=1e-3)


def test_a_blur_is_that_of_pillow_and_reaches_as_far_as_it_may():
    strongest = recolouring.blur(NOISE.astype(np.float32), 10.0, np.array([1.0]))
    wanted = np.asarray(Image.fromarray(NOISE).filter(ImageFilter.GaussianBlur(3.2)))
    np.testing.assert_array_equal(strongest, wanted)
    spread = many(Augmentation(blur_percent=10), NOISE).std(axis=(1, 2, 3))
    assert spread.max() <= NOISE.std() + 1e-6
    assert spread.min() < NOISE.std() / 2


def test_erasing_takes_a_rectangle_no_larger_than_its_share_every_other_time():
    changed = (many(Augmentation(erase_share=0.3), NOISE, count=200) != NOISE).any(axis=3)
    shares = changed.mean(axis=(1, 2))
    assert 0.35 < (shares > 0).mean() < 0.65
    assert 0.2 < shares.max() <= 0.3
    for each in changed[shares > 0]:
        rows, columns = np.flatnonzero(each.any(axis=1)), np.flatnonzero(each.any(axis=0))
        assert each[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > 0.9


@pytest.mark.parametrize("name", recolouring.RAND_OPERATIONS)
def test_an_operation_of_randaugment_does_nothing_at_0_and_something_at_full_strength(name):
    row, image = recolouring.RAND_OPERATIONS[name], Image.fromarray(60 + NOISE // 2)
    np.testing.assert_array_equal(np.asarray(row(image, 0.0)), np.asarray(image))
    altered = np.asarray(row(image, -1.0))
    assert (altered.shape, altered.dtype) == ((SIZE, SIZE, 3), np.uint8)
    assert (altered != np.asarray(image)).any() == (name != "identity")


def test_randaugment_does_as_many_operations_as_it_is_told_and_nothing_without():
    def altered(operations: int, magnitude: float) -> np.ndarray:
        settings = Augmentation(rand_operations=operations, rand_magnitude=magnitude)
        return many(settings, 60 + NOISE // 2)

    plain = np.stack([60 + NOISE // 2] * 60)
    np.testing.assert_array_equal(altered(0, 9.0), plain)
    np.testing.assert_array_equal(altered(2, 0.0), plain)
    changed = [(altered(count, 9.0) != plain).any(axis=(1, 2, 3)).mean() for count in (1, 3)]
    assert 0.7 < changed[0] <= changed[1]
    assert not Augmentation(rand_magnitude=9.0).active
