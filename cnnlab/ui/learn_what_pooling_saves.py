"""The claim "what pooling saves" on the screen: the size of pictures, a table of all four networks, and charts.

This module never works anything out: `claims.what_pooling_saves` does.
"""

import streamlit as st

from cnnlab.claims.claim import Claim
from cnnlab.claims.what_pooling_saves import WhatPoolingSaves, compare, work_out
from cnnlab.ui import frame, learn_answer, learn_pixels, learn_sliders, text


@st.fragment
def draw(claim: Claim) -> None:
    """Draw the claim; every edit is answered at once."""
    settings = learn_sliders.edit(claim, columns=1)
    answer = work_out(settings)
    st.markdown(f"**{answer.sentence}**")
    learn_answer.numbers(answer)
    frame.figures(_table(settings))
    st.caption("Memory is what all layers put out for one picture, as float32.")
    learn_answer.charts(answer.charts)
    st.markdown(answer.meaning)
    learn_pixels.share(claim.id, settings)


def _table(settings: WhatPoolingSaves) -> dict[str, dict[str, str]]:
    """One column a figure, one row a network."""
    found = {
        f"{bridge}, {pooling}": anatomy
        for (bridge, pooling), anatomy in compare(image_size=settings.image_size).items()
    }
    return {
        "Parameters": {name: f"{each.parameters:,}" for name, each in found.items()},
        "Multiply-adds": {name: f"{each.multiply_adds:,}" for name, each in found.items()},
        "Receptive field": {name: f"{each.receptive_field} px" for name, each in found.items()},
        "Memory": {name: text.file_size(each.activation_bytes) for name, each in found.items()},
    }
