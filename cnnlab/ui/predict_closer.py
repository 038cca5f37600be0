"""The last part of the Predict page: one picture more closely. Where a run looked, and what it has seen that is like it.

LiteRT answers and NumPy weighs, here in the server; pictures are decoded in the child process. This
module never decides what is asked about.
"""

import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.data.decoding import decoding_child
from cnnlab.errors import PictureError
from cnnlab.evaluation.explanations import explain, overlay
from cnnlab.evaluation.features import find_features, start_features
from cnnlab.evaluation.heads import Head, load_head
from cnnlab.evaluation.novelty import SHOWN, Neighbours
from cnnlab.evaluation.same_pictures import find_dataset_of
from cnnlab.prediction.predictor import Predictor
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.ui import evaluate_job, frame, predict_familiarity, text
from cnnlab.ui.predict_cards import Asked

NEIGHBOUR_PIXELS = 256
NO_HEAD = (
    "Where this run looked cannot be said: its network has no maps, or it finished before cnnlab kept what is needed "
    "for it. Open Evaluate, Inside for it once, or train it again."
)
NOT_COMPUTED = "What is like it among the training pictures can be shown once their features are computed; that is done once a run."


def closer(asked: Sequence[Asked], *, predictors: Sequence[Predictor]) -> None:
    """Draw one of the pictures more closely; nothing where none could be read."""
    readable = [each for each in asked if not each.problem]
    if not readable:
        return
    frame.section("A closer look", lead="Where a run looked, and which training pictures are most like it.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox(
            "Picture",
            range(len(readable)),
            format_func=lambda place: text.shorten(readable[place].name, limit=60),
            key=f"predict-closer-{len(readable)}",
        )
        run = st.selectbox(
            "Run",
            range(len(predictors)),
            format_func=lambda run: text.shorten(predictors[run].record.name, limit=60),
            key=f"predict-closer-run-{'-'.join(predictor.record.run for predictor in predictors)}",
            disabled=len(predictors) == 1,
        )
    chosen, predictor = readable[place], predictors[run]
    left, right = st.columns(2, gap="medium")
    with left, frame.errors_as_text():
        _heat(chosen, predictor, said=chosen.answers[run].top(1)[0][0])
    with right, frame.errors_as_text():
        _evidence(chosen, predictor, run)


def _heat(chosen: Asked, predictor: Predictor, *, said: int) -> None:
    record = predictor.record
    folder = RunFolder.find(record.run, runs=workspace().runs)
    head = _head(record.run, folder.changed_at() or 0)
    # We encoded this JPEG ourselves.
    picture = np.asarray(Image.open(io.BytesIO(chosen.jpeg)).convert("RGB"))
    if head is None:
        st.image(picture, width="stretch")
        frame.note(NO_HEAD)
        return
    label = st.selectbox(
        "What speaks for",
        range(len(record.class_names)),
        index=said,
        format_func=lambda label: text.shorten(record.class_names[label], limit=40),
        key=f"predict-heat-{record.run}-{chosen.digest}",
    )
    opacity = st.slider("Strength", 0.0, 1.0, 0.6, 0.05, key="predict-heat-strength")
    fitted = _fitted(chosen.data, size=record.image_size, resize=record.resize)
    heat = explain(predictor, head=head, picture=fitted, label=label)
    st.image(overlay(picture, heat, opacity=opacity), width="stretch")
    st.caption(
        "Grad-CAM: the places of the last maps that speak for the class; bright speaks for it most. It shows where, not why."
    )


def _evidence(chosen: Asked, predictor: Predictor, place: int) -> None:
    run = RunFolder.find(predictor.record.run, runs=workspace().runs)
    familiarity = predict_familiarity.familiarity_of(run)
    if familiarity is None:
        if predict_familiarity.too_few(run):
            frame.note(predict_familiarity.TOO_FEW)
        elif not evaluate_job.working(find_features(run), key="predict-features"):
            st.caption(NOT_COMPUTED)
            evaluate_job.starter("Compute them", lambda: start_features(run), key="predict-features")
        return
    neighbours = familiarity.look(predict_familiarity.vector_of_answer(chosen.answers[place]))
    frame.words(*predict_familiarity.words(neighbours, familiarity, spec=run.spec()))
    _nearest(neighbours, run, names=predictor.record.class_names)


def _nearest(neighbours: Neighbours, run: RunFolder, *, names: Sequence[str]) -> None:
    dataset = find_dataset_of(run)
    if dataset is None:
        st.caption("The dataset of this run is no longer here, so its pictures cannot be shown.")
        return
    small = decoding_child().thumbnails(dataset.read_pictures(neighbours.pictures), size=NEIGHBOUR_PIXELS)
    st.caption(f"The {SHOWN} training pictures most like it, the nearest first")
    for column, jpeg, label in zip(st.columns(SHOWN), small, neighbours.labels, strict=False):
        # A damaged one leaves its place empty; the others are still evidence.
        if not isinstance(jpeg, PictureError):
            column.image(jpeg, caption=text.escape(names[label], limit=40), width="stretch")


@st.cache_resource(max_entries=4, show_spinner=False)
def _head(run_id: str, changed: int) -> Head | None:
    # `changed` is only a part of the key: a run that was written again is read again.
    return load_head(workspace().runs / run_id)


@st.cache_data(max_entries=64, show_spinner=False)
def _fitted(data: bytes, *, size: int, resize: str) -> np.ndarray:
    return decoding_child().fit(data, image_size=size, resize=resize)
