"""How runs learned: loss and accuracy by epoch, the learning rate, and several runs over each other.

A run that is learning now is drawn by the live chart instead (`charts.live`). This module never
reads a run's folder.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
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
from cnnlab.charts.palette import run_look
from cnnlab.charts.text import plain
from cnnlab.charts.thinning import thin

SECONDS_FOR_MINUTES = 300.0
NO_STEPS = pd.DataFrame(columns=["phase", "epoch", "step", "loss", "accuracy", "learning_rate"])
COMPARED = {
    "val_loss": "Validation loss",
    "val_accuracy": "Validation accuracy",
    "loss": "Training loss",
    "accuracy": "Training accuracy",
}
"""What runs can be compared by: columns of their epochs."""


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


def compare_runs(
    curves: Mapping[str, pd.DataFrame],
    *,
    metric: str = "val_accuracy",
    names: Mapping[str, str] | None = None,
    x: Literal["epoch", "seconds"] = "epoch",
) -> go.Figure:
    """Lay one metric of several runs over each other; each keeps its colour, dash and symbol.

    Args:
        curves: Epochs of each run by its id, as in `charts.curves`, with `seconds` where x is "seconds".
        metric: A key of COMPARED.
        names: What the runs are called, by id; two may be called the same.
        x: What to compare at: equally many epochs, or equally much training time.
    """
    kind: MetricName = "accuracy" if metric.endswith("accuracy") else "loss"
    row = METRICS[kind]
    times = {run: _seconds_so_far(epochs) for run, epochs in curves.items()} if x == "seconds" else {}
    longest = max((float(seconds.max()) for seconds in times.values() if len(seconds)), default=0.0)
    unit, divisor = ("min", 60.0) if longest > SECONDS_FOR_MINUTES else ("s", 1.0)
    label = f"Training time, {unit}" if x == "seconds" else "Epoch"
    figure = new_figure(
        f"{COMPARED[metric]} of {len(curves)} {'run' if len(curves) == 1 else 'runs'}",
        x={"title": label, "rangemode": "tozero", "tickformat": ",.3~f"},
        y=vertical_axis([], metric=kind, log_scale=False, names_above=False),
        height=420,
    )
    for position, (run, epochs) in enumerate(curves.items()):
        places = times[run] / divisor if x == "seconds" else epochs["epoch"].to_numpy(np.float64)
        values = epochs[metric].to_numpy(np.float64)
        kept, look = thin(values), run_look(position)
        name = plain((names or {}).get(run, run))
        figure.add_scatter(
            x=places[kept],
            y=values[kept],
            name=name,
            mode="lines+markers",
            line={"color": look.color, "dash": look.dash, "width": 2},
            marker={"symbol": look.symbol, "size": 6},
            hovertemplate=f"%{{fullData.name}}<br>{label} %{{x:,.3~f}}: %{{y:{row.hoverformat}}}<extra></extra>",
        )
    figure.update_layout(hovermode="closest", showlegend=True)
    return figure


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


def _seconds_so_far(epochs: pd.DataFrame) -> np.ndarray:
    return epochs["seconds"].fillna(0.0).to_numpy(np.float64).cumsum()
