"""What an experiment of the Learn page measured, as lines or bars, with intervals and what guessing would reach.

Every text may hold names of datasets and classes. This module never measures anything.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import plotly.graph_objects as go

from cnnlab.charts.figure import named_ticks, new_figure
from cnnlab.charts.palette import PATTERN, QUIET, run_look
from cnnlab.charts.text import plain

Axis = Literal["number", "share"]
HEIGHT = 360
BAND_OPACITY = 0.16
BAR_PATTERNS = ("", "/", ".", "x", "\\", "+", "-", "|")
"""One a group, so that bars are told apart without their colours."""
MOST_OF_A_SHARE = 1.05
"""How far an axis of shares may reach: all of them, and room for a marker on the border."""
ROOM_IN_DECADES = 0.08
"""At both ends of a logarithmic axis."""
MOST_NAMED = 8
"""So many places of a logarithmic axis are named by what was measured there; of more, Plotly chooses."""
LABEL_LETTERS = 14
"""A label of a bar is broken into lines of so many letters at most, where it has spaces."""
TITLE_LETTERS = 160


def claim_lines(
    lines: Sequence[Mapping[str, Any]],
    *,
    title: str,
    x_label: str,
    y_label: str,
    y_axis: Axis = "number",
    x_log: bool = False,
    y_log: bool = False,
    chance: float | None = None,
) -> go.Figure:
    """Draw lines over a common axis, each with its own colour, dash and marker.

    Args:
        lines: Each with label, x and y, and low and high where an interval bounds it; all of one length.
        title: What is shown.
        x_label, y_label: With their units.
        y_axis: `share` draws 0..1 as percent.
        x_log, y_log: Count in powers of ten; what is not above 0 is left out.
        chance: What guessing would reach, drawn as a line of its own.
    """
    places = sorted({float(place) for line in lines for place in line["x"]})
    heights = [
        float(value) for line in lines for name in ("y", "low", "high") for value in line.get(name, ())
    ]
    figure = new_figure(
        plain(title, limit=TITLE_LETTERS),
        x={"title": plain(x_label), **_x_axis(places, log=x_log)},
        y={"title": plain(y_label), **_y_axis(heights, axis=y_axis, log=y_log)},
        height=HEIGHT,
    )
    for position, line in enumerate(lines):
        if _is_bounded(line):
            _band(figure, line, color=run_look(position).color, log=y_log)
    for position, line in enumerate(lines):
        figure.add_trace(_line(line, position=position, axis=y_axis, log=y_log))
    # Plotly turns the order of a legend round where areas are filled.
    figure.update_layout(showlegend=True, hovermode="x unified", legend={"traceorder": "normal"})
    _draw_chance(figure, chance, log=y_log)
    return figure


def claim_bars(
    bars: Sequence[Mapping[str, Any]],
    *,
    title: str,
    y_label: str,
    y_axis: Axis = "number",
    y_log: bool = False,
    chance: float | None = None,
) -> go.Figure:
    """Draw bars side by side, those of one group in one colour and pattern.

    Args:
        bars: Each with label and value; low and high where it has an interval, group where there are groups.
        title: What is shown.
        y_label: With its unit.
        y_axis: `share` draws 0..1 as percent.
        y_log: Count in powers of ten.
        chance: What guessing would reach, drawn as a line of its own.
    """
    labels = list(dict.fromkeys(bar["label"] for bar in bars))
    groups = list(dict.fromkeys(bar.get("group") or "" for bar in bars))
    heights = [
        float(bar[name]) for bar in bars for name in ("value", "low", "high") if bar.get(name) is not None
    ]
    figure = new_figure(
        plain(title, limit=TITLE_LETTERS),
        x=named_ticks([_broken(label) for label in labels]) | {"title": ""},
        y={"title": plain(y_label), **_y_axis(heights, axis=y_axis, log=y_log, from_zero=True)},
        height=HEIGHT,
    )
    for position, group in enumerate(groups):
        members = [bar for bar in bars if (bar.get("group") or "") == group]
        places = [labels.index(bar["label"]) for bar in members]
        figure.add_trace(_bars(members, places=places, group=group, position=position, axis=y_axis))
    figure.update_layout(showlegend=groups != [""], barmode="group", bargap=0.35, hovermode="closest")
    figure.update_traces(showlegend=groups != [""])
    _draw_chance(figure, chance, log=y_log)
    return figure


def _line(line: Mapping[str, Any], *, position: int, axis: Axis, log: bool) -> go.Scatter:
    look = run_look(position)
    bounds = (
        zip(line["low"], line["high"], strict=True)
        if _is_bounded(line)
        else ((None, None) for _ in line["y"])
    )
    return go.Scatter(
        x=list(line["x"]),
        y=[_drawable(value, log=log) for value in line["y"]],
        name=plain(line["label"]),
        mode="lines+markers",
        line={"color": look.color, "dash": look.dash, "width": 2.2},
        marker={"symbol": look.symbol, "size": 8},
        text=[_written(y, low, high, axis=axis) for y, (low, high) in zip(line["y"], bounds, strict=True)],
        hovertemplate="%{text}",
        cliponaxis=False,
    )


def _is_bounded(line: Mapping[str, Any]) -> bool:
    return len(line.get("low", ())) == len(line["y"]) == len(line.get("high", ()))


def _band(figure: go.Figure, line: Mapping[str, Any], *, color: str, log: bool) -> None:
    """Shade the interval around a line, below all lines."""
    shared = {"x": list(line["x"]), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    for name, fill in (("low", None), ("high", "tonexty")):
        figure.add_scatter(
            y=[_drawable(value, log=log) for value in line[name]],
            name=f"{plain(line['label'])}, interval",
            showlegend=False,
            fill=fill,
            fillcolor=_pale(color),
            **shared,
        )


def _bars(
    bars: Sequence[Mapping[str, Any]], *, places: list[int], group: str, position: int, axis: Axis
) -> go.Bar:
    look = run_look(position)
    pattern = {
        "shape": BAR_PATTERNS[position % len(BAR_PATTERNS)],
        "fillmode": "overlay",
        "fgcolor": PATTERN,
        "size": 6,
        "solidity": 0.3,
    }
    # A missing interval is one of no length.
    ends = [
        (
            bar["value"] if bar.get("low") is None else bar["low"],
            bar["value"] if bar.get("high") is None else bar["high"],
        )
        for bar in bars
    ]
    return go.Bar(
        x=places,
        y=[bar["value"] for bar in bars],
        name=plain(group) or "measured",
        marker={"color": look.color, "line": {"width": 0}, "pattern": pattern},
        error_y={
            "array": [high - bar["value"] for bar, (_, high) in zip(bars, ends, strict=True)],
            "arrayminus": [bar["value"] - low for bar, (low, _) in zip(bars, ends, strict=True)],
            "visible": any(low < high for low, high in ends),
            "color": QUIET,
            "thickness": 1.8,
            "width": 6,
        },
        customdata=[
            (plain(bar["label"]), _written(bar["value"], bar.get("low"), bar.get("high"), axis=axis))
            for bar in bars
        ],
        hovertemplate=f"%{{customdata[0]}}<br>%{{customdata[1]}}<extra>{plain(group)}</extra>",
    )


def _draw_chance(figure: go.Figure, chance: float | None, *, log: bool) -> None:
    if chance is None or (log and chance <= 0):
        return
    # Named in the legend: beside the line the words would lie on bars.
    figure.add_hline(
        y=chance,
        line={"color": QUIET, "dash": "dash", "width": 1.5},
        layer="below",
        name=f"guessing: {100 * chance:.3g} %",
        showlegend=True,
    )
    figure.update_layout(showlegend=True)
    if not log:
        # A little below, so that the line is not the border itself.
        figure.update_yaxes(autorangeoptions={"include": 0.8 * chance})


def _x_axis(places: list[float], *, log: bool) -> dict[str, Any]:
    if not log:
        return {}
    above = [place for place in places if place > 0]
    settings: dict[str, Any] = {"type": "log", "tickformat": _plain_or_short(above)}
    if 2 <= len(above) <= MOST_NAMED:
        settings |= {"tickvals": above, "range": _log_range(above)}
    return settings


def _y_axis(heights: list[float], *, axis: Axis, log: bool, from_zero: bool = False) -> dict[str, Any]:
    if log:
        above = [height for height in heights if height > 0]
        # A bar of the smallest value has to be seen: the axis begins a good way below it.
        low = min(above, default=1.0) / (10 if from_zero else 1)
        written = ".5~p" if axis == "share" else _plain_or_short(above)
        return {
            "type": "log",
            "tickformat": written,
            "dtick": 1,
            "range": _log_range([low, max(above, default=10.0)]),
        }
    if axis == "share":
        return {
            "tickformat": ".5~p",
            "rangemode": "tozero" if from_zero else "normal",
            "autorangeoptions": {"clipmin": 0.0, "clipmax": MOST_OF_A_SHARE},
        }
    return {"tickformat": _plain_or_short(heights), "rangemode": "tozero" if from_zero else "normal"}


def _log_range(values: Sequence[float]) -> list[float]:
    low, high = math.log10(min(values)), math.log10(max(values))
    room = ROOM_IN_DECADES * max(high - low, 1.0)
    return [low - room, high + room]


def _plain_or_short(values: Sequence[float]) -> str:
    """How numbers are written on an axis: 20 as it is, 38535168 as 40M, a learning rate as 1e-5."""
    return "~s" if max(map(abs, values), default=0.0) >= 10_000 else ".4~g"


def _written(value: float, low: float | None, high: float | None, *, axis: Axis) -> str:
    """A number as it is told under the pointer, with its interval where there is one: '81.3 % (78.0 % to 84.1 %)'."""
    interval = "" if low is None or high is None else f" ({_number(low, axis)} to {_number(high, axis)})"
    return _number(value, axis) + interval


def _number(value: float, axis: Axis) -> str:
    if axis == "share":
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _drawable(value: float, *, log: bool) -> float | None:
    return None if log and value <= 0 else value


def _broken(label: object) -> str:
    lines = textwrap.wrap(str(label), LABEL_LETTERS, break_long_words=False) or [""]
    return "<br>".join(plain(line, limit=2 * LABEL_LETTERS) for line in lines)


def _pale(color: str) -> str:
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {BAND_OPACITY})"
