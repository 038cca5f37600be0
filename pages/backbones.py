"""Backbones: race pretrained networks on your own pictures, compare them with what was published, pick one."""

import streamlit as st

from cnnlab.ui import backbones, frame, race, race_results, race_runs

with frame.page(
    "Backbones", lead="Networks that learned from a million pictures; a new head makes them tell yours apart."
):
    status = backbones.weights()
    dataset = race.setup(status)
    measured = []
    if dataset is not None:
        race_runs.under_way(dataset)
        measured = race_results.measured_on(dataset)
        race_results.draw(dataset, measured)
    frame.section("All backbones", lead="Published figures, and beside them what was measured here.")
    backbones.recommendations(status)
    selected = backbones.chosen()
    shown = backbones.comparison(selected, status=status, measured=race_results.pretrained(measured))
    left, right = st.columns(2, gap="medium")
    with right, st.container(border=True):
        backbones.details(selected, status=status[selected.name])
    with left, st.container(border=True):
        backbones.published_chart(shown, selected=selected)
