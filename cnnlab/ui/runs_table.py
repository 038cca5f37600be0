"""The table of the Runs page: what it shows, in which order, and which runs are selected.

The table shows rows of the index. What is selected stays so while runs come and go, and is in the
address. This module never changes a run but by its star.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.marks import star
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.ui import frame, nav, runs_columns, runs_filters, text

ROW_HEIGHT = 36
MOST_ROWS_SHOWN = 14
MOST_IN_THE_ADDRESS = 12

OPEN_CLICK = "runs-open-row"
STAR_CLICK = "runs-star-row"
OPENED = "runs-opened"
DRAWN = "runs-drawn"
"""Ids of the runs in the table as the browser has it: a click is by position."""
SELECTED = "runs-selected"
SAID = "runs-said"
"""What came of a click, as (sentence, icon), to be told when the page is drawn next."""
NO_MATCH = ":gray[No run matches. Change the search or the filters.]"


def say(sentence: object, *, icon: str = ":material/check:") -> None:
    """Have something told when the page is drawn next: what a callback draws blanks the page in the browser."""
    st.session_state.setdefault(SAID, []).append((text.escape(sentence, limit=frame.ERROR_LIMIT), icon))


def load() -> list[RunRow]:
    """List all runs, newest first; draws what to do first where there is none."""
    for sentence, icon in st.session_state.pop(SAID, ()):
        st.toast(sentence, icon=icon)
    if opened := st.session_state.pop(OPENED, None):
        nav.go("train", run=opened)
    rows = store.list_runs()
    if not rows:
        frame.empty(
            "No run yet",
            "A run is one training of one network on one dataset. It appears here as soon as it is started.",
            page="train",
            label="Start the first run",
            icon=":material/show_chart:",
        )
    return rows


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What somebody wants to see."""

    rows: list[RunRow]
    columns: tuple[str, ...]
    over_seeds: bool
    """One row for all runs that differ in the seed only."""


def choose(rows: Sequence[RunRow]) -> Shown:
    """Draw the filters, the order and the columns."""
    with st.container(horizontal=True, vertical_alignment="center"):
        left = runs_filters.by_words_and_state(rows)
        over_seeds = st.toggle(
            "Over seeds",
            key="runs-over-seeds",
            bind="query-params",
        )
        with st.popover("Filters", icon=":material/filter_list:"):
            left = runs_filters.by_what_they_are(left, everything=rows)
        with st.popover("Columns", icon=":material/view_column:"):
            order = runs_columns.choose_order()
            columns = runs_columns.choose_columns()
    if len(left) < len(rows):
        st.caption(f"{len(left):,} of {text.counted(len(rows), 'run')}")
    return Shown(rows=runs_columns.in_order(left, order=order), columns=columns, over_seeds=over_seeds)


def table_key(rows: Sequence[RunRow]) -> str:
    """Name of the table in the session. A selection is by position, so another list of runs is another table."""
    return f"runs-table-{hash(tuple(row.id for row in rows))}"


def table(rows: Sequence[RunRow], *, columns: Sequence[str]) -> list[RunRow]:
    """Draw the table and return the selected runs, in the order of the table."""
    st.session_state[DRAWN] = tuple(row.id for row in rows)
    if not rows:
        st.markdown(NO_MATCH)
        return []
    if SELECTED not in st.session_state:
        st.session_state[SELECTED] = tuple(st.query_params.get("runs", "").split(","))
    before = set(st.session_state[SELECTED])
    event = st.dataframe(
        runs_columns.table_of(rows, columns=columns),
        key=table_key(rows),
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={
            "selection": {"rows": [position for position, row in enumerate(rows) if row.id in before]}
        },
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=table_height(len(rows)),
        column_config=_columns(columns),
        placeholder="–",
        alt="All runs with their state, accuracies and time",
    )
    selected = [rows[position] for position in event.selection.rows if position < len(rows)]
    _remember([row.id for row in selected])
    return selected


def table_height(rows: int) -> int:
    """Pixels of a table with so many rows: all of them, up to a screen's worth."""
    return ROW_HEIGHT * (min(rows, MOST_ROWS_SHOWN) + 1) + 3


def _remember(ids: Sequence[str]) -> None:
    """Keep what is selected for when the table is another one, and in the address for a reload or a link."""
    st.session_state[SELECTED] = tuple(ids)
    if ids:
        st.query_params["runs"] = ",".join(ids[:MOST_IN_THE_ADDRESS])
    elif "runs" in st.query_params:
        del st.query_params["runs"]


def _columns(columns: Sequence[str]) -> dict[str, Any]:
    return {
        "open": st.column_config.ButtonColumn(
            "", key=OPEN_CLICK, width=46, help="Open this run", on_click=_open
        ),
        "star": st.column_config.ButtonColumn(
            "",
            key=STAR_CLICK,
            width=46,
            help="Mark this run with a star",
            on_click=_turn_star,
            type="tertiary",
        ),
        "name": st.column_config.TextColumn("Name"),
    } | {name: runs_columns.COLUMNS[name].config(runs_columns.COLUMNS[name].label) for name in columns}


def _clicked(key: str) -> str | None:
    """Id of the run whose button was clicked, as the browser had the table then."""
    click, drawn = st.session_state.get(key), st.session_state.get(DRAWN, ())
    return drawn[click.row] if click and 0 <= click.row < len(drawn) else None


def _open() -> None:
    st.session_state[OPENED] = _clicked(OPEN_CLICK)


def _turn_star() -> None:
    run_id = _clicked(STAR_CLICK)
    row = next((row for row in store.list_runs() if row.id == run_id), None)
    if row is None:
        return
    try:
        star(RunFolder(workspace().runs / row.id), starred=not row.starred)
    except CnnlabError as error:
        say(error, icon=":material/error:")
