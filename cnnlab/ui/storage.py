"""What is kept so that nothing is computed twice: how much, how long unused, and a way to delete it.

It is read from the cache at each drawing; nothing is drawn where nothing is kept. This module never
decides what goes when room is needed: `data.cache` does.
"""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from cnnlab.data.cache import KINDS, Entry, cache_size, delete_cached, list_cached
from cnnlab.settings import settings
from cnnlab.ui import frame, run_parts, text

SAID = "storage-said"
"""What came of deleting, to be told when the page is drawn next."""


def draw_storage() -> None:
    """Draw the limit as a bar, and a row for each kind of which there is something."""
    if said := st.session_state.pop(SAID, ""):
        st.toast(said, icon=":material/check:")
    entries = list_cached()
    if not entries:
        return
    frame.section(
        "Kept so that nothing is computed twice",
        lead="Deleting any of it loses no result: a run that needs it computes it again.",
    )
    _limit_bar()
    for kind in KINDS:
        if own := [entry for entry in entries if entry.kind == kind]:
            _kind_row(kind, own)


def _limit_bar() -> None:
    size, limit = cache_size(), settings().cache_bytes
    sentence = f"**{text.file_size(size)}** of at most {text.file_size(limit)}. "
    if size > limit:
        sentence += "More than the limit, because a run needed it all; the least recently used goes first."
    else:
        sentence += "When it is full, the least recently used goes first."
    st.progress(min(size / limit, 1.0) if limit else 1.0, text=sentence)


def _kind_row(kind: str, entries: Sequence[Entry]) -> None:
    row = KINDS[kind]
    last_used = datetime.fromtimestamp(max(entry.last_used for entry in entries)).astimezone()
    with run_parts.split_row(border=True, key=f"storage-{kind}"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{row.label}**")
            st.caption(row.sentence)
        with run_parts.line():
            st.markdown(f"**{text.file_size(_bytes(entries))}**", width="content")
            used = f"{text.counted(len(entries), 'entry', plural='entries')}, last used {text.ago(last_used)}"
            st.markdown(f":gray[{used}]", width="content")
            if st.button(
                "Delete",
                icon=":material/delete:",
                key=f"storage-delete-{kind}",
                help=f"Delete: {row.label.lower()}",
            ):
                _confirm_delete(kind, entries)


@st.dialog("Delete what is kept?", icon=":material/delete:")
def _confirm_delete(kind: str, entries: Sequence[Entry]) -> None:
    row = KINDS[kind]
    count = text.counted(len(entries), "entry", plural="entries")
    st.markdown(f"**{row.label}**: {count}, {text.file_size(_bytes(entries))}.")
    st.markdown(row.sentence)
    st.caption(
        "A run that is using one goes on undisturbed: what it reads stays, or is gone when the run ends."
    )
    frame.keep_or_delete("storage", on_delete=_delete, args=(kind,))


def _delete(kind: str) -> None:
    """Delete a kind; it draws nothing, because whatever a callback of a dialog draws blanks the page."""
    deletion = delete_cached(kinds=[kind])
    said = f"Deleted {KINDS[kind].label.lower()}; {text.file_size(deletion.freed_bytes)} came free."
    if deletion.left:
        said += (
            f" {text.count(deletion.left)} stayed, because a run was making, opening or reading it just then."
        )
    st.session_state[SAID] = said


def _bytes(entries: Sequence[Entry]) -> int:
    return sum(entry.num_bytes for entry in entries)
