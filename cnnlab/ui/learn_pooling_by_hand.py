"""The claim "pooling by hand" on the screen: the largest value beside the average, and what a shift changes in both.

This module never works anything out: `claims.pooling_by_hand` does.
"""

import streamlit as st

from cnnlab.claims.claim import Claim
from cnnlab.claims.pooling_by_hand import PoolingByHand, ShiftEffect, pool, shift_effects
from cnnlab.claims.small_pictures import read_picture
from cnnlab.ui import forms, frame, learn_pixels, pixel_board, text
from cnnlab.ui.pixel_board import Map, Step, number, summed

KEY = "learn-pooling"
BOARD = f"{KEY}-board"
WINDOW, SHIFT = ("window", "stride"), ("direction", "shift")
CLEARLY_SOFTER = 0.8
"""What pooling leaves of the change of the pixels, where it is said to have softened it."""
NAMES = {"pixels": "Pixels, not pooled", "max": "Max pooling", "average": "Average pooling"}


@st.fragment
def draw(claim: Claim) -> None:
    """Draw the claim; every edit is answered at once."""
    settings = learn_pixels.choose(learn_pixels.start(PoolingByHand, key=KEY))
    form = forms.Form(PoolingByHand, key=KEY, values=settings)
    form.draw(WINDOW)
    place = st.container()
    frame.section(
        "What a shift changes", lead="The same picture is moved, pooled again, and compared place by place."
    )
    form.draw(SHIFT)
    st.session_state[KEY] = settings = form.result().spec or settings
    with place:
        _board(settings)
    _shift(settings)
    learn_pixels.share(claim.id, settings)


def _board(settings: PoolingByHand) -> None:
    sliding = settings.sliding
    largest, averages = pool(read_picture(settings.picture), sliding=sliding)
    pixel_board.board(
        settings.picture,
        key=BOARD,
        sliding=sliding,
        maps=[Map(title="Max pooling", values=largest), Map(title="Average pooling", values=averages)],
        steps=steps(settings),
        on_paint=learn_pixels.paint,
    )
    st.caption(_size(settings))


def steps(settings: PoolingByHand) -> list[Step]:
    """What is written out at each place of the window, row by row."""
    windows = settings.sliding.windows(read_picture(settings.picture))
    covered = windows.reshape(-1, settings.window**2).tolist()
    return [
        Step(
            cells=tuple(str(value) for value in values),
            marked=tuple(place for place, value in enumerate(values) if value == max(values)),
            lines=(
                ("Max", f"max({', '.join(str(value) for value in values)}) = {max(values)}"),
                ("Average", f"({summed(values)}) / {len(values)} = {number(sum(values) / len(values))}"),
            ),
        )
        for values in covered
    ]


def _size(settings: PoolingByHand) -> str:
    sliding = settings.sliding
    before, after = sliding.side**2, sliding.output_side**2
    sentences = [
        f"Each map: {sliding.formula} pixels a side, so {after} of {before} numbers are left "
        f"({text.percent(after / before, digits=0)}), and there is no weight to learn."
    ]
    if settings.stride > settings.window:
        sentences.append("The stride is larger than the window: pixels between windows are never looked at.")
    elif settings.stride < settings.window:
        sentences.append(
            "The stride is smaller than the window: windows overlap, and a pixel counts in several."
        )
    sentences.append(sliding.left_over_in_words)
    return " ".join(sentences).strip()


def _shift(settings: PoolingByHand) -> None:
    effects = shift_effects(settings)
    frame.figures(
        {
            "Values that changed": {
                NAMES[name]: text.percent(each.changed_share) for name, each in effects.items()
            },
            "Mean change (levels of 0 to 9)": {
                NAMES[name]: text.decimal(each.mean_change, digits=2) for name, each in effects.items()
            },
        }
    )
    st.markdown(says(settings, effects))


def says(settings: PoolingByHand, effects: dict[str, ShiftEffect]) -> str:
    """Say what was measured, and what follows."""
    moved = f"A shift by {settings.shift} px {_towards(settings.direction)}"
    pixels, largest, average = (effects[name] for name in ("pixels", "max", "average"))
    if pixels.changed_share == 0.0:
        return f"{moved} leaves this picture itself as it was. Paint something on it, or move it another way."
    found = (
        f"{moved} changes {text.percent(largest.changed_share, digits=0)} of the maxima, by "
        f"{largest.mean_change:.2f} levels on average over all, and {text.percent(average.changed_share, digits=0)} of the "
        f"averages, by {average.mean_change:.2f}; of the pixels themselves it changed "
        f"{text.percent(pixels.changed_share, digits=0)}, by {pixels.mean_change:.2f}."
    )
    if settings.shift % settings.stride == 0:
        places = text.counted(settings.shift // settings.stride, "place")
        return (
            f"{found} This shift is a whole number of strides: away from the edges both maps are what they were, moved by "
            f"{places}. Compared place by place that is a change all the same; only averaging over the whole map forgets where."
        )
    if largest.changed_share == 0.0:
        return f"{found} Here the output of max pooling really stays the same: each largest pixel stayed inside its window."
    left = largest.mean_change / pixels.mean_change
    softened = (
        "softened the shift without undoing it"
        if left < CLEARLY_SOFTER
        else "hardly softened it"
        if left < 1.0
        else "did not soften it"
    )
    return (
        f"{found} So 'small shifts do not change the output' is not so here: max pooling {softened}. It depends on how the "
        f"picture lies on the windows: move the same picture another way and compare."
    )


def _towards(direction: str) -> str:
    return {"right": "to the right", "left": "to the left"}.get(direction, direction)
