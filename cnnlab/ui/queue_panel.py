"""Which runs are under way and which wait, in the order in which they will start, with what one can do about it.

All of it is read from the run folders, so another tab or another server shows the same. What a click
asks for is done by the queue; this module never starts or ends anything.
"""

from collections.abc import Callable

import streamlit as st

from cnnlab.errors import CnnlabError, RunError
from cnnlab.runs import queue, store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.runs.slots import count_slots
from cnnlab.runs.states import STATES, State, Wanted
from cnnlab.settings import workspace
from cnnlab.ui import frame, nav, run_parts, text

SECONDS_BETWEEN_LOOKS = 2.0
REFUSED = "queue-refused"
"""Why the last click could not be obeyed, to be told when the panel is drawn next."""
CANCELLED = "queue-cancelled"
"""The runs that were taken out of the queue here, which can be put back; the last one first."""
MOST_TO_PUT_BACK = 5
NOT_CHANGED = "Set CNNLAB_SLOTS before cnnlab is started to train more at the same time."


def under_way() -> None:
    """Say which runs train and which wait, each with a link, and follow them; nothing when none does."""
    live = _live()
    follows = bool(live) or bool(st.session_state.get(CANCELLED))
    st.fragment(_under_way, run_every=SECONDS_BETWEEN_LOOKS if follows else None)(drawn=frozenset(live))


def _live() -> dict[str, RunRow]:
    return {row.id: row for row in store.list_runs(states=run_parts.LIVE)}


def _under_way(*, drawn: frozenset[str]) -> None:
    queue.advance()
    live = _live()
    if live.keys() != drawn:
        st.rerun()
    if refused := st.session_state.pop(REFUSED, None):
        st.toast(refused, icon=":material/error:")
    for row in live.values():
        if row.state is not State.QUEUED:
            _training(row)
    waiting = [run for run in queue.waiting() if run.id in live]
    # Scoring a stopped run is short and goes before all others: nothing can be moved past it.
    scored = sum(run.control().want is Wanted.STOP for run in waiting)
    for place, run in enumerate(waiting):
        if place < scored:
            _to_be_scored(live[run.id])
        else:
            _waiting(run, live[run.id], place=place, first=scored, of=len(waiting))
    _put_back()
    if waiting:
        slots = text.counted(count_slots(), "run trains", plural="runs train")
        st.caption(f"{slots} at the same time; the others wait in this order. {NOT_CHANGED}")


def _training(row: RunRow) -> None:
    with run_parts.split_row(border=True, key=f"live-{row.id}"):
        with run_parts.line():
            run_parts.badge(row.state)
            st.markdown(f"**{text.escape(row.name, limit=80)}**", width="content")
            if row.epochs:
                st.markdown(f":gray[epoch {row.epoch} of {row.epochs}]", width="content")
        nav.link("train", label="Watch", icon=":material/show_chart:", run=row.id)


def _to_be_scored(row: RunRow) -> None:
    with run_parts.split_row(border=True, key=f"live-{row.id}"):
        with run_parts.line():
            run_parts.badge(row.state)
            st.markdown(f"**{text.escape(row.name, limit=80)}**", width="content")
            st.markdown(":gray[was stopped; its best model is scored next]", width="content")
        nav.link("train", label="Open", icon=":material/show_chart:", run=row.id)


def _waiting(run: RunFolder, row: RunRow, *, place: int, first: int, of: int) -> None:
    with run_parts.split_row(border=True, key=f"live-{row.id}"):
        with run_parts.line():
            run_parts.badge(row.state)
            st.markdown(f"**{text.escape(row.name, limit=80)}**", width="content")
            where = "starts next" if place == 0 else f"{place + 1} of {of}"
            st.markdown(f":gray[{where}]", width="content")
        with run_parts.line():
            if of - first > 1:
                _button(row, "Earlier", ":material/arrow_upward:", _earlier, disabled=place == first)
                _button(row, "Later", ":material/arrow_downward:", _later, disabled=place == of - 1)
            if not run.has_checkpoint():
                # One that has trained already would not be taken out but ended and scored: its own page does that.
                _button(row, "Cancel", ":material/close:", _cancel)
            nav.link("train", label="Open", icon=":material/show_chart:", run=row.id)


def _button(
    row: RunRow, label: str, icon: str, do: Callable[[RunFolder], None], *, disabled: bool = False
) -> None:
    st.button(
        label,
        icon=icon,
        key=f"queue-{label.lower()}-{row.id}",
        type="tertiary",
        disabled=disabled,
        on_click=_try,
        args=(do, row.id),
    )


def _put_back() -> None:
    """Offer to undo what was cancelled, as long as the run is there and nothing else became of it."""
    cancelled = [
        (run_id, name) for run_id in st.session_state.get(CANCELLED, []) if (name := _cancelled(run_id))
    ]
    st.session_state[CANCELLED] = [run_id for run_id, _ in cancelled]
    for run_id, name in cancelled:
        with run_parts.line():
            st.markdown(f":gray[{text.escape(name, limit=80)} was taken out of the queue.]", width="content")
            st.button(
                "Put back",
                icon=":material/undo:",
                key=f"queue-put-back-{run_id}",
                type="tertiary",
                on_click=_try,
                args=(queue.resume, run_id),
            )


def _cancelled(run_id: str) -> str:
    """The name of a run that is still cancelled; '' for any other."""
    try:
        run = RunFolder.find(run_id, runs=workspace().runs)
        return run.spec().name if run.state() is State.STOPPED else ""
    except CnnlabError:
        return ""


def _try(do: Callable[[RunFolder], None], run_id: str) -> None:
    """Do it; it says nothing itself: what a callback of a fragment draws blanks the page in the browser."""
    try:
        do(RunFolder.find(run_id, runs=workspace().runs))
    except CnnlabError as error:
        st.session_state[REFUSED] = text.escape(error, limit=frame.ERROR_LIMIT)


def _earlier(run: RunFolder) -> None:
    queue.move(run, places=-1)


def _later(run: RunFolder) -> None:
    queue.move(run, places=1)


def _cancel(run: RunFolder) -> None:
    state = run.state()
    if state is not State.QUEUED or run.has_checkpoint():
        raise RunError(
            f"Run {run.spec().name!r} does not wait for its first start any more: it is "
            f"{STATES[state].label.lower()}. Open it to stop it."
        )
    queue.stop(run)
    before = st.session_state.get(CANCELLED, [])
    st.session_state[CANCELLED] = [run.id, *(each for each in before if each != run.id)][:MOST_TO_PUT_BACK]
