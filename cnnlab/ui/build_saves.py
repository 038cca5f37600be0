"""Saving, deleting and training what was built; nothing is replaced without asking.

This module never changes a block.
"""

import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.errors import SpecError
from cnnlab.models.architectures import (
    architecture_id,
    delete_architecture,
    find_architecture,
    find_draft,
    keep_architecture,
    save_architecture,
    save_draft,
)
from cnnlab.models.presets import PRESETS
from cnnlab.ui import nav, text
from cnnlab.ui.build_draft import Draft

ADDRESS = ("draft", "design", "network")
"""Parts of the page's address that say what is built, each in its own way; the first that is there counts."""


def remember(draft: Draft) -> None:
    """Write what was changed into the draft's file, and see that the address leads to it."""
    if draft.network != draft.written:
        draft.address = {"draft": save_draft(draft.network, id=_own_file(draft))}
        draft.written = draft.network
    here = st.query_params.to_dict()
    wanted = {name: here[name] for name in here if name not in ADDRESS} | draft.address
    if wanted != here:
        # All at once: every single change would be one more step for the Back button.
        st.query_params.from_dict(wanted)


def train(draft: Draft, *, dataset: Dataset | None) -> None:
    """Leave for the Train page with this network; whatever is not saved yet is saved first."""
    query = {"dataset": dataset.id} if dataset else {}
    for name, preset in PRESETS.items():
        if draft.network.with_changes(name=preset.network.name) == preset.network:
            nav.go("train", network=f"preset:{name}", **query)
    saved = keep_architecture(draft.network)
    _settle(draft, saved.id, name=saved.network.name)
    nav.go("train", network=f"architecture:{saved.id}", **query)


def save(draft: Draft) -> None:
    """Save under the network's name; asks first when that would replace another network."""
    id = architecture_id(draft.network.name)
    try:
        taken = find_architecture(id).network != draft.network and draft.origin != f"architecture:{id}"
    except SpecError:
        taken = False
    if taken:
        _confirm_replacement(draft)
    else:
        _save_now(draft)


def _own_file(draft: Draft) -> str | None:
    """The draft's file, unless another tab wrote something else into it: then both keep their own."""
    file = draft.address.get("draft")
    try:
        return file if file is None or find_draft(file) == draft.written else None
    except SpecError:
        return file


def _save_now(draft: Draft) -> None:
    saved = save_architecture(draft.network)
    _settle(draft, saved.id, name=saved.network.name)
    st.toast(f"Saved as **{text.escape(saved.network.name)}**.", icon=":material/check:")


def _settle(draft: Draft, id: str, *, name: str) -> None:
    draft.origin = f"architecture:{id}"
    if name != draft.network.name:
        draft.rename(name)
    remember(draft)


@st.dialog("Replace the saved network?", icon=":material/save:")
def _confirm_replacement(draft: Draft) -> None:
    st.markdown(
        f"A network named **{text.escape(draft.network.name)}** is saved already, with other blocks. "
        "Runs that trained it keep their own copy."
    )
    with st.container(horizontal=True):
        if st.button("Replace it", key="build-replace", type="primary"):
            _save_now(draft)
            st.rerun()
        if st.button("Keep both", key="build-keep-both"):
            saved = keep_architecture(draft.network)
            _settle(draft, saved.id, name=saved.network.name)
            st.rerun()


@st.dialog("Delete the saved network?", icon=":material/delete:")
def confirm_deletion(draft: Draft) -> None:
    """Ask, then delete the saved network that the draft started from."""
    st.markdown("It leaves the list; what you see here stays as a draft, and runs keep their own copy.")
    if st.button("Delete it", key="build-delete-really", type="primary"):
        delete_architecture(draft.origin.partition(":")[2])
        draft.origin = ""
        st.rerun()
