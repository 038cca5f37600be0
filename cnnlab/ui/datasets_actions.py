"""What is done with a whole dataset: rename it, delete it, and where to go on with it.

This module never deletes what a run is at work on.
"""

import streamlit as st

from cnnlab.data.copies import copy_dataset
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import delete_dataset, rename_dataset
from cnnlab.runs import store
from cnnlab.runs.rows import RunRow
from cnnlab.ui import dataset_download, frame, nav, run_parts, text


def draw(dataset: Dataset) -> None:
    """Draw the buttons above a dataset."""
    with st.container(horizontal=True, vertical_alignment="center"):
        nav.button("datasets", label="All datasets", key="back", icon=":material/arrow_back:")
        st.space("stretch")
        st.link_button(
            "ZIP",
            dataset_download.address(dataset),
            icon=":material/folder_zip:",
            type="tertiary",
            help="Take it away: a folder for each split and class, with a table of labels; it opens here again.",
        )
        if st.button("Copy", key="copy", icon=":material/content_copy:", type="tertiary"):
            _copy(dataset)
        if st.button("Rename", key="rename", icon=":material/edit:", type="tertiary"):
            _rename(dataset)
        if st.button("Delete", key="delete", icon=":material/delete:", type="tertiary"):
            _delete(dataset)
        nav.button("build", label="Build a network", key="to-build", dataset=dataset.id)
        nav.button("backbones", label="Pick a backbone", key="to-backbones", dataset=dataset.id)
        if not dataset.problems():
            nav.button("train", label="Train on it", key="to-train", primary=True, dataset=dataset.id)


@st.dialog("Rename the dataset", icon=":material/edit:")
def _rename(dataset: Dataset) -> None:
    name = st.text_input("Name of the dataset", value=dataset.name, max_chars=120, key="rename-name")
    st.caption("Runs keep the name that they saw.")
    with frame.errors_as_text():
        if st.button("Rename", key="rename-really", type="primary"):
            rename_dataset(dataset, name=name)
            st.rerun()


@st.dialog("Copy the dataset", icon=":material/content_copy:")
def _copy(dataset: Dataset) -> None:
    name = st.text_input(
        "Name of the copy", value=f"{dataset.name[:100]}, copy", max_chars=120, key="copy-name"
    )
    st.caption(
        f"All pictures and versions, {text.file_size(dataset.bytes_on_disk())}; from then on neither notices what becomes of the other."
    )
    with frame.errors_as_text():
        if st.button("Copy", key="copy-really", type="primary"):
            with st.spinner("Copying"):
                made = copy_dataset(dataset, name=name)
            nav.go("datasets", dataset=made.id)


@st.dialog("Delete the dataset?", icon=":material/delete:")
def _delete(dataset: Dataset) -> None:
    st.markdown(
        f"**{text.escape(dataset.name)}**: {text.counted(dataset.num_pictures, 'picture')}, "
        f"{text.file_size(dataset.bytes_on_disk())}. This cannot be undone."
    )
    runs = store.list_runs(dataset_id=dataset.id)
    if live := [run for run in runs if run.state in run_parts.LIVE]:
        frame.problem(
            f"{_named(live)} at work on it. Stop that first on the Train page, then delete the dataset."
        )
        return
    if runs:
        frame.warning(
            f"{_named(runs)} done with it: their curves, models and figures stay, but a paused or lost one cannot "
            "go on, and its pictures can no longer be shown."
        )
    else:
        st.caption("No run depends on it.")
    with frame.errors_as_text():
        if st.button("Delete it", key="delete-really", type="primary", icon=":material/delete:"):
            freed = delete_dataset(dataset)
            st.toast(f"Deleted; {text.file_size(freed)} became free.", icon=":material/check:")
            nav.go("datasets")


def _named(runs: list[RunRow]) -> str:
    """Name some runs, as the subject of a sentence: '2 runs (A, B) are'."""
    names = ", ".join(text.shorten(run.name, limit=60) for run in runs[:5])
    more = f" and {len(runs) - 5} more" if len(runs) > 5 else ""
    return f"{text.counted(len(runs), 'run')} ({names}{more}) {'is' if len(runs) == 1 else 'are'}"
