"""Every corruption leaves the shape and the original as they are, repeats itself, and does what its row says."""

import numpy as np
import pytest

from cnnlab.evaluation.corruptions import CORRUPTIONS, corrupt

SIDE = 64
TURNED = ("shift", "rotation")
EVERY_KIND = [pytest.param(kind, id=kind) for kind in CORRUPTIONS]
IN_PLACE = [pytest.param(kind, id=kind) for kind in CORRUPTIONS if kind not in TURNED]


def photo() -> np.ndarray:
    """Something with edges, colours and soft places."""
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    waves = np.stack([np.sin(rows / 5.0), np.cos(columns / 7.0), np.sin((rows + columns) / 9.0)], axis=-1)
    return np.clip(110 + 60 * waves + random.normal(0, 12, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def spot(*, row: float = SIDE / 2, column: float = SIDE / 2) -> np.ndarray:
    """A soft bright spot on black."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    bright = 255 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 18.0)
    return np.repeat(bright[..., None], 3, axis=-1).astype(np.uint8)


def middle(picture: np.ndarray) -> np.ndarray:
    """Where the light of a picture has its middle, in pixels: row and column."""
    light = picture.astype(float).sum(axis=-1)
    return np.array([(light * axis).sum() for axis in np.mgrid[:SIDE, :SIDE]]) / light.sum()


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_corruption_makes_another_picture_of_the_same_shape_the_same_one_each_time(kind):
    picture, before = photo(), photo()
    for step in CORRUPTIONS[kind].steps:
        altered = corrupt(picture, kind=kind, step=step, seed=(3, 1))
        assert altered.shape == picture.shape
        assert altered.dtype == np.uint8
        assert (altered != picture).any()
        assert (altered == corrupt(picture, kind=kind, step=step, seed=(3, 1))).all()
    assert (picture == before).all()


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_picture_that_cannot_be_written_is_altered_too(kind):
    picture = photo()
    picture.setflags(write=False)
    assert corrupt(picture, kind=kind, step=CORRUPTIONS[kind].steps[0], seed=(1,)).shape == picture.shape


@pytest.mark.parametrize("kind", IN_PLACE)
def test_a_harder_step_leads_farther_from_the_picture(kind):
    picture = photo()
    far = [
        np.abs(corrupt(picture, kind=kind, step=step, seed=(3,)).astype(float) - picture).mean()
        for step in CORRUPTIONS[kind].steps
    ]
    assert far == sorted(far)


@pytest.mark.parametrize("percent", CORRUPTIONS["shift"].steps)
def test_a_shift_moves_the_picture_by_as_much_as_it_says(percent):
    moved = corrupt(spot(), kind="shift", step=percent, seed=(4,))
    assert np.linalg.norm(middle(moved) - middle(spot())) == pytest.approx(percent / 100 * SIDE, abs=0.7)


@pytest.mark.parametrize("degrees", CORRUPTIONS["rotation"].steps)
def test_a_rotation_turns_around_the_middle(degrees):
    centre = np.array([SIDE / 2 - 0.5, SIDE / 2 - 0.5])
    before = spot(column=SIDE / 2 + 8)
    after = corrupt(before, kind="rotation", step=degrees, seed=(4,))
    first, then = middle(before) - centre, middle(after) - centre
    assert np.linalg.norm(then) == pytest.approx(np.linalg.norm(first), abs=0.7)
    turned = np.degrees(np.arccos(first @ then / np.linalg.norm(first) / np.linalg.norm(then)))
    assert turned == pytest.approx(degrees, abs=3.0)


def test_what_comes_in_at_an_edge_continues_the_picture():
    grey = np.full((SIDE, SIDE, 3), 120, np.uint8)
    for kind in TURNED:
        assert (corrupt(grey, kind=kind, step=CORRUPTIONS[kind].steps[-1], seed=(1,)) == 120).all()


@pytest.mark.parametrize("side", [1, 2, 8])
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_tiny_picture_does_not_stop_it(kind, side):
    tiny = np.full((side, side, 3), 90, np.uint8)
    assert corrupt(tiny, kind=kind, step=CORRUPTIONS[kind].steps[-1], seed=(1,)).shape == tiny.shape


def test_more_light_makes_nothing_of_black_and_white_of_the_rest():
    assert corrupt(photo(), kind="brighter", step=300, seed=(1,)).max() == 255
    assert corrupt(np.zeros((8, 8, 3), np.uint8), kind="brighter", step=300, seed=(1,)).max() == 0
