"""What is in a dataset, as charts. This module never opens one."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cnnlab.charts.figure import named_ticks, new_figure
from cnnlab.charts.palette import PATTERN, SPLITS
from cnnlab.charts.text import plain

BAR_PIXELS = 26
LEAST_BAR_PIXELS = 12
TALLEST_PIXELS = 1400
SIZE_BARS, SIZES_PIXELS = 24, 240
ALL_PICTURES = "#6b7280"
"""Of no split: grey says that it is about all of them."""
AROUND_PIXELS = 150
"""Title, legend and axis."""


def class_counts(counts: pd.DataFrame) -> go.Figure:
    """Draw how many pictures each class has, stacked by split.

    Args:
        counts: One row a class: class_name, training, validation, test (pictures).
    """
    classes = len(counts)
    bar = BAR_PIXELS if classes <= 30 else LEAST_BAR_PIXELS
    names = [plain(name, limit=28) for name in counts["class_name"]]
    figure = new_figure(
        "Pictures of each class, by split",
        x="Pictures",
        y=_class_axis(names) | {"range": [classes - 0.5, -0.5], "tickfont": {"size": min(12, bar - 2)}},
        height=min(TALLEST_PIXELS, AROUND_PIXELS + bar * max(classes, 3)),
    )
    for split, look in SPLITS.items():
        figure.add_bar(
            x=counts[split],
            y=list(range(classes)),
            orientation="h",
            name=split,
            text=names,
            textposition="none",
            marker={
                "color": look.color,
                "pattern": {
                    "shape": look.pattern,
                    "fillmode": "overlay",
                    "fgcolor": PATTERN,
                    "size": 6,
                    "solidity": 0.3,
                },
                "line": {"width": 0},
            },
            hovertemplate="%{text}<br>%{x:,} in %{fullData.name}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.28, legend={"traceorder": "normal"}, showlegend=True)
    return figure


def _class_axis(names: list[str]) -> dict[str, Any]:
    """Name every class, or of too many for a page every second, third, ...; the others say theirs under the mouse."""
    axis = named_ticks(names)
    every = -(-len(names) * LEAST_BAR_PIXELS // (TALLEST_PIXELS - AROUND_PIXELS))
    return axis | {"tickvals": axis["tickvals"][::every], "ticktext": axis["ticktext"][::every]}


def picture_sizes(shorter: np.ndarray) -> go.Figure:
    """Draw how large pictures are, by their shorter side.

    Args:
        shorter: Pixels of the shorter side of each picture, int, shape (N,), N at least 1.
    """
    low, high = int(shorter.min()), int(shorter.max())
    edges = np.unique(np.linspace(low, high + 1, min(SIZE_BARS, high - low + 1) + 1).astype(int))
    counts, edges = np.histogram(shorter, bins=edges)
    names = [
        f"{first:,} pixels" if last - first == 1 else f"{first:,} to {last - 1:,} pixels"
        for first, last in pairwise(edges.tolist())
    ]
    figure = new_figure("Shorter side of the pictures", x="Pixels", y="Pictures", height=SIZES_PIXELS)
    figure.add_bar(
        x=(edges[:-1] + edges[1:] - 1) / 2,
        y=counts,
        width=np.maximum(np.diff(edges) * 0.9, 0.9),
        marker={"color": ALL_PICTURES, "line": {"width": 0}},
        customdata=names,
        hovertemplate="%{customdata}<br>%{y:,} pictures<extra></extra>",
    )
    return figure
