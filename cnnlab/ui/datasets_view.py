"""One dataset: its numbers, its pictures, its split, its name, its end.

A split can be changed in place until a run has seen it; then a change makes a new version. This
module never decides that: `data.library` does.
"""

import streamlit as st

from cnnlab.charts import figures
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import change_split, delete_dataset, rename_dataset
from cnnlab.data.splits import SplitSpec
from cnnlab.runs import store
from cnnlab.runs.rows import RunRow
from cnnlab.ui import datasets_gallery, forms, frame, nav, run_parts, text


def lead(dataset: Dataset) -> str:
    """One sentence on where it came from, as Markdown."""
    version = f" · version {dataset.version}" if dataset.newest_version > 1 else ""
    return f"{text.escape(dataset.source)}{version} · {text.file_size(dataset.bytes_on_disk())} on disk"


def draw(dataset: Dataset) -> None:
    """Draw everything about a dataset."""
    _actions(dataset)
    _numbers(dataset)
    for problem in dataset.problems():
        frame.problem(problem)
    _warnings(dataset.warnings())
    frame.section("Pictures", lead="Click one to see it large, with its name and size.")
    with frame.errors_as_text():
        datasets_gallery.draw(dataset)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.plotly_chart(
            figures.class_counts(dataset.counts()), key="class-counts", alt="Pictures by class and split"
        )
    with right, st.container(border=True, height="stretch"):
        _split(dataset)


def _actions(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        nav.button("datasets", label="All datasets", key="back", icon=":material/arrow_back:")
        st.space("stretch")
        if st.button("Rename", key="rename", icon=":material/edit:", type="tertiary"):
            _rename(dataset)
        if st.button("Delete", key="delete", icon=":material/delete:", type="tertiary"):
            _delete(dataset)
        nav.button("build", label="Build a network", key="to-build", dataset=dataset.id)
        nav.button("backbones", label="Pick a backbone", key="to-backbones", dataset=dataset.id)
        if not dataset.problems():
            nav.button("train", label="Train on it", key="to-train", primary=True, dataset=dataset.id)


def _numbers(dataset: Dataset) -> None:
    grid = st.grid(5, min_column_width=120)
    for label, number, sentence in (
        ("Pictures", dataset.num_pictures, "In this version of the dataset."),
        ("Classes", dataset.num_classes, ", ".join(dataset.class_names)),
        ("Training", dataset.num_training, "What a network learns from."),
        ("Validation", dataset.num_validation, "Looked at after every epoch: it says when to stop."),
        ("Test", dataset.num_test, "Looked at once, at the very end."),
    ):
        grid.metric(label, text.count(number), help=text.escape(sentence), border=True, height="stretch")


def _warnings(sentences: tuple[str, ...]) -> None:
    for sentence in sentences[:3]:
        frame.warning(sentence)
    if len(sentences) > 3:
        with st.expander(f"{len(sentences) - 3} more warnings", icon=":material/warning:"):
            for sentence in sentences[3:]:
                frame.warning(sentence)


def _split(dataset: Dataset) -> None:
    st.markdown("**Split**")
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
        changed = change_split(dataset, spec=edited.spec)
        st.toast(
            f"Split again: {changed.num_training:,} pictures are left for training.", icon=":material/check:"
        )
        st.rerun()


@st.dialog("Rename the dataset", icon=":material/edit:")
def _rename(dataset: Dataset) -> None:
    name = st.text_input("Name of the dataset", value=dataset.name, max_chars=120, key="rename-name")
    st.caption("Runs keep the name that they saw.")
    with frame.errors_as_text():
        if st.button("Rename", key="rename-really", type="primary"):
            rename_dataset(dataset, name=name)
            st.rerun()


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
