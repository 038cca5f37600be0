"""What an experiment found, in a form that every claim shares: a sentence, numbers, charts, pictures. JSON there and back.

A value that is no number is refused when the answer is made: JSON has none, so it could not be read again.
This module never measures, and never knows how an answer is drawn.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, FiniteFloat

from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.jobs.records import JobRecord

Verdict = Literal["holds", "partly", "fails", "noise"]
"""How the lesson's statement did: measured to be so, so within limits, measured to be otherwise, or no more than noise."""
Axis = Literal["number", "share"]
"""What an axis counts: plain numbers, or shares 0..1 that are shown as percent."""


class Number(JobRecord):
    """One figure that matters, as it is written."""

    label: str
    value: str
    """With its unit."""
    sentence: str = ""


class Line(JobRecord):
    """One line of a chart; `low` and `high`, where they are there, bound an interval around it."""

    label: str
    x: tuple[FiniteFloat, ...]
    y: tuple[FiniteFloat, ...]
    low: tuple[FiniteFloat, ...] = ()
    high: tuple[FiniteFloat, ...] = ()


class LineChart(JobRecord):
    """Lines over a common axis."""

    kind: Literal["lines"] = "lines"
    title: str
    x_label: str
    """With its unit."""
    y_label: str
    lines: tuple[Line, ...]
    y_axis: Axis = "number"
    x_log: bool = False
    y_log: bool = False
    chance: FiniteFloat | None = None
    """What guessing would reach, drawn as a line of its own."""


class Bar(JobRecord):
    """One bar, with its interval where there is one."""

    label: str
    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    group: str = ""
    """Bars of one group have one colour; '' where there are no groups."""


class BarChart(JobRecord):
    """Bars side by side."""

    kind: Literal["bars"] = "bars"
    title: str
    y_label: str
    """With its unit."""
    bars: tuple[Bar, ...]
    y_axis: Axis = "number"
    y_log: bool = False
    chance: FiniteFloat | None = None
    """What guessing would reach, drawn as a line of its own."""


Chart = Annotated[LineChart | BarChart, Field(discriminator="kind")]


class Picture(JobRecord):
    """A picture that the experiment kept in its folder."""

    file: str
    """Name of a PNG beside the result."""
    caption: str


class PictureRow(JobRecord):
    """Pictures that belong together."""

    title: str
    sentence: str = ""
    pictures: tuple[Picture, ...]


class Answer(JobRecord):
    """What was measured, and what it means."""

    verdict: Verdict
    sentence: str
    """What was measured, with numbers."""
    meaning: str
    """What follows from it, for somebody who builds networks."""
    numbers: tuple[Number, ...] = ()
    charts: tuple[Chart, ...] = ()
    pictures: tuple[PictureRow, ...] = ()
    scores: dict[str, FiniteFloat] = Field(default_factory=dict)
    """The bare numbers under the sentence, by name: what tests and tables read."""
    measured_on: str = ""
    """Pictures and machine; the worker fills it in."""
    seconds: FiniteFloat = 0.0
    """How long it took; the worker fills it in."""


def accuracy_bar(label: str, correct: np.ndarray | Sequence[bool], *, group: str = "") -> Bar:
    """A bar for a measured accuracy, with its 95 % interval (Wilson, 1927).

    Args:
        label: What was judged.
        correct: Whether each answer was right, bool, shape (N,).
        group: Bars of one group have one colour.
    """
    right = int(np.count_nonzero(correct))
    low, high = wilson_interval(right, len(correct))
    return Bar(label=label, value=right / max(len(correct), 1), low=low, high=high, group=group)


def percent(share: float) -> str:
    """Write a share 0..1 as percent with one decimal: 0.8127 -> '81.3 %'."""
    return f"{share * 100:.1f} %"
