"""Pretrained backbones against each other, as a chart. This module never knows the table of them."""

import math
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import plotly.graph_objects as go

from cnnlab.charts.figure import new_figure
from cnnlab.charts.palette import ACCENT, QUIET
from cnnlab.charts.text import plain

Cost = Literal["size_mb", "parameters_millions"]
COSTS: dict[str, tuple[str, str]] = {
    "size_mb": ("size", "Size of the weights, MB"),
    "parameters_millions": ("parameters", "Parameters, millions"),
}
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SMALLEST_BUBBLE, LARGEST_BUBBLE = 8.0, 34.0
MARGIN = 1.25
"""Room at both ends of the axis, as a factor: a bubble there is not cut."""


class PublishedFigures(Protocol):
    """A row of the table: what was published about one backbone."""

    label: str
    size_mb: float
    parameters_millions: float
    top1_percent: float
    image_size: int
    lesson: object | None
    """Something where it is one of the lesson's four."""


def accuracy_against_size(
    rows: Sequence[PublishedFigures], *, x: Cost = "size_mb", selected: str | None = None
) -> go.Figure:
    """Draw published accuracy against what a backbone costs; the bubble grows with the parameters.

    Args:
        rows: In any order; may be empty.
        x: Which cost.
        selected: Label of one more to name.
    """
    word, title = COSTS[x]
    costs = [getattr(row, x) for row in rows] or [TICKS[0], TICKS[-1]]
    ends = min(costs) / MARGIN, max(costs) * MARGIN
    figure = new_figure(
        f"Accuracy on ImageNet against {word}",
        x={"title": title, **_log_axis(*ends)},
        y="Top-1 accuracy, %",
        height=420,
    )
    for name, color, symbol, shown in (
        ("other backbones", QUIET, "circle", [row for row in rows if not row.lesson]),
        ("the lesson's four", ACCENT, "diamond", [row for row in rows if row.lesson]),
    ):
        if shown:
            look = {"name": name, "color": color, "symbol": symbol}
            figure.add_trace(_bubbles(shown, x=x, ends=ends, selected=selected, **look))
    figure.update_layout(hovermode="closest", showlegend=True, legend={"itemsizing": "constant"})
    return figure


def _bubbles(
    rows: Sequence[PublishedFigures],
    *,
    x: Cost,
    ends: tuple[float, float],
    selected: str | None,
    name: str,
    color: str,
    symbol: str,
) -> go.Scatter:
    return go.Scatter(
        x=[getattr(row, x) for row in rows],
        y=[row.top1_percent for row in rows],
        mode="markers+text",
        name=name,
        text=[plain(row.label) if row.lesson or row.label == selected else "" for row in rows],
        textposition=[_side(getattr(row, x), ends=ends) for row in rows],
        cliponaxis=False,
        customdata=[[plain(row.label), row.size_mb, row.parameters_millions, row.image_size] for row in rows],
        marker={
            "color": color,
            "symbol": symbol,
            "size": [_diameter(row.parameters_millions) for row in rows],
            "opacity": 0.8,
            "line": {"width": [2.5 if row.label == selected else 0 for row in rows]},
        },
        hovertemplate=(
            "%{customdata[0]}<br>%{y:.1f} % top-1 at %{customdata[3]} px<br>"
            "%{customdata[1]:,} MB, %{customdata[2]:,} million parameters<extra></extra>"
        ),
    )


def _side(cost: float, *, ends: tuple[float, float]) -> str:
    """Where the name goes, so that no edge of the chart cuts it."""
    low, high = map(math.log, ends)
    share = (math.log(cost) - low) / (high - low)
    return "top right" if share < 0.2 else "top left" if share > 0.8 else "bottom center"


def _log_axis(low: float, high: float) -> dict[str, Any]:
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": [tick for tick in TICKS if low <= tick <= high],
        "tickformat": "d",
    }


def _diameter(parameters_millions: float) -> float:
    """In pixels: the area follows the parameters, up to 150 million."""
    return SMALLEST_BUBBLE + (LARGEST_BUBBLE - SMALLEST_BUBBLE) * math.sqrt(min(parameters_millions / 150, 1))
