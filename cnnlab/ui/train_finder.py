"""The learning-rate finder on the Train page: a test that raises the rate step by step, and what it suggests.

After "Cyclical learning rates" (https://arxiv.org/abs/1506.01186). This module never trains anything.
"""

import functools

import numpy as np
import streamlit as st

from cnnlab.charts import figures
from cnnlab.specs.runs import RunSpec
from cnnlab.training.planning.trial_records import RangeCurve
from cnnlab.ui import forms, text, train_trials
from cnnlab.ui.train_choice import FORMS, RATE_FIELDS

NARROWEST_CHART_PIXELS = 260


def draw(spec: RunSpec) -> None:
    """Draw the finder: a button, its progress, or the curves with a button that takes what they suggest."""
    found = train_trials.trial(
        spec,
        kind="learning_rates",
        start="Find a learning rate",
        icon=":material/search:",
        sentence="Trains for a moment while the learning rate rises from far too small to far too large, and suggests "
        "a tenth of the rate at which the loss of training pictures is lowest. Nothing of it is kept in the run.",
    )
    if found is None:
        return
    curves = found.result().phases
    grid = st.grid(len(curves), min_column_width=NARROWEST_CHART_PIXELS)
    for curve in curves:
        with grid.cell():
            _curve(curve, form=FORMS[spec.training.kind])


def _curve(curve: RangeCurve, *, form: str) -> None:
    st.plotly_chart(_figure(curve), key=f"train-range-{curve.phase}", config={"displayModeBar": False})
    st.caption(text.escape(curve.sentence, limit=600))
    if curve.suggestion is not None:
        # Two digits are more than such a test can tell.
        rate = float(f"{curve.suggestion:.1e}")
        st.button(
            f"Use {text.small(rate)}",
            icon=":material/check:",
            key=f"train-use-{curve.phase}",
            on_click=forms.take,
            args=(form, {RATE_FIELDS[curve.phase]: rate}),
        )


# As in `train_rates`: the page is drawn at every click, the curve stays as it is.
@functools.lru_cache(maxsize=32)
def _figure(curve: RangeCurve):
    return figures.range_test(
        np.array(curve.learning_rates),
        np.array(curve.losses),
        phase=curve.phase,
        suggestion=curve.suggestion,
    )
