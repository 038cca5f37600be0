"""Where a model is right and wrong, as charts. This module never computes a score."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnnlab.charts.figure import named_ticks, new_figure
from cnnlab.charts.text import plain

CLASSES_WITH_NUMBERS = 15
"""With more of them the numbers would not fit into the cells."""
CELL_PIXELS = 34
TALLEST_PIXELS = 900


def confusion_matrix(matrix: np.ndarray, *, class_names: Sequence[str], shares: bool = False) -> go.Figure:
    """Draw a confusion matrix as a heat map: a row a true class, a column a predicted one.

    The colours come from the theme, where pale is few in light and dark is few in dark.

    Args:
        matrix: Counts, int, shape (num_classes, num_classes): `confusion_matrix[true, predicted]`.
        class_names: In the order of the labels.
        shares: Show each cell as a share of its row, that is of the pictures of its true class.
    """
    support = matrix.sum(axis=1, keepdims=True)
    share = np.divide(matrix, support, out=np.zeros(matrix.shape), where=support > 0)
    names = [plain(name, limit=24) for name in class_names]
    figure = new_figure(
        "Confusion matrix, share of each true class" if shares else "Confusion matrix, number of pictures",
        x=named_ticks(names) | {"title": "Predicted class"},
        y=named_ticks(names) | {"title": "True class", "range": [len(names) - 0.5, -0.5]},
        height=min(TALLEST_PIXELS, max(340, 160 + CELL_PIXELS * len(names))),
    )
    true, predicted = np.meshgrid(names, names, indexing="ij")
    figure.add_heatmap(
        z=share if shares else matrix,
        zmin=0,
        zmax=1 if shares else None,
        customdata=np.stack([true, predicted, matrix, share], axis=-1).astype(object),
        texttemplate=("%{z:.0%}" if shares else "%{z:,}") if len(names) <= CLASSES_WITH_NUMBERS else None,
        hovertemplate=(
            "true %{customdata[0]}<br>predicted %{customdata[1]}<br>"
            "%{customdata[2]:,} pictures, %{customdata[3]:.1%} of the true class<extra></extra>"
        ),
        colorbar={
            "title": {"text": "Share" if shares else "Pictures"},
            "tickformat": ".0%" if shares else ",",
            "thickness": 12,
        },
        xgap=1,
        ygap=1,
    )
    return figure
