"""Figures for a page that is opened from a disk: as JSON that may stand in HTML, and plotly.js itself.

This module never draws and never asks another host for anything.
"""

import html

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs


def library() -> str:
    """The source of plotly.js, as it came with the installed package; 5 MB of text."""
    return get_plotlyjs()


def figure_html(figure: go.Figure, *, label: str) -> str:
    """An element with a figure's JSON in it, for `evaluate_report.js` to draw in the colours of the page.

    Args:
        figure: Of this room, so that every name in it is harmless; its template is left behind.
        label: What is shown, for whoever cannot see it; plain text.
    """
    bare = go.Figure(figure)
    bare.layout.template = None
    # In JSON "<" is only inside of texts, where it may be written like this; so nothing in it ends the script.
    written = bare.to_json().replace("<", "\\u003c")
    height = int(figure.layout.height or 0)
    return (
        f'<figure class="chart" style="min-height:{height}px" role="img" aria-label="{html.escape(label)}">'
        f'<script type="application/json">{written}</script></figure>'
    )
