"""The moving part of a run: four figures, and the curves with what one may set about them.

What is drawn comes from `charts.live`; this module never computes a curve.
"""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from cnnlab.charts.live import live_payload
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Status
from cnnlab.runs.tail import EventTail
from cnnlab.ui import text
from cnnlab.ui.live_chart import live_chart

LIVE_TOGGLE = "run-live"
CHARTS = {"loss": "Loss", "accuracy": "Accuracy", "learning_rate": "Learning rate"}

METRICS = (
    ("loss", "Training loss", "inverse"),
    ("val_loss", "Validation loss", "inverse"),
    ("accuracy", "Training accuracy", "normal"),
    ("val_accuracy", "Validation accuracy", "normal"),
)
"""Column of the epochs, label, and which direction of change is good."""
CARD_HEIGHT = 118
"""Pixels; fixed, so that nothing below jumps when the first change is known."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How somebody wants to see the curves."""

    charts: tuple[str, ...]
    smoothing: float
    """Share of the past in each smoothed value, 0 (none) to 0.99."""
    log_scale: bool


def metrics(tail: EventTail) -> None:
    """Draw the scores of the last epoch, each with its change since the one before."""
    epochs, steps = tail.epochs, tail.steps
    with st.grid(4, min_column_width=150):
        for column, label, direction in METRICS:
            # Before the first epoch is scored, what the last steps said is better than nothing.
            known = epochs if len(epochs) or column not in steps else steps.tail(1)
            value, change = _last(known[column])
            write = text.percent if "accuracy" in column else text.decimal
            st.metric(
                label,
                write(value),
                delta=_signed(change, column),
                delta_color=direction,
                border=True,
                height=CARD_HEIGHT,
            )


def options(*, follows: bool) -> Options:
    """Draw what one may set about the curves; `follows` says whether there is anything to follow."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        charts = st.pills(
            "Curves",
            CHARTS,
            selection_mode="multi",
            default=["loss", "accuracy"],
            format_func=CHARTS.get,
            key="run-charts",
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.6,
            step=0.01,
            key="run-smoothing",
            width=200,
            help="How much of the past is in each value of the training line; the pale line is what was measured.",
        )
        log_scale = st.toggle("Log scale", key="run-log-scale", help="Of the loss and of the learning rate.")
        if follows:
            st.toggle(
                "Live", value=True, key=LIVE_TOGGLE, help="Off: everything stands still until it is on again."
            )
    return Options(charts=tuple(charts), smoothing=smoothing, log_scale=log_scale)


def charts(folder: RunFolder, tail: EventTail, options: Options, *, status: Status, follows: bool) -> None:
    """Draw the chosen curves side by side; on a narrow screen below each other."""
    epochs, steps, phases = tail.epochs, tail.steps, tail.phases
    with st.grid(2, min_column_width=320):
        for name in options.charts:
            payload = live_payload(
                epochs,
                steps,
                phases,
                metric=name,
                run=folder.id,
                smoothing=options.smoothing,
                log_scale=options.log_scale,
                steps_per_epoch=status.steps / status.epochs if status.epochs and status.steps else None,
                epochs_planned=status.epochs if follows else None,
            )
            with st.container(border=True):
                live_chart(payload, key=f"curve-{folder.id}-{name}")


def _last(values: pd.Series) -> tuple[float | None, float | None]:
    """The last value and its change since the one before; None where there is none."""
    known = values.dropna()
    if known.empty:
        return None, None
    last = float(known.iloc[-1])
    return last, last - float(known.iloc[-2]) if len(known) > 1 else None


def _signed(change: float | None, column: str) -> str | None:
    if change is None:
        return None
    return f"{100 * change:+.1f} points" if "accuracy" in column else f"{change:+.3f}"
