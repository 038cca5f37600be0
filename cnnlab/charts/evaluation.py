"""Which classes a model takes for which, as a heat map. This module never computes a score."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnnlab.charts.figure import named_ticks, new_figure
from cnnlab.charts.text import plain

CLASSES_WITH_NUMBERS = 15
"""With more of them the numbers would not fit into the cells."""
ROOMY_PIXELS, TIGHT_PIXELS = 34, 9
"""Height of a row: of a few classes, and the least at which every name can still be read."""
TALLEST_PIXELS = 1500
SMALL_LETTERS_FROM = 26
LETTERS = 8
"""Size of the class names where there are many."""
COLORBAR_PIXELS = 220
MARK_PIXELS = (10, 26)
CHOSEN = "#d55e00"
"""Around the cell that was clicked; the colours of the cells are never near it."""


def confusion_matrix(
    matrix: np.ndarray,
    *,
    class_names: Sequence[str],
    shares: bool = False,
    labels: Sequence[int] | None = None,
    mistakes_only: bool = False,
) -> go.Figure:
    """Draw a confusion matrix as a heat map: a row a true class, a column a predicted one.

    The colours come from the theme, where pale is few in light and dark is few in dark. Every cell with
    pictures in it has a point that can be clicked; its first two custom values are the labels of the cell.

    Args:
        matrix: Counts, int, shape (num_classes, num_classes): `confusion_matrix[true, predicted]`.
        class_names: In the order of the labels.
        shares: Show each cell as a share of its row, that is of the pictures of its true class.
        labels: Which classes are drawn, in this order; all of them by default.
        mistakes_only: Leave out what is right, so that the colours tell the mistakes apart.
    """
    chosen = np.arange(len(matrix)) if labels is None else np.asarray(labels)
    support = matrix.sum(axis=1, keepdims=True)
    share = np.divide(matrix, support, out=np.zeros(matrix.shape), where=support > 0)
    shown = (share if shares else matrix)[np.ix_(chosen, chosen)]
    if mistakes_only:
        shown = np.where(np.eye(len(chosen), dtype=bool), np.nan, shown)
    names = [plain(class_names[label], limit=24) for label in chosen]
    axis = named_ticks(names) | ({"tickfont": {"size": LETTERS}} if len(chosen) >= SMALL_LETTERS_FROM else {})
    gap = 1 if len(chosen) < SMALL_LETTERS_FROM else 0
    figure = new_figure(
        "Confusion matrix, share of each true class" if shares else "Confusion matrix, number of pictures",
        x=axis | {"title": "Predicted class", "range": [-0.5, len(names) - 0.5]},
        y=axis | {"title": "True class", "range": [len(names) - 0.5, -0.5]},
        height=_height(len(names)),
    )
    figure.add_heatmap(
        z=shown,
        zmin=0,
        zmax=1 if shares and not mistakes_only else None,
        texttemplate=("%{z:.0%}" if shares else "%{z:,}") if len(names) <= CLASSES_WITH_NUMBERS else None,
        hoverinfo="skip",
        hoverongaps=False,
        colorbar={
            "title": {"text": "Share" if shares else "Pictures"},
            "tickformat": ".0%" if shares else ",",
            "thickness": 12,
            "lenmode": "pixels",
            "len": COLORBAR_PIXELS,
            "y": 1,
            "yanchor": "top",
        },
        xgap=gap,
        ygap=gap,
    )
    figure.add_trace(_points(matrix, share, chosen, names))
    figure.update_layout(hovermode="closest", clickmode="event+select", dragmode="zoom", showlegend=False)
    return figure


def _points(matrix: np.ndarray, share: np.ndarray, chosen: np.ndarray, names: Sequence[str]) -> go.Scatter:
    """What is clicked and hovered over: a heat map itself tells nobody that it was clicked."""
    rows, columns = np.nonzero(matrix[np.ix_(chosen, chosen)])
    smallest, largest = MARK_PIXELS
    return go.Scatter(
        x=columns,
        y=rows,
        mode="markers",
        customdata=[
            [
                int(chosen[row]),
                int(chosen[column]),
                names[row],
                names[column],
                int(matrix[chosen[row], chosen[column]]),
                round(float(share[chosen[row], chosen[column]]), 4),
            ]
            for row, column in zip(rows, columns, strict=True)
        ],
        marker={
            "symbol": "square-open",
            "size": max(smallest, largest - len(chosen) // 4),
            "opacity": 0,
            "color": CHOSEN,
            "line": {"width": 3},
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0}},
        hovertemplate=(
            "true %{customdata[2]}<br>predicted %{customdata[3]}<br>"
            "%{customdata[4]:,} pictures, %{customdata[5]:.1%} of the true class<extra></extra>"
        ),
    )


def _height(classes: int) -> int:
    row = min(ROOMY_PIXELS, max(TIGHT_PIXELS, 700 // classes))
    return min(TALLEST_PIXELS, max(340, 180 + row * classes))
