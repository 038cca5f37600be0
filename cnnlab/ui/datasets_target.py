"""What pictures become: a new dataset with a name, or more pictures of one that is here."""

import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import list_datasets


def ask(key: str, *, proposed: str = "", placeholder: str = "") -> tuple[str, str | None]:
    """Ask for a new name, or which dataset gets the pictures.

    Args:
        key: Where the question belongs, for the keys of its fields.
        proposed: Name to begin with.
        placeholder: What an empty name takes, in a few words.

    Returns:
        The name, and None or the id of the dataset to add to.
    """
    datasets: dict[str, Dataset] = {dataset.id: dataset for dataset in list_datasets()}
    add_to = ""
    left, right = st.columns(2) if datasets else (st.container(), st.container())
    if datasets:
        add_to = left.selectbox(
            "Becomes",
            ["", *datasets],
            key=f"{key}-target",
            format_func=lambda id: f"more pictures of {datasets[id].name}" if id else "a new dataset",
            help="More pictures of a dataset make a new version of it; runs keep the one they saw.",
        )
    if add_to:
        return "", add_to
    name = right.text_input(
        "Name of the dataset", proposed, key=f"{key}-name", max_chars=120, placeholder=placeholder
    )
    return name.strip(), None
