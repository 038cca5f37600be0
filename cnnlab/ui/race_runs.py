"""The runs of a race while they are on their way: what each does, how far it is, and a stop for all.

Read from the runs' folders, so a reload or another tab shows the same. A fragment looks once a second,
and only while something happens. This module never starts a race.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from cnnlab.data.library import Dataset
from cnnlab.errors import RunError
from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import PHASE_LABELS, Status
from cnnlab.runs.rows import RunRow, read_row
from cnnlab.runs.states import STATES, State
from cnnlab.settings import workspace
from cnnlab.training.race import list_racing
from cnnlab.ui import frame, nav, run_parts, text

OPEN_CLICK = "race-open-row"
REFUSED = "race-refused"
"""Why runs could not be stopped, to be told when they are drawn next."""
DONE = (State.FINISHED, State.STOPPED)
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_LOOKS_WHEN_PAUSED = 5.0
"""It may be resumed from another tab."""


def under_way(dataset: Dataset) -> None:
    """Draw the newest race while a run of it is to end, or could not; nothing once all were measured or stopped."""
    every = _pace(_rows(dataset))
    st.fragment(_under_way, run_every=every)(dataset, drawn=every)


def _under_way(dataset: Dataset, *, drawn: float | None) -> None:
    with frame.errors_as_text():
        queue.advance()
        rows = _rows(dataset)
        if _pace(rows) != drawn:
            # At another pace from now on, and what was measured is to be seen in the rest of the page.
            st.rerun()
        if any(row.state not in DONE for row in rows):
            _draw(dataset, rows)


def _rows(dataset: Dataset) -> list[RunRow]:
    return [read_row(run) for run in list_racing(dataset.id)]


def _pace(rows: Sequence[RunRow]) -> float | None:
    states = {row.state for row in rows}
    if states.intersection(run_parts.LIVE):
        return SECONDS_BETWEEN_LOOKS
    return SECONDS_BETWEEN_LOOKS_WHEN_PAUSED if State.PAUSED in states else None


def _draw(dataset: Dataset, rows: Sequence[RunRow]) -> None:
    if refused := st.session_state.pop(REFUSED, None):
        frame.warning(refused)
    done = sum(row.state is State.FINISHED for row in rows)
    with run_parts.split_row():
        st.markdown(f"**The race** :gray[· {done} of {len(rows)} finished]", width="content")
        if _pace(rows) is not None:
            st.button(
                "Stop the race",
                icon=":material/stop:",
                key="race-stop",
                help="Takes runs that wait out of the queue, and ends the one that is running; what was measured stays.",
                on_click=_stop,
                args=(rows,),
            )
    st.dataframe(
        pd.DataFrame([_line(row) for row in rows]),
        hide_index=True,
        key=f"race-runs-{dataset.id}",
        column_config=_columns(),
        placeholder="–",
        alt="Runs of the race with what each is doing",
    )
    click = st.session_state.get(OPEN_CLICK)
    if click and click.row < len(rows):
        nav.go("train", run=rows[click.row].id)


def _line(row: RunRow) -> dict[str, Any]:
    doing, share = _doing(row)
    return {
        "open": ":material/open_in_new:",
        "backbone": text.shorten(run_parts.network_name(row), limit=80),
        "state": [STATES[row.state].label],
        "share": share,
        "doing": text.shorten(doing, limit=300),
    }


def _doing(row: RunRow) -> tuple[str, float | None]:
    """What a run is at, in words, and how far, 0 to 1, where that is known."""
    if row.state is State.FINISHED:
        return "Measured.", 1.0
    if row.state is State.STOPPED and not row.epochs and not row.message:
        return "It was stopped before it began.", None
    if not STATES[row.state].active:
        return row.message or STATES[row.state].sentence, None
    status = _status(row)
    if status.activity:
        return status.activity, status.share_done
    if not status.epochs:
        return STATES[row.state].sentence, None
    phase = f"{PHASE_LABELS[status.phase]}, " if status.phase else ""
    return f"{phase}epoch {status.epoch} of {status.epochs}", min(1.0, status.epoch / status.epochs)


def _status(row: RunRow) -> Status:
    try:
        return _folder(row).status() or Status()
    except RunError:
        return Status()


def _folder(row: RunRow) -> RunFolder:
    return RunFolder(workspace().runs / row.id)


def _stop(rows: Sequence[RunRow]) -> None:
    """Stop every run that can be; it says nothing itself: what a callback of a fragment draws blanks the page.

    The last of the queue goes first: stopping the one that runs would let the next one start.
    """
    for row in reversed(rows):
        if row.state not in (*run_parts.LIVE, State.PAUSED):
            continue
        try:
            queue.stop(_folder(row))
        except RunError as error:
            st.session_state[REFUSED] = str(error)


def _columns() -> dict[str, Any]:
    labels = [row.label for row in STATES.values()]
    words = st.column_config.TextColumn
    return {
        "open": st.column_config.ButtonColumn("", key=OPEN_CLICK, width=46, help="Open this run"),
        "backbone": words("Backbone"),
        "state": st.column_config.MultiselectColumn(
            "State", options=labels, color=[row.color for row in STATES.values()], width="small"
        ),
        "share": st.column_config.ProgressColumn(
            "Progress", format="percent", min_value=0.0, max_value=1.0, width="small"
        ),
        "doing": words("What it is doing", width="large"),
    }
