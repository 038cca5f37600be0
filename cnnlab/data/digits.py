"""The dataset "digits" of scikit-learn: 1,797 handwritten digits, 8 × 8 pixels, enlarged to 32 × 32.

At 8 × 8 two poolings would leave nothing; enlarged smoothly, the networks of the lesson take them as
they are. This module never fetches anything: the pictures come with the package.
"""

from functools import partial

import numpy as np
from PIL import Image

from cnnlab.data.entries import Entry, Listing
from cnnlab.data.shapes import encode_png

ENLARGED = 32
LARGEST_VALUE = 16.0
"""Of the original pixels; 16 is white ink on black."""


def list_digits() -> Listing:
    """List the pictures of the dataset."""
    pixels, labels = load_digit_pixels()
    return Listing(
        entries=tuple(
            Entry(
                parts=(str(label), f"digit_{number:04}.png"),
                class_name=str(label),
                read=partial(_encode, small),
            )
            for number, (small, label) in enumerate(zip(pixels, labels, strict=True))
        )
    )


def load_digit_pixels() -> tuple[np.ndarray, np.ndarray]:
    """Read the pictures as scikit-learn has them.

    Returns:
        Grey, uint8, shape (1797, 8, 8), white ink on black; and which digit each is, int, shape (1797,).
    """
    # Here, because scikit-learn takes a second to import and only this dataset needs it.
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images * (255.0 / LARGEST_VALUE)).round().astype(np.uint8), digits.target


def enlarge(pixels: np.ndarray, *, image_size: int = ENLARGED) -> np.ndarray:
    """Enlarge one picture smoothly.

    Args:
        pixels: Grey, uint8, shape (8, 8).
        image_size: Height and width of the result, in pixels.

    Returns:
        Grey, uint8, shape (image_size, image_size).
    """
    size = (image_size, image_size)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def _encode(pixels: np.ndarray) -> bytes:
    return encode_png(enlarge(pixels))
