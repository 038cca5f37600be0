"""Accuracy at every step of one corruption, for one run or two, with intervals. This module never measures anything."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from cnnlab.charts.figure import new_figure
from cnnlab.charts.palette import QUIET, run_look
from cnnlab.charts.text import plain

HEIGHT = 270
APART = 0.12
"""How far two runs stand apart at one step, so that their intervals do not hide each other."""


def robustness_curve(
    lines: Sequence[Mapping[str, Any]], *, title: str, unit: str, steps: Sequence[float], chance: float
) -> go.Figure:
    """Draw how accuracy falls from step to step.

    Args:
        lines: One a run, each with name, and accuracy, low and high at every step, 0 to 1.
        title: What happens to the pictures.
        unit: Of the steps.
        steps: From untouched to hard; they stand side by side, evenly.
        chance: What guessing would reach.
    """
    places = list(range(len(steps)))
    figure = new_figure(
        title,
        x={
            "title": unit,
            "tickmode": "array",
            "tickvals": places,
            "ticktext": [f"{step:g}" for step in steps],
            "range": [-0.3, len(steps) - 0.7],
        },
        y={"tickformat": ".0%", "range": [-0.02, 1.04]},
        height=HEIGHT,
    )
    figure.add_hline(y=chance, line={"color": QUIET, "dash": "dot", "width": 1.5})
    for number, line in enumerate(lines):
        look = run_look(number)
        middle = (len(lines) - 1) / 2.0
        figure.add_scatter(
            x=[place + APART * (number - middle) for place in places],
            y=list(line["accuracy"]),
            name=plain(line["name"], limit=32),
            mode="lines+markers",
            line={"color": look.color, "dash": look.dash, "width": 2.5},
            marker={"symbol": look.symbol, "size": 8},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [high - value for value, high in zip(line["accuracy"], line["high"], strict=True)],
                "arrayminus": [value - low for value, low in zip(line["accuracy"], line["low"], strict=True)],
                "thickness": 1.2,
                "width": 3,
            },
            customdata=list(zip(steps, line["low"], line["high"], strict=True)),
            hovertemplate=f"%{{customdata[0]}} {unit}: %{{y:.1%}} (%{{customdata[1]:.0%}} to %{{customdata[2]:.0%}})"
            f"<extra>{plain(line['name'], limit=32)}</extra>",
        )
    figure.update_layout(showlegend=False)
    return figure
