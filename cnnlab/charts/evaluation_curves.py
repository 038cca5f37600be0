"""One class against the rest: ROC and precision-recall curves. This module never computes a score."""

import numpy as np
import plotly.graph_objects as go

from cnnlab.charts.figure import new_figure
from cnnlab.charts.palette import JUDGED, QUIET
from cnnlab.charts.text import plain
from cnnlab.charts.thinning import thin

SHARE = {"tickformat": ".0%", "range": [-0.02, 1.02]}


def roc_curve(
    false_positive_rate: np.ndarray,
    true_positive_rate: np.ndarray,
    thresholds: np.ndarray,
    *,
    area: float,
    class_name: str,
    split: str,
) -> go.Figure:
    """Draw how many pictures of a class are found against how many others are taken for it.

    Args:
        false_positive_rate, true_positive_rate: Float in [0, 1], shape (M,).
        thresholds: Of the probability at each point, float, shape (M,); may be infinite.
        area: Under the curve.
        class_name: As the user called it.
        split: Where it was measured; it gives the colour.
    """
    figure = new_figure(
        f"ROC curve of {plain(class_name, limit=24)}, area {area:.3f}",
        x={"title": "Others taken for it", **SHARE},
        y={"title": "Found", **SHARE},
        height=360,
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="guessing", line={"color": QUIET, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )  # fmt: skip
    kept = thin(true_positive_rate)
    figure.add_trace(
        _curve(
            false_positive_rate[kept],
            true_positive_rate[kept],
            thresholds[kept],
            split=split,
            words="%{y:.1%} found, %{x:.1%} of the others taken for it",
        )
    )
    return figure


def precision_recall_curve(
    recall: np.ndarray,
    precision: np.ndarray,
    thresholds: np.ndarray,
    *,
    average_precision: float,
    share: float,
    class_name: str,
    split: str,
) -> go.Figure:
    """Draw how often a model is right when it says a class against how many pictures of it are found.

    Args:
        recall, precision: Float in [0, 1], shape (M,).
        thresholds: Of the probability, one fewer than points: the first point has none.
        average_precision: The area under the steps, which is the average precision.
        share: Of the class among all pictures, which guessing reaches.
        class_name: As the user called it.
        split: Where it was measured; it gives the colour.
    """
    figure = new_figure(
        f"Precision and recall of {plain(class_name, limit=24)}, area {average_precision:.3f}",
        x={"title": "Recall: found", **SHARE},
        y={"title": "Precision: right when it says so", **SHARE},
        height=360,
    )
    figure.add_scatter(
        x=[0, 1], y=[share, share], mode="lines", name="guessing",
        line={"color": QUIET, "dash": "dot", "width": 1.5}, hoverinfo="skip",
    )  # fmt: skip
    kept = thin(precision[1:])
    figure.add_trace(
        _curve(
            recall[1:][kept],
            precision[1:][kept],
            thresholds[kept],
            split=split,
            words="%{y:.1%} right, %{x:.1%} found",
        )
    )
    return figure


def _curve(x: np.ndarray, y: np.ndarray, thresholds: np.ndarray, *, split: str, words: str) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        mode="lines" if len(x) > 2 else "lines+markers",
        name=split,
        line={"color": JUDGED[split].color, "width": 2.5},
        # Steps: between two thresholds there is nothing.
        line_shape="hv",
        customdata=np.minimum(thresholds, 1.0),
        hovertemplate=f"{words}<br>from a probability of %{{customdata:.1%}} on<extra></extra>",
    )
