"""Measured accuracy against measured time, with the frontier drawn. This module never measures anything."""

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cnnlab.charts.figure import new_figure
from cnnlab.charts.palette import ACCENT, BOUNDARY, QUIET
from cnnlab.charts.text import plain

TICKS = tuple(digit * 10.0**power for power in range(-2, 5) for digit in (1, 2, 5))
LOG_FROM_RATIO = 3.0
"""Times that are nearer to each other than this are easier to read on an even axis."""
ROOM = 1.6
"""At both ends of a logarithmic axis, as a factor: a bubble there is not cut, and its name has a place."""
SMALLEST_BUBBLE, LARGEST_BUBBLE = 7.0, 32.0
MOST_NAMED = 12
"""Of more backbones only those on the frontier have their name written; the others say it under the pointer."""
LOOKS = (
    ("pretrained", False, ACCENT, "circle"),
    ("random weights", True, QUIET, "diamond"),
)
NOTE = (
    "Area of a bubble: size of the model's file. Bars: interval of 95 %.<br>"
    "Frontier: no other is both faster and more accurate."
)


def accuracy_against_latency(
    racers: pd.DataFrame, *, dataset: str, latency_limit_ms: float | None = None
) -> go.Figure:
    """Draw how accurate each backbone was against how long one picture takes it, and the frontier.

    The frontier joins those that no other beats in both; above and left of it there is nothing.

    Args:
        racers: One row a backbone, at least one: label, accuracy, accuracy_low and accuracy_high (0..1),
            latency_ms and latency_p95_ms (above 0), size_mb, on_frontier and random_weights (bool).
        dataset: Name of what they were measured on.
        latency_limit_ms: Where to draw somebody's own limit.
    """
    ends, axis = _time_axis(racers["latency_ms"], limit=latency_limit_ms)
    figure = new_figure(
        f"Accuracy on {plain(dataset)} against time",
        x={"title": "Time of one picture, ms (median)", **axis},
        y={"title": "Accuracy, %", "range": _accuracy_range(racers)},
        height=430,
    )
    figure.add_trace(_frontier(racers[racers["on_frontier"]], end=ends[1]))
    racers = racers.sort_values("latency_ms").assign(
        place=range(len(racers)),
        share=lambda rows: rows["size_mb"] / rows["size_mb"].max(),
        named=lambda rows: rows["on_frontier"] | (len(rows) <= MOST_NAMED),
    )
    for name, random_weights, color, symbol in LOOKS:
        shown = racers[racers["random_weights"] == random_weights]
        if len(shown):
            figure.add_trace(_bubbles(shown, name=name, color=color, symbol=symbol, ends=ends, axis=axis))
    if latency_limit_ms is not None:
        _draw_limit(figure, latency_limit_ms, log=axis["type"] == "log")
    figure.update_layout(
        hovermode="closest",
        showlegend=True,
        legend={"itemsizing": "constant"},
        title={"subtitle": {"text": NOTE, "font": {"size": 12}}, "y": 1, "yanchor": "top", "pad": {"t": 12}},
        margin={"t": 84},
    )
    return figure


def _frontier(racers: pd.DataFrame, *, end: float) -> go.Scatter:
    """The best accuracy to be had within each time, as steps up to the right edge."""
    best = racers.sort_values("latency_ms")
    times, accuracies = list(best["latency_ms"]), list(100.0 * best["accuracy"])
    return go.Scatter(
        x=[*times, end] if times else [],
        y=[*accuracies, accuracies[-1]] if times else [],
        mode="lines",
        name="frontier",
        line={"shape": "hv", "color": ACCENT, "dash": "5px,4px", "width": 1.5},
        hoverinfo="skip",
    )


def _bubbles(
    racers: pd.DataFrame,
    *,
    name: str,
    color: str,
    symbol: str,
    ends: tuple[float, float],
    axis: dict[str, Any],
) -> go.Scatter:
    accuracy, low, high = (100.0 * racers[column] for column in ("accuracy", "accuracy_low", "accuracy_high"))
    labels = [plain(label) for label in racers["label"]]
    return go.Scatter(
        x=racers["latency_ms"],
        y=accuracy,
        error_y={"array": high - accuracy, "arrayminus": accuracy - low, "thickness": 1.2, "width": 4},
        mode="markers+text",
        name=name,
        text=[label if named else "" for label, named in zip(labels, racers["named"], strict=True)],
        textposition=[
            _side(row.latency_ms, above=row.place % 2 == 0, ends=ends, log=axis["type"] == "log")
            for row in racers.itertuples()
        ],
        cliponaxis=False,
        customdata=list(zip(labels, low, high, racers["latency_p95_ms"], racers["size_mb"], strict=True)),
        marker={
            "color": color,
            "symbol": symbol,
            "size": [_diameter(share) for share in racers["share"]],
            # The bar of the interval is seen through it.
            "opacity": 0.6,
            "line": {"width": 0},
        },
        hovertemplate=(
            "%{customdata[0]}<br>%{y:.1f} % (%{customdata[1]:.1f} to %{customdata[2]:.1f})<br>"
            "%{x:.3~g} ms a picture, 19 of 20 within %{customdata[3]:.3~g} ms<br>"
            "%{customdata[4]:.3~g} MB<extra></extra>"
        ),
    )


def _time_axis(times: pd.Series, *, limit: float | None) -> tuple[tuple[float, float], dict[str, Any]]:
    """Both ends in milliseconds, and the settings of the axis; the limit is always within."""
    all_times = [*times, *([limit] if limit else [])]
    low, high = min(all_times), max(all_times)
    if high / low < LOG_FROM_RATIO:
        return (0.0, high * 1.3), {"type": "linear", "range": [0.0, high * 1.3]}
    low, high = low / ROOM, high * ROOM
    ticks = [tick for tick in TICKS if low <= tick <= high]
    range_ = [math.log10(low), math.log10(high)]
    return (low, high), {
        "type": "log",
        "range": range_,
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
    }


def _accuracy_range(racers: pd.DataFrame) -> list[float]:
    """Room for the bars and, above them, for names; never a long way beyond 0 and 100."""
    low, high = 100.0 * racers["accuracy_low"].min(), 100.0 * racers["accuracy_high"].max()
    room = max(1.0, 0.12 * (high - low))
    return [max(low - room, -room), high + room]


def _side(time: float, *, above: bool, ends: tuple[float, float], log: bool) -> str:
    """Where the name goes: beside the bar of the interval, within the chart, and not where its neighbour's is."""
    low, high = map(math.log, ends) if log else ends
    place = math.log(time) if log else time
    side = "right" if (place - low) / (high - low) < 0.6 else "left"
    return f"{'top' if above else 'bottom'} {side}"


def _diameter(share: float) -> float:
    """In pixels: the area follows the size, as a share of the largest one."""
    return max(SMALLEST_BUBBLE, LARGEST_BUBBLE * math.sqrt(share))


def _draw_limit(figure: go.Figure, limit_ms: float, *, log: bool) -> None:
    figure.add_vline(x=limit_ms, line={"color": BOUNDARY, "dash": "dot", "width": 2})
    # On a logarithmic axis Plotly wants an annotation's place as a logarithm, but a line's as it is.
    figure.add_annotation(
        x=math.log10(limit_ms) if log else limit_ms,
        y=0,
        yref="paper",
        yanchor="bottom",
        xanchor="right",
        showarrow=False,
        text=f"at most {limit_ms:g} ms",
        textangle=-90,
    )
