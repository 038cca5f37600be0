"""Whether a run is as sure as it is right: reliability, and the temperature that mends it.

The temperature is fitted on validation and kept with the run, for the Predict page too. This module
never computes a score.
"""

import streamlit as st

from cnnlab.charts import figures
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.calibration import Calibration, apply_temperature, calibrate
from cnnlab.evaluation.judged import JudgedSplit
from cnnlab.evaluation.judging_words import certainty_words, temperature_words
from cnnlab.evaluation.reliability import Bins, Certainty, certainty
from cnnlab.ui import evaluate_threshold, frame, text

GROUPS = {"width": "Equally wide", "mass": "Equally full"}


def draw(judged: JudgedSplit) -> None:
    """Draw how sure a judged run is, and how far that can be trusted."""
    st.fragment(_draw)(judged)


def _draw(judged: JudgedSplit) -> None:
    with frame.errors_as_text():
        try:
            calibration = calibrate(judged.run)
        except EvaluationError as error:
            frame.warning(f"No temperature can be fitted: {error}")
            calibration = None
        _reliability(judged, calibration)
        evaluate_threshold.draw(judged, temperature=calibration.temperature if calibration else 1.0)


def _reliability(judged: JudgedSplit, calibration: Calibration | None) -> None:
    equal = st.segmented_control(
        "Groups of pictures",
        GROUPS,
        default="width",
        required=True,
        format_func=GROUPS.get,
        key="evaluate-groups",
        help="Pictures are grouped by how sure the run was: in steps of ten percent, or ten groups of as many pictures each.",
    )
    before = _certainty(judged, judged.key, 1.0, equal)
    after = _certainty(judged, judged.key, calibration.temperature, equal) if calibration else None
    words = certainty_words(before, after, calibration, split=judged.split, pictures=len(judged))
    frame.words(*words)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True):
        figure = figures.reliability_diagram(
            before.groups, split=judged.split, calibrated=after.groups if after else None
        )
        st.plotly_chart(
            figure, key="evaluate-reliability", alt="How often it is right against how sure it is"
        )
    with right:
        columns = {"As the model says": _rows(before)}
        if after and calibration:
            columns["Calibrated"] = _rows(after)
        frame.figures(columns)
        if calibration:
            words = temperature_words(calibration)
            frame.card(
                "Temperature",
                text.decimal(calibration.temperature, digits=2),
                text.escape(" ".join(words), limit=600),
            )
            st.caption("It is kept with the run, for the Predict page too.")


def _rows(found: Certainty) -> dict[str, str]:
    return {
        "Sure, on average": text.percent(found.confidence),
        "Right": text.percent(found.accuracy),
        "Expected calibration error": text.percent(found.error),
        "By chance alone up to": text.percent(found.by_chance),
        "Largest error of a group": text.percent(found.largest),
        "Log loss": text.decimal(found.log_loss),
    }


@st.cache_resource(max_entries=32, show_spinner=False)
def _certainty(_judged: JudgedSplit, key: tuple[str, str, int], temperature: float, equal: Bins) -> Certainty:
    probabilities = apply_temperature(_judged.probabilities, temperature)
    return certainty(probabilities, _judged.labels, equal=equal)
