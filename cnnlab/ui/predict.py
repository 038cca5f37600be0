"""The first half of the Predict page: which runs are asked, and about which pictures.

What is chosen is kept in the address. This module never imports TensorFlow, and never keeps an
upload: the uploader holds it for as long as it is on the screen.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.prediction.pictures import Picture
from cnnlab.prediction.predictor import FILE, Predictor, load_predictor
from cnnlab.runs import store
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.ui import frame, predict_samples, predict_truths, predict_uploads, run_parts, text

CHOICES: dict[str, tuple[str, str]] = {
    "run": ("Run", ""),
    "other": ("Compare with", "no other run"),
    "third": ("And with", "no third run"),
}
"""What may be asked side by side, by its name in the address: its label, and what choosing none is called."""


def choose_runs() -> list[Predictor]:
    """Draw the choice of a run and of others beside it; returns what to ask, none when there is none.

    Raises:
        ModelError: The model of a chosen run cannot be read.
    """
    rows = {row.id: row for row in store.list_runs(states=run_parts.CAN_PREDICT) if _model(row.id).is_file()}
    if not rows:
        frame.empty(
            "No finished run yet",
            "Train a network first; once its run is done, ask it about new pictures here.",
            page="train",
            label="Train a network",
            icon=":material/image_search:",
        )
        return []
    chosen: list[str] = []
    for column, (name, (label, nothing)) in zip(
        st.columns(len(CHOICES), gap="medium"), CHOICES.items(), strict=True
    ):
        others = {id: row for id, row in rows.items() if id not in chosen}
        # A third run is asked for once there is a second.
        if not chosen or (others and len(chosen) == list(CHOICES).index(name)):
            with column:
                chosen += filter(None, [_choose(others, name, label=label, nothing=nothing)])
        elif name in st.query_params:
            del st.query_params[name]
    return [_predictor(id, _model(id).stat().st_mtime_ns) for id in chosen]


def choose_pictures(run_id: str, *, class_names: Sequence[str]) -> list[Picture]:
    """Draw the uploader and the way to pictures of the test split; returns what to ask about."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        pictures = predict_uploads.choose_uploads(class_names)
    with right:
        samples = predict_samples.choose_samples(run_id, class_names=class_names)
    return predict_truths.with_truths([*pictures, *samples])


def _choose(rows: dict[str, RunRow], name: str, *, label: str, nothing: str) -> str:
    """Draw one choice of a run; `nothing` is what choosing none is called, where that may be."""
    asked = st.query_params.get(name)
    if asked and asked not in rows:
        frame.warning(f"Run {asked!r} is not finished, has no model, or was deleted. Choose another.")
    options = [*([""] if nothing else []), *rows]
    chosen = st.selectbox(
        label,
        options,
        index=options.index(asked) if asked in rows else 0,
        key=f"predict-{name}",
        format_func=lambda id: text.shorten(rows[id].name, limit=80) if id else nothing,
    )
    if chosen:
        st.query_params[name] = chosen
        st.caption(_facts(rows[chosen]))
    elif name in st.query_params:
        del st.query_params[name]
    return chosen


def _facts(row: RunRow) -> str:
    accuracy = (
        f"test accuracy {text.percent(row.test_accuracy)}"
        if row.test_accuracy is not None
        else f"validation accuracy {text.percent(row.val_accuracy)}"
    )
    return (
        f"{text.escape(run_parts.network_name(row), limit=80)} · {text.escape(row.dataset_name, limit=80)} · "
        f"{accuracy} · {row.image_size} × {row.image_size} pixels"
    )


@st.cache_resource(max_entries=4, show_spinner="Opening the model")
def _predictor(run_id: str, changed: int) -> Predictor:
    # `changed` is only a part of the key: a model that was written again is opened again.
    predictor = load_predictor(workspace().runs / run_id)
    size = predictor.record.image_size
    # The first answer of an interpreter takes longer than all others; nobody should see it as the model's time.
    predictor.predict(np.zeros((size, size, 3), np.uint8))
    return predictor


def _model(run_id: str) -> Path:
    return workspace().runs / run_id / FILE
