"""The claim "parameter explosion" on the screen: sliders, how both numbers come about, and how they grow.

This module never works anything out: `claims.parameter_explosion` does.
"""

import streamlit as st

from cnnlab.claims.claim import Claim
from cnnlab.claims.parameter_explosion import work_out
from cnnlab.ui import learn_answer, learn_pixels, learn_sliders


@st.fragment
def draw(claim: Claim) -> None:
    """Draw the claim; every edit is answered at once."""
    settings = learn_sliders.edit(claim, columns=4)
    answer = work_out(settings)
    st.markdown(f"**{answer.sentence}**")
    learn_answer.numbers(answer)
    learn_answer.charts(answer.charts)
    st.markdown(answer.meaning)
    learn_pixels.share(claim.id, settings)
