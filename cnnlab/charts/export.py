"""Size of each exported format against its accuracy. This module never measures anything."""

import pandas as pd
import plotly.graph_objects as go

from cnnlab.charts.figure import new_figure
from cnnlab.charts.palette import ACCENT, QUIET
from cnnlab.charts.text import plain

LOOKS = ((True, "numbers as trained", QUIET, "circle"), (False, "rounded to 8 bits", ACCENT, "diamond"))
SEEN_APART = 0.04
"""Files whose sizes differ by less than this share of the largest lie on each other in the chart."""


def size_against_accuracy(formats: pd.DataFrame, *, split: str) -> go.Figure:
    """Draw how accurate each format is against how large its file is.

    Args:
        formats: One row a format, at least one: label, megabytes, accuracy, accuracy_low and
            accuracy_high (0..1), exact (bool: not rounded).
        split: On whose pictures the accuracy was measured.
    """
    figure = new_figure(
        "Size against accuracy",
        x={"title": "Size of the file, MB", "range": [0, 1.15 * formats["megabytes"].max()]},
        y=f"Accuracy on the {split} split, %",
        height=360,
    )
    places = _places(formats)
    for exact, name, color, symbol in LOOKS:
        shown = places[places["exact"] == exact]
        if shown.empty:
            continue
        accuracy, low, high = (
            100 * shown[column] for column in ("accuracy", "accuracy_low", "accuracy_high")
        )
        figure.add_scatter(
            x=shown["megabytes"],
            y=accuracy,
            error_y={"array": high - accuracy, "arrayminus": accuracy - low, "thickness": 1.2, "width": 4},
            mode="markers+text",
            name=name,
            text=shown["label"],
            textposition=shown["side"],
            cliponaxis=False,
            marker={"color": color, "symbol": symbol, "size": 12, "opacity": 0.8},
            customdata=list(zip(shown["label"], low, high, strict=True)),
            hovertemplate=(
                "%{customdata[0]}<br>%{y:.1f} % (%{customdata[1]:.1f} to %{customdata[2]:.1f})<br>"
                "%{x:.1f} MB<extra></extra>"
            ),
        )
    figure.update_layout(hovermode="closest", showlegend=True)
    return figure


def _places(formats: pd.DataFrame) -> pd.DataFrame:
    """One row a mark: formats that would lie on each other share one, with their names below each other."""
    widest = formats["megabytes"].max()
    places = (
        formats.assign(
            label=[plain(label) for label in formats["label"]],
            near=(formats["megabytes"] / widest / SEEN_APART).round(),
        )
        .groupby(["exact", "near", "accuracy", "accuracy_low", "accuracy_high"], as_index=False)
        .agg(label=("label", "<br>".join), megabytes=("megabytes", "mean"))
        .sort_values("megabytes", ignore_index=True)
    )
    left = places["megabytes"] > widest / 2
    # Neighbours have their names at different heights, and beside the bar of the interval.
    places["side"] = [
        f"{'top' if row % 2 else 'bottom'} {'left' if turned else 'right'}" for row, turned in enumerate(left)
    ]
    return places
