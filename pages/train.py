"""Train: choose a dataset and a network, set how it learns, start a run, and watch it."""

import streamlit as st

from cnnlab.ui import frame, queue_panel, run_view, train_setup

run_id = st.query_params.get("run")
if run_id:
    with frame.page("Train"):
        run_view.run(run_id)
else:
    with frame.page("Train", lead="Choose pictures and a network, set how it learns, and watch the curves."):
        queue_panel.under_way()
        train_setup.setup()
