"""One run on the Train page: where it is, what one can do with it, its curves, and what came out.

All of it is read from the run's folder, so a reload, another tab or another server shows the same. A
fragment looks once a second, and only while something happens. This module never trains anything.
"""

import time
from datetime import datetime

import streamlit as st

from cnnlab.errors import RunError
from cnnlab.runs import queue
from cnnlab.runs.actions import possible_actions
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import PHASE_LABELS, Status
from cnnlab.runs.retries import may_be_taken_up, why_it_ended
from cnnlab.runs.states import STATES, State
from cnnlab.runs.tail import EventTail, find_tail
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.ui import (
    bundles,
    frame,
    nav,
    run_curves,
    run_environment,
    run_parts,
    run_report,
    text,
    train_clone,
)
from cnnlab.ui.networks import network_label

SECONDS_BETWEEN_LOOKS = {state: 1.0 for state in run_parts.LIVE} | {State.PAUSED: 5.0}
"""A paused run may be resumed from another tab; one that has ended stays as it is, unless the queue takes it up."""
SECONDS_UNTIL_TAKEN_UP = 2.0
SECONDS_BETWEEN_LOOKS_AT_THE_LOG = 3.0
STALLED_AFTER_SECONDS = 30.0
LOG_LINES = 60
REFUSED = "run-refused"
"""Why the last click could not be obeyed, to be told when the run is drawn next."""

ACTIONS = {
    "pause": (
        "Pause",
        ":material/pause:",
        "Stop after this step and keep everything; no time is lost on resuming.",
    ),
    "resume": ("Resume", ":material/play_arrow:", "Go on exactly where it stopped."),
    "stop": ("Stop", ":material/stop:", "End it, keep the best model so far and score it."),
    "force_stop": (
        "End by force",
        ":material/dangerous:",
        "End the process; what its last checkpoint holds stays.",
    ),
}
"""What the buttons say; which of them are there follows from the run."""


def run(run_id: str) -> None:
    """Draw one run.

    Raises:
        RunError: Its folder is damaged.
    """
    try:
        folder = RunFolder.find(run_id, runs=workspace().runs)
    except RunError as error:
        frame.problem(error)
        with run_parts.line():
            nav.button("runs", label="All runs", key="run-all")
            nav.button("train", label="New run", key="run-new", icon=":material/add:")
        return
    queue.advance()
    spec, state = folder.spec(), folder.state()
    _heading(folder, spec)
    every = _pace(folder, state)
    if STATES[state].ended and every is None:
        _ended(folder, state)
        _log(folder)
    else:
        st.fragment(_watch, run_every=every)(folder, every=every)
        st.fragment(_log, run_every=every and SECONDS_BETWEEN_LOOKS_AT_THE_LOG)(folder)
    with st.expander("Settings of this run", icon=":material/tune:"):
        st.code(spec.to_json(), language="json")
    run_environment.draw(folder)


def _pace(folder: RunFolder, state: State) -> float | None:
    """Seconds between two looks at a run, or None where it stays as it is or nobody wants to follow."""
    if not st.session_state.get(run_curves.LIVE_TOGGLE, True):
        return None
    pace = SECONDS_BETWEEN_LOOKS.get(state)
    return SECONDS_UNTIL_TAKEN_UP if pace is None and may_be_taken_up(folder) else pace


def _heading(folder: RunFolder, spec: RunSpec) -> None:
    with run_parts.split_row():
        st.subheader(text.escape(spec.name, limit=120), anchor=False, width="content")
        with run_parts.line():
            nav.button("train", label="New run", key="run-new", icon=":material/add:", quiet=True)
            like = {train_clone.LIKE: folder.id}
            nav.button(
                "train",
                label="Clone with changes",
                key="run-clone",
                icon=":material/content_copy:",
                quiet=True,
                **like,
            )
            nav.button("runs", label="All runs", key="run-all", quiet=True)
    asked = text.ago(datetime.fromtimestamp(folder.created_at).astimezone())
    st.caption(
        f"{text.escape(network_label(spec.network), limit=80)} on {text.escape(spec.dataset.name, limit=80)} "
        f"(version {spec.dataset.version}) · {text.counted(len(spec.class_names), 'class', plural='classes')} · "
        f"asked for {asked}"
    )
    bundles.came_from(folder)


