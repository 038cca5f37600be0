"""Pooling by hand: the largest value or the average of each window, and what a shift of the picture does to both.

This module never draws.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from pydantic import Field

from cnnlab.claims.claim import Claim
from cnnlab.claims.small_pictures import SIDE, PictureText, load_small_picture, read_picture, write_picture
from cnnlab.claims.windows import Sliding
from cnnlab.specs.base import Spec

DIRECTIONS: MappingProxyType[str, tuple[int, int]] = MappingProxyType(
    {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
)
"""Where a picture can be shifted to: rows and columns for each pixel."""
ALIKE = 1e-9
"""Averages that differ by less are equal: what is left of a sum of thirds."""


class PoolingByHand(Spec):
    """What is worked out: a picture, a window, and a shift."""

    picture: PictureText = Field(
        write_picture(load_small_picture("shapes", 4, number=4)),
        title="Picture",
        description=f"{SIDE} × {SIDE} pixels, one digit each: 0 is black, 9 is white.",
    )
    window: Literal[2, 3] = Field(2, title="Window", description="Height and width of the window, in pixels.")
    stride: Literal[1, 2, 3] = Field(
        2, title="Stride", description="How many pixels the window moves; usually as many as it is wide."
    )
    direction: Literal["right", "left", "down", "up"] = Field(
        "right", title="Shift to the", description="Where the whole picture is moved to."
    )
    shift: Literal[1, 2, 3] = Field(1, title="Shift by (px)", description="By how many pixels it is moved.")

    @property
    def sliding(self) -> Sliding:
        """How the window slides over the picture."""
        return Sliding(side=SIDE, window=self.window, stride=self.stride)


@dataclass(frozen=True, kw_only=True)
class ShiftEffect:
    """What a shift of the picture did to what was worked out from it."""

    changed_share: float
    """Share of the values that are not what they were, 0..1."""
    mean_change: float
    """How far a value moved on average, changed or not, in levels of grey."""


def pool(picture: np.ndarray, *, sliding: Sliding) -> tuple[np.ndarray, np.ndarray]:
    """Pool a picture both ways.

    Args:
        picture: Shape (side, side).
        sliding: How the window slides; without padding.

    Returns:
        The largest value and the average of each window, float64, both of shape (output_side, output_side).
    """
    windows = sliding.windows(picture).astype(np.float64)
    return windows.max(axis=(-2, -1)), windows.mean(axis=(-2, -1))


def shift_picture(picture: np.ndarray, *, direction: str, by: int) -> np.ndarray:
    """Move a picture; what comes in at the edge repeats the outermost pixels.

    Args:
        picture: Shape (H, W).
        direction: One of `DIRECTIONS`.
        by: Pixels, at least 0.
    """
    rows, columns = (step * by for step in DIRECTIONS[direction])
    height, width = picture.shape
    source_rows = (np.arange(height) - rows).clip(0, height - 1)
    source_columns = (np.arange(width) - columns).clip(0, width - 1)
    return picture[np.ix_(source_rows, source_columns)]


def shift_effect(before: np.ndarray, after: np.ndarray) -> ShiftEffect:
    """Compare values place by place, before and after a shift of the picture."""
    change = np.abs(after.astype(np.float64) - before)
    return ShiftEffect(changed_share=float((change > ALIKE).mean()), mean_change=float(change.mean()))


def shift_effects(settings: PoolingByHand) -> dict[str, ShiftEffect]:
    """What the shift does to the pixels themselves, to the largest values, and to the averages: 'pixels', 'max', 'average'."""
    picture = read_picture(settings.picture)
    shifted = shift_picture(picture, direction=settings.direction, by=settings.shift)
    pooled, pooled_shifted = (pool(each, sliding=settings.sliding) for each in (picture, shifted))
    return {
        "pixels": shift_effect(picture, shifted),
        "max": shift_effect(pooled[0], pooled_shifted[0]),
        "average": shift_effect(pooled[1], pooled_shifted[1]),
    }


CLAIM = Claim(
    id="pooling_by_hand",
    title="Pooling, worked by hand",
    says="Max pooling keeps the largest value of each window: it halves the map, and small shifts do not change the output.",
    exactly="'Small shifts do not change the output' is approximate. The largest value stays where it is only while its pixel "
    "stays inside the same window; at the rims of windows a shift of one pixel changes the output (Zhang 2019, "
    "https://arxiv.org/abs/1904.11486). Only a shift by a whole stride is exact, and it moves the output by one place.",
    experiment="Draw a picture or choose one, see the largest value beside the average of each window, and measure what a "
    "shift by a pixel changes in both.",
    icon=":material/grid_on:",
    settings=PoolingByHand,
    measure=None,
)
