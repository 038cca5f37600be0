"""Several runs over each other, by epoch, step or training time, as the payload of the live chart.

Drawn in place, so that a zoom stays while runs grow, are added or smoothed. The tables are those of
`charts.curves`; the schema is that of `charts.live`. This module never reads a run's folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

from cnnlab.charts.curves import METRICS, EpochAxis, MetricName, Series, vertical_axis
from cnnlab.charts.live import pack, with_tick
from cnnlab.charts.palette import run_look
from cnnlab.charts.text import plain
from cnnlab.charts.thinning import smooth, thin

COMPARED = MappingProxyType(
    {
        "val_accuracy": "Validation accuracy",
        "val_loss": "Validation loss",
        "accuracy": "Training accuracy",
        "loss": "Training loss",
    }
)
"""What runs can be compared by: columns of their epochs; those of the training split are there for each step too."""
AGAINST = MappingProxyType({"epoch": "Epochs", "step": "Steps", "seconds": "Training time"})
"""What they can be compared at: equally many epochs, equally many steps, equally much time."""
SECONDS_FOR_MINUTES = 300.0
MANY_POINTS = 80
"""From so many on, markers would hide the line."""

Against = Literal["epoch", "step", "seconds"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a comparison."""

    name: str
    """What it is called; two may be called the same."""
    epochs: pd.DataFrame
    """As in `charts.curves`, with `seconds`."""
    steps: pd.DataFrame
    position: int
    """Its place among all runs of the comparison, from 0: it keeps its look when others have no curve."""


def comparison(
    runs: Mapping[str, Run],
    *,
    metric: str = "val_accuracy",
    against: Against = "epoch",
    smoothing: float = 0.0,
    log_scale: bool = False,
) -> dict[str, Any]:
    """Lay one metric of several runs over each other; each keeps its colour, dash and symbol.

    Args:
        runs: By their ids; those without a finished epoch are left out.
        metric: A key of COMPARED.
        against: A key of AGAINST.
        smoothing: Share of the past in each value, 0 (none) to 0.99; what was measured stays behind it, pale.
        log_scale: Whether the vertical axis counts in powers of ten; never so for the accuracy.
    """
    lines = {id: _line(run, metric=metric, against=against) for id, run in runs.items() if len(run.epochs)}
    longest = max((float(x[-1]) for x, _ in lines.values() if len(x)), default=0.0)
    unit, divisor = ("min", 60.0) if longest > SECONDS_FOR_MINUTES else ("s", 1.0)
    if against != "seconds":
        divisor = 1.0
    series: list[Series] = []
    for id, (x, y) in lines.items():
        series += _series(id, runs[id], x / divisor, y, metric=metric, smoothing=smoothing)
    kind = _kind(metric)
    vertical = vertical_axis(series, metric=kind, log_scale=log_scale, names_above=False)
    title = {"epoch": "Epoch", "step": "Step", "seconds": f"Training time, {unit}"}[against]
    return with_tick(
        {
            "rev": f"compare:{metric}:{title}:{vertical['type']}",
            "title": f"{COMPARED[metric]} of {len(lines)} {'run' if len(lines) == 1 else 'runs'}",
            "series": [pack(each) for each in series],
            "shapes": [],
            "annotations": [],
            "x_axis": {
                "title": title,
                "tickformat": ",.3~f",
                "range": [0.0, longest / divisor * 1.01 or 1.0],
            },
            "y_axis": vertical,
        }
    )


def _kind(metric: str) -> MetricName:
    return "accuracy" if metric.endswith("accuracy") else "loss"


def _line(run: Run, *, metric: str, against: Against) -> tuple[np.ndarray, np.ndarray]:
    """Places and values of a run, float64: of each step where there are any, else of each epoch."""
    by_step = metric in ("loss", "accuracy") and len(run.steps) > 0
    table = run.steps if by_step else run.epochs
    values = table[metric].to_numpy(np.float64)
    if against == "step":
        return table["step"].to_numpy(np.float64), values
    if against == "epoch":
        axis = EpochAxis.of(run.epochs, steps_per_epoch=None)
        return axis.places(table) if by_step else table["epoch"].to_numpy(np.float64), values
    ends = run.epochs["step"].to_numpy(np.float64)
    seconds = run.epochs["seconds"].fillna(0.0).to_numpy(np.float64).cumsum()
    # How long the epoch under way will take is not known yet.
    timed = table["step"].to_numpy(np.float64) <= ends[-1]
    if not by_step:
        return seconds, values
    steps = table["step"].to_numpy(np.float64)[timed]
    return np.interp(steps, np.insert(ends, 0, 0.0), np.insert(seconds, 0, 0.0)), values[timed]


def _series(
    id: str, run: Run, x: np.ndarray, y: np.ndarray, *, metric: str, smoothing: float
) -> list[Series]:
    look, name = run_look(run.position), plain(run.name)
    many = len(y) > MANY_POINTS
    shared = {"color": look.color, "hover": f"%{{y:{METRICS[_kind(metric)].hoverformat}}}"}
    found = []
    if smoothing > 0:
        faint = Series(
            key=f"{id}_raw", name=f"{name}, as measured", **_kept(x, y), width=1.0, opacity=0.25, legend=False,
            **shared,
        )  # fmt: skip
        found.append(faint)
        y = smooth(y, smoothing=smoothing)
    line = Series(
        key=id, name=name, **_kept(x, y), dash=look.dash, symbol=look.symbol, size=7.0,
        mode="lines" if many else "lines+markers", **shared,
    )  # fmt: skip
    return [each for each in (*found, line) if len(each.y) and np.isfinite(each.y).any()]


def _kept(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    kept = thin(y)
    return {"x": x[kept], "y": y[kept]}
