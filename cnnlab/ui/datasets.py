"""The Datasets page: what is there, as cards; and which dataset the address names.

This module never opens a picture itself: `datasets_gallery` has them decoded.
"""

from datetime import datetime

import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.data.intake import find_import, list_imports
from cnnlab.data.library import delete_dataset, find_dataset, list_damaged, list_datasets
from cnnlab.errors import DatasetError
from cnnlab.ui import datasets_add, datasets_gallery, datasets_imports, datasets_preview, frame, nav, text

PICTURES_A_CARD = 5


def chosen() -> Dataset | None:
    """The dataset that the address names, or that its import made; None is all of them."""
    id = st.query_params.get("dataset")
    if id:
        try:
            return find_dataset(id)
        except DatasetError as error:
            frame.warning(error)
            return None
    try:
        return find_dataset(find_import(st.query_params["import"]).progress().dataset_id or "")
    except (KeyError, DatasetError):
        return None


def overview() -> None:
    """Draw the imports under way, the ways to add a dataset, and all datasets."""
    datasets = list_datasets()
    datasets_imports.under_way()
    datasets_imports.outcome()
    datasets_preview.draw()
    _damaged()
    if datasets:
        if not datasets_preview.is_open():
            with st.expander("Add a dataset", icon=":material/add:", key="add-dataset"):
                datasets_add.draw()
        grid = st.grid("auto", min_column_width=300)
        for dataset in datasets:
            with grid.container(border=True, height="stretch"):
                _card(dataset)
    elif not datasets_preview.is_open():
        if not any(not job.progress().ended for job in list_imports()):
            frame.empty(
                "No dataset yet",
                "Everything starts with pictures in classes. Add a ready-made set below, or bring your own.",
                icon=":material/photo_library:",
            )
        frame.section("Add a dataset")
        datasets_add.draw()
    datasets_preview.waiting()
    datasets_imports.recent()


def _card(dataset: Dataset) -> None:
    _cover(dataset)
    st.markdown(f"**{text.escape(dataset.name, limit=80)}**")
    classes = text.counted(dataset.num_classes, "class", plural="classes")
    created = text.ago(datetime.fromtimestamp(dataset.created_at))
    st.caption(
        f"{text.counted(dataset.num_pictures, 'picture')} · {classes}"
        f"{f' · version {dataset.version}' if dataset.version > 1 else ''} · {created}  \n"
        f"{text.escape(', '.join(dataset.class_names), limit=70)}"
    )
    st.space("stretch")
    with st.container(horizontal=True, gap="xsmall"):
        nav.button(
            "datasets",
            label="Open",
            key=f"open-{dataset.id}",
            icon=":material/visibility:",
            dataset=dataset.id,
        )
        if not dataset.problems():
            nav.button("train", label="Train on it", key=f"train-{dataset.id}", dataset=dataset.id)


def _cover(dataset: Dataset) -> None:
    pictures = datasets_gallery.table_of(dataset)["picture"].head(PICTURES_A_CARD)
    readable = [square for square in datasets_gallery.squares(dataset, pictures) if square is not None]
    if readable:
        grid = st.grid(PICTURES_A_CARD, min_column_width=32, wrap=False, gap="xxsmall")
        for square in readable:
            grid.image(square, width="stretch", alt="")


def _damaged() -> None:
    for id, sentence in list_damaged().items():
        frame.problem(sentence)
        if st.button("Delete the damaged dataset", key=f"delete-damaged-{id}", icon=":material/delete:"):
            freed = delete_dataset(id)
            st.toast(f"Deleted; {text.file_size(freed)} became free.", icon=":material/check:")
            st.rerun()
