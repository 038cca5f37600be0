"""Runs over each other: each keeps its look, and they meet at equal epochs, steps or time."""

import json

import numpy as np
import pytest

from cnnlab.charts.comparison import AGAINST, COMPARED, Run, comparison
from tests.charts.making import STEPS_PER_EPOCH, make_epochs, make_steps
from tests.charts.test_live import KEYS, drawn

HOSTILE = "<b>x</b> & ![x](http://host/x)"


def make_run(name="A", *, position=0, seconds=30.0, steps=True, epochs=None):
    epochs = make_epochs() if epochs is None else epochs
    return Run(
        name=name,
        epochs=epochs.assign(seconds=seconds),
        steps=make_steps() if steps else make_steps()[:0],
        position=position,
    )


@pytest.mark.parametrize("metric", COMPARED)
@pytest.mark.parametrize("against", AGAINST)
@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_every_choice_can_be_drawn(metric, against, smoothing):
    payload = comparison({"a": make_run()}, metric=metric, against=against, smoothing=smoothing)
    json.dumps(payload, allow_nan=False)
    assert [each["key"] for each in payload["series"]] == (["a_raw", "a"] if smoothing else ["a"])
    assert all(set(each) == KEYS for each in payload["series"])
    x, y = drawn(payload)["a"]
    assert len(x) == len(y) > 0
    assert payload["x_axis"]["range"][1] >= x.max()


@pytest.mark.parametrize(
    ("metric", "against", "seconds", "title", "last"),
    [
        pytest.param("val_loss", "epoch", 30.0, "Epoch", 10.0, id="epochs"),
        pytest.param("val_loss", "step", 30.0, "Step", 10.0 * STEPS_PER_EPOCH, id="steps"),
        pytest.param("val_loss", "seconds", 6.0, "Training time, s", 60.0, id="seconds"),
        pytest.param("val_loss", "seconds", 60.0, "Training time, min", 10.0, id="minutes"),
        pytest.param("loss", "epoch", 30.0, "Epoch", 10.0, id="each step among epochs"),
        pytest.param("loss", "step", 30.0, "Step", 10.0 * STEPS_PER_EPOCH, id="each step"),
        pytest.param("loss", "seconds", 6.0, "Training time, s", 60.0, id="each step in time"),
    ],
)
def test_runs_meet_at_equal_epochs_steps_or_time(metric, against, seconds, title, last):
    payload = comparison({"a": make_run(seconds=seconds)}, metric=metric, against=against)
    assert payload["x_axis"]["title"] == title
    assert drawn(payload)["a"][0][-1] == pytest.approx(last)


def test_steps_of_an_epoch_under_way_have_no_time_yet():
    run = make_run(epochs=make_epochs()[:3], seconds=6.0)
    by_time = drawn(comparison({"a": run}, metric="loss", against="seconds"))["a"][0]
    by_step = drawn(comparison({"a": run}, metric="loss", against="step"))["a"][0]
    assert (len(by_time), by_time.max()) == (3 * STEPS_PER_EPOCH, pytest.approx(18.0))
    assert len(by_step) == 200


def test_two_runs_of_the_same_name_are_two_lines_that_look_different():
    payload = comparison({"a": make_run("net"), "b": make_run("net", position=1)})
    first, second = payload["series"]
    assert first["name"] == second["name"] == "net"
    assert (first["color"], first["symbol"], first["dash"]) != (
        second["color"],
        second["symbol"],
        second["dash"],
    )


def test_a_run_without_an_epoch_is_left_out_and_the_others_keep_their_looks():
    both = comparison({"a": make_run(), "b": make_run(position=1)})
    runs = {"a": make_run(epochs=make_epochs()[:0]), "b": make_run(position=1)}
    alone = comparison(runs)
    assert [each["color"] for each in alone["series"]] == [both["series"][1]["color"]]
    assert alone["title"] == "Validation accuracy of 1 run"


def test_without_any_curve_there_is_still_a_chart():
    payload = comparison({})
    assert (payload["series"], payload["x_axis"]["range"]) == ([], [0.0, 1.0])


def test_a_zoom_outlives_smoothing_and_more_runs_but_not_another_axis():
    one = comparison({"a": make_run()})["rev"]
    assert comparison({"a": make_run(), "b": make_run(position=1)}, smoothing=0.5)["rev"] == one
    assert comparison({"a": make_run()}, against="step")["rev"] != one
    assert comparison({"a": make_run()}, metric="loss")["rev"] != one


def test_a_name_from_a_user_is_text():
    (series,) = comparison({"a": make_run(HOSTILE)})["series"]
    assert "<" not in series["name"]
    assert "<" not in series["hover"]


def test_a_gap_in_what_was_measured_stays_one():
    epochs = make_epochs()
    epochs.loc[4, "val_accuracy"] = np.nan
    y = drawn(comparison({"a": make_run(epochs=epochs)}))["a"][1]
    assert np.isnan(y).tolist() == [False] * 4 + [True] + [False] * 5
