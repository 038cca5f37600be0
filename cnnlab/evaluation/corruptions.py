"""Table of what may happen to a picture before a network sees it, each in steps from mild to hard.

Pure Pillow and NumPy on pictures of 0..255; the same seed gives the same picture. Adding a corruption is
adding a row. This module never asks a model.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageFilter

MOST_MOVED = 0.3
"""Share of a side by which the hardest step of any row looks beyond the picture, and a little more."""
Apply = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """One thing that may happen to a picture."""

    label: str
    unit: str
    """Of its steps, as the axis says it."""
    steps: tuple[float, ...]
    """From mild to hard; nothing done is not among them."""
    apply: Apply
    """From RGB, uint8, shape (H, W, 3), to the same, by a step; a side that is open is drawn."""
    sentence: str
    untouched: float = 0.0
    """The step at which nothing is done."""


def _shifted(picture: np.ndarray, percent: float, random: np.random.Generator) -> np.ndarray:
    angle = random.uniform(0.0, 2.0 * np.pi)
    far = percent / 100.0
    by = far * picture.shape[1] * np.cos(angle), far * picture.shape[0] * np.sin(angle)
    return _moved(picture, (1.0, 0.0, by[0], 0.0, 1.0, by[1]))


def _rotated(picture: np.ndarray, degrees: float, random: np.random.Generator) -> np.ndarray:
    angle = np.deg2rad(degrees) * random.choice((-1.0, 1.0))
    cosine, sine = np.cos(angle), np.sin(angle)
    # Pillow counts from the corner of a pixel, not from its middle.
    middle = picture.shape[1] / 2.0, picture.shape[0] / 2.0
    return _moved(
        picture,
        (
            cosine, sine, middle[0] - cosine * middle[0] - sine * middle[1],
            -sine, cosine, middle[1] + sine * middle[0] - cosine * middle[1],
        ),
    )  # fmt: skip


def _moved(picture: np.ndarray, matrix: tuple[float, ...]) -> np.ndarray:
    """Move a picture; what comes in from outside continues its edge, mirrored, so that no new edge appears."""
    height, width = picture.shape[:2]
    beyond = min(int(MOST_MOVED * max(height, width)) + 2, height - 1, width - 1)
    padded = np.pad(picture, ((beyond, beyond), (beyond, beyond), (0, 0)), mode="reflect")
    a, b, c, d, e, f = matrix
    moved = (a, b, c + beyond, d, e, f + beyond)
    image = Image.fromarray(padded)
    return np.asarray(
        image.transform((width, height), Image.Transform.AFFINE, moved, Image.Resampling.BILINEAR)
    )


def _brightened(picture: np.ndarray, percent: float, random: np.random.Generator) -> np.ndarray:
    return _rounded(picture * (percent / 100.0))


def _blurred(picture: np.ndarray, percent: float, random: np.random.Generator) -> np.ndarray:
    radius = percent / 100.0 * picture.shape[1]
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def _compressed(picture: np.ndarray, quality: float, random: np.random.Generator) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=int(quality))
    return np.asarray(Image.open(file).convert("RGB"))


def _noisy(picture: np.ndarray, deviation: float, random: np.random.Generator) -> np.ndarray:
    return _rounded(picture + random.normal(0.0, deviation, picture.shape))


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


CORRUPTIONS: MappingProxyType[str, Corruption] = MappingProxyType(
    {
        "shift": Corruption(
            label="Shift",
            unit="% of the side",
            steps=(2, 5, 10, 15, 25),
            apply=_shifted,
            sentence="Moved in any direction; what comes in continues the edge, mirrored.",
        ),
        "rotation": Corruption(
            label="Rotation",
            unit="degrees",
            steps=(5, 10, 20, 30, 45),
            apply=_rotated,
            sentence="Turned to the left or right around the middle; the corners continue the edge, mirrored.",
        ),
        "darker": Corruption(
            label="Darker",
            unit="% of the light",
            steps=(80, 60, 40, 25, 15),
            apply=_brightened,
            sentence="Every value times less than one.",
            untouched=100,
        ),
        "brighter": Corruption(
            label="Brighter",
            unit="% of the light",
            steps=(120, 150, 200, 250, 300),
            apply=_brightened,
            sentence="Every value times more than one; what is brighter than white is white.",
            untouched=100,
        ),
        "blur": Corruption(
            label="Blur",
            unit="% of the side",
            steps=(0.5, 1, 2, 3, 5),
            apply=_blurred,
            sentence="Out of focus: a Gaussian blur of so wide a radius.",
        ),
        "jpeg": Corruption(
            label="JPEG",
            unit="quality",
            steps=(80, 50, 30, 15, 5),
            apply=_compressed,
            sentence="Saved as a JPEG of this quality at the size that the network sees.",
            untouched=100,
        ),
        "noise": Corruption(
            label="Noise",
            unit="deviation, of 255",
            steps=(5, 10, 20, 35, 60),
            apply=_noisy,
            sentence="Grain: a random number is added to every value.",
        ),
    }
)
"""In the order of the screen."""


def corrupt(picture: np.ndarray, *, kind: str, step: float, seed: tuple[int, ...]) -> np.ndarray:
    """Do to a picture what a row of the table says.

    Args:
        picture: RGB, uint8, shape (H, W, 3); it stays as it is.
        kind: Name of the row.
        step: How hard, in the unit of the row.
        seed: Whole numbers; the same give the same picture.

    Returns:
        RGB, uint8, the same shape.
    """
    return CORRUPTIONS[kind].apply(picture, step, np.random.default_rng(seed))
