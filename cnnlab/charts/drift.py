"""How far fine-tuning has moved a backbone from what it knew. This module never reads a run's folder."""

import pandas as pd
import plotly.graph_objects as go

from cnnlab.charts.figure import new_figure
from cnnlab.charts.palette import run_look
from cnnlab.charts.text import plain

MOST_BLOCKS = 8
"""More lines than colours cannot be told apart: of more blocks those nearest the output are shown."""
MOST_TICKS = 12


def weight_drift(epochs: pd.DataFrame) -> go.Figure:
    """Draw how far each unfrozen block has moved from its pretrained weights, epoch by epoch.

    Args:
        epochs: Columns epoch, and drift: a dict from block to the norm of the change over the norm of
            the pretrained weights, 0 or more; empty while everything is frozen.
    """
    moved = epochs[epochs["drift"].map(bool)]
    figure = new_figure(
        "How far each block has moved from its pretrained weights",
        x={"title": "Epoch", "tickformat": ",d", "tick0": 0, "dtick": 1 + len(moved) // MOST_TICKS},
        # From a hundredth of a percent to all of it, whatever the run: nudging looks low and destroying high.
        y={
            "title": "Change, % of the weights' norm",
            "type": "log",
            "tickformat": ".2~%",
            "dtick": 1,
            "range": [-4, 0],
        },
    )
    blocks = list(moved["drift"].iloc[-1])[-MOST_BLOCKS:] if len(moved) else []
    for position, block in enumerate(blocks):
        look = run_look(position)
        figure.add_scatter(
            x=moved["epoch"],
            y=[drift.get(block) for drift in moved["drift"]],
            name=plain(block),
            mode="lines+markers",
            line={"color": look.color, "dash": look.dash},
            marker={"symbol": look.symbol},
            hovertemplate="%{y:.2%} after epoch %{x}",
        )
    figure.update_layout(hovermode="x unified", showlegend=True)
    return figure
