"""What the activations of the Build page do, each with its curve, its formula and its paper.

This module never knows an activation: `specs.activations` does.
"""

import pandas as pd
import streamlit as st

from cnnlab.specs.activations import ACTIVATIONS, ActivationRow

FURTHEST = 4.0
"""A curve is drawn from minus this value to this value."""
POINTS = 41


def explanation() -> None:
    """Draw the table of activations, once it is opened."""
    with st.expander(
        "Activations, explained", icon=":material/show_chart:", key="build-activations", on_change="rerun"
    ) as shown:
        if not shown.open:
            return
        st.caption(
            f"Applied to every single value x between two layers. Curves run from x = -{FURTHEST:g} to {FURTHEST:g}."
        )
        st.dataframe(
            pd.DataFrame(_figures(row) for row in ACTIVATIONS.values()),
            hide_index=True,
            height="content",
            row_height=46,
            alt="Curve, formula, effect and use of each activation",
            column_config={
                "Activation": st.column_config.TextColumn(pinned=True, width="small"),
                "Curve": st.column_config.LineChartColumn(y_min=-1.0, y_max=FURTHEST, width="small"),
                "Formula": st.column_config.TextColumn(width=190),
                "What it does": st.column_config.TextColumn(width=270),
                "When": st.column_config.TextColumn(width=310),
                "Paper": st.column_config.LinkColumn(display_text=":material/open_in_new:", width="small"),
            },
        )


def _figures(row: ActivationRow) -> dict[str, object]:
    steps = [FURTHEST * (2 * point / (POINTS - 1) - 1) for point in range(POINTS)]
    return {
        "Activation": row.label,
        "Curve": [row.apply(x) for x in steps],
        "Formula": row.formula,
        "What it does": row.does,
        "When": row.when,
        "Paper": row.paper,
    }
