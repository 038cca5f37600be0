"""How a run learned: loss, accuracy and learning rate by epoch.

A run that is learning now is drawn by the live chart instead (`charts.live`). This module never
reads a run's folder.
"""

import pandas as pd
import plotly.graph_objects as go

from cnnlab.charts.curves import (
    METRICS,
    EpochAxis,
    MetricName,
    Series,
    phase_marks,
    run_series,
    vertical_axis,
)
from cnnlab.charts.figure import new_figure

NO_STEPS = pd.DataFrame(columns=["phase", "epoch", "step", "loss", "accuracy", "learning_rate"])


def learning_curves(
    epochs: pd.DataFrame,
    steps: pd.DataFrame | None = None,
    *,
    metric: MetricName,
    phases: pd.DataFrame,
    smoothing: float = 0.0,
    log_scale: bool = False,
) -> go.Figure:
    """Draw one metric of one run over its epochs: each training step thin, epochs as markers, phases shaded.

    Args:
        epochs, steps, phases: The tables of `charts.curves`; without steps the epochs only.
        metric: A key of `charts.curves.METRICS`.
        smoothing: Share of the past in each value of the training line, 0 (none) to 0.99.
        log_scale: Whether the vertical axis counts in powers of ten; never so for the accuracy.
    """
    row = METRICS[metric]
    steps = NO_STEPS if steps is None else steps
    axis = EpochAxis.of(epochs, steps_per_epoch=None)
    end = axis.end(epochs, steps, phases, epochs_planned=None)
    series = run_series(epochs, steps, metric=metric, axis=axis, smoothing=smoothing)
    shapes, annotations = phase_marks(phases, axis=axis, end=end)
    figure = new_figure(
        f"{row.label} by {axis.title.lower()}",
        x={"title": axis.title, "tickformat": ",.3~f", "range": [0.0, end * 1.01]},
        y=vertical_axis(series, metric=metric, log_scale=log_scale, names_above=bool(annotations)),
    )
    figure.add_traces([_trace(each) for each in series])
    figure.update_layout(hovermode="x unified", shapes=shapes, annotations=annotations)
    return figure


def learning_rate(
    epochs: pd.DataFrame, steps: pd.DataFrame | None = None, *, phases: pd.DataFrame
) -> go.Figure:
    """Draw the learning rate of one run over its epochs, in powers of ten: fine-tuning's is a hundredth."""
    return learning_curves(epochs, steps, metric="learning_rate", phases=phases, log_scale=True)


def _trace(series: Series) -> go.Scatter:
    return go.Scatter(
        x=series.x,
        y=series.y,
        name=series.name,
        mode=series.mode,
        line={"color": series.color, "dash": series.dash, "width": series.width, "shape": series.shape},
        marker={"color": series.color, "symbol": series.symbol, "size": series.size},
        opacity=series.opacity,
        hovertemplate=series.hover,
        showlegend=series.legend,
    )
