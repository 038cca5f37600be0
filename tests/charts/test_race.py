"""The chart of a race: bars, bubbles, the frontier, and somebody's own limit."""

import math

import pandas as pd
import pytest

from cnnlab.charts import figures
from tests.charts.making import racer

HOSTILE = "<b>%{y} & 'co'</b>"


FAST = racer("fast", 0.8, 5.0, size_mb=10.0)
BEATEN = racer("beaten", 0.7, 20.0, on_frontier=False)
BEST = racer("best", 0.9, 50.0, size_mb=40.0)
RANDOM = racer("random", 0.2, 10.0, on_frontier=False, random_weights=True)


def draw(*racers, dataset="Flowers", limit=None):
    return figures.race(pd.DataFrame(list(racers)), dataset=dataset, latency_limit_ms=limit)


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_the_frontier_is_a_step_through_those_that_none_beats_up_to_the_edge():
    line = traces(draw(BEST, BEATEN, FAST))["frontier"]
    assert line.line.shape == "hv"
    assert list(line.x[:2]) == [5.0, 50.0]
    assert line.x[2] > 50.0
    assert list(line.y) == [80.0, 90.0, 90.0]


def test_the_interval_is_drawn_as_a_bar_of_percent():
    bar = traces(draw(FAST))["pretrained"].error_y
    assert bar.array[0] == pytest.approx(2.0)
    assert bar.arrayminus[0] == pytest.approx(4.0)


def test_the_area_of_a_bubble_follows_the_size_of_the_file():
    small, large = traces(draw(racer("a", 0.8, 5.0, size_mb=20), racer("b", 0.8, 9.0, size_mb=80)))[
        "pretrained"
    ].marker.size
    assert large / small == pytest.approx(math.sqrt(80 / 20))


def test_random_weights_have_a_symbol_and_a_name_of_their_own():
    shown = traces(draw(FAST, RANDOM))
    assert shown["random weights"].marker.symbol != shown["pretrained"].marker.symbol
    assert list(shown["random weights"].x) == [10.0]


@pytest.mark.parametrize(
    ("racers", "kind"),
    [
        pytest.param([FAST], "linear", id="one"),
        pytest.param([FAST, racer("b", 0.8, 9.0)], "linear", id="near to each other"),
        pytest.param([FAST, BEST], "log", id="far from each other"),
    ],
)
def test_the_axis_is_logarithmic_only_where_times_differ_much(racers, kind):
    assert draw(*racers).layout.xaxis.type == kind


@pytest.mark.parametrize("limit", [1.0, 5.0, 30.0, 4000.0])
def test_a_limit_is_always_within_the_chart(limit):
    figure = draw(FAST, BEST, limit=limit)
    low, high = figure.layout.xaxis.range
    (line,) = figure.layout.shapes
    assert line.x0 == limit
    (words,) = [note for note in figure.layout.annotations if "at most" in note.text]
    assert low < words.x == math.log10(limit) < high


def test_all_bars_are_within_the_chart():
    low, high = draw(FAST, RANDOM, racer("perfect", 1.0, 8.0)).layout.yaxis.range
    assert low < 16.0
    assert high > 102.0


def test_names_are_never_markup_nor_part_of_a_template():
    figure = draw(racer(HOSTILE, 0.8, 5.0), dataset=HOSTILE)
    written = str(figure.to_plotly_json())
    assert "&lt;b&gt;" in written
    assert "<b>" not in written
    assert all("'co'" not in str(trace.hovertemplate) for trace in figure.data)


def test_the_hover_says_percent_milliseconds_and_megabytes():
    trace = traces(draw(FAST))["pretrained"]
    assert trace.hovertemplate.count("ms") == 2
    assert list(trace.customdata[0]) == ["fast", pytest.approx(76.0), pytest.approx(82.0), 7.5, 10.0]


def test_among_many_only_the_frontier_is_named():
    many = [racer(f"net {number}", 0.7, 20.0 + number, on_frontier=False) for number in range(20)]
    assert set(traces(draw(FAST, *many))["pretrained"].text) == {"fast", ""}
