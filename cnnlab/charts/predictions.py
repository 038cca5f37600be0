"""What a model says about one picture, as bars. This module never asks a model."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnnlab.charts.figure import named_ticks, new_figure
from cnnlab.charts.palette import ACCENT, QUIET
from cnnlab.charts.text import plain

BAR_PIXELS = 30


def probability_bars(probabilities: np.ndarray, *, class_names: Sequence[str], top: int = 5) -> go.Figure:
    """Draw the most probable classes of one picture, the first on top and in the accent colour.

    Args:
        probabilities: Float, shape (num_classes,).
        class_names: In the order of the probabilities.
        top: How many are shown at most.
    """
    order = np.argsort(-probabilities, kind="stable")[:top]
    shares = probabilities[order].astype(np.float64)
    names = [plain(class_names[label], limit=28) for label in order]
    figure = new_figure(
        f"The {len(order)} most probable classes"
        if len(order) < len(class_names)
        else "Probability of each class",
        # Room to the right of a full bar for its number.
        x={
            "title": "Probability",
            "range": [0, 1.18],
            "tickformat": ".0%",
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
        },
        y=named_ticks(names) | {"range": [len(order) - 0.5, -0.5]},
        height=110 + BAR_PIXELS * len(order),
    )
    figure.add_bar(
        x=shares,
        y=list(range(len(order))),
        orientation="h",
        text=[_percent(share) for share in shares],
        textposition="outside",
        cliponaxis=False,
        customdata=names,
        marker={"color": [ACCENT, *[QUIET] * (len(order) - 1)], "line": {"width": 0}},
        hovertemplate="%{customdata}: %{x:.2%}<extra></extra>",
    )
    figure.update_layout(showlegend=False, bargap=0.3)
    return figure


def _percent(share: float) -> str:
    """Never '100 %' or '0 %' for what is not quite sure."""
    if 0.999 <= share < 1.0:
        return "> 99.9 %"
    return "< 0.1 %" if 0.0 < share < 0.001 else f"{share:.1%}".replace("%", " %")
