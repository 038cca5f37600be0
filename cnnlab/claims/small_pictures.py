"""Pictures small enough to work on by hand: 12 x 12 pixels of ten levels of grey, drawn, or made from larger ones.

Ten levels and not 256, so that every product can be followed by eye; the arithmetic is the same. This
module never works anything out on them.
"""

import re
from types import MappingProxyType
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import AfterValidator

from cnnlab.claims.pictures import READY_MADE
from cnnlab.data.decoding import decoding_child
from cnnlab.data.digits import load_digit_pixels
from cnnlab.data.library import find_dataset
from cnnlab.data.shapes import BRIGHTNESS, FORMS, draw_shape
from cnnlab.data.sources import ShapesSettings
from cnnlab.errors import ClaimError

SIDE = 12
"""Height and width, in pixels."""
BRIGHTEST = 9
WRITTEN = re.compile(rf"[0-{BRIGHTEST}]{{{SIDE * SIDE}}}")
"""A picture as text: one digit a pixel, row by row; also what an address holds."""
DRAWN_SIDE = 96
"""Larger pictures are looked at in this size before they are made small."""
PATTERNS_NAME = "patterns"


def write_picture(levels: np.ndarray) -> str:
    """Write a picture as text.

    Args:
        levels: Brightness, int, 0 to 9, shape (12, 12).
    """
    return "".join(str(level) for level in levels.ravel().tolist())


def read_picture(text: str) -> np.ndarray:
    """Read what `write_picture` wrote, int64, shape (12, 12).

    Raises:
        ClaimError: It is no such text.
    """
    if not WRITTEN.fullmatch(text):
        raise ClaimError(
            f"This is no picture to work on by hand: expected are {SIDE * SIDE} digits, one for the brightness of each "
            f"of {SIDE} × {SIDE} pixels. Choose a picture above."
        )
    return np.array([int(digit) for digit in text], np.int64).reshape(SIDE, SIDE)


def _checked(text: str) -> str:
    try:
        read_picture(text)
    except ClaimError as error:
        raise ValueError(str(error)) from None
    return text


PictureText = Annotated[str, AfterValidator(_checked)]
"""A setting that holds a picture as text."""


def to_levels(pixels: np.ndarray) -> np.ndarray:
    """Make a picture small and grey, with its darkest pixel at 0 and its brightest at 9.

    Args:
        pixels: Grey (H, W) or RGB (H, W, 3), uint8.

    Returns:
        Brightness, int64, 0 to 9, shape (12, 12); all 0 for a picture of one colour.
    """
    grey = pixels.astype(np.float64) if pixels.ndim == 2 else pixels @ BRIGHTNESS
    small = Image.fromarray(grey.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BOX)
    values = np.asarray(small, np.float64)
    span = values.max() - values.min()
    if span < 1.0:
        return np.zeros((SIDE, SIDE), np.int64)
    return np.rint((values - values.min()) / span * BRIGHTEST).astype(np.int64)


def subjects(source: str) -> tuple[str, ...]:
    """What can be seen on pictures of a source. Class names of a dataset are text of the user's.

    Args:
        source: 'patterns', 'shapes', 'digits', or the id of a dataset.

    Raises:
        DatasetError: There is no such dataset.
    """
    if source == PATTERNS_NAME:
        return tuple(PATTERNS)
    if source in READY_MADE:
        return tuple(sorted(FORMS)) if source == "shapes" else tuple("0123456789")
    return find_dataset(source).class_names


def load_small_picture(source: str, subject: int, *, number: int) -> np.ndarray:
    """Load one picture, ready to work on.

    Args:
        source: As for `subjects`.
        subject: Position among `subjects`.
        number: Which of the pictures of it, from 0; it goes round where there are fewer.

    Returns:
        Brightness, int64, 0 to 9, shape (12, 12).

    Raises:
        ClaimError: The dataset has no picture of this class.
        DatasetError: There is no such dataset, or its pictures are gone.
        PictureError: This picture cannot be read.
    """
    if source == PATTERNS_NAME:
        return list(PATTERNS.values())[subject].copy()
    if source == "shapes":
        wanted = ShapesSettings(image_size=DRAWN_SIDE, movement=0.3, noise=0.0)
        return to_levels(draw_shape(sorted(FORMS)[subject], wanted=wanted, number=number))
    if source == "digits":
        pixels, labels = load_digit_pixels()
        these = np.flatnonzero(labels == subject)
        return to_levels(_enlarge(pixels[these[number % len(these)]]))
    dataset = find_dataset(source)
    table = dataset.table()
    these = table.loc[table["label"] == subject, "picture"].to_numpy()
    if not len(these):
        raise ClaimError(
            f"There is no picture of {dataset.class_names[subject]!r}. Choose another class, or draw one."
        )
    data = dataset.read_picture(int(these[number % len(these)]))
    return to_levels(decoding_child().fit(data, image_size=DRAWN_SIDE, resize="crop"))


def _enlarge(pixels: np.ndarray) -> np.ndarray:
    """Enlarge a digit of 8 x 8 smoothly; from there it is made small like any other."""
    return np.asarray(Image.fromarray(pixels).resize((DRAWN_SIDE, DRAWN_SIDE), Image.Resampling.BILINEAR))


def _patterns() -> dict[str, np.ndarray]:
    row, column = np.indices((SIDE, SIDE))
    middle = SIDE // 2
    shown = {
        "vertical edge": column >= middle,
        "horizontal edge": row >= middle,
        "diagonal line": abs(row - column) <= 1,
        "square": (abs(2 * row - SIDE + 1) <= middle) & (abs(2 * column - SIDE + 1) <= middle),
        "one dot": (row == middle) & (column == middle),
        "stripes": column % 2 == 0,
        "chessboard": (row // 2 + column // 2) % 2 == 0,
        "empty": np.zeros((SIDE, SIDE), bool),
    }
    return {name: np.where(mask, BRIGHTEST, 0).astype(np.int64) for name, mask in shown.items()}


PATTERNS: MappingProxyType[str, np.ndarray] = MappingProxyType(_patterns())
"""Pictures on which one sees at once what a kernel does, by what they are called on the screen."""
