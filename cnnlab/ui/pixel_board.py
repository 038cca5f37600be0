"""A small picture, a window that slides over it, and what becomes of it: painted, followed and read in the browser.

Python works everything out and writes every sum; the browser only shows the one at the place that
somebody looks at, so that following the window needs no answer from here. Whatever it can do is done
with the mouse, a finger or the keyboard. This module never knows what is worked out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnnlab.claims.small_pictures import BRIGHTEST, read_picture
from cnnlab.claims.windows import Sliding
from cnnlab.errors import ClaimError

ASSETS = Path(__file__).resolve().parent / "assets"
MINUS = "−"
DIGITS = 2
"""Decimals of what is written out."""

HTML = """
<div class="board">
  <section class="part source">
    <h4 class="title"></h4>
    <div class="scroller"><div class="cells picture" role="grid"></div></div>
    <div class="brushes" role="group" aria-label="Brush: how bright it paints"></div>
    <p class="hint">Paint with the mouse or a finger. With the keyboard: arrows move, 0 to 9 write.</p>
  </section>
  <section class="part working">
    <h4 class="title">Kernel</h4>
    <div class="kernel" role="group" aria-label="Kernel"></div>
    <div class="place">
      <h4 class="title"></h4>
      <button type="button" class="slide"></button>
    </div>
    <div class="terms"></div>
    <dl class="lines" aria-live="polite"></dl>
  </section>
  <div class="maps"></div>
</div>
"""

_component = st.components.v2.component(
    "cnnlab_pixel_board",
    html=HTML,
    css=(ASSETS / "pixel_board.css").read_text(encoding="utf-8"),
    js=(ASSETS / "pixel_board.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True)
class Map:
    """One result of the sliding, as large as the window has places."""

    title: str
    values: np.ndarray
    """Shape (output_side, output_side)."""
    signed: bool = False
    """Coloured by sign around 0; else grey like the picture, 0 to 9."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is worked out at one place of the window."""

    cells: tuple[str, ...]
    """What the window covers, row by row."""
    lines: tuple[tuple[str, str], ...]
    """What comes out, each with its name."""
    factors: tuple[str, ...] = ()
    """By what each cell is multiplied; none where nothing is."""
    products: tuple[str, ...] = ()
    marked: tuple[int, ...] = ()
    """Cells that decide, by position."""


def board(
    picture: str,
    *,
    key: str,
    sliding: Sliding,
    maps: Sequence[Map],
    steps: Sequence[Step],
    on_paint: Callable[[str], None],
    kernel: Sequence[str] = (),
    on_kernel: Callable[[list[str]], None] | None = None,
) -> None:
    """Draw everything; whoever paints or writes a weight is obeyed before the page is drawn again.

    Args:
        picture: As `claims.small_pictures` writes it.
        key: Name of this board in the session.
        sliding: Where the window lies.
        maps: What comes out, over all places.
        steps: What is worked out at each place, row by row.
        on_paint: Gets the picture as painted; it draws nothing.
        kernel: Nine weights as typed, or none.
        on_kernel: Gets nine weights as typed, not yet checked; it draws nothing.
    """

    def painted() -> None:
        text = st.session_state[key].get("paint")
        # The browser is not trusted: what is no picture is left alone.
        if isinstance(text, str) and _is_picture(text):
            on_paint(text)

    def weighed() -> None:
        weights = st.session_state[key].get("weigh")
        if on_kernel and isinstance(weights, list) and all(isinstance(weight, str) for weight in weights):
            on_kernel(weights)

    _component(
        key=key,
        data={
            "picture": picture,
            "side": sliding.side,
            "before": sliding.before,
            "after": sliding.after,
            "window": sliding.window,
            "stride": sliding.stride,
            "kernel": list(kernel),
            "places": sliding.output_side,
            "maps": [_map(each) for each in maps],
            "steps": [_step(step) for step in steps],
        },
        on_paint_change=painted,
        on_weigh_change=weighed,
    )


def number(value: float, *, digits: int = DIGITS) -> str:
    """Write a number no finer than needed, with a true minus: -4.0 -> '−4', 1/3 -> '0.33'."""
    rounded = round(float(value), digits)
    written = f"{abs(rounded):,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{abs(rounded):,.0f}"
    return f"{MINUS if rounded < 0 else ''}{written}"


def summed(values: Sequence[float]) -> str:
    """Write a sum out: '4 − 2 + 0.5'."""
    first, *rest = values
    parts = [number(first)]
    for value in rest:
        written = number(value)
        parts.append(f"{MINUS} {written[1:]}" if written.startswith(MINUS) else f"+ {written}")
    return " ".join(parts)


def _is_picture(text: str) -> bool:
    try:
        read_picture(text)
    except ClaimError:
        return False
    return True


def _map(shown: Map) -> dict[str, Any]:
    most = np.abs(shown.values).max() if shown.signed else float(BRIGHTEST)
    return {
        "title": shown.title,
        "signed": shown.signed,
        "texts": [_short(value) for value in shown.values.ravel().tolist()],
        "shades": (shown.values / max(most, 1e-9)).ravel().round(3).tolist(),
    }


def _short(value: float) -> str:
    """Write a number so that it fits into a pixel."""
    if abs(value) >= 999.5:
        return f"{number(value / 1000.0, digits=0)}k"
    size = abs(value)
    return number(value, digits=2 if size < 9.995 else 1 if size < 99.95 else 0)


def _step(step: Step) -> dict[str, Any]:
    return {
        "cells": step.cells,
        "factors": step.factors,
        "products": step.products,
        "marked": step.marked,
        "lines": step.lines,
    }
