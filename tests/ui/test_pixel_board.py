"""The board of a small picture in the browser: what it is told, and what of its answers is believed."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.claims.windows import Sliding
from cnnlab.ui import pixel_board
from cnnlab.ui.pixel_board import Map, Step, number, summed

KEY = "a-board"
PICTURE = "0123456789" * 14 + "0123"


@pytest.fixture
def browser(monkeypatch):
    """Stands in for Streamlit: what the component was given, what the browser says, and what is obeyed."""
    given, obeyed = {}, []
    state = SimpleNamespace(session_state={KEY: {}})
    monkeypatch.setattr(pixel_board, "st", state)
    monkeypatch.setattr(pixel_board, "_component", lambda **arguments: given.update(arguments))

    def say(**event):
        state.session_state[KEY] = event
        for name in event:
            given[f"on_{name}_change"]()

    return SimpleNamespace(given=given, say=say, obeyed=obeyed)


@pytest.fixture
def board(browser):
    """A board with a kernel and one map of negative and positive values."""
    sliding = Sliding(side=12, window=3, stride=3)
    pixel_board.board(
        PICTURE,
        key=KEY,
        sliding=sliding,
        maps=[Map(title="Map", values=np.array([[-12.5, 0.0], [6.25, 1234.0]]), signed=True)],
        steps=[Step(cells=("1",) * 9, factors=("2",) * 9, products=("2",) * 9, lines=(("Sum", "18"),))],
        on_paint=lambda picture: browser.obeyed.append(picture),
        kernel=("1",) * 9,
        on_kernel=lambda weights: browser.obeyed.append(weights),
    )
    return browser


def test_it_is_told_where_the_window_lies_and_what_comes_out(board):
    data = board.given["data"]
    assert data["picture"] == PICTURE
    assert (data["places"], data["window"], data["stride"], data["before"]) == (4, 3, 3, 0)
    (shown,) = data["maps"]
    assert shown["texts"] == ["−12.5", "0", "6.25", "1k"]
    assert shown["shades"] == [-0.01, 0.0, 0.005, 1.0]
    assert data["steps"][0]["lines"] == (("Sum", "18"),)


def test_what_is_painted_and_weighed_is_obeyed(board):
    board.say(paint="9" * 144)
    board.say(weigh=["1"] * 9)
    assert board.obeyed == ["9" * 144, ["1"] * 9]


@pytest.mark.parametrize("event", [{"paint": "9" * 9}, {"paint": 7}, {"weigh": "1"}, {"weigh": [1] * 9}])
def test_what_the_browser_cannot_have_meant_is_left_alone(board, event):
    board.say(**event)
    assert board.obeyed == []


def test_a_map_of_zeros_has_no_colour(browser):
    pixel_board.board(
        PICTURE,
        key=KEY,
        sliding=Sliding(side=12, window=3),
        maps=[Map(title="Map", values=np.zeros((2, 2)), signed=True)],
        steps=[],
        on_paint=browser.obeyed.append,
    )
    assert browser.given["data"]["maps"][0]["shades"] == [0.0] * 4


@pytest.mark.parametrize(
    ("value", "written"),
    [(-4.0, "−4"), (1 / 3, "0.33"), (0.5, "0.5"), (-0.001, "0"), (1200.0, "1,200"), (100.0, "100")],
)
def test_numbers_are_no_finer_than_needed(value: float, written: str):
    assert number(value) == written


def test_a_sum_is_written_out():
    assert summed([-1.0, 2.0, -0.5, 0.0]) == "−1 + 2 − 0.5 + 0"
