"""Pooling by hand on the Learn page: both maps side by side, and what a shift changed, said as it was measured."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.claims.pooling_by_hand import PoolingByHand, shift_effects
from cnnlab.claims.small_pictures import PATTERNS, SIDE, write_picture
from cnnlab.ui import learn_pooling_by_hand, pixel_board

CLAIM = "pooling_by_hand"


@pytest.fixture
def drawn(monkeypatch):
    """What the board was given, newest last."""
    given = []
    monkeypatch.setattr(
        pixel_board, "board", lambda picture, **rest: given.append(SimpleNamespace(picture=picture, **rest))
    )
    return given


def _words(page):
    return " ".join(element.value for kind in (page.markdown, page.caption) for element in kind)


def _dot(column: int) -> str:
    levels = np.zeros((SIDE, SIDE), np.int64)
    levels[4, column] = 9
    return write_picture(levels)


def test_it_opens_with_both_maps_and_what_a_shift_changed(open_page, drawn):
    page = open_page("learn", claim=CLAIM)
    assert not page.exception
    largest, averages = drawn[-1].maps
    assert largest.values.shape == averages.values.shape == (6, 6)
    assert (largest.values >= averages.values).all()
    assert "36 of 144 numbers are left (25 %)" in _words(page)
    assert "A shift by 1 px to the right changes" in _words(page)


def test_window_stride_and_shift_are_obeyed(open_page, drawn):
    page = open_page("learn", claim=CLAIM)
    page.button_group(key="learn-pooling-window").set_value(3).run()
    page.button_group(key="learn-pooling-direction").set_value("down").run()
    page.button_group(key="learn-pooling-shift").set_value(2).run()
    assert not page.exception
    assert drawn[-1].maps[0].values.shape == (5, 5)
    assert len(drawn[-1].steps[0].cells) == 9
    words = _words(page)
    assert "windows overlap" in words
    assert "The last row and the last column are never looked at." in words
    assert "A shift by 2 px down" in words


def test_the_window_is_written_out_with_what_decides_marked():
    settings = PoolingByHand(picture=write_picture(PATTERNS["vertical edge"]), window=3, stride=3)
    step = learn_pooling_by_hand.steps(settings)[2]
    assert step.cells == ("9",) * 9
    assert step.marked == tuple(range(9))
    assert step.lines == (
        ("Max", "max(9, 9, 9, 9, 9, 9, 9, 9, 9) = 9"),
        ("Average", "(9 + 9 + 9 + 9 + 9 + 9 + 9 + 9 + 9) / 9 = 9"),
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(
            PoolingByHand(picture="4" * 144), "leaves this picture itself as it was", id="nothing to see"
        ),
        pytest.param(PoolingByHand(picture=_dot(4)), "really stays the same", id="inside its window"),
        pytest.param(PoolingByHand(picture=_dot(5)), "did not soften it", id="over the rim"),
        pytest.param(PoolingByHand(), "hardly softened it", id="the picture at the start"),
        pytest.param(
            PoolingByHand(picture=("000090000000" * 10) + "000009000000" + "0" * SIDE),
            "without undoing it",
            id="one pixel of a line over the rim",
        ),
        pytest.param(PoolingByHand(shift=2), "moved by 1 place", id="by the stride"),
    ],
)
def test_what_is_said_is_what_was_measured(settings: PoolingByHand, said: str):
    assert said in learn_pooling_by_hand.says(settings, shift_effects(settings))


def test_the_picture_goes_along_from_one_claim_to_the_other(open_page, drawn):
    page = open_page("learn", claim="convolution_by_hand", picture=_dot(3))
    page.query_params["claim"] = CLAIM
    del page.query_params["picture"]
    page.run()
    assert not page.exception
    assert drawn[-1].picture == _dot(3)
    assert len(drawn[-1].maps) == 2
