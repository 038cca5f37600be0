"""The settings of a claim that is worked out on the page, where a slider is drawn along: kept in the session, not in the address.

The address lags behind a slider that moves, and a form that followed it would jump back. This module never
works anything out.
"""

import streamlit as st

from cnnlab.claims.claim import Claim
from cnnlab.specs.base import Spec
from cnnlab.ui import forms, frame
from cnnlab.ui.learn_address import read_address


def edit(claim: Claim, *, columns: int) -> Spec:
    """Draw the settings: those of this session, else those of the address, else the usual ones; return them as they are now.

    Args:
        claim: Whose settings.
        columns: Most inputs side by side.
    """
    key = f"learn-{claim.id}"
    start = f"{key}-start"
    if key not in st.session_state:
        st.session_state[key] = claim.settings()
        with frame.errors_as_text():
            st.session_state[key] = claim.settings.create(read_address(claim.settings))
    # A slider whose start changes while it moves jumps back, so the start changes only when the inputs are new.
    if not any(f"{key}-{name}" in st.session_state for name in claim.settings.model_fields):
        st.session_state[start] = st.session_state[key]
    form = forms.Form(claim.settings, key=key, values=st.session_state[start])
    form.draw(columns=columns)
    st.session_state[key] = form.result().spec or st.session_state[key]
    return st.session_state[key]
