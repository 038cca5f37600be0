"""Lines and bars of an experiment: every number is there, intervals are seen, and nothing is told by colour alone."""

import pytest

from cnnlab.charts import figures

HOSTILE = "<b>%{y} & 'co'</b>"
LINE = {"label": "dense", "x": (1, 10, 100), "y": (0.2, 0.5, 0.9)}
BOUNDED = {**LINE, "label": "cnn", "low": (0.1, 0.4, 0.8), "high": (0.3, 0.6, 1.0)}


def lines(*given, **settings):
    return figures.claim_lines(
        given, **{"title": "Accuracy", "x_label": "Pictures", "y_label": "%", **settings}
    )


def bars(*given, **settings):
    return figures.claim_bars(given, **{"title": "Accuracy", "y_label": "%", **settings})


def bar(label, value, **more):
    return {"label": label, "value": value, "low": None, "high": None, "group": "", **more}


def test_lines_differ_in_more_than_their_colour():
    first, second = lines(LINE, {**LINE, "label": "cnn"}).data
    assert list(first.y) == list(LINE["y"])
    assert first.line.dash != second.line.dash
    assert first.marker.symbol != second.marker.symbol


def test_an_interval_is_a_band_and_is_told_under_the_pointer():
    low, high, line = lines(BOUNDED, y_axis="share").data
    assert (list(low.y), list(high.y)) == (list(BOUNDED["low"]), list(BOUNDED["high"]))
    assert high.fill == "tonexty"
    assert not low.showlegend
    assert line.text[0] == "20.0 % (10.0 % to 30.0 %)"


def test_without_an_interval_there_is_no_band():
    (line,) = lines(LINE).data
    assert line.text[0] == "0.2"


@pytest.mark.parametrize("axis", ["x", "y"])
def test_an_axis_counts_in_powers_of_ten_where_that_is_asked(axis):
    layout = lines(LINE, **{f"{axis}_log": True}).layout
    assert (layout.xaxis.type == "log") is (axis == "x")
    assert (layout.yaxis.type == "log") is (axis == "y")


def test_places_of_a_logarithmic_axis_are_named_by_what_was_measured_there():
    assert list(lines(LINE, x_log=True).layout.xaxis.tickvals) == [1, 10, 100]


@pytest.mark.parametrize("draw", [lambda **more: lines({**LINE, "y": (0, 5, 50)}, **more)], ids=["lines"])
def test_what_is_not_above_zero_is_left_out_of_a_logarithmic_axis(draw):
    assert list(draw(y_log=True).data[0].y) == [None, 5, 50]


def test_shares_are_written_as_percent_and_end_at_all_of_them():
    axis = lines(LINE, y_axis="share").layout.yaxis
    assert axis.tickformat.endswith("p")
    assert axis.autorangeoptions.clipmin == 0


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        pytest.param(lambda: lines(LINE, chance=0.1, y_axis="share"), 0.1, id="lines"),
        pytest.param(lambda: bars(bar("a", 0.5), chance=0.1, y_axis="share"), 0.1, id="bars"),
    ],
)
def test_what_guessing_would_reach_is_a_line_with_its_name(figure, expected):
    layout = figure().layout
    assert layout.shapes[0].y0 == expected
    assert layout.shapes[0].name == "guessing: 10 %"
    assert layout.showlegend


def test_bars_of_a_group_share_colour_and_pattern_and_groups_differ_in_both():
    figure = bars(
        bar("dense", 0.9, low=0.8, high=0.95, group="plain"),
        bar("dense", 0.85, group="shuffled"),
        bar("cnn", 0.95, group="plain"),
    )
    plain, shuffled = figure.data
    assert list(plain.x) == [0, 1]
    assert list(shuffled.x) == [0]
    assert plain.marker.color != shuffled.marker.color
    assert plain.marker.pattern.shape != shuffled.marker.pattern.shape
    assert list(plain.error_y.array) == pytest.approx([0.05, 0.0])
    assert list(plain.error_y.arrayminus) == pytest.approx([0.1, 0.0])
    assert figure.layout.showlegend


def test_bars_without_groups_need_no_legend():
    figure = bars(bar("a", 1.0), bar("b", 2.0))
    assert len(figure.data) == 1
    assert not figure.layout.showlegend


def test_a_long_label_is_broken_into_lines():
    assert bars(bar("CNN with global average pooling", 1)).layout.xaxis.ticktext[0].count("<br>") >= 2


@pytest.mark.parametrize("log", [False, True])
def test_large_numbers_are_shown_whole_under_the_pointer(log):
    (one,) = bars(bar("Dense", 38_535_168), y_log=log).data
    assert one.customdata[0][1] == "38,535,168"


@pytest.mark.parametrize(
    "figure",
    [
        lambda: lines({**LINE, "label": HOSTILE}, title=HOSTILE, x_label=HOSTILE, y_label=HOSTILE),
        lambda: bars(bar(HOSTILE, 1.0, group=HOSTILE), title=HOSTILE, y_label=HOSTILE),
    ],
    ids=["lines", "bars"],
)
def test_a_name_is_never_taken_for_markup(figure):
    written = figure().to_json()
    assert "<b>" not in written
    assert "\\u003cb\\u003e" not in written


@pytest.mark.parametrize("draw", [lines, bars], ids=["lines", "bars"])
def test_a_chart_of_nothing_is_drawn(draw):
    assert draw(y_log=True).layout.title.text == "Accuracy"
