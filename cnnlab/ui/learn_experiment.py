"""The experiment of a claim: what it does, its settings, the button that starts it, and how far it is.

It runs in a process of its own; a fragment looks at it once a second, and only while it works. This
module never draws what was found.
"""

import contextlib
import time

import streamlit as st

from cnnlab.claims.claim import Claim
from cnnlab.claims.experiments import Experiment, find_experiment, list_experiments, start_experiment
from cnnlab.runs import store
from cnnlab.specs.base import Spec
from cnnlab.ui import frame, learn_settings, nav, run_parts, text

POLL_SECONDS = 1.0


def experiment(claim: Claim) -> Experiment | None:
    """Draw the experiment as far as its start; returns it once it has finished with the settings of the form."""
    frame.section("The experiment")
    settings = learn_settings.edit(claim).spec
    if settings is None or not learn_settings.has_what_it_needs(claim, settings):
        st.button("Measure", type="primary", icon=":material/science:", key="learn-start", disabled=True)
        return None
    found = find_experiment(claim.id, settings)
    state = found.state if found is not None else None
    if state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS)(found)
        return None
    if state == "failed":
        frame.problem(found.message)
    with st.container(horizontal=True, vertical_alignment="center"):
        _start_button(claim, settings, state=state)
        _what_else_runs(claim)
    return found if state == "finished" else None


def _start_button(claim: Claim, settings: Spec, *, state: str | None) -> None:
    label, icon = {
        "finished": ("Measure again", ":material/refresh:"),
        "failed": ("Try again", ":material/refresh:"),
    }.get(state, ("Measure", ":material/science:"))
    kind = "secondary" if state == "finished" else "primary"
    if st.button(label, icon=icon, type=kind, key="learn-start"):
        with frame.errors_as_text():
            start_experiment(claim.id, settings)
            learn_settings.remember(claim.id, settings)
            st.rerun()
    if state == "cancelled":
        st.markdown(":gray[It was cancelled.]", width="content")


def _what_else_runs(claim: Claim) -> None:
    """Say what the experiment would have to share the machine with."""
    others = [other for other in list_experiments() if other.state == "running"]
    if store.list_runs(states=run_parts.LIVE):
        st.markdown(":gray[A run is using this machine now; it will take longer.]", width="content")
    elif others:
        st.markdown(":gray[Another experiment is under way; this one would wait for it.]", width="content")
    for other in others:
        settings = other.settings()
        if other.claim == claim.id and settings is not None:
            used = learn_settings.in_words(claim, settings, changed_only=True)
            nav.button(
                "learn",
                label=f"Watch the one with {text.escape(used, limit=80)}",
                key=f"learn-watch-{other.key}",
                quiet=True,
                icon=":material/visibility:",
                **learn_settings.address(claim.id, settings),
            )


def _watch(found: Experiment) -> None:
    if not found.exists or found.state != "running":
        st.rerun()
    activity, share = found.progress()
    # Loading TensorFlow cannot be interrupted, so the end may take some seconds to come.
    ending = found.is_cancelled
    seconds = text.duration(round(max(0.0, time.time() - found.started_at)))
    said = "Ending" if ending else text.escape(activity)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share or 0.0, text=f"{said} · {seconds}")
        st.button(
            "Cancel",
            icon=":material/close:",
            key="learn-cancel",
            type="tertiary",
            on_click=_cancel,
            args=(found,),
            disabled=ending,
        )


def _cancel(found: Experiment) -> None:
    """Ask it to end; its folder may be gone already. It draws nothing: that would blank the page."""
    with contextlib.suppress(OSError):
        found.cancel()
