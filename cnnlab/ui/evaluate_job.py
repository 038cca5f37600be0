"""Work on a judged run that a process of its own does: a button that starts it, then how far it is, and the way to end it.

A fragment looks at it once a second, and only while it works. This module never knows what the work is.
"""

import contextlib
from collections.abc import Callable

import streamlit as st

from cnnlab.evaluation.run_jobs import RunJob
from cnnlab.ui import frame, text

POLL_SECONDS = 1.0


def working(job: RunJob | None, *, key: str) -> bool:
    """Draw how far a work is; False, and why where it failed, when there is none under way."""
    if job is None:
        return False
    if job.state == "running":
        # It is named by its place: two works may be watched on one page.
        st.fragment(_watch, run_every=POLL_SECONDS)(job, key)
        return True
    if job.state == "failed":
        frame.problem(job.message)
    return False


def starter(label: str, start: Callable[[], object], *, key: str, again: bool = False) -> None:
    """Draw the button that starts a work; what does not let it start is shown as text."""
    if st.button(
        label,
        key=f"{key}-start",
        icon=":material/refresh:" if again else ":material/play_arrow:",
        type="tertiary" if again else "primary",
    ):
        with frame.errors_as_text():
            start()
            st.rerun()


def _watch(job: RunJob, key: str) -> None:
    if not job.exists or job.state != "running":
        st.rerun()
    activity, share = job.progress()
    # Loading TensorFlow cannot be interrupted, so the end may take some seconds to come.
    ending = job.is_cancelled
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share or 0.0, text="Ending" if ending else text.escape(activity))
        st.button(
            "Cancel",
            icon=":material/close:",
            key=f"{key}-cancel",
            type="tertiary",
            on_click=_cancel,
            args=(job,),
            disabled=ending,
        )


def _cancel(job: RunJob) -> None:
    """Ask it to end; its folder may be gone already. It draws nothing: that would blank the page."""
    with contextlib.suppress(OSError):
        job.cancel()
