"""The selected runs side by side: their curves over each other.

Everything is read from the runs' folders. This module never changes a run.
"""

from collections.abc import Sequence

import streamlit as st

from cnnlab.charts.learning import COMPARED, compare_runs
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.runs.tail import find_tail
from cnnlab.settings import workspace
from cnnlab.ui import frame

MOST_COMPARED = 8
"""More curves than colours that can be told apart help nobody."""
AGAINST = {"epoch": "Epochs", "seconds": "Training time"}


def comparison(selected: Sequence[RunRow]) -> None:
    """Lay the curves of the selected runs over each other."""
    curves = {
        row.id: find_tail(RunFolder(workspace().runs / row.id)).epochs for row in selected[:MOST_COMPARED]
    }
    curves = {id: epochs for id, epochs in curves.items() if len(epochs)}
    if not curves:
        return
    frame.section("Curves")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        metric = st.segmented_control(
            "What",
            COMPARED,
            default="val_accuracy",
            required=True,
            format_func=COMPARED.get,
            key="runs-metric",
        )
        over = st.segmented_control(
            "Over", AGAINST, default="epoch", required=True, format_func=AGAINST.get, key="runs-against"
        )
    names = {row.id: row.name for row in selected}
    st.plotly_chart(compare_runs(curves, metric=metric, names=names, x=over), key="runs-curves")
    if len(selected) > MOST_COMPARED:
        st.caption(f"The first {MOST_COMPARED} of the selected runs are shown.")
