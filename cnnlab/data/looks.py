"""What a picture looks like in a few numbers: light, contrast, sharpness, colour, and a hash that copies share.

They are computed from decoded pixels in the child that decodes. This module never says what is too dark.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

LOOKED_AT_PIXELS = 256
"""Longer side at which sharpness is measured: the same blur gives the same number, whatever the camera."""
HASHED_PIXELS, HASH_SIDE = 32, 8


@dataclass(frozen=True, kw_only=True)
class PictureLooks:
    """The numbers of one picture."""

    brightness: float
    """Mean luma, 0 to 255."""
    contrast: float
    """Standard deviation of the luma, 0 to 127.5."""
    sharpness: float
    """Variance of the Laplacian of the luma (Pech-Pacheco et al. 2000), 0 and more, at 256 pixels."""
    colour: float
    """Mean of the largest minus the smallest of red, green and blue, 0 to 255; 0 is grey."""
    hash: int
    """Of its low frequencies, 64 bits: sign against the median of an 8 x 8 cosine transform (Zauner 2010)."""


def look_at(image: Image.Image) -> PictureLooks:
    """Measure an RGB picture."""
    small = image.copy()
    small.thumbnail((LOOKED_AT_PIXELS, LOOKED_AT_PIXELS), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    luma = np.asarray(small.convert("L"), np.float32)
    return PictureLooks(
        brightness=float(luma.mean()),
        contrast=float(luma.std()),
        sharpness=_sharpness(luma),
        colour=float((pixels.max(axis=2) - pixels.min(axis=2)).mean()),
        hash=perceptual_hash(image),
    )


def perceptual_hash(image: Image.Image) -> int:
    """Hash what a picture shows: of copies made smaller, or encoded anew, only a few of 64 bits differ."""
    grey = image.convert("L").resize((HASHED_PIXELS, HASHED_PIXELS), Image.Resampling.BOX)
    waves = _cosines()
    low = (waves @ np.asarray(grey, np.float64) @ waves.T).ravel()
    # The first is the mean of all, which says nothing of what is to be seen.
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _sharpness(luma: np.ndarray) -> float:
    if min(luma.shape) < 3:
        return 0.0
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((around - 4 * luma[1:-1, 1:-1]).var())


@cache
def _cosines() -> np.ndarray:
    """The lowest rows of the type-II discrete cosine transform, shape (8, 32)."""
    at = (2 * np.arange(HASHED_PIXELS) + 1) * np.pi / (2 * HASHED_PIXELS)
    return np.cos(np.arange(HASH_SIDE)[:, np.newaxis] * at)
