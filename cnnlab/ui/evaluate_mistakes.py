"""The pictures that say most about a run: its worst mistakes, its doubts, and labels that are likely wrong.

A click on a picture opens it, with what the run saw and a way to correct its label. This module never
puts pictures in order itself and never changes a label.
"""

import pandas as pd
import streamlit as st

from cnnlab.evaluation.decisions import load_decisions
from cnnlab.evaluation.judged import JudgedSplit, dataset_judged
from cnnlab.evaluation.mistakes import ORDERS, answers_table
from cnnlab.ui import evaluate_corrections, evaluate_mislabelled, evaluate_pictures, frame
from cnnlab.ui.evaluate_album import Album

MISLABELLED = "mislabelled"
SIDES = {name: order.label for name, order in ORDERS.items()} | {MISLABELLED: "Likely mislabelled"}


def draw(judged: JudgedSplit) -> None:
    """Draw what waits to be corrected, the choice of a side, and its pictures."""
    dataset = dataset_judged(judged)
    if dataset is not None and not judged.is_elsewhere:
        evaluate_corrections.draw(judged, dataset)
    # What is mislabelled is found in the pictures that a run learned from.
    sides = ORDERS if judged.is_elsewhere else SIDES
    if st.session_state.get("mistakes-side") not in (None, *sides):
        del st.session_state["mistakes-side"]
    side = st.segmented_control(
        "Pictures",
        sides,
        default=next(iter(sides)),
        required=True,
        format_func=SIDES.get,
        key="mistakes-side",
        label_visibility="collapsed",
        wrap=True,
    )
    if side == MISLABELLED:
        evaluate_mislabelled.draw(judged, dataset)
        return
    st.caption(ORDERS[side].sentence)
    rows = _rows(judged, judged.key, side)
    if rows.empty:
        st.success(f"Not one {judged.split} picture is named wrong.", icon=":material/verified:")
        return
    if dataset is None:
        frame.warning("The dataset is no longer here, so its pictures cannot be shown.")
        return
    evaluate_pictures.draw(
        Album(
            judged=judged,
            dataset=dataset,
            rows=rows,
            key=f"mistakes-{side}",
            decisions={} if judged.is_elsewhere else load_decisions(judged.run),
            fates=evaluate_corrections.fates(dataset),
        )
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _rows(_judged: JudgedSplit, key: tuple[str, str, int], side: str) -> pd.DataFrame:
    table = ORDERS[side].choose(answers_table(_judged))
    return table.rename(columns={"predicted": "said", "confidence": "sure"}).assign(split=_judged.split)
