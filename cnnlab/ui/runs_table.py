"""The parts of the Runs page: a filter, the table, what one can do with selected runs, and their curves.

The table shows rows of the index; the curves come from the runs' folders. This module never changes
a run but by the queue.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from cnnlab.charts.learning import COMPARED, compare_runs
from cnnlab.errors import CnnlabError
from cnnlab.runs import queue, store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import STATES, State
from cnnlab.runs.tail import find_tail
from cnnlab.settings import workspace
from cnnlab.ui import frame, nav, run_parts, text

MOST_COMPARED = 8
"""More curves than colours that can be told apart help nobody."""
ROW_HEIGHT = 36
MOST_ROWS_SHOWN = 14

AGAINST = {"epoch": "Epochs", "seconds": "Training time"}

FILTERS: dict[str, tuple[State, ...]] = {
    "All": tuple(State),
    "Live": (*run_parts.LIVE, State.PAUSED),
    "Finished": (State.FINISHED, State.STOPPED),
    "Failed": (State.FAILED, State.LOST),
}
OPEN_CLICK = "runs-open-row"
SAID = "runs-said"
"""What came of deleting, to be told when the page is drawn next."""


def load() -> list[RunRow]:
    """Bring the list of runs up to date; draws what to do first where there is none."""
    for sentence, icon in st.session_state.pop(SAID, ()):
        st.toast(sentence, icon=icon)
    queue.advance()
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


def filtered(rows: Sequence[RunRow]) -> list[RunRow]:
    """Let somebody narrow the list down by state and by words."""
    with st.container(horizontal=True, vertical_alignment="center"):
        words = st.text_input(
            "Search",
            key="runs-search",
            placeholder="Search by name, dataset or network",
            label_visibility="collapsed",
            icon=":material/search:",
            live="300ms",
            width=340,
        )
        chosen = st.segmented_control(
            "State", FILTERS, default="All", required=True, key="runs-state", label_visibility="collapsed"
        )
    needles = (words or "").casefold().split()
    return [
        row
        for row in rows
        if row.state in FILTERS[chosen] and all(needle in _haystack(row) for needle in needles)
    ]


def table_key(rows: Sequence[RunRow]) -> str:
    """Name of the table in the session. A selection is by position, so another list of runs is another table."""
    return f"runs-table-{hash(tuple(row.id for row in rows))}"


def table(rows: Sequence[RunRow]) -> list[RunRow]:
    """Draw the table and return the selected runs, in the order of the table."""
    if not rows:
        st.markdown(":gray[No run matches. Change the search or the state.]")
        return []
    event = st.dataframe(
        _frame(rows),
        key=table_key(rows),
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (min(len(rows), MOST_ROWS_SHOWN) + 1) + 3,
        column_config=_columns(),
        placeholder="–",
        alt="All runs with their state, accuracies and time",
    )
    click = st.session_state.get(OPEN_CLICK)
    if click and click.row < len(rows):
        nav.go("train", run=rows[click.row].id)
    return [rows[position] for position in event.selection.rows if position < len(rows)]


def actions(selected: Sequence[RunRow]) -> None:
    """Draw what one can do with the selected runs."""
    if not selected:
        st.caption("Select runs by the boxes at the left of the table.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(selected) == 1:
            row = selected[0]
            nav.button("train", label="Open", key="runs-open", primary=True, run=row.id)
            if row.state in run_parts.CAN_PREDICT:
                nav.button("predict", label="Predict", key="runs-predict", run=row.id)
        deletable = [row for row in selected if row.damaged or "delete" in STATES[row.state].actions]
        label = "Delete" if len(selected) == 1 else f"Delete {len(deletable)}"
        if st.button(label, icon=":material/delete:", key="runs-delete", disabled=not deletable):
            _confirm_delete(deletable)
        if len(deletable) < len(selected):
            st.caption("A run that is queued or under way has to be stopped before it can be deleted.")
    if len(selected) == 1 and selected[0].message:
        frame.problem(selected[0].message)


@st.dialog("Delete runs", icon=":material/delete:")
def _confirm_delete(rows: Sequence[RunRow]) -> None:
    names = "\n".join(f"- {text.escape(row.name, limit=80)}" for row in rows[:8])
    st.markdown(names + (f"\n- … and {len(rows) - 8} more" if len(rows) > 8 else ""))
    st.markdown("Their curves, models and predictions go with them. This cannot be undone.")
    frame.keep_or_delete("runs", on_delete=_delete, args=(rows,))


def _delete(rows: Sequence[RunRow]) -> None:
    """Delete runs one by one; one that cannot be deleted does not keep the others.

    It says nothing itself: whatever a callback of a dialog draws, even a toast, blanks the page in the browser.
    """
    freed, gone = 0, 0
    said: list[tuple[str, str]] = st.session_state.setdefault(SAID, [])
    for row in rows:
        try:
            freed += queue.delete(RunFolder(workspace().runs / row.id))
            gone += 1
        except CnnlabError as error:
            said.append((text.escape(error, limit=frame.ERROR_LIMIT), ":material/error:"))
    if gone:
        sentence = f"Deleted {text.counted(gone, 'run')}; {text.file_size(freed)} came free."
        said.append((sentence, ":material/check:"))


def comparison(selected: Sequence[RunRow]) -> None:
    """Lay the curves of the selected runs over each other."""
    curves = {
        row.id: find_tail(RunFolder(workspace().runs / row.id)).epochs for row in selected[:MOST_COMPARED]
    }
    curves = {id: epochs for id, epochs in curves.items() if len(epochs)}
    if not curves:
        return
    frame.section("Curves")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        metric = st.segmented_control(
            "What",
            COMPARED,
            default="val_accuracy",
            required=True,
            format_func=COMPARED.get,
            key="runs-metric",
        )
        over = st.segmented_control(
            "Over", AGAINST, default="epoch", required=True, format_func=AGAINST.get, key="runs-against"
        )
    names = {row.id: row.name for row in selected}
    st.plotly_chart(compare_runs(curves, metric=metric, names=names, x=over), key="runs-curves")
    if len(selected) > MOST_COMPARED:
        st.caption(f"The first {MOST_COMPARED} of the selected runs are shown.")


def _haystack(row: RunRow) -> str:
    return " ".join((row.name, row.dataset_name, run_parts.network_name(row), row.id)).casefold()


def _frame(rows: Sequence[RunRow]) -> pd.DataFrame:
    """One row a run, as the table shows it; shares become percent."""
    return pd.DataFrame(
        [
            {
                "open": ":material/open_in_new:",
                "name": text.shorten(row.name, limit=80),
                "state": [STATES[row.state].label],
                "dataset": text.shorten(row.dataset_name, limit=60),
                "network": text.shorten(run_parts.network_name(row), limit=60),
                "epochs": row.epoch,
                "val_accuracy": _in_percent(row.val_accuracy),
                "test_accuracy": _in_percent(row.test_accuracy),
                "seconds": None if row.seconds is None else timedelta(seconds=round(row.seconds)),
                "created": run_parts.created(row),
            }
            for row in rows
        ]
    )


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _columns() -> dict[str, Any]:
    labels = [row.label for row in STATES.values()]
    percent = {"format": "%.1f %%", "width": "small"}
    return {
        "open": st.column_config.ButtonColumn("", key=OPEN_CLICK, width=46, help="Open this run"),
        "name": st.column_config.TextColumn("Name"),
        "state": st.column_config.MultiselectColumn(
            "State", options=labels, color=[row.color for row in STATES.values()], width="small"
        ),
        "dataset": st.column_config.TextColumn("Dataset"),
        "network": st.column_config.TextColumn("Network"),
        "epochs": st.column_config.NumberColumn("Epochs", width="small", help="Epochs finished."),
        "val_accuracy": st.column_config.NumberColumn(
            "Validation", help="Accuracy of the best epoch.", **percent
        ),
        "test_accuracy": st.column_config.NumberColumn(
            "Test", help="Accuracy of the model that was kept.", **percent
        ),
        "seconds": st.column_config.NumberColumn(
            "Time", width="small", format="compact", help="Hours, minutes, seconds."
        ),
        "created": st.column_config.DatetimeColumn("Asked for", format="D MMM YYYY, HH:mm"),
    }
