"""What the race of backbones has measured on a dataset: a recommendation within limits, a chart, a table.

Measured figures stand beside published ones and never under the same heading. This module never
measures anything.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from cnnlab.charts import figures
from cnnlab.data.library import Dataset
from cnnlab.evaluation.race import Entry, Limits, Recommendation, comparable, frontier, recommend
from cnnlab.evaluation.race_words import BYTES_PER_MB, name_of
from cnnlab.models.backbones import BACKBONES
from cnnlab.runs.measurements import Measurement, list_measurements
from cnnlab.ui import frame, nav, text

OPEN_CLICK = "race-measured-row"


def measured_on(dataset: Dataset) -> list[Measurement]:
    """What was measured on the newest version of this dataset that anything was measured on."""
    return comparable(list_measurements(dataset_id=dataset.id))


def pretrained(measurements: Sequence[Measurement]) -> dict[str, Measurement]:
    """The newest measurement of each backbone with its ImageNet weights, for the comparison with published figures."""
    oldest_first = sorted(measurements, key=lambda measurement: measurement.measured_at)
    return {
        measurement.backbone: measurement for measurement in oldest_first if measurement.weights == "imagenet"
    }


def draw(dataset: Dataset, measurements: Sequence[Measurement]) -> None:
    """Draw everything that was measured, or say what to do first."""
    if not measurements:
        st.markdown(
            f":gray[Nothing is measured on {text.escape(dataset.name, limit=80)} yet. Start a race: what it finds "
            "is kept, and shown here and in the table below.]"
        )
        return
    left, right = st.columns([5, 8], gap="medium")
    with left, st.container(border=True):
        limits = _choose_limits()
        _recommendation(recommend(measurements, limits=limits), dataset)
    entries = frontier(measurements)
    with right, st.container(border=True):
        st.plotly_chart(
            figures.race(_racers(entries), dataset=dataset.name, latency_limit_ms=limits.latency_ms),
            key="race-chart",
            alt="Measured accuracy against time of one picture, with the frontier",
        )
    _table(entries, dataset)


def _choose_limits() -> Limits:
    st.markdown("**Which one to take**")
    left, right = st.columns(2)
    shared: dict[str, Any] = {"value": None, "min_value": 0.1, "step": 5.0, "format": "%g"}
    size = left.number_input(
        "At most, MB",
        placeholder="any size",
        help="Of the model's file, as it is taken away. Empty: any.",
        key="race-limit-size",
        **shared,
    )
    latency = right.number_input(
        "At most, ms a picture",
        placeholder="any time",
        help="Median on this machine, one picture at a time. Empty: any.",
        key="race-limit-latency",
        **shared,
    )
    return Limits(size_mb=size, latency_ms=latency)


def _recommendation(found: Recommendation, dataset: Dataset) -> None:
    sentence = text.escape(found.sentence, limit=frame.ERROR_LIMIT)
    if found.winner is None:
        st.warning(sentence, icon=":material/block:")
        return
    st.success(sentence, icon=":material/trophy:")
    if found.winner.weights == "imagenet":
        nav.button(
            "train",
            label=f"Train with {text.escape(name_of(found.winner))}",
            key="race-train",
            network=f"backbone:{found.winner.backbone}",
            dataset=dataset.id,
        )


def _racers(entries: Sequence[Entry]) -> pd.DataFrame:
    """The table that the chart is drawn from."""
    return pd.DataFrame(
        [
            {
                "label": name_of(entry.measurement),
                "accuracy": entry.measurement.accuracy,
                "accuracy_low": entry.measurement.accuracy_low,
                "accuracy_high": entry.measurement.accuracy_high,
                "latency_ms": entry.measurement.latency_p50_ms,
                "latency_p95_ms": entry.measurement.latency_p95_ms,
                "size_mb": entry.measurement.lite_bytes / BYTES_PER_MB,
                "on_frontier": entry.on_frontier,
                "random_weights": entry.measurement.weights == "random",
            }
            for entry in entries
        ]
    )


def _table(entries: Sequence[Entry], dataset: Dataset) -> None:
    entries = sorted(entries, key=lambda entry: -entry.measurement.accuracy)
    st.dataframe(
        pd.DataFrame([_line(entry) for entry in entries]),
        hide_index=True,
        key=f"race-measured-{dataset.id}",
        placeholder="–",
        column_config=_columns(),
        alt="Measured figures of each backbone beside the published ones",
    )
    newest = max(entries, key=lambda entry: entry.measurement.measured_at).measurement
    old = newest.dataset_version != dataset.version
    st.caption(
        f"Measured on {text.escape(newest.dataset_name, limit=80)}, version {newest.dataset_version}"
        f"{f' (version {dataset.version} is not measured yet)' if old else ''}, on {text.escape(newest.machine)}, "
        f"last {_moment(newest):%d %b %Y, %H:%M}. Accuracy: of a head on frozen features. "
        "Published figures are of ImageNet, from their source; – : nothing was published or measured."
    )
    click = st.session_state.get(OPEN_CLICK)
    if click and click.row < len(entries):
        nav.go("train", run=entries[click.row].measurement.run_id)


def _line(entry: Entry) -> dict[str, Any]:
    measured = entry.measurement
    published = BACKBONES.get(measured.backbone)
    return {
        "open": ":material/open_in_new:",
        "backbone": name_of(measured),
        "frontier": "★ yes" if entry.on_frontier else None,
        **here(measured),
        "p95": measured.latency_p95_ms,
        "pictures": measured.pictures_per_second,
        "predicting": measured.predict_peak_bytes / BYTES_PER_MB,
        "training": measured.training_peak_bytes / BYTES_PER_MB,
        "preparation": measured.preparation_seconds,
        "feature_extraction": measured.feature_extraction_seconds,
        "fine_tuning": measured.fine_tuning_seconds,
        "top1": published.top1_percent if published else None,
        "size_mb": published.size_mb if published else None,
        "source": published.source if published else None,
        "method": f"{measured.method}, {measured.num_pictures:,} pictures",
        "measured_at": _moment(measured),
    }


def here(measured: Measurement) -> dict[str, Any]:
    """The measured figures that the comparison of all backbones shows too, for `HERE_COLUMNS`."""
    return {
        "Here: accuracy": 100.0 * measured.accuracy,
        "Here: interval": f"{100 * measured.accuracy_low:.1f} – {100 * measured.accuracy_high:.1f}",
        "Here: time": measured.latency_p50_ms,
        "Here: size": measured.lite_bytes / BYTES_PER_MB,
    }


def _moment(measured: Measurement) -> datetime:
    return datetime.fromtimestamp(measured.measured_at).astimezone()


def here_columns() -> dict[str, Any]:
    """How the columns of `here` look."""
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "Here: accuracy": number(
            "Here: accuracy, %", format="%.1f", help="Of a head on frozen features, on your own pictures."
        ),
        "Here: interval": words("Here: 95 %", help="Interval of 95 % of that accuracy."),
        "Here: time": number(
            "Here: ms a picture", format="%.1f", help="Median time of one picture on this machine."
        ),
        "Here: size": number("Here: MB", format="%.1f", help="Size of the model's file with its head."),
    }


def _columns() -> Mapping[str, Any]:
    number, words = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "open": st.column_config.ButtonColumn(
            "", key=OPEN_CLICK, width=46, help="Open the run that measured it"
        ),
        "backbone": words("Backbone", pinned=True),
        "frontier": words("Frontier", help="No other is both faster and more accurate."),
        **here_columns(),
        "p95": number("Here: ms, p95", format="%.1f", help="19 of 20 pictures take no longer."),
        "pictures": number("Here: pictures/s", format="%.0f", help="One after the other."),
        "predicting": number("Here: MB to predict", format="%.0f", help="Peak memory of predicting."),
        "training": number("Here: MB to train", format="%.0f", help="Peak memory of the run."),
        "preparation": number(
            "Here: s to prepare", format="%.1f", help="Answers of the frozen backbone, once."
        ),
        "feature_extraction": number("Here: s, phase 1", format="%.1f", help="Feature extraction."),
        "fine_tuning": number("Here: s, phase 2", format="%.1f", help="Fine-tuning."),
        "top1": number("Published: top-1, %", format="%.1f", help="On ImageNet."),
        "size_mb": number("Published: MB", format="%.0f", help="With the top of 1000 classes."),
        "source": words("Source", help="Of the published figures."),
        "method": words("Judged by"),
        "measured_at": st.column_config.DatetimeColumn("Measured", format="D MMM YYYY, HH:mm"),
    }
