"""A short trial of a run on the Train page: started, watched, cancelled; what came out is drawn elsewhere.

A trial is a process of its own; a fragment looks at it once a second, and only while it works. This
module never knows what a trial is for.
"""

import streamlit as st

from cnnlab.runs import store
from cnnlab.specs.runs import RunSpec
from cnnlab.training.planning.trial_records import TrialKind
from cnnlab.training.planning.trials import Trial, find_trial, start_trial
from cnnlab.ui import frame, run_parts, text

POLL_SECONDS = 1.0
CANCELLED = "train-cancelled"
"""Key of the trial that was last cancelled here."""


def trial(spec: RunSpec, *, kind: TrialKind, start: str, icon: str, sentence: str) -> Trial | None:
    """Draw where the trial of these settings is: a button that starts it, its progress, or why it failed.

    Args:
        spec: The run as it would be.
        kind: What is tried.
        start: What the button says.
        icon: Its icon.
        sentence: What it does, for its help.

    Returns:
        The trial once it has finished, else None.
    """
    found = find_trial(spec, kind=kind)
    if found is not None and found.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS)(spec, kind=kind)
        return None
    if found is not None and found.state == "finished":
        return found
    if found is not None and found.state == "failed":
        frame.warning(found.message)
    if st.button(start, icon=icon, help=sentence, key=f"train-trial-{kind}"):
        with frame.errors_as_text():
            start_trial(spec, kind=kind)
            st.session_state.pop(CANCELLED, None)
            st.rerun()
    if store.list_runs(states=run_parts.LIVE):
        st.caption("A run is using this machine now: what is measured beside it looks slower than it is.")
    return None


def _watch(spec: RunSpec, *, kind: TrialKind) -> None:
    found = find_trial(spec, kind=kind)
    if found is None or found.state != "running":
        st.rerun()
    activity, share = found.progress()
    # Loading TensorFlow cannot be interrupted, so the end may take some seconds to come.
    ending = st.session_state.get(CANCELLED) == found.key

    def cancel() -> None:
        found.cancel()
        st.session_state[CANCELLED] = found.key

    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share or 0.0, text="Ending" if ending else text.escape(activity))
        st.button(
            "Cancel",
            icon=":material/close:",
            key=f"train-cancel-{kind}",
            type="tertiary",
            on_click=cancel,
            disabled=ending,
        )
