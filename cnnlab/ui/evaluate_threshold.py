"""When a run should say nothing: the threshold of confidence that validation recommends, checked on test.

This module never computes a score.
"""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from cnnlab.charts import figures
from cnnlab.data.splits import TEST, VALIDATION
from cnnlab.evaluation.calibration import apply_temperature
from cnnlab.evaluation.judged import JudgedSplit, both_splits
from cnnlab.evaluation.judging_words import threshold_words
from cnnlab.evaluation.thresholds import Answered, answered_above, coverage_curve, recommend
from cnnlab.ui import frame, text

WANTED_PERCENT = (80, 90, 95, 98, 99, 99.5)
USUAL_PERCENT = 95


def draw(judged: JudgedSplit, *, temperature: float) -> None:
    """Draw what a threshold leaves, and the one that validation recommends.

    Args:
        judged: The run, on either split.
        temperature: What calibrates its confidences; 1 leaves them as they are.
    """
    frame.section(
        "When to say nothing",
        lead="Below a threshold of confidence the answer is left to a person: fewer answers, more of them right.",
    )
    wanted, temperature = _asked(temperature)
    splits = _both(judged, judged.key)
    sure = {split: _confidence(each, each.key, temperature) for split, each in splits.items()}
    found = None
    if VALIDATION in splits:
        found = recommend(sure[VALIDATION], splits[VALIDATION].correct, wanted=wanted / 100)
        checked = None
        other = next((split for split in splits if split != VALIDATION), TEST)
        if found and other in splits:
            checked = answered_above(sure[other], splits[other].correct, threshold=found.threshold)
        frame.words(*threshold_words(found, checked, wanted=wanted / 100, split=other))
    suggested = round(100 * found.threshold, 1) if found else 0.0
    threshold = st.slider(
        "Threshold: lowest confidence of an answer",
        0.0,
        100.0,
        suggested,
        step=0.1,
        format="%.1f %%",
        # Another recommendation is where the slider starts from; a hand that moved it stays until then.
        key=f"evaluate-threshold-{judged.run.id}-{temperature:.3f}-{suggested}",
    )
    _curves(splits, sure, threshold=round(threshold / 100, 3), wanted=wanted / 100)


def _asked(temperature: float) -> tuple[float, float]:
    """Ask how many answers should be right, in percent, and of which confidences; returns their temperature too."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        wanted = st.segmented_control(
            "Answers that should be right",
            WANTED_PERCENT,
            default=USUAL_PERCENT,
            required=True,
            format_func=lambda percent: f"{percent:g} %",
            key="evaluate-wanted",
        )
        calibrated = temperature != 1.0 and st.toggle(
            "Calibrated confidence", value=True, key="evaluate-calibrated"
        )
    return wanted, temperature if calibrated else 1.0


def _curves(
    splits: Mapping[str, JudgedSplit], sure: Mapping[str, np.ndarray], *, threshold: float, wanted: float
) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True):
        curves = {split: coverage_curve(sure[split], each.correct) for split, each in splits.items()}
        figure = figures.coverage_curves(curves, threshold=threshold, wanted=wanted)
        st.plotly_chart(
            figure, key="evaluate-coverage", alt="Accuracy of the answers against how many there are"
        )
    with right:
        frame.figures(
            {
                split.capitalize(): _rows(answered_above(sure[split], each.correct, threshold=threshold))
                for split, each in splits.items()
            }
        )


def _rows(answered: Answered) -> dict[str, str]:
    interval = answered.interval
    return {
        "Answered": f"{answered.answered:,} of {answered.pictures:,}",
        "Share answered": text.percent(answered.coverage),
        "Right": text.count(answered.right),
        "Wrong": text.count(answered.answered - answered.right),
        "Right of the answers": text.percent(answered.accuracy),
        "95 % interval": f"{text.percent(interval[0])} to {text.percent(interval[1])}" if interval else "–",
    }


@st.cache_resource(max_entries=32, show_spinner=False)
def _confidence(_judged: JudgedSplit, key: tuple[str, str, int], temperature: float) -> np.ndarray:
    return apply_temperature(_judged.probabilities, temperature).max(axis=1)


@st.cache_resource(max_entries=8, show_spinner=False)
def _both(_judged: JudgedSplit, key: tuple[str, str, int]) -> dict[str, JudgedSplit]:
    return both_splits(_judged)
