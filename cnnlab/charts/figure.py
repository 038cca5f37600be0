"""What every figure of cnnlab has in common: a title, axes with units, and nothing that belongs to a theme.

Backgrounds are transparent and no text has a colour, so that the page's theme, light or dark, shows
through. This module never knows what is drawn.
"""

from typing import Any

import plotly.graph_objects as go

from cnnlab.charts.palette import TRANSPARENT


def new_figure(
    title: str, *, x: dict[str, Any] | str, y: dict[str, Any] | str, height: int = 340
) -> go.Figure:
    """Make an empty figure.

    Args:
        title: Says what is shown; escaped by the caller where a name is in it.
        x, y: Title of the axis with its unit, or Plotly's settings of the axis.
        height: In pixels.
    """
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left", "xref": "container", "pad": {"l": 4}},
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        height=height,
        margin={"l": 8, "r": 16, "t": 48, "b": 8},
        # Below: on a phone, or with many runs, it has several lines, which would cover the title.
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
        },
        hoverlabel={"align": "left", "namelength": -1},
        modebar={"bgcolor": TRANSPARENT},
    )
    figure.update_xaxes(automargin=True, zeroline=False, **_axis(x))
    figure.update_yaxes(automargin=True, zeroline=False, **_axis(y))
    return figure


def named_ticks(names: list[str]) -> dict[str, Any]:
    """Settings of an axis on which position i has the i-th name.

    Positions are numbers: on an axis of categories two classes of the same shown name would become
    one bar, and a class named "2024-01-01" would make it an axis of dates.
    """
    return {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": names, "showgrid": False}


def _axis(settings: dict[str, Any] | str) -> dict[str, Any]:
    return {"title": settings} if isinstance(settings, str) else settings
