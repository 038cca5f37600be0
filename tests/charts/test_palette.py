from itertools import combinations

import pytest

from cnnlab.charts.palette import RUN_COLORS, SPLITS, run_look


@pytest.mark.parametrize(
    ("split", "color"), [("training", "#6366f1"), ("validation", "#f59e0b"), ("test", "#14b8a6")]
)
def test_a_split_has_its_colour(split, color):
    assert SPLITS[split].color == color


@pytest.mark.parametrize(("first", "second"), list(combinations(SPLITS.values(), 2)))
def test_splits_are_told_apart_without_colour(first, second):
    assert first.dash != second.dash
    assert first.symbol != second.symbol
    assert first.pattern != second.pattern


def test_runs_are_told_apart_without_colour():
    looks = [run_look(position) for position in range(35)]
    assert len({(look.dash, look.symbol) for look in looks}) == len(looks)


def test_so_many_runs_have_a_colour_each():
    assert len({run_look(position).color for position in range(len(RUN_COLORS))}) == len(RUN_COLORS)
