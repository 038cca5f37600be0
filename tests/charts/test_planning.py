"""The learning rate drawn before a run, and the curve of a learning-rate test."""

import numpy as np
import pytest

from cnnlab.charts import figures
from cnnlab.training.schedules import SCHEDULES, schedule_curve


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_can_be_drawn_before_the_run(schedule):
    steps, rates = schedule_curve(schedule, steps=220, learning_rate=1e-3)
    figure = figures.planned_rate(steps, rates, phase="fine_tuning")
    (line,) = figure.data
    assert list(line.x) == list(steps)
    assert list(line.y) == list(rates)
    assert "Fine-tuning" in figure.layout.title.text
    assert figure.layout.yaxis.range[1] > max(rates)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_phase_of_one_step_can_be_drawn(schedule):
    steps, rates = schedule_curve(schedule, steps=1, learning_rate=1e-3)
    assert len(figures.planned_rate(steps, rates, phase="training").data[0].x) == 1


def test_the_second_phase_is_shaded_as_in_the_curves_of_a_run():
    steps, rates = schedule_curve("cosine", steps=10, learning_rate=1e-3)
    assert figures.planned_rate(steps, rates, phase="fine_tuning").layout.shapes
    assert not figures.planned_rate(steps, rates, phase="feature_extraction").layout.shapes


def test_a_deeper_block_has_its_own_line_and_a_legend_tells_them_apart():
    steps, rates = schedule_curve("cosine", steps=10, learning_rate=1e-5)
    figure = figures.planned_rate(steps, rates, phase="fine_tuning", deepest=rates * 0.3)
    deepest, highest = figure.data
    assert max(deepest.y) == pytest.approx(0.3 * max(highest.y))
    assert deepest.line.dash != highest.line.dash
    assert figure.layout.showlegend


def test_rates_are_written_shortly():
    steps, rates = schedule_curve("constant", steps=10, learning_rate=1e-5)
    figure = figures.planned_rate(steps, rates, phase="fine_tuning")
    assert list(figure.layout.yaxis.ticktext) == ["0", "5e-6", "1e-5"]


@pytest.mark.parametrize(
    ("suggestion", "marks"), [pytest.param(1e-3, 1, id="found"), pytest.param(None, 0, id="none found")]
)
def test_a_suggested_rate_is_marked_on_the_curve(suggestion, marks):
    rates = np.geomspace(1e-6, 1.0, 50)
    figure = figures.range_test(rates, np.log10(rates) ** 2, phase="training", suggestion=suggestion)
    assert figure.layout.xaxis.type == "log"
    stars = [trace for trace in figure.data if trace.name == "suggested"]
    assert len(stars) == marks
    for star in stars:
        # On the curve: log10(1e-3)^2 is 9.
        assert star.y[0] == pytest.approx(9.0, rel=0.02)
        assert star.text[0] == "0.001"
