"""Which runs the Runs page shows: by words, state, dataset, kind of network, tag and star.

What is chosen is in the address, so that a reload or a link shows the same. This module never reads a run.
"""

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType

import streamlit as st

from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import State
from cnnlab.ui import run_parts, text

STATES_SHOWN = MappingProxyType(
    {
        "All": tuple(State),
        "Live": (*run_parts.LIVE, State.PAUSED),
        "Finished": (State.FINISHED, State.STOPPED),
        "Failed": (State.FAILED, State.LOST),
    }
)
KINDS = MappingProxyType({"backbone": "Pretrained backbone", "blocks": "CNN from blocks"})


def by_words_and_state(rows: Sequence[RunRow]) -> list[RunRow]:
    """Draw the search, the states and the star, and keep the runs that match."""
    words = st.text_input(
        "Search",
        key="runs-search",
        bind="query-params",
        placeholder="Search names, tags, notes",
        label_visibility="collapsed",
        icon=":material/search:",
        live="300ms",
        width=230,
    )
    chosen = st.segmented_control(
        "State",
        STATES_SHOWN,
        default="All",
        required=True,
        key="runs-state",
        bind="query-params",
        label_visibility="collapsed",
    )
    starred = st.toggle("Starred", key="runs-starred", bind="query-params")
    needles = (words or "").casefold().split()
    return [
        row
        for row in rows
        if row.state in STATES_SHOWN[chosen]
        and (row.starred or not starred)
        and (not needles or all(needle in _haystack(row) for needle in needles))
    ]


def by_what_they_are(rows: Sequence[RunRow], *, everything: Sequence[RunRow]) -> list[RunRow]:
    """Draw the choices of dataset, kind of network and tag, and keep the runs that match.

    Args:
        rows: Those that are left.
        everything: All runs: what can be chosen comes from these, so that no choice disappears.
    """
    names = {row.dataset_id: row.dataset_name for row in reversed(everything) if row.dataset_id}
    datasets = _several(
        "Datasets", sorted(names, key=lambda id: names[id].casefold()), key="runs-dataset", label_of=names.get
    )
    kinds = _several("Networks", list(KINDS), key="runs-kind", label_of=KINDS.get)
    tags = _several("Tags", list_tags(everything), key="runs-tag", label_of=str)
    return [
        row
        for row in rows
        if (not datasets or row.dataset_id in datasets)
        and (not kinds or row.kind in kinds)
        and (not tags or not tags.isdisjoint(row.tags))
    ]


def list_tags(rows: Iterable[RunRow]) -> list[str]:
    """Every tag that a run has, in the order of the alphabet."""
    return sorted({tag for row in rows for tag in row.tags}, key=lambda tag: (tag.casefold(), tag))


def _several(label: str, options: list[str], *, key: str, label_of: Callable[[str], str | None]) -> set[str]:
    """Let somebody choose any of these; nothing chosen is no limit."""
    if key in st.session_state:
        # The last run with a tag may have been deleted; a choice that is no more would be an error.
        st.session_state[key] = [each for each in st.session_state[key] if each in options]
    return set(
        st.multiselect(
            label,
            options,
            key=key,
            bind="query-params",
            format_func=lambda option: text.shorten(label_of(option) or option, limit=60),
            placeholder="All",
        )
    )


def _haystack(row: RunRow) -> str:
    words = (row.name, row.dataset_name, run_parts.network_name(row), row.id, *row.tags, row.note)
    return " ".join(words).casefold()
