"""The Python of what is built on the Build page: the same network, with a recipe that one may choose.

This module never writes a line of it: `models.code` does.
"""

import streamlit as st

from cnnlab.models.anatomy import Anatomy
from cnnlab.models.code import write_code
from cnnlab.specs.training import ScratchTraining
from cnnlab.ui import forms
from cnnlab.ui.build_draft import Draft

RECIPE = ("epochs", "learning_rate", "optimizer", "schedule", "label_smoothing", "balance_classes")
"""Settings of training that the Python has, beside the page's batch size."""


def code(draft: Draft, *, anatomy: Anatomy, batch_size: int) -> None:
    """Draw the Python that builds and trains the same network, once it is asked for."""
    # What is closed is not drawn: every edit would wait for it.
    with st.expander(
        "The same network as Python", icon=":material/code:", key="build-code", on_change="rerun"
    ) as shown:
        if not shown.open:
            return
        if not anatomy.works:
            st.caption("The Python appears here once the network can work.")
            return
        st.caption(
            "It builds the very same model, reads pictures from a folder with one folder a class, and trains by the "
            "recipe below, which begins as the lesson's. It needs Keras and TensorFlow, and no cnnlab."
        )
        recipe = forms.edit(ScratchTraining, key="build-recipe", only=RECIPE)
        if not recipe.spec:
            return
        source = write_code(draft.network, training=recipe.spec.with_changes(batch_size=batch_size))
        st.download_button(
            "Download Python", source, "network.py", "text/x-python", key="build-python", on_click="ignore"
        )
        st.code(source, language="python", height=400)
