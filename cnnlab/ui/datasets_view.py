"""One dataset, looked at from several sides; only the side that is chosen is computed.

A side is a row of `VIEWS`. This module never draws one itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.ui import (
    datasets_actions,
    datasets_card,
    datasets_checks,
    datasets_gallery,
    datasets_split,
    datasets_versions,
    frame,
    text,
)

CHOICE, WRITTEN = "datasets-view", "datasets-view-written"


@dataclass(frozen=True, kw_only=True)
class View:
    """One side to look at a dataset from."""

    label: str
    icon: str
    summary: str
    """One sentence of ours on what is to be seen."""
    draw: Callable[[Dataset], None]


VIEWS: MappingProxyType[str, View] = MappingProxyType(
    {
        "overview": View(
            label="Overview",
            icon=":material/dashboard:",
            summary="How many pictures of which classes, how large and how coloured, and who learned from them.",
            draw=datasets_card.draw,
        ),
        "pictures": View(
            label="Pictures",
            icon=":material/photo_library:",
            summary="Click a picture to see it large, with its name and size.",
            draw=datasets_gallery.draw,
        ),
        "checks": View(
            label="Checks",
            icon=":material/troubleshoot:",
            summary="Copies, contradicting labels, and pictures in which little is to be seen; what is done here can be undone.",
            draw=datasets_checks.draw,
        ),
        "split": View(
            label="Split",
            icon=":material/call_split:",
            summary="Who learns and who is kept apart to judge: what was asked, and what came of it.",
            draw=datasets_split.draw,
        ),
        "versions": View(
            label="Versions",
            icon=":material/history:",
            summary="What changed and when; a version that a run has seen stays as it is.",
            draw=datasets_versions.draw,
        ),
    }
)
"""In the order of the screen; the name is what the address says."""


def lead(dataset: Dataset) -> str:
    """One sentence on where it came from, as Markdown."""
    version = f" · version {dataset.version}" if dataset.newest_version > 1 else ""
    return f"{text.escape(dataset.source)}{version} · {text.file_size(dataset.bytes_on_disk())} on disk"


def draw(dataset: Dataset) -> None:
    """Draw what can be done with a dataset, the choice of a view, and the one that is chosen."""
    datasets_actions.draw(dataset)
    name = _choose()
    st.caption(VIEWS[name].summary)
    with frame.errors_as_text():
        VIEWS[name].draw(dataset)


def _choose() -> str:
    """Draw the choice; it follows the address where that changed since it was written: a link, or the way back."""
    asked = st.query_params.get("view")
    if asked in VIEWS and asked != st.session_state.get(WRITTEN):
        st.session_state[CHOICE] = asked
    name = st.segmented_control(
        "View",
        VIEWS,
        default=next(iter(VIEWS)),
        required=True,
        format_func=lambda name: f"{VIEWS[name].icon} {VIEWS[name].label}",
        key=CHOICE,
        label_visibility="collapsed",
        wrap=True,
    )
    st.session_state[WRITTEN] = name
    if asked != name:
        st.query_params["view"] = name
    return name
