"""What the live chart component draws, as a dictionary ready for JSON; its schema is the agreement with it.

    {
      "rev": str              Plotly's `uirevision`: the zoom stays for as long as it is the same
      "tick": int             a fingerprint of everything drawn; equal ticks are equal pictures
      "title": str            what the chart shows
      "series": [             drawn in this order, the last on top; each has these keys, always
        {
          "key": str          stable from tick to tick: "training_steps_raw", "training_steps",
                              "training", "validation", "best", "learning_rate", or a run's id;
                              what ends in "_raw" is hidden together with the line that it belongs to
          "name": str         for the legend and the hover text
          "x", "y": str       little-endian float32 as base64, of equal length; NaN is a gap in the line
          "mode": str         Plotly's: "lines", "markers", "lines+markers"
          "color": str        "#rrggbb"; the same in light and dark
          "dash": str         Plotly's: "solid", "dash", "dot", ...
          "width": float      of the line, in pixels
          "opacity": float    0..1
          "symbol": str       of the markers, Plotly's: "circle", "diamond", "star", ...
          "size": float       of the markers, in pixels
          "shape": str        of the line, Plotly's: "linear" or "hv"
          "hover": str        Plotly's `hovertemplate`
          "legend": bool      whether it has its own row in the legend
        }, ...
      ]
      "shapes": [...]         Plotly's `layout.shapes`, as they are: phases shaded, fine-tuning marked
      "annotations": [...]    Plotly's `layout.annotations`, as they are: the phases' names
      "x_axis": {"title": str, "tickformat": str, "range": [low, high]}
      "y_axis": {"title": str, "tickformat": str, "type": "linear" | "log", "rangemode": "normal" | "tozero",
                 "nticks": int, "autorangeoptions": {...}, "range": [low, high]}
                              `nticks` on a log axis; one of the last two where names of phases need
                              room above the curves
    }

Every text is escaped for Plotly already. No text colour, grid colour or background is given: the component
takes them from the theme. `y` is never empty where a series is given; a run without events has no series.
The component never computes anything. This module never reads a run's folder.
"""

import base64
import json
import zlib
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from cnnlab.charts.curves import (
    METRICS,
    EpochAxis,
    MetricName,
    Series,
    phase_marks,
    run_series,
    vertical_axis,
)


def live_payload(
    epochs: pd.DataFrame,
    steps: pd.DataFrame,
    phases: pd.DataFrame,
    *,
    metric: MetricName,
    run: str,
    smoothing: float = 0.0,
    log_scale: bool = False,
    steps_per_epoch: float | None = None,
    epochs_planned: int | None = None,
) -> dict[str, Any]:
    """Describe one chart of one run, as in the schema above.

    Args:
        epochs, steps, phases: The tables of `charts.curves`; each may be empty.
        metric: A key of METRICS.
        run: Id of the run; another run starts with a zoom of its own.
        smoothing: Share of the past in each value of the training line, 0 (none) to 0.99.
        log_scale: Whether the vertical axis counts in powers of ten; never so for the accuracy.
        steps_per_epoch: As planned; without it steps are drawn as steps until an epoch is finished.
        epochs_planned: While the run is live: the axis leaves room for what is to come.
    """
    row, axis = METRICS[metric], EpochAxis.of(epochs, steps_per_epoch=steps_per_epoch)
    end = axis.end(epochs, steps, phases, epochs_planned=epochs_planned)
    series = run_series(epochs, steps, metric=metric, axis=axis, smoothing=smoothing)
    shapes, annotations = phase_marks(phases, axis=axis, end=end)
    y_axis = vertical_axis(series, metric=metric, log_scale=log_scale, names_above=bool(annotations))
    return with_tick(
        {
            "rev": f"{run}:{metric}:{y_axis['type']}:{axis.title}",
            "title": f"{row.label} by {axis.title.lower()}",
            "series": [pack(each) for each in series],
            "shapes": shapes,
            "annotations": annotations,
            "x_axis": {"title": axis.title, "tickformat": ",.3~f", "range": [0.0, end]},
            "y_axis": y_axis,
        }
    )


def with_tick(payload: dict[str, Any]) -> dict[str, Any]:
    """Add the fingerprint of everything else that is drawn."""
    return payload | {"tick": zlib.crc32(json.dumps(payload, allow_nan=False).encode())}


def pack(series: Series) -> dict[str, Any]:
    """Write one line for JSON, as in the schema above."""
    return asdict(series) | {"x": _base64(series.x), "y": _base64(series.y)}


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")
