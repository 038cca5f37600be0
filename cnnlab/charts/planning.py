"""What is drawn before a run: the learning rate as planned, and what a learning-rate test found.

One figure a phase, because fine-tuning's rate is a hundredth of the head's and on one axis the shape of
it would be lost. This module never knows how a rate is computed.
"""

import math
import re

import numpy as np
import plotly.graph_objects as go

from cnnlab.charts.curves import METRICS, PHASE_NAMES
from cnnlab.charts.figure import new_figure
from cnnlab.charts.palette import BOUNDARY, QUIET, SHADE, SPLITS

HEIGHT = 240
DECADES_NAMED = 5
"""Most powers of ten that have room for their names on a narrow figure."""
ROOM_ABOVE = 1.12
"""Of the highest rate, so that a constant one is not drawn on the border."""


def planned_rate(
    steps: np.ndarray,
    rates: np.ndarray,
    *,
    phase: str,
    deepest: np.ndarray | None = None,
) -> go.Figure:
    """Draw the learning rate over the steps of one phase, as it will be if the phase is not stopped early.

    Args:
        steps: Steps of the phase from 0, int, shape (N,).
        rates: The learning rate at each, shape (N,).
        phase: A key of `charts.curves.PHASE_NAMES`.
        deepest: The rate of the deepest block that learns, shape (N,), where it is not the same.
    """
    look = SPLITS["training"]
    figure = _figure(
        f"{PHASE_NAMES[phase]}: learning rate by step",
        phase=phase,
        x={"title": "Step", "tickformat": ",d", "range": [0, max(int(steps[-1]), 1)]},
    )
    hover = f"%{{y:{METRICS['learning_rate'].hoverformat}}}"
    if deepest is not None:
        figure.add_scatter(
            x=steps,
            y=deepest,
            name="deepest unfrozen block",
            mode="lines",
            line={"color": QUIET, "dash": "dot", "width": 2},
            hovertemplate=hover,
        )
    figure.add_scatter(
        x=steps,
        y=rates,
        name="head and last block" if deepest is not None else "learning rate",
        mode="lines",
        line={"color": look.color, "width": 2.5},
        hovertemplate=hover,
    )
    highest = float(rates.max())
    # Written out: Plotly's own would be 0.5e-5, or zeros to count.
    ticks = [0.0, highest / 2, highest]
    figure.update_yaxes(
        tickvals=ticks, ticktext=[_small(tick) for tick in ticks], range=[0.0, ROOM_ABOVE * highest]
    )
    figure.update_layout(hovermode="x unified", showlegend=deepest is not None)
    return figure


def range_test(
    learning_rates: np.ndarray, losses: np.ndarray, *, phase: str, suggestion: float | None
) -> go.Figure:
    """Draw the loss against the learning rate of a test that raises the rate step by step.

    Args:
        learning_rates: Rising, shape (N,).
        losses: The smoothed training loss at each, in nats, shape (N,).
        phase: A key of `charts.curves.PHASE_NAMES`.
        suggestion: The rate to take; None where the test found none.
    """
    look = SPLITS["training"]
    figure = _figure(
        f"{PHASE_NAMES[phase]}: loss by learning rate",
        phase=phase,
        x={
            "title": "Learning rate",
            "type": "log",
            "dtick": 1 + int(math.log10(learning_rates[-1] / learning_rates[0])) // DECADES_NAMED,
            "exponentformat": "power",
        },
    )
    figure.update_yaxes(title="Loss (nats)", tickformat=METRICS["loss"].tickformat)
    figure.add_scatter(
        x=learning_rates,
        y=losses,
        name="smoothed training loss",
        mode="lines",
        line={"color": look.color, "width": 2.5},
        hovertemplate="%{x:.2e}: %{y:.4f}<extra></extra>",
    )
    if suggestion is not None:
        _mark(figure, learning_rates, losses, suggestion=suggestion)
    figure.update_layout(showlegend=False)
    return figure


def _figure(title: str, *, phase: str, x: dict[str, object]) -> go.Figure:
    figure = new_figure(title, x=x, y="Learning rate", height=HEIGHT)
    if phase == "fine_tuning":
        # As in the curves of a run: the second phase is the shaded one.
        across = {"xref": "paper", "yref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 1}
        figure.add_shape(type="rect", fillcolor=SHADE, line={"width": 0}, layer="below", **across)
    return figure


def _mark(figure: go.Figure, learning_rates: np.ndarray, losses: np.ndarray, *, suggestion: float) -> None:
    figure.add_vline(x=suggestion, line={"color": BOUNDARY, "width": 1, "dash": "dot"})
    figure.add_scatter(
        x=[suggestion],
        y=[float(np.interp(math.log(suggestion), np.log(learning_rates), losses))],
        name="suggested",
        mode="markers+text",
        marker={"symbol": "star", "size": 14, "color": SPLITS["validation"].color},
        text=[_small(suggestion)],
        textposition="top right",
        hovertemplate="suggested: %{x:.2e}<extra></extra>",
    )


def _small(rate: float) -> str:
    """Write a rate shortly, as the page does: 0.00032 -> '3.2e-4'."""
    if rate == 0 or rate >= 1e-3:
        return f"{rate:.2g}"
    return re.sub(r"\.?0*e-0?", "e-", f"{rate:.1e}")
