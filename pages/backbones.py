"""Backbones: compare pretrained networks by what was published about them, and pick one."""

import streamlit as st

from cnnlab.charts import figures
from cnnlab.ui import backbones, frame

with frame.page(
    "Backbones", lead="Networks that learned from a million pictures; a new head makes them tell yours apart."
):
    backbones.recommendations()
    selected = backbones.chosen()
    shown = backbones.comparison(selected)
    left, right = st.columns(2, gap="medium")
    with right, st.container(border=True):
        backbones.details(selected)
    with left, st.container(border=True):
        st.plotly_chart(
            figures.backbones(shown, selected=selected.label),
            key="backbones-chart",
            alt="Accuracy against size of each backbone",
        )
