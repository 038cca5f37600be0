"""The lines of a run over its epochs, as plain numbers: what the live chart and the figure both draw.

    epochs   one row an epoch: phase, epoch, step, loss, accuracy, val_loss, val_accuracy, learning_rate, best
    steps    one row a recorded step: phase, epoch, step, loss, accuracy, learning_rate
    phases   one row a phase that has begun: phase, epoch and step finished before it

Steps and epochs count on over all phases. This module never imports Plotly.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

from cnnlab.charts.palette import BOUNDARY, SHADE, SPLITS
from cnnlab.charts.text import plain
from cnnlab.charts.thinning import smooth, thin

MetricName = Literal["loss", "accuracy", "learning_rate"]
MANY_EPOCHS = 80
"""From so many on, a marker an epoch would hide the line."""
LOG_TICKS = 3
"""Wanted at most; Plotly then writes 1, 2 and 5 of each power of ten, or the powers."""
ROOM_FOR_A_NAME = 0.3
"""Share of the width that the name of a phase takes on a narrow chart."""
NAME_SHARE = 0.1
"""Share of the height that is left for it."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What a chart says about a number that is recorded while a run learns."""

    label: str
    axis: str
    tickformat: str
    hoverformat: str
    rangemode: str = "normal"


METRICS: MappingProxyType[str, Metric] = MappingProxyType(
    {
        "loss": Metric(label="Loss", axis="Loss (cross-entropy, nats)", tickformat=".6~g", hoverformat=".4f"),
        "accuracy": Metric(
            label="Accuracy", axis="Accuracy, % of pictures", tickformat=".5~p", hoverformat=".1%"
        ),
        "learning_rate": Metric(
            label="Learning rate",
            axis="Learning rate",
            tickformat=".4~g",
            hoverformat=".3~g",
            rangemode="tozero",
        ),
    }
)
PHASE_NAMES = MappingProxyType(
    {"training": "Training", "feature_extraction": "Feature extraction", "fine_tuning": "Fine-tuning"}
)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line or one row of markers; the fields are those of the schema in `charts.live`."""

    key: str
    name: str
    x: np.ndarray
    y: np.ndarray
    color: str
    mode: str = "lines"
    dash: str = "solid"
    width: float = 2.0
    opacity: float = 1.0
    symbol: str = "circle"
    size: float = 6.0
    shape: str = "linear"
    hover: str = ""
    legend: bool = True


@dataclass(frozen=True, kw_only=True)
class EpochAxis:
    """Places steps among epochs: step 40 of 20 a epoch is at 2."""

    steps_per_epoch: float | None
    """None before it can be known; then steps are drawn as steps."""

    @classmethod
    def of(cls, epochs: pd.DataFrame, *, steps_per_epoch: float | None) -> "EpochAxis":
        """Use what is planned, else what the first finished epoch shows; the last may have been cut short."""
        done = epochs[(epochs["epoch"] > 0) & (epochs["step"] > 0)]
        if not steps_per_epoch and len(done):
            steps_per_epoch = float(done["step"].iloc[0]) / float(done["epoch"].iloc[0])
        return cls(steps_per_epoch=steps_per_epoch or None)

    @property
    def title(self) -> str:
        """What the axis counts."""
        return "Epoch" if self.steps_per_epoch else "Step"

    def places(self, table: pd.DataFrame) -> np.ndarray:
        """Where the rows of a table with a column `step` are, float64, shape (N,)."""
        return table["step"].to_numpy(np.float64) / (self.steps_per_epoch or 1.0)

    def end(self, *tables: pd.DataFrame, epochs_planned: int | None) -> float:
        """Where the axis ends: at the last row, or while more is to come, at a round number behind it.

        It grows in few large jumps, so that the curve does not shrink with every tick.
        """
        last = max((float(self.places(table).max()) for table in tables if len(table)), default=0.0)
        if epochs_planned is None or not self.steps_per_epoch:
            return last or 1.0
        room = next(end for end in _round_numbers() if end >= last * 1.02)
        return max(last, float(min(room, epochs_planned)))


def _round_numbers() -> Iterator[float]:
    scale = 1
    while True:
        yield from (scale * number for number in (1, 2, 3, 5, 8))
        scale *= 10


def run_series(
    epochs: pd.DataFrame, steps: pd.DataFrame, *, metric: MetricName, axis: EpochAxis, smoothing: float
) -> list[Series]:
    """The lines of one metric of one run, the last on top.

    Args:
        epochs, steps: As in the module's docstring; either may be empty.
        metric: A key of METRICS.
        axis: Where a step is.
        smoothing: Share of the past in each value of the training line, 0 to 0.99.
    """
    if metric == "learning_rate":
        return _learning_rate(epochs, steps, axis=axis)
    found = [
        *_training_steps(steps, metric=metric, axis=axis, smoothing=smoothing),
        # Where each step is drawn, the steps are the line of the training split.
        _epoch_series(epochs, split="training", column=metric, metric=metric, axis=axis, line=not len(steps)),
        _epoch_series(epochs, split="validation", column=f"val_{metric}", metric=metric, axis=axis),
        _best(epochs, metric=metric, axis=axis),
    ]
    return [series for series in found if len(series.y) and np.isfinite(series.y).any()]


def _training_steps(
    steps: pd.DataFrame, *, metric: MetricName, axis: EpochAxis, smoothing: float
) -> Iterator[Series]:
    look, values = SPLITS["training"], steps[metric].to_numpy(np.float64)
    hover = f"%{{y:{METRICS[metric].hoverformat}}}"
    measured = dict(key="training_steps", name="training, each step", width=1.2, opacity=0.75)
    if smoothing > 0:
        faint = dict(key="training_steps_raw", name="training, as measured", width=1.0, opacity=0.25)
        yield _thinned(steps, values, axis=axis, color=look.color, hover=hover, legend=False, **faint)
        values = _smooth_by_phase(steps, values, smoothing=smoothing)
        measured |= {"name": "training, smoothed", "width": 1.8, "opacity": 1.0}
    yield _thinned(steps, values, axis=axis, color=look.color, hover=hover, **measured)


def _smooth_by_phase(steps: pd.DataFrame, values: np.ndarray, *, smoothing: float) -> np.ndarray:
    # Another phase starts from other weights: its beginning has nothing to do with the end before it.
    by_phase = pd.Series(values).groupby(pd.factorize(steps["phase"])[0])
    return by_phase.transform(lambda part: smooth(part.to_numpy(), smoothing=smoothing)).to_numpy()


def _epoch_series(
    epochs: pd.DataFrame, *, split: str, column: str, metric: MetricName, axis: EpochAxis, line: bool = True
) -> Series:
    look, many = SPLITS[split], len(epochs) > MANY_EPOCHS
    return _thinned(
        epochs,
        epochs[column].to_numpy(np.float64),
        axis=axis,
        key=split,
        name="training, mean of the epoch" if split == "training" else split,
        color=look.color,
        mode="markers" if not line else "lines" if many else "lines+markers",
        dash=look.dash,
        symbol=look.symbol,
        size=3.0 if many else 7.0,
        hover=f"%{{y:{METRICS[metric].hoverformat}}}",
    )


def _best(epochs: pd.DataFrame, *, metric: MetricName, axis: EpochAxis) -> Series:
    """The epoch whose weights are kept: the last that was the best so far."""
    best = epochs[epochs["best"].astype(bool)].tail(1)
    name = f"best epoch, {int(best['epoch'].iloc[0])}" if len(best) else "best epoch"
    return Series(
        key="best",
        name=name,
        x=axis.places(best),
        y=best[f"val_{metric}"].to_numpy(np.float64),
        color=SPLITS["validation"].color,
        mode="markers",
        symbol="star",
        size=15.0,
        hover="its weights are kept",
    )


def _learning_rate(epochs: pd.DataFrame, steps: pd.DataFrame, *, axis: EpochAxis) -> list[Series]:
    table = steps if len(steps) else epochs
    if not len(table):
        return []
    look = SPLITS["training"]
    return [
        _thinned(
            table,
            table["learning_rate"].to_numpy(np.float64),
            axis=axis,
            key="learning_rate",
            name="learning rate",
            color=look.color,
            shape="hv",
            hover=f"%{{y:{METRICS['learning_rate'].hoverformat}}}",
        )
    ]


def _thinned(table: pd.DataFrame, values: np.ndarray, *, axis: EpochAxis, **look: Any) -> Series:
    """Leave out what cannot be seen, and break the line where a phase ends."""
    kept = thin(values)
    phases = table["phase"].iloc[kept].astype(str).to_numpy()
    x, y = axis.places(table)[kept], values[kept]
    # Another phase starts from the best weights, not from the last: no line leads there.
    ends = np.flatnonzero(phases[1:] != phases[:-1]) + 1
    return Series(x=np.insert(x, ends, x[ends]), y=np.insert(y, ends, np.nan), **look)


MOST_OF_A_SHARE = 1.15
"""How far an axis of shares may reach: all of them, and room for the names of the phases."""


def vertical_axis(
    series: list[Series], *, metric: MetricName, log_scale: bool, names_above: bool
) -> dict[str, Any]:
    """Plotly's settings of the vertical axis; the accuracy never counts in powers of ten.

    With `names_above` there is room for the names of the phases above the curves.
    """
    row, log_scale = METRICS[metric], log_scale and metric != "accuracy"
    settings: dict[str, Any] = {
        "title": row.axis,
        "tickformat": row.tickformat,
        "type": "log" if log_scale else "linear",
        "rangemode": row.rangemode,
    }
    if log_scale:
        # Else Plotly writes a number at each of 1, 2, ... 9, and those near the next power overlap.
        settings["nticks"] = LOG_TICKS
    drawn = np.concatenate([np.zeros(0), *(each.y for each in series)])
    drawn = drawn[np.isfinite(drawn) & ((drawn > 0) | (not log_scale))]
    # Around a curve that never moves Plotly would show one unit either way, as if -50 % could be named right.
    shares = {"clipmin": 0.0, "clipmax": MOST_OF_A_SHARE} if metric == "accuracy" else {}
    if not names_above or not len(drawn):
        return settings | ({"autorangeoptions": shares} if shares else {})
    low, high = float(drawn.min()), float(drawn.max())
    if log_scale:
        # Plotly compares `include` with the logarithm of the range, so here it needs the whole range.
        bottom, top = math.log10(low), math.log10(high)
        margin = NAME_SHARE * ((top - bottom) or 1.0)
        return settings | {"range": [bottom - margin / 2, top + margin]}
    low = 0.0 if row.rangemode == "tozero" else low
    return settings | {"autorangeoptions": shares | {"include": high + NAME_SHARE * (high - low)}}


def phase_marks(
    phases: pd.DataFrame, *, axis: EpochAxis, end: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Shading, boundaries and names of the phases, as Plotly's shapes and annotations; none for a single phase."""
    if len(phases) < 2:
        return [], []
    starts = [*axis.places(phases), max(end, float(axis.places(phases)[-1]))]
    shapes: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, name in enumerate(phases["phase"].astype(str)):
        start, stop = float(starts[number]), float(starts[number + 1])
        # A short phase has no room for its name beside the next one's, which then goes a line down.
        crowded = number > 0 and start - float(starts[number - 1]) < ROOM_FOR_A_NAME * end
        across = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
        if number % 2:
            shapes.append(
                {**across, "type": "rect", "x0": start, "x1": stop, "fillcolor": SHADE, "line": {"width": 0}}
            )
        if number:
            line = {"color": BOUNDARY, "width": 1, "dash": "dot"}
            shapes.append({**across, "type": "line", "x0": start, "x1": start, "line": line})
        annotations.append(
            {
                "text": plain(PHASE_NAMES.get(name, name)),
                "x": start,
                "y": 1,
                "xref": "x",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "top",
                "xshift": 4,
                "yshift": -18 if crowded else 0,
                "showarrow": False,
            }
        )
    return shapes, annotations
