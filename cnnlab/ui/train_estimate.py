"""Time, memory and disk of a run before it starts, where the figures are from, and what else could be done.

Everything comes from `training.planning.estimate`; a button measures with a few trial batches. This module never
starts a run, and changes a setting only when somebody presses the button that says so.
"""

import streamlit as st

from cnnlab.training.planning.estimate import Alternative, Part, estimate_run
from cnnlab.ui import forms, frame, text, train_trials
from cnnlab.ui.train_choice import FORMS, Choice

BASES = {
    "measured": (":material/straighten:", "Measured on this machine, with trial batches of this very run."),
    "calibrated": (
        ":material/speed:",
        "From a calibration of this machine; trial batches would tell better.",
    ),
    "rough": (":material/help:", "Rough: nothing was measured on this machine yet."),
}
"""Icon and sentence of what an estimate rests on."""
ALREADY_THERE = ":green[already\N{NO-BREAK SPACE}computed]"


def time_and_room(choice: Choice) -> None:
    """Draw how long the run will take, of which parts, how much memory and disk it needs, and how that is known."""
    spec = choice.run()
    estimate = estimate_run(spec, choice.dataset)
    for sentence in estimate.problems:
        frame.warning(sentence)
    about = text.about(estimate.seconds)
    st.markdown(f"#### :material/schedule: {about[0].upper()}{about[1:]}, at most")
    frame.figures({"Time": {text.escape(part.label): _time(part) for part in estimate.parts}})
    st.markdown(
        f":small[:gray[:material/memory: {text.file_size(estimate.memory_bytes)} of memory &ensp; "
        f":material/hard_drive: {text.file_size(estimate.disk_bytes)} of disk]]"
    )
    icon, sentence = BASES[estimate.basis]
    st.caption(f"{icon} {sentence}")
    if estimate.basis != "measured":
        train_trials.trial(
            spec,
            kind="timing",
            start="Measure with a few trial batches",
            icon=":material/straighten:",
            sentence="Runs a few batches of each part, and forgets what was learned. Takes some seconds; the first time "
            "on a machine up to a minute, because the machine itself is measured too.",
        )


def _time(part: Part) -> str:
    return ALREADY_THERE if part.already_there else text.about(part.seconds).removeprefix("about ")


def alternatives(choice: Choice) -> None:
    """Draw what else could be run, with its time, and a button that changes the settings to it."""
    if not choice.alternatives:
        return
    st.markdown("**Other ways, and their time**")
    with st.container(gap="xxsmall", key="train-alternatives"):
        for number, row in enumerate(choice.alternatives):
            with st.container(horizontal=True, vertical_alignment="center", key=f"train-way-{number}"):
                _alternative(row, number=number, form=FORMS[choice.training.kind])


def _alternative(row: Alternative, *, number: int, form: str) -> None:
    fits = not row.estimate.problems
    warned = "" if fits else " :orange[:material/warning:]"
    st.markdown(
        f"{text.escape(row.label)}{warned}  \n:small[:gray[{text.about(row.estimate.seconds)}]]",
        width="stretch",
        help=None if fits else text.escape(" ".join(row.estimate.problems), limit=frame.ERROR_LIMIT),
    )
    if row.chosen:
        st.badge("chosen", icon=":material/check:", color="green")
        return
    st.button(
        "Take it",
        key=f"train-take-{number}",
        type="tertiary",
        on_click=forms.take,
        args=(form, dict(row.changes)),
    )
