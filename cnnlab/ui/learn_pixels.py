"""The choice of a small picture to work on by hand, shared by the claims that do: a pattern, a shape, a digit, one's own.

A picture that was chosen may be painted over; it stays when another claim is opened. This module
never works anything out.
"""

from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import streamlit as st

from cnnlab.claims.small_pictures import PATTERNS_NAME, load_small_picture, subjects, write_picture
from cnnlab.data.library import list_datasets
from cnnlab.specs.base import Spec
from cnnlab.ui import forms, frame, learn_settings, text
from cnnlab.ui.learn_address import read_address

S = TypeVar("S", bound=Spec)

PICTURE = "learn-picture"
"""The picture that is worked on, as text; in the session."""
CHOSEN = "learn-picture-chosen"
"""What was chosen last: source, subject and number."""
READY = {PATTERNS_NAME: "Patterns", "shapes": "Shapes", "digits": "Digits"}


def start(model: type[S], *, key: str) -> S:
    """The settings that were worked on last, or that the address holds, or the usual ones; with the picture at hand.

    Args:
        model: Settings with a field `picture`.
        key: Where they are kept in the session.
    """
    settings = st.session_state.get(key)
    if settings is None:
        settings = model.create({})
        with frame.errors_as_text():
            settings = model.create(read_address(model))
        if PICTURE in st.session_state and "picture" not in st.query_params:
            return settings.with_changes(picture=st.session_state[PICTURE])
        paint(settings.picture)
        return settings
    return settings.with_changes(picture=st.session_state.get(PICTURE, settings.picture))


def paint(picture: str) -> None:
    """Take over what somebody painted."""
    st.session_state[PICTURE] = picture


def choose(settings: S) -> S:
    """Draw the choice; another one is loaded at once, and painting over it starts from there."""
    names = READY | {dataset.id: dataset.name for dataset in list_datasets()}
    grid = st.grid(3, min_column_width=forms.NARROWEST_INPUT_PIXELS, vertical_alignment="bottom")
    with grid.cell():
        source = st.selectbox(
            "Picture from",
            list(names),
            key="learn-picture-source",
            format_func=lambda id: text.shorten(names[id], limit=80),
        )
    with frame.errors_as_text():
        found = subjects(source)
        with grid.cell():
            # Classes are told apart by position: two datasets, or two classes of one, may share a name.
            subject = st.selectbox(
                "It shows",
                range(len(found)),
                index=None,
                key=f"learn-picture-subject-{source}",
                format_func=lambda label: text.shorten(found[label], limit=80),
                placeholder="Choose",
            )
        with grid.cell():
            number = _number(disabled=subject is None or source == PATTERNS_NAME)
        _load(source, subject, number)
    return settings.with_changes(picture=st.session_state[PICTURE])


def share(claim: str, settings: Spec) -> None:
    """Draw the way to keep or send what is on the screen: a link that holds all of it."""
    with st.popover("Link", icon=":material/link:", key=f"learn-link-{claim}"):
        here = urlsplit(st.context.url or "")
        query = urlencode(learn_settings.address(claim, settings))
        st.code(here._replace(query=query, fragment="").geturl(), language=None, wrap_lines=True, height=130)
        st.caption("It holds all that is set here, and opens it in any cnnlab at this address.")


def _number(*, disabled: bool) -> int:
    """Draw the button for another picture of the same kind; returns which one is on."""
    key = "learn-picture-number"
    if st.button("Another one", key="learn-picture-another", icon=":material/casino:", disabled=disabled):
        st.session_state[key] = st.session_state.get(key, 0) + 1
    return st.session_state.get(key, 0)


def _load(source: str, subject: int | None, number: int) -> None:
    chosen = (source, subject, number)
    if subject is None or st.session_state.get(CHOSEN) == chosen:
        return
    st.session_state[CHOSEN] = chosen
    paint(write_picture(load_small_picture(source, subject, number=number)))
