"""How a dataset is split, changed by a form: what was asked and what came of it.

A split can be changed in place until a run has seen it; then a change makes a new version. This
module never decides that: `data.library` does.
"""

import streamlit as st

from cnnlab.checks.measures import looks_of
from cnnlab.checks.near_duplicates import near_duplicates
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import change_split
from cnnlab.data.splits import SplitSpec
from cnnlab.ui import datasets_folds, forms, frame, text


def draw(dataset: Dataset) -> None:
    """Draw how the dataset is split, and the form that splits it again."""
    st.caption(text.escape(dataset.change))
    edited = forms.edit(
        SplitSpec,
        key=f"split-{dataset.id}-{dataset.version}-{dataset.changed_at}",
        values=dataset.split,
        columns=2,
    )
    if dataset.frozen:
        frame.note(
            f"Runs have used this split: changing it makes version {dataset.newest_version + 1}. "
            "They keep the one they saw."
        )
    same = edited.spec is None or edited.spec == dataset.split
    if st.button("Split again", key="split", icon=":material/call_split:", disabled=same):
        looks = looks_of(dataset)
        near = None if looks is None else near_duplicates(looks)
        changed = change_split(dataset, spec=edited.spec, near=near)
        st.toast(
            f"Split again: {changed.num_training:,} pictures are left for training.", icon=":material/check:"
        )
        st.rerun()
    datasets_folds.draw(dataset)
