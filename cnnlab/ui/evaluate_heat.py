"""Where a run looked at one picture, laid over it on request: Grad-CAM, computed here in the server.

LiteRT answers and NumPy weighs; TensorFlow is never needed. The picture is decoded in the child process.
This module never decides which picture is looked at.
"""

import io

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.data.dataset import Dataset
from cnnlab.data.decoding import decoding_child
from cnnlab.errors import CnnlabError
from cnnlab.evaluation.explanations import explain, overlay
from cnnlab.evaluation.heads import Head, load_head
from cnnlab.evaluation.judged import JudgedSplit
from cnnlab.prediction.predictor import FILE, Predictor, load_predictor
from cnnlab.settings import workspace
from cnnlab.ui import frame, text

NO_HEAD = (
    "It cannot be said where this run looks: its network has no maps, or it finished before cnnlab kept what is needed "
    "for it. Train it again to see this."
)


def controls(judged: JudgedSplit, *, said: int, true: int) -> tuple[int, float] | None:
    """Draw the switch and, once it is on, for which class and how strongly; None while it is off."""
    if not st.toggle(
        "Show where it looked",
        key="mistakes-heat",
        help="Grad-CAM: the places that speak for a class, of the run's last maps. Bright speaks for it most.",
    ):
        return None
    label = said
    if said != true:
        label = st.segmented_control(
            "What speaks for",
            [said, true],
            default=said,
            required=True,
            format_func=lambda label: text.shorten(judged.class_names[label], limit=40),
            key=f"mistakes-heat-{said}-{true}",
        )
    opacity = st.slider(
        "Strength", 0.0, 1.0, 0.6, 0.05, key="mistakes-heat-strength", label_visibility="collapsed"
    )
    return label, opacity


def heated(
    judged: JudgedSplit, dataset: Dataset, jpeg: bytes, *, picture: int, label: int, opacity: float
) -> np.ndarray | None:
    """Lay over a picture where the run sees a class; says why where that cannot be.

    Args:
        judged: Of the run.
        dataset: The version that it saw.
        jpeg: The picture as cnnlab has encoded it.
        picture: Its number.
        label: The class.
        opacity: Of the heat, 0 to 1.

    Returns:
        RGB, uint8, shape (height, width, 3); None where there is nothing to lay over it.
    """
    run_id = judged.run.id
    try:
        heat = _heat(dataset, run_id, _changed(run_id), picture, label)
    except CnnlabError as error:
        frame.warning(error)
        return None
    if heat is None:
        frame.note(NO_HEAD)
        return None
    # We encoded this JPEG ourselves. A network sees a picture squashed, not cropped: the heat covers all of it.
    return overlay(np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")), heat, opacity=opacity)


def _changed(run_id: str) -> int:
    """When the model of a run was written, in nanoseconds; 0 where it has none."""
    try:
        return (workspace().runs / run_id / FILE).stat().st_mtime_ns
    except OSError:
        return 0


@st.cache_resource(max_entries=2, show_spinner="Opening the model")
def _model(run_id: str, changed: int) -> tuple[Predictor, Head | None]:
    # `changed` is only a part of the key: a model that was written again is opened again.
    folder = workspace().runs / run_id
    return load_predictor(folder), load_head(folder)


@st.cache_data(max_entries=64, show_spinner=False)
def _heat(_dataset: Dataset, run_id: str, changed: int, picture: int, label: int) -> np.ndarray | None:
    predictor, head = _model(run_id, changed)
    if head is None:
        return None
    record = predictor.record
    fitted = decoding_child().fit(
        _dataset.read_picture(picture), image_size=record.image_size, resize=record.resize
    )
    return explain(predictor, head=head, picture=fitted, label=label)
