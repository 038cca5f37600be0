"""The Learn page: the statements of the lesson in its order, and one of them with its experiment.

This module never measures anything: a worker does, or the drawing of a claim that is worked by hand.
"""

from collections.abc import Callable
from types import MappingProxyType

import streamlit as st

from cnnlab.claims.claim import Claim
from cnnlab.claims.experiments import Experiment, list_experiments
from cnnlab.claims.table import CLAIMS, find_claim
from cnnlab.errors import ClaimError
from cnnlab.ui import (
    frame,
    learn_answer,
    learn_convolution_by_hand,
    learn_earlier,
    learn_experiment,
    learn_parameter_explosion,
    learn_pooling_by_hand,
    learn_quiz,
    learn_settings,
    learn_what_pooling_saves,
    nav,
)

BY_HAND: MappingProxyType[str, Callable[[Claim], None]] = MappingProxyType(
    {
        "parameter_explosion": learn_parameter_explosion.draw,
        "convolution_by_hand": learn_convolution_by_hand.draw,
        "pooling_by_hand": learn_pooling_by_hand.draw,
        "what_pooling_saves": learn_what_pooling_saves.draw,
        "quiz": learn_quiz.draw,
    }
)
"""How claims without an experiment are worked by hand."""

INTRO = (
    "Each card is one statement of a lesson on convolutional networks. Open it, press a button, and a small experiment "
    "says whether it is so: on shapes and digits that are always here, or on your own pictures. What was measured "
    "is kept, with its settings."
)


def chosen() -> Claim | None:
    """The claim that the address names; None is all of them."""
    name = st.query_params.get("claim")
    if not name:
        return None
    try:
        return find_claim(name)
    except ClaimError as error:
        frame.warning(error)
        return None


def overview() -> None:
    """Draw all claims as cards, in the lesson's order."""
    measured: dict[str, list[Experiment]] = {}
    for experiment in list_experiments():
        measured.setdefault(experiment.claim, []).append(experiment)
    grid = st.grid(3, min_column_width=300)
    for number, claim in enumerate(CLAIMS.values(), start=1):
        with grid.container(border=True, height="stretch", key=f"learn-card-{claim.id}"):
            _card(claim, number=number, newest=learn_settings.latest(measured.get(claim.id, [])))


def draw(claim: Claim) -> None:
    """Draw one claim: what the lesson says, the experiment, what it found, and the way to the next one."""
    _place(claim)
    shown = None
    if claim.measure is None:
        _statement(claim)
        BY_HAND[claim.id](claim)
    else:
        left, right = st.columns([4, 5], gap="medium")
        with left:
            _statement(claim)
        with right, st.container(border=True, height="stretch"):
            shown = learn_experiment.experiment(claim)
        if shown is not None:
            frame.section("What was measured")
            learn_answer.draw(shown)
    learn_earlier.earlier(claim, shown=shown)
    _neighbours(claim)


def _card(claim: Claim, *, number: int, newest: Experiment | None) -> None:
    st.markdown(f"##### :gray-badge[{number}]&nbsp; {claim.title}")
    st.markdown(f":gray[{claim.says}]")
    settings = newest.settings() if newest is not None else None
    answer = newest.answer() if newest is not None else None
    st.space("stretch")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if newest is not None and newest.state == "running":
            st.badge("Measuring", icon=":material/hourglass_top:", color="blue")
        elif answer is not None:
            learn_answer.badge(answer.verdict)
        else:
            kind = "Worked by hand" if claim.measure is None else "Not measured yet"
            st.markdown(f":small[:gray[{kind}]]", width="content")
        nav.button(
            "learn",
            label="Open",
            key=f"learn-open-{claim.id}",
            icon=claim.icon,
            **learn_settings.address(claim.id, settings),
        )


def _place(claim: Claim) -> None:
    """Say where in the lesson this is, with the way back to all of it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        nav.button("learn", label="All statements", key="learn-all", quiet=True, icon=":material/arrow_back:")
        place = list(CLAIMS).index(claim.id) + 1
        st.markdown(f":gray[{place} of {len(CLAIMS)}]", width="content")


def _statement(claim: Claim) -> None:
    with st.container(border=True, height="stretch"):
        frame.section("The lesson says")
        st.markdown(claim.says)
        if claim.exactly:
            st.markdown(":small[:gray[**Exactly**]]")
            st.markdown(claim.exactly)
        st.markdown(
            ":small[:gray[**What is measured**]]" if claim.measure else ":small[:gray[**What to try**]]"
        )
        st.markdown(claim.experiment)


def _neighbours(claim: Claim) -> None:
    """Draw the way to the statement before and to the one after."""
    ids = list(CLAIMS)
    place = ids.index(claim.id)
    st.divider()
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for other, icon in ((place - 1, ":material/arrow_back:"), (place + 1, ":material/arrow_forward:")):
            if 0 <= other < len(ids):
                row = CLAIMS[ids[other]]
                nav.button(
                    "learn", label=row.title, key=f"learn-to-{row.id}", quiet=True, icon=icon, claim=row.id
                )
            else:
                st.space("small")
