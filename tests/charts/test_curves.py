import math
import re
import time

import numpy as np
import pytest

from cnnlab.charts.curves import METRICS, EpochAxis, Series, phase_marks, vertical_axis
from cnnlab.charts.thinning import thin
from tests.charts.making import make_epochs, make_phases


def line(*values):
    return Series(
        key="k", name="n", x=np.arange(len(values)), y=np.array(values, np.float64), color="#000000"
    )


@pytest.mark.parametrize(
    ("metric", "values", "top"),
    [
        pytest.param("loss", (0.5, 1.5), 1.6, id="a tenth of what is drawn"),
        pytest.param("loss", (0.5, math.nan, 1.5, math.inf), 1.6, id="what is no number takes no room"),
        pytest.param("accuracy", (0.9, 1.0), 1.01, id="accuracy"),
        pytest.param("learning_rate", (0.5, 1.0), 1.1, id="from zero on"),
    ],
)
def test_there_is_room_for_the_names_of_phases_above_the_curves(metric, values, top):
    settings = vertical_axis([line(*values)], metric=metric, log_scale=False, names_above=True)
    assert settings["autorangeoptions"]["include"] == pytest.approx(top)


@pytest.mark.parametrize("metric", METRICS)
def test_numbers_on_the_axis_differ_where_the_curve_hardly_moves(metric):
    # d3's format "N~g" and "N~p" keep N significant digits; Plotly puts a loss around ln 10 at 2.300, 2.305, 2.310.
    digits = int(re.match(r"\.(\d)~", METRICS[metric].tickformat)[1])
    assert digits >= 4


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        pytest.param((1e-5, 1e-3), -5.1, -2.8, id="a tenth of the powers of ten"),
        pytest.param((1e-3,), -3.05, -2.9, id="one value"),
        pytest.param((0.0, -1.0, 1.0, 10.0), -0.05, 1.1, id="what has no logarithm takes no room"),
    ],
)
def test_in_powers_of_ten_the_room_is_given_as_the_whole_range(values, low, high):
    settings = vertical_axis([line(*values)], metric="loss", log_scale=True, names_above=True)
    assert settings["range"] == pytest.approx([low, high])
    assert "autorangeoptions" not in settings


@pytest.mark.parametrize(
    ("series", "names_above"),
    [
        pytest.param([line(1.0, 2.0)], False, id="no names"),
        pytest.param([], True, id="no curves"),
        pytest.param([line(math.nan)], True, id="nothing but NaN"),
    ],
)
def test_without_names_or_curves_no_room_is_left(series, names_above):
    settings = vertical_axis(series, metric="loss", log_scale=True, names_above=names_above)
    assert not {"range", "autorangeoptions"} & set(settings)


@pytest.mark.parametrize(
    ("done", "planned", "end"),
    [
        pytest.param(1, 20, 2.0, id="room for one more"),
        pytest.param(4, 20, 5.0, id="the next round number"),
        pytest.param(9, 20, 10.0, id="ten"),
        pytest.param(17, 20, 20.0, id="never beyond the plan"),
        pytest.param(17, None, 17.0, id="nothing more is to come"),
        pytest.param(25, 20, 25.0, id="more than was planned"),
    ],
)
def test_the_axis_grows_in_few_jumps(done, planned, end):
    epochs = make_epochs(each=done, phases=("training",))
    assert EpochAxis.of(epochs, steps_per_epoch=None).end(epochs, epochs_planned=planned) == end


def test_a_short_phase_leaves_the_name_of_the_next_a_line_of_its_own():
    axis = EpochAxis(steps_per_epoch=20.0)
    phases = make_phases(epochs_each=2)
    _, beside = phase_marks(phases, axis=axis, end=5.0)
    _, below = phase_marks(phases, axis=axis, end=40.0)
    assert [note["yshift"] for note in beside] == [0, 0]
    assert [note["yshift"] for note in below] == [0, -18]


def test_a_hundred_thousand_points_are_thinned_between_two_frames():
    values = np.random.default_rng(0).normal(size=100_000)
    seconds = []
    for _ in range(5):
        started = time.process_time()
        thin(values)
        seconds.append(time.process_time() - started)
    # Measured 0.0004 s; the best of five, of processor time: other processes share the machine.
    assert min(seconds) < 0.040