def _watch(folder: RunFolder, *, every: float | None) -> None:
    """Draw what changes; when the run goes on at another pace, draw the whole page again."""
    with frame.errors_as_text():
        queue.advance()
        state, status, tail = folder.state(), folder.status() or Status(), find_tail(folder)
        if every != _pace(folder, state):
            st.rerun()
        _state_line(folder, state, status)
        _progress(state, status, tail)
        run_curves.metrics(tail)
        options = run_curves.options(follows=True)
        run_curves.charts(folder, tail, options, status=status, follows=True)
        _notes(tail)


def _ended(folder: RunFolder, state: State) -> None:
    """Draw a run to which nothing more happens: what came out first, then how it came about."""
    status, tail, report = folder.status() or Status(), find_tail(folder), folder.report()
    _state_line(folder, state, status)
    if report is not None:
        run_report.outcome(folder, report)
        frame.section("How it learned")
    elif len(tail.epochs):
        run_curves.metrics(tail)
    if len(tail.steps):
        options = run_curves.options(follows=False)
        run_curves.charts(folder, tail, options, status=status, follows=False)
    _notes(tail)
    if report is not None:
        run_report.details(report, epochs=tail.epochs)


def _state_line(folder: RunFolder, state: State, status: Status) -> None:
    if refused := st.session_state.pop(REFUSED, None):
        st.toast(refused, icon=":material/error:")
    with run_parts.split_row():
        with run_parts.line():
            run_parts.badge(state)
            st.markdown(f":gray[{STATES[state].sentence}]", width="content")
        with run_parts.line():
            for action in possible_actions(folder):
                if action in ACTIONS:
                    _action_button(folder, action)
    message = why_it_ended(folder)
    if message and state in (State.FAILED, State.LOST, State.PAUSED):
        frame.problem(message)
    silent = time.time() - status.updated_at
    if state is State.RUNNING and silent > STALLED_AFTER_SECONDS:
        frame.warning(
            f"The worker has not said anything for {text.duration(silent)}. The machine may be busy or asleep; "
            f"if this lasts, stop the run: its last checkpoint is kept."
        )


def _action_button(folder: RunFolder, action: str) -> None:
    label, icon, sentence = ACTIONS[action]
    st.button(label, icon=icon, help=sentence, key=f"run-{action}", on_click=_act, args=(folder, action))


def _act(folder: RunFolder, action: str) -> None:
    """Do it; it says nothing itself: what a callback of a fragment draws blanks the page in the browser."""
    try:
        getattr(queue, action)(folder)
    except RunError as error:
        st.session_state[REFUSED] = text.escape(error, limit=frame.ERROR_LIMIT)


def _progress(state: State, status: Status, tail: EventTail) -> None:
    """One line and one bar: what it is doing, how far it is, how long it will take."""
    active = STATES[state].active
    if status.activity and active:
        share = f" · {text.percent(status.share_done, digits=0)}" if status.share_done else ""
        st.progress(status.share_done or 0.0, text=f"{text.escape(status.activity)}{share}")
        return
    if not status.epochs:
        # Drawn all the same, so that nothing moves when the worker says its first word.
        st.progress(0.0, text="The worker has not begun.")
        return
    steps = tail.steps
    parts = []
    if status.phase:
        parts.append(f"**{PHASE_LABELS[status.phase]}**")
    parts.append(f"epoch {status.epoch} of {status.epochs}")
    parts.append(f"step {status.step:,} of {status.steps:,}" if status.steps else f"step {status.step:,}")
    if len(steps):
        parts.append(f"learning rate {text.small(float(steps['learning_rate'].iloc[-1]))}")
    if active:
        if status.pictures_per_second:
            parts.append(f"{status.pictures_per_second:,.0f} pictures/s")
        if status.seconds_left is not None:
            parts.append(f"about {text.duration(round(status.seconds_left))} left")
    share = status.step / status.steps if status.steps else 0.0
    st.progress(min(1.0, share), text=" · ".join(parts))


def _notes(tail: EventTail) -> None:
    notes = tail.notes
    if len(notes):
        lines = [
            f":material/notes: step {row.step:,} · {text.escape(row.text, limit=500)}"
            for row in notes.itertuples()
        ]
        st.caption("  \n".join(reversed(lines)))


def _log(folder: RunFolder) -> None:
    log = st.expander("What the worker printed", icon=":material/terminal:", key="run-log", on_change="rerun")
    if log.open:
        with log:
            printed = queue.read_log(folder, lines=LOG_LINES)
            st.code(printed or "Nothing yet.", language=None, wrap_lines=True, height=320)
