"""Where a window lies: the same places as one finds by counting, and the same sizes as the formula says."""

import numpy as np
import pytest

from cnnlab.claims.windows import Sliding

EVERY = [
    pytest.param(
        Sliding(side=side, window=window, stride=stride, padding=padding),
        id=f"{side} px, {window} wide, stride {stride}, {padding}",
    )
    for side in (7, 12)
    for window in (2, 3)
    for stride in (1, 2, 3)
    for padding in ("valid", "same")
]


def _starts(sliding: Sliding) -> list[int]:
    """Where windows start, counted one by one from the first pixel of the padding."""
    starts, start = [], -sliding.before
    while start + sliding.window <= sliding.side + sliding.after:
        starts.append(start)
        start += sliding.stride
    return starts


@pytest.mark.parametrize("sliding", EVERY)
def test_there_are_as_many_places_as_one_counts(sliding: Sliding):
    assert sliding.output_side == len(_starts(sliding))
    assert sliding.formula.endswith(f"= {sliding.output_side}")


@pytest.mark.parametrize("sliding", EVERY)
def test_a_window_covers_what_lies_under_it(sliding: Sliding):
    picture = np.arange(1, sliding.side**2 + 1).reshape(sliding.side, sliding.side)
    inside = range(sliding.side)
    starts = _starts(sliding)
    expected = [
        [
            picture[row, column] if row in inside and column in inside else 0
            for row in range(top, top + sliding.window)
            for column in range(left, left + sliding.window)
        ]
        for top in starts
        for left in starts
    ]
    assert sliding.windows(picture).reshape(len(starts) ** 2, -1).tolist() == expected


def test_same_keeps_the_size_and_puts_the_odd_zero_at_the_lower_right():
    assert Sliding(side=12, window=3, padding="same").output_side == 12
    halved = Sliding(side=12, window=3, stride=2, padding="same")
    assert (halved.output_side, halved.before, halved.after) == (6, 0, 1)


@pytest.mark.parametrize(
    ("window", "stride", "left"),
    [
        pytest.param(2, 2, 0, id="fits"),
        pytest.param(3, 2, 1, id="one left"),
        pytest.param(2, 3, 1, id="gaps"),
    ],
)
def test_pixels_that_no_window_covers_are_counted(window: int, stride: int, left: int):
    assert Sliding(side=12, window=window, stride=stride).left_over == left
