"""What every block of a network made of one picture: its strongest maps, and where it sees what speaks for a class.

This module never computes a map.
"""

import zlib

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.evaluation.explanations import overlay
from cnnlab.evaluation.inside import Inside
from cnnlab.evaluation.judged import JudgedSplit
from cnnlab.ui import text

LARGE, SMALL, KERNEL = 288, 112, 56


def large(picture: np.ndarray, caption: str, *, heat: np.ndarray | None = None, opacity: float = 0.6) -> None:
    """Draw a picture large, with a heat map over it where there is one; the caption is Markdown."""
    shown = _grown(picture, side=LARGE, smooth=True)
    if heat is not None:
        shown = overlay(shown, heat, opacity=opacity)
    with st.container(width=LARGE):
        st.image(shown, width=LARGE, caption=caption, alt="The picture")


def number_of(picture: np.ndarray) -> int:
    """A number that tells pictures apart, for the keys of what belongs to one."""
    return zlib.crc32(np.ascontiguousarray(picture).tobytes())


def draw(judged: JudgedSplit, inside: Inside) -> None:
    """Draw where every block saw a class, then the maps of one block, then the kernels that it all begins with."""
    result = inside.result
    label = st.segmented_control(
        "Speaks for",
        result.labels,
        default=result.labels[0],
        required=True,
        format_func=lambda each: _named(judged, inside, each),
        key=f"evaluate-blocks-label-{number_of(inside.picture)}",
        wrap=True,
    )
    place = result.labels.index(label)
    st.markdown("**Grad-CAM at every block**, from the picture to the answer")
    with st.container(horizontal=True, gap="small"):
        for stage, heats in zip(result.stages, inside.heats, strict=True):
            shown = overlay(_grown(inside.picture, side=SMALL, smooth=True), heats[place])
            st.image(shown, width=SMALL, caption=text.escape(stage.name), alt=f"Grad-CAM at {stage.name}")
    st.caption(
        "Early blocks see edges and colours everywhere; what a class is made of gathers in the late ones."
    )
    _maps(judged, inside, place)
    _kernels(inside)


def _maps(judged: JudgedSplit, inside: Inside, label: int) -> None:
    stages = inside.result.stages
    names = [stage.name for stage in stages]
    key = f"evaluate-blocks-stage-{judged.run.id}"
    chosen = st.selectbox("Block", names, index=len(names) - 1, key=key, width=320)
    place = names.index(chosen)
    stage = stages[place]
    large(
        inside.picture,
        f"Grad-CAM at {text.escape(stage.name)}, {stage.height} × {stage.width}",
        heat=inside.heats[place][label],
    )
    with st.container(horizontal=True, gap="small"):
        for number, shade in zip(stage.shown, inside.maps[place], strict=True):
            st.image(
                _grown(shade, side=SMALL),
                width=SMALL,
                caption=f"map {number + 1}",
                alt=f"Map {number + 1} of {stage.name}",
            )
    st.caption(
        f"The {len(stage.shown)} strongest of {text.counted(stage.filters, 'map')} of {stage.height} × {stage.width}, each "
        f"stretched from its lowest (black) to its highest (white)."
    )


def _kernels(inside: Inside) -> None:
    if not len(inside.kernels):
        return
    height, width = inside.kernels.shape[1:3]
    st.markdown("**Filters of the first convolution**")
    with st.container(horizontal=True, gap="small"):
        for number, kernel in enumerate(inside.kernels):
            st.image(_grown(kernel, side=KERNEL), width=KERNEL, alt=f"Filter {number + 1}")
    st.caption(
        f"{height} × {width} weights for red, green and blue, each filter stretched from its lowest to its highest."
    )


def _named(judged: JudgedSplit, inside: Inside, label: int) -> str:
    probability = inside.result.probabilities[inside.result.labels.index(label)]
    return f"{text.escape(judged.class_names[label], limit=40)} · {text.percent(probability)}"


def _grown(pixels: np.ndarray, *, side: int, smooth: bool = False) -> np.ndarray:
    """Bring to a size; without smoothing single values stay visible."""
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(pixels).resize((side, side), how))
