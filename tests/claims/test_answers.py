"""An answer survives JSON whole, and a measured share comes with its interval."""

import pytest
from pydantic import ValidationError

from cnnlab.claims.answers import (
    Answer,
    Bar,
    BarChart,
    Line,
    LineChart,
    Number,
    Picture,
    PictureRow,
    accuracy_bar,
    percent,
)
from cnnlab.evaluation.comparison import wilson_interval


def test_an_answer_is_the_same_after_json():
    answer = Answer(
        verdict="partly",
        sentence="The CNN goes from 96.4 % to 95.4 %.",
        meaning="Little.",
        numbers=(Number(label="Loss", value="1.0 points", sentence="95 % interval"),),
        charts=(
            LineChart(
                title="Shifted",
                x_label="Shift (pixels)",
                y_label="Accuracy (%)",
                lines=(Line(label="CNN", x=(0.0, 1.0), y=(0.9, 0.8), low=(0.8, 0.7), high=(1.0, 0.9)),),
                x_log=True,
                chance=0.1,
            ),
            BarChart(title="Both", y_label="Accuracy (%)", bars=(Bar(label="<b>", value=0.5, group="a"),)),
        ),
        pictures=(PictureRow(title="Seen", pictures=(Picture(file="a.png", caption="a"),)),),
        scores={"CNN plain": 0.964},
        measured_on="2 cores",
        seconds=12.5,
    )
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"verdict": "perhaps"}, id="a verdict that there is not"),
        pytest.param({"charts": [{"kind": "pie", "title": "Pie"}]}, id="a chart that there is not"),
        pytest.param({"sentence": None}, id="no sentence"),
    ],
)
def test_what_is_no_answer_is_refused(changes):
    with pytest.raises(ValidationError):
        Answer.model_validate({"verdict": "holds", "sentence": "So.", "meaning": "So.", **changes})


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=["nan", "infinite"])
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda value: Bar(label="CNN", value=value), id="a bar"),
        pytest.param(lambda value: Bar(label="CNN", value=0.5, low=value), id="an interval"),
        pytest.param(lambda value: Line(label="CNN", x=(0.0,), y=(value,)), id="a line"),
        pytest.param(
            lambda value: Answer(verdict="holds", sentence="", meaning="", scores={"CNN": value}),
            id="a score",
        ),
    ],
)
def test_what_is_no_number_is_refused_before_it_is_written(make, value):
    with pytest.raises(ValidationError, match="finite number"):
        make(value)


@pytest.mark.parametrize(
    ("right", "asked"),
    [pytest.param(0, 10, id="none"), pytest.param(7, 10, id="some"), pytest.param(10, 10, id="all")],
)
def test_an_accuracy_is_drawn_with_its_interval(right, asked):
    bar = accuracy_bar("CNN", [True] * right + [False] * (asked - right), group="plain")
    assert bar.value == right / asked
    assert (bar.low, bar.high) == wilson_interval(right, asked)
    assert bar.group == "plain"


def test_a_share_is_written_as_percent():
    assert [percent(share) for share in (0.0, 0.8125, 1.0)] == ["0.0 %", "81.2 %", "100.0 %"]
