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
    # Here, because scikit-learn takes a second to import and only this dataset needs it.
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Listing(
        entries=tuple(
            Entry(
                parts=(str(label), f"digit_{number:04}.png"),
                class_name=str(label),
                read=partial(enlarge, pixels),
            )
            for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True))
        )
    )


def enlarge(pixels: np.ndarray) -> bytes:
    """Make a PNG of one original picture, float, shape (8, 8), 0..16."""
    small = Image.fromarray((pixels * (255.0 / LARGEST_VALUE)).round().astype(np.uint8))
    return encode_png(np.asarray(small.resize((ENLARGED, ENLARGED), Image.Resampling.BICUBIC)))
