"""Whether a model is as sure as it is right, and what a threshold leaves, as charts. This module never computes a score."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from cnnlab.charts.figure import new_figure
from cnnlab.charts.palette import JUDGED, QUIET, SHADE

SHARE = {"tickformat": ".0%", "range": [-0.02, 1.02]}
NARROWEST = 0.006
"""Width of a bar whose group holds pictures of almost one confidence."""

ROUNDING = 1e-9


def reliability_diagram(
    groups: pd.DataFrame, *, split: str, calibrated: pd.DataFrame | None = None
) -> go.Figure:
    """Draw how often a model was right against how sure it was, and below how many pictures that is.

    Args:
        groups: One row a group: low, high, pictures, confidence, accuracy, accuracy_low, accuracy_high.
        split: Where it was measured; it gives the colour.
        calibrated: The same of the calibrated confidences, drawn over them; their pictures are counted below.
    """
    figure = new_figure(
        f"Right against sure, {split}",
        x={"title": "Confidence", **SHARE},
        y={"title": "Right", "domain": [0.34, 1.0], **SHARE},
        height=460,
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="as sure as right",
        line={"color": QUIET, "dash": "dot", "width": 1.5}, hoverinfo="skip",
    )  # fmt: skip
    looks = {
        "as the model says": (groups, QUIET if calibrated is not None else JUDGED[split].color, "circle-open")
    }
    if calibrated is not None:
        looks["calibrated"] = (calibrated, JUDGED[split].color, JUDGED[split].symbol)
    for name, (table, color, symbol) in looks.items():
        figure.add_trace(_points(table, name=name, color=color, symbol=symbol))
    counted = groups if calibrated is None else calibrated
    figure.add_bar(
        x=(counted["low"] + counted["high"]) / 2,
        y=counted["pictures"],
        width=(counted["high"] - counted["low"]).clip(lower=NARROWEST),
        marker={"color": JUDGED[split].color, "opacity": 0.75},
        yaxis="y2",
        hovertemplate="%{y:,} pictures<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(
        yaxis2={"title": "Pictures", "domain": [0.0, 0.2], "anchor": "x", "automargin": True, "nticks": 4},
        bargap=0.05,
        hovermode="closest",
    )
    return figure


def coverage_curves(
    curves: Mapping[str, pd.DataFrame], *, threshold: float, wanted: float | None = None
) -> go.Figure:
    """Draw how often answers are right against how many pictures get one, for every threshold.

    Args:
        curves: By split, one row a threshold, ascending: threshold, coverage, accuracy, accuracy_low, accuracy_high.
        threshold: The one that is chosen; marked on every curve.
        wanted: Accuracy that the answers should reach, drawn as a line.
    """
    figure = new_figure(
        "Right answers against answers given",
        x={"title": "Pictures that get an answer", "tickformat": ".0%", "range": [1.02, -0.02]},
        y={"title": "Answers that are right", "tickformat": ".0%", "rangemode": "normal"},
        height=400,
    )
    for split, curve in curves.items():
        look = JUDGED[split]
        for side, fill in (("accuracy_low", None), ("accuracy_high", "tonexty")):
            figure.add_scatter(
                x=curve["coverage"], y=curve[side], mode="lines", line={"width": 0}, fill=fill, fillcolor=SHADE,
                hoverinfo="skip", showlegend=False, legendgroup=split,
            )  # fmt: skip
        figure.add_scatter(
            x=curve["coverage"],
            y=curve["accuracy"],
            mode="lines",
            name=split,
            legendgroup=split,
            line={"color": look.color, "width": 2.5, "dash": look.dash},
            customdata=curve["threshold"],
            hovertemplate=(
                f"{split}: %{{x:.1%}} answered, %{{y:.1%}} of them right"
                "<br>from a confidence of %{customdata:.1%} on<extra></extra>"
            ),
        )
        here = curve[curve["threshold"] <= threshold + ROUNDING].tail(1)
        figure.add_scatter(
            x=here["coverage"], y=here["accuracy"], mode="markers", legendgroup=split, showlegend=False,
            marker={"color": look.color, "symbol": look.symbol, "size": 13, "line": {"width": 2}}, hoverinfo="skip",
        )  # fmt: skip
    if wanted is not None:
        figure.add_hline(y=wanted, line={"color": QUIET, "dash": "dot", "width": 1.5})
    figure.update_layout(hovermode="closest")
    return figure


def _points(table: pd.DataFrame, *, name: str, color: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=table["confidence"],
        y=table["accuracy"],
        mode="markers",
        name=name,
        marker={"color": color, "symbol": symbol, "size": 10, "line": {"color": color, "width": 2}},
        cliponaxis=False,
        error_y={
            "type": "data",
            "symmetric": False,
            "array": table["accuracy_high"] - table["accuracy"],
            "arrayminus": table["accuracy"] - table["accuracy_low"],
            "thickness": 1.2,
            "width": 3,
        },
        customdata=table[["pictures", "accuracy_low", "accuracy_high"]].to_numpy(),
        hovertemplate=(
            f"{name}<br>%{{x:.1%}} sure, %{{y:.1%}} right (%{{customdata[1]:.1%}} to %{{customdata[2]:.1%}})"
            "<br>%{customdata[0]:,} pictures<extra></extra>"
        ),
    )
