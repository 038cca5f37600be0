"""How well each class is found, with how sure that is, as a chart. This module never computes a score."""

import pandas as pd
import plotly.graph_objects as go

from cnnlab.charts.figure import named_ticks, new_figure
from cnnlab.charts.palette import JUDGED, QUIET
from cnnlab.charts.text import plain

ROW_PIXELS = 26
MOST_CLASSES = 40
"""Of more classes those that are found worst are drawn."""


def class_recall(classes: pd.DataFrame, *, split: str, accuracy: float) -> go.Figure:
    """Draw the recall of each class with its interval, the worst one on top.

    Args:
        classes: One row a class: class_name, support, recall, recall_low, recall_high (each 0 to 1).
        split: Where it was measured; it gives the colour.
        accuracy: Over all classes, drawn as a line.
    """
    known = classes[classes["support"] > 0].sort_values("recall", kind="stable")
    shown = known.head(MOST_CLASSES)
    names = [plain(name, limit=24) for name in shown["class_name"]]
    title = (
        "Recall of each class" if len(shown) == len(known) else f"Recall of the {len(shown)} worst classes"
    )
    figure = new_figure(
        f"{title}, {split}",
        x={"title": "Share of its pictures that are found", "tickformat": ".0%", "range": [-0.02, 1.02]},
        y=named_ticks(names) | {"range": [len(names) - 0.5, -0.5]},
        height=max(220, 120 + ROW_PIXELS * len(names)),
    )
    figure.add_scatter(
        x=shown["recall"],
        y=list(range(len(shown))),
        mode="markers",
        marker={"color": JUDGED[split].color, "symbol": JUDGED[split].symbol, "size": 9},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": shown["recall_high"] - shown["recall"],
            "arrayminus": shown["recall"] - shown["recall_low"],
            "thickness": 1.5,
            "width": 3,
        },
        customdata=[
            [name, low, high, int(support)]
            for name, low, high, support in zip(
                names, shown["recall_low"], shown["recall_high"], shown["support"], strict=True
            )
        ],
        hovertemplate=(
            "%{customdata[0]}<br>%{x:.1%} found (%{customdata[1]:.1%} to %{customdata[2]:.1%} with 95 % confidence)"
            "<br>%{customdata[3]:,} pictures<extra></extra>"
        ),
        showlegend=False,
    )
    figure.add_vline(x=accuracy, line={"color": QUIET, "dash": "dot", "width": 1.5})
    figure.update_layout(hovermode="closest")
    return figure
