import base64
import json

import numpy as np
import pandas as pd
import pytest

from cnnlab.charts.live import live_payload
from tests.charts.making import make_epochs, make_phases, make_steps

KEYS = {
    *("key", "name", "x", "y", "mode", "color", "dash", "width", "opacity"),
    *("symbol", "size", "shape", "hover", "legend"),
}


def drawn(payload):
    """The series by key, as (x, y)."""
    return {
        each["key"]: tuple(np.frombuffer(base64.b64decode(each[axis]), "<f4") for axis in "xy")
        for each in payload["series"]
    }


def make_payload(epochs=None, steps=None, phases=None, *, metric="loss", **settings):
    epochs = make_epochs() if epochs is None else epochs
    steps = make_steps() if steps is None else steps
    phases = make_phases() if phases is None else phases
    return live_payload(epochs, steps, phases, **{"metric": metric, "run": "r1", **settings})


@pytest.mark.parametrize(
    ("metric", "smoothing", "keys"),
    [
        pytest.param("loss", 0.0, ["training_steps", "training", "validation", "best"], id="loss"),
        pytest.param(
            "accuracy",
            0.9,
            ["training_steps_raw", "training_steps", "training", "validation", "best"],
            id="accuracy, smoothed",
        ),
        pytest.param("learning_rate", 0.9, ["learning_rate"], id="learning rate"),
    ],
)
def test_the_series_come_in_their_order_with_all_their_keys(metric, smoothing, keys):
    payload = make_payload(metric=metric, smoothing=smoothing)
    assert [each["key"] for each in payload["series"]] == keys
    assert all(set(each) == KEYS for each in payload["series"])
    for x, y in drawn(payload).values():
        assert len(x) == len(y) > 0
    json.dumps(payload, allow_nan=False)


@pytest.mark.parametrize("metric", ["loss", "accuracy", "learning_rate"])
def test_a_run_without_events_has_no_series(metric):
    payload = make_payload(make_epochs()[:0], make_steps()[:0], make_phases()[:0], metric=metric)
    assert payload["series"] == payload["shapes"] == payload["annotations"] == []
    assert payload["x_axis"]["range"] == [0.0, 1.0]


def test_a_series_of_nothing_but_nan_is_left_out():
    epochs = make_epochs().assign(val_loss=np.nan)
    assert set(drawn(make_payload(epochs))) == {"training_steps", "training"}


@pytest.mark.parametrize(
    ("epochs", "steps_per_epoch", "title", "last"),
    [
        pytest.param(10, None, "Epoch", 10.0, id="finished epochs tell how long one is"),
        pytest.param(0, None, "Step", 200.0, id="in the first epoch steps are steps"),
        pytest.param(0, 20.0, "Epoch", 10.0, id="in the first epoch of a plan"),
    ],
)
def test_steps_are_placed_among_epochs(epochs, steps_per_epoch, title, last):
    payload = make_payload(make_epochs()[:epochs], steps_per_epoch=steps_per_epoch)
    assert payload["x_axis"]["title"] == title
    assert drawn(payload)["training_steps"][0][-1] == last


def test_a_last_epoch_that_was_cut_short_moves_no_other():
    epochs = make_epochs()
    epochs.loc[9, "step"] = 185
    assert drawn(make_payload(epochs))["validation"][0][4] == 5.0


def test_the_axis_leaves_room_while_more_is_to_come():
    early = make_epochs()[:2], make_steps()[:45], make_phases()[:1]
    assert make_payload(*early)["x_axis"]["range"] == [0.0, 2.25]
    live_end = make_payload(*early, epochs_planned=10)["x_axis"]["range"][1]
    assert 2.25 < live_end <= 10.0


def test_lines_break_and_smoothing_starts_anew_where_a_phase_ends():
    steps = make_steps()
    steps["loss"] = np.where(steps["step"] <= 100, 9.0, 1.0)
    _, y = drawn(make_payload(steps=steps, smoothing=0.99))["training_steps"]
    assert np.isnan(y[100])
    np.testing.assert_allclose(y[:100], 9.0)
    np.testing.assert_allclose(y[101:], 1.0)


def test_the_best_epoch_is_the_last_that_was_best_so_far():
    x, y = drawn(make_payload())["best"]
    assert (x.tolist(), y.tolist()) == ([9.0], pytest.approx([2.2 / 9]))


def test_a_hundred_thousand_steps_become_few_points_and_keep_a_spike():
    steps = make_steps(each=100_000, phases=("training",))
    steps.loc[61_803, "loss"] = 50.0
    payload = make_payload(steps=steps, phases=make_phases(phases=("training",)), smoothing=0.9)
    x, y = drawn(payload)["training_steps_raw"]
    assert len(x) <= 1602
    assert y.max() == 50.0
    assert len(json.dumps(payload)) < 60_000


@pytest.mark.parametrize(
    ("phases", "shapes", "names"),
    [
        pytest.param(("training",), [], [], id="a single phase needs no name"),
        pytest.param(
            ("feature_extraction", "fine_tuning"),
            ["rect", "line"],
            ["Feature extraction", "Fine-tuning"],
            id="fine-tuning is shaded behind a line",
        ),
    ],
)
def test_phases_are_marked(phases, shapes, names):
    payload = make_payload(phases=make_phases(phases=phases))
    assert [shape["type"] for shape in payload["shapes"]] == shapes
    assert [note["text"] for note in payload["annotations"]] == names
    assert all(shape["x0"] == 5.0 for shape in payload["shapes"])


@pytest.mark.parametrize(
    ("metric", "asked", "kind"),
    [
        pytest.param("loss", False, "linear", id="linear"),
        pytest.param("loss", True, "log", id="loss"),
        pytest.param("learning_rate", True, "log", id="learning rate"),
        pytest.param("accuracy", True, "linear", id="accuracy never"),
    ],
)
def test_the_vertical_axis_counts_in_powers_of_ten_where_that_says_something(metric, asked, kind):
    assert make_payload(metric=metric, log_scale=asked)["y_axis"]["type"] == kind


@pytest.mark.parametrize(
    ("change", "same_zoom"),
    [
        pytest.param({"steps": make_steps()[:-1]}, True, id="another step"),
        pytest.param({"smoothing": 0.5}, True, id="smoothing"),
        pytest.param({"epochs_planned": 40}, True, id="more is planned"),
        pytest.param({"log_scale": True}, False, id="log scale"),
        pytest.param({"metric": "accuracy"}, False, id="metric"),
        pytest.param({"run": "r2"}, False, id="run"),
    ],
)
def test_another_picture_has_another_tick_and_the_zoom_stays_where_it_means_the_same(change, same_zoom):
    before, after = make_payload(), make_payload(**change)
    assert before["tick"] != after["tick"]
    assert (before["rev"] == after["rev"]) is same_zoom


def test_the_same_picture_has_the_same_tick():
    tick = make_payload()["tick"]
    assert isinstance(tick, int)
    assert tick == make_payload()["tick"]


def test_a_training_that_diverged_is_still_drawn():
    steps = make_steps()
    steps.loc[150:, "loss"] = np.nan
    epochs = make_epochs().assign(best=False)
    payload = make_payload(epochs, pd.DataFrame(steps), smoothing=0.9, log_scale=True)
    assert "best" not in drawn(payload)
    assert np.isfinite(drawn(payload)["training_steps"][1]).sum() == 150
    json.dumps(payload, allow_nan=False)
