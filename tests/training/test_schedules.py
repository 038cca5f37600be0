"""Every schedule stays within the rate that was set, moves from the first step on, and can be drawn."""

import numpy as np
import pytest

from cnnlab.errors import SpecError
from cnnlab.training.schedules import SCHEDULES, learning_rate_at, schedule_curve


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 7, 1000])
def test_rates_are_above_zero_at_the_start_and_never_above_what_was_set(name, steps):
    rates = [learning_rate_at(step, steps=steps, learning_rate=0.5, schedule=name) for step in range(steps)]
    assert rates[0] > 0
    assert max(rates) <= 0.5
    assert min(rates) >= 0


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        pytest.param("constant", [1, 1, 1], id="constant"),
        pytest.param("cosine", [1, 0.5, 0], id="cosine falls to nothing"),
        pytest.param("warm_up_cosine", [0.01, 0.5868, 0], id="warm-up starts near nothing"),
        pytest.param("one_cycle", [0.04, 0.8117, 1e-4], id="one cycle ends far below its start"),
        pytest.param("steps", [1, 0.1, 0.01], id="a tenth after each third"),
    ],
)
def test_start_middle_and_end_are_those_of_the_papers(name, shares):
    rates = [learning_rate_at(step, steps=1001, learning_rate=1.0, schedule=name) for step in (0, 500, 1000)]
    np.testing.assert_allclose(rates, shares, atol=1e-3)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_drawing_shows_the_rates_that_are_used(name):
    steps, rates = schedule_curve(name, steps=5000, learning_rate=1e-3)
    assert len(steps) == len(rates) <= 200
    assert steps[0] == 0
    assert steps[-1] == 4999
    for step, rate in zip(steps, rates, strict=True):
        assert rate == learning_rate_at(int(step), steps=5000, learning_rate=1e-3, schedule=name)


def test_an_unknown_schedule_lists_the_choices():
    with pytest.raises(SpecError, match="cosine"):
        learning_rate_at(0, steps=1, learning_rate=1.0, schedule="wavy")
