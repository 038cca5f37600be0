"""What is in a dataset, as charts. This module never opens one."""

import pandas as pd
import plotly.graph_objects as go

from cnnlab.charts.figure import named_ticks, new_figure
from cnnlab.charts.palette import PATTERN, SPLITS
from cnnlab.charts.text import plain

BAR_PIXELS = 26
LEAST_BAR_PIXELS = 12
TALLEST_PIXELS = 1400
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
        y=named_ticks(names) | {"range": [classes - 0.5, -0.5], "tickfont": {"size": min(12, bar - 2)}},
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
