"""The claim "convolution by hand" on the screen: picture, kernel, nine products and their sum, the map, the formula.

This module never works anything out: `claims.convolution_by_hand` does.
"""

import numpy as np
import streamlit as st

from cnnlab.claims.claim import Claim
from cnnlab.claims.convolution_by_hand import KERNELS, ConvolutionByHand, convolve, products, read_weight
from cnnlab.claims.small_pictures import read_picture
from cnnlab.errors import SpecError
from cnnlab.ui import forms, frame, learn_pixels, pixel_board, text
from cnnlab.ui.pixel_board import Map, Step, number, summed

KEY = "learn-convolution"
BOARD = f"{KEY}-board"
PRESET = f"{KEY}-preset"
REFUSED = f"{KEY}-refused"
OWN = "own"
SLIDES = ("stride", "padding", "relu")


@st.fragment
def draw(claim: Claim) -> None:
    """Draw the claim; every edit is answered at once."""
    settings = learn_pixels.choose(learn_pixels.start(ConvolutionByHand, key=KEY))
    st.session_state[KEY] = settings = _controls(settings)
    if refused := st.session_state.pop(REFUSED, ""):
        frame.warning(refused)
    _board(settings)
    _size(settings)
    learn_pixels.share(claim.id, settings)


def _controls(settings: ConvolutionByHand) -> ConvolutionByHand:
    """Draw the table of kernels, and how the kernel slides."""
    preset = next((name for name, row in KERNELS.items() if row.weights == settings.kernel), OWN)
    # It follows the weights, however they were changed.
    st.session_state[PRESET] = preset
    st.pills(
        "Kernel",
        [*KERNELS, OWN],
        key=PRESET,
        required=True,
        format_func=lambda name: KERNELS[name].label if name in KERNELS else "Own",
        on_change=_take_preset,
        help="The weights below can be changed too: each is a number or a fraction such as 1/9.",
    )
    st.caption(KERNELS[preset].finds if preset in KERNELS else "Your own nine weights.")
    form = forms.Form(ConvolutionByHand, key=KEY, values=settings)
    form.draw(SLIDES)
    edited = form.result()
    return edited.spec or settings


def _take_preset() -> None:
    chosen = KERNELS.get(st.session_state[PRESET])
    if chosen:
        st.session_state[KEY] = st.session_state[KEY].with_changes(kernel=chosen.weights)


def _take_kernel(weights: list[str]) -> None:
    written = tuple(weight.strip().replace(pixel_board.MINUS, "-") for weight in weights)
    try:
        st.session_state[KEY] = st.session_state[KEY].with_changes(kernel=written)
    except SpecError as error:
        st.session_state[REFUSED] = str(error)


def _board(settings: ConvolutionByHand) -> None:
    picture, sliding = read_picture(settings.picture), settings.sliding
    shown = convolve(picture, settings.weights, sliding=sliding, relu=settings.relu)
    pixel_board.board(
        settings.picture,
        key=BOARD,
        sliding=sliding,
        maps=[Map(title="Map after ReLU" if settings.relu else "Map", values=shown, signed=True)],
        steps=steps(settings),
        on_paint=learn_pixels.paint,
        kernel=settings.kernel,
        on_kernel=_take_kernel,
    )
    st.caption(
        "In the map indigo is positive, amber negative, the page's own colour 0; the strongest value has the full colour. "
        "Rest the mouse on a pixel of the map, click it, or use the arrows, to see where it comes from."
    )


def steps(settings: ConvolutionByHand) -> list[Step]:
    """What is written out at each place of the kernel, row by row."""
    picture, sliding = read_picture(settings.picture), settings.sliding
    count = sliding.output_side**2
    covered = sliding.windows(picture).reshape(count, -1)
    terms = products(picture, settings.weights, sliding=sliding).reshape(count, -1)
    factors = tuple(_factor(weight) for weight in settings.kernel)
    return [
        Step(
            cells=tuple(str(value) for value in values),
            factors=factors,
            products=tuple(number(value) for value in multiplied),
            lines=_lines(multiplied, relu=settings.relu),
        )
        for values, multiplied in zip(covered.tolist(), terms.tolist(), strict=True)
    ]


def _factor(weight: str) -> str:
    """A weight as it is multiplied with: negative ones in brackets, fractions as they were typed."""
    shown = weight.replace("-", pixel_board.MINUS)
    return f"({shown})" if read_weight(weight) < 0 or "/" in weight else shown


def _lines(multiplied: list[float], *, relu: bool) -> tuple[tuple[str, str], ...]:
    total = float(np.sum(multiplied))
    is_exact = all(round(value, pixel_board.DIGITS) == value for value in multiplied)
    lines = (("Sum", f"{summed(multiplied)} {'=' if is_exact else '≈'} {number(total)}"),)
    return (*lines, ("ReLU", f"max(0, {number(total)}) = {number(max(total, 0.0))}")) if relu else lines


def _size(settings: ConvolutionByHand) -> None:
    """Write the size of the map with the numbers filled in."""
    sliding = settings.sliding
    frame.section("How large the map is")
    st.markdown(f"`{sliding.formula}`")
    sentences = [
        f"n = {sliding.side} pixels a side, k = {sliding.window} the kernel, s = {sliding.stride} the stride, "
        f"so the map has {sliding.output_side} × {sliding.output_side} = {sliding.output_side**2} values "
        f"from {len(settings.kernel)} weights."
    ]
    if sliding.padding == "same":
        sentences.append(
            f"For that, 'same' adds {text.counted(sliding.before, 'row')} of zeros above and {sliding.after} below, "
            "and as many columns left and right."
            if sliding.before + sliding.after
            else "The windows fit as they are: 'same' adds no zeros here."
        )
    else:
        sentences.append("'valid' adds no zeros: p = 0.")
    sentences.append(sliding.left_over_in_words)
    st.caption(" ".join(sentences).strip())
