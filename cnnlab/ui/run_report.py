"""What came out of a run that has ended: the verdict, accuracies with their interval, each phase, the files.

This module never computes a score: the worker wrote them down.
"""

import pandas as pd
import streamlit as st

from cnnlab.charts import figures
from cnnlab.evaluation.predictions import FILE as PREDICTIONS
from cnnlab.runs.actions import possible_actions
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import PHASE_LABELS, PhaseResult, Report
from cnnlab.ui import bundles, frame, nav, text

DRIFT = (
    "How far each block moved, as a share of what it was. Fine-tuning at 1e-5 nudges, by well under a hundredth; where blocks "
    "move by tenths, the rate was so high that what was pretrained is being replaced."
)
LARGE_DIFFERENCE = 1e-3
"""Probabilities of the LiteRT model this far from Keras' are worth a warning."""


def outcome(folder: RunFolder, found: Report) -> None:
    """Draw what matters most: the verdict, the scores, and what one can do now."""
    st.success(text.escape(found.verdict, limit=frame.ERROR_LIMIT), icon=":material/verified:")
    _scores(found)
    with st.container(horizontal=True):
        if "predict" in possible_actions(folder):
            nav.button(
                "predict",
                label="Ask it about new pictures",
                key="report-predict",
                primary=True,
                run=folder.id,
            )
        if (folder.path / "model.keras").is_file():
            nav.button("export", label="Export the model", key="report-export", run=folder.id)
        if (folder.path / PREDICTIONS).is_file():
            nav.button("evaluate", label="See where it is wrong", key="report-evaluate", run=folder.id)
        bundles.download_button(folder.id)
        query = {"dataset": folder.spec().dataset.id}
        nav.button("train", label="Train another on these pictures", key="report-again", **query)


def details(found: Report, *, epochs: pd.DataFrame) -> None:
    """Draw the figures of each phase, how far fine-tuning moved the backbone, and what lies in the run's folder."""
    frame.section("In figures")
    frame.figures({PHASE_LABELS[phase.phase]: _phase_rows(phase) for phase in found.phases})
    if epochs["drift"].map(bool).any():
        st.plotly_chart(figures.weight_drift(epochs), key="report-drift")
        st.caption(DRIFT)
    _measured(found)
    _files(found)


def _scores(found: Report) -> None:
    interval = "There was no test split."
    if found.test_accuracy is not None and found.test_accuracy_low is not None:
        interval = (
            f"{text.percent(found.test_accuracy_low)} to {text.percent(found.test_accuracy_high)} "
            f"with 95 % confidence, {text.counted(found.num_test_pictures, 'picture')}"
        )
    cards = (
        ("Test accuracy", text.percent(found.test_accuracy), interval),
        ("Test loss", text.decimal(found.test_loss), "On pictures that training never looked at."),
        (
            "Validation accuracy",
            text.percent(found.val_accuracy),
            f"Epoch {found.best_epoch}, {PHASE_LABELS[found.best_phase].lower()}: the one that is kept.",
        ),
        (
            "Time",
            text.duration(found.seconds),
            found.machine and f"On {text.escape(found.machine, limit=80)}.",
        ),
    )
    grid = st.grid(4, min_column_width=190, border=True)
    for label, value, sentence in cards:
        with grid.cell():
            frame.card(label, value, sentence)


def _measured(found: Report) -> None:
    """Say how fast the model answers and what frozen features are worth, where the worker measured it."""
    cards = []
    if found.latency_p50_ms is not None:
        cards += [
            (
                "One picture",
                f"{found.latency_p50_ms:.1f} ms",
                f"95 of 100 within {found.latency_p95_ms:.1f} ms, through LiteRT, without decoding.",
            ),
            ("Pictures a second", f"{found.pictures_per_second:,.0f}", "One at a time."),
            (
                "Memory",
                text.file_size(found.predict_peak_bytes),
                f"To answer; training took {text.file_size(found.training_peak_bytes)}.",
            ),
        ]
    if found.folds_accuracy is not None:
        cards.append(
            (
                "Frozen features",
                text.percent(found.folds_accuracy),
                f"{text.percent(found.folds_accuracy_low)} to {text.percent(found.folds_accuracy_high)} with 95 % confidence: "
                f"{found.folds} folds, {text.counted(found.num_folds_pictures, 'picture')}.",
            )
        )
    if cards:
        frame.section("Measured on the machine that trained it")
        grid = st.grid(4, min_column_width=190, border=True)
        for label, value, sentence in cards:
            with grid.cell():
                frame.card(label, value, sentence)
    if found.measuring_message:
        frame.note(found.measuring_message)


def _phase_rows(phase: PhaseResult) -> dict[str, str]:
    return {
        "Epochs": text.count(phase.epochs),
        "Best epoch": text.count(phase.best_epoch),
        "Validation loss": text.decimal(phase.val_loss, digits=4),
        "Validation accuracy": text.percent(phase.val_accuracy),
        "Trainable parameters": text.count(phase.trainable_parameters),
        "Frozen parameters": text.count(phase.frozen_parameters),
        "Time": text.duration(phase.seconds),
    }


def _files(found: Report) -> None:
    """Say which models lie in the run's folder, and whether they agree."""
    if found.lite_message:
        frame.warning(found.lite_message)
        return
    sentence = (
        f"Keras model {text.file_size(found.keras_bytes)} · LiteRT model {text.file_size(found.lite_bytes)}"
    )
    if found.lite_largest_difference is not None:
        sentence += f" · their probabilities differ by at most {text.small(found.lite_largest_difference)} on test pictures"
        if found.lite_largest_difference > LARGE_DIFFERENCE:
            frame.warning("The LiteRT model answers differently from the Keras one; trust the Keras model.")
    st.caption(sentence)
