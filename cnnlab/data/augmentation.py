"""Table of what may happen to a training picture: one row for each field of the spec.

It belongs to the pipeline and never to the model: a model with a random layer inside stays random when
it is taken away. What happens follows from the seed, the picture's number and the copy, and from nothing
else, so that a resumed run sees what the undisturbed one would have seen. This module never imports
TensorFlow and never touches validation or test pictures.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image

from cnnlab.data import recolouring
from cnnlab.specs.augmentation import Augmentation

FIRST_ROWS = 6
"""So many rows were there from the beginning, with two draws each; the others have `DRAWS`."""
DRAWS = 6
LONGEST_CROP = 4 / 3
"""Longer side of a crop by its shorter one, as in Szegedy et al. 2014 (1409.4842)."""

Move = Callable[[float, np.ndarray], np.ndarray]
"""From a strength and some draws to a 3 x 3 matrix that moves points about the picture's centre, in shares of its side."""
Recolour = Callable[[np.ndarray, float, np.ndarray], np.ndarray]
"""From pixels, float32 0..255, a strength and some draws to other pixels."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that may happen: it moves points, or it changes colours. Draws lie evenly in [-1, 1)."""

    move: Move | None = None
    recolour: Recolour | None = None


def _flip(_: float, draws: np.ndarray) -> np.ndarray:
    return np.diag([-1.0 if draws[0] < 0.0 else 1.0, 1.0, 1.0])


def _rotate(degrees: float, draws: np.ndarray) -> np.ndarray:
    angle = math.radians(degrees * draws[0])
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _shift(share: float, draws: np.ndarray) -> np.ndarray:
    right, down = share * draws
    return np.array([[1.0, 0.0, right], [0.0, 1.0, down], [0.0, 0.0, 1.0]])


def _zoom(share: float, draws: np.ndarray) -> np.ndarray:
    factor = 1.0 + share * draws[0]
    return np.diag([factor, factor, 1.0])


def _flip_down(_: float, draws: np.ndarray) -> np.ndarray:
    return np.diag([1.0, -1.0 if draws[0] < 0.0 else 1.0, 1.0])


def _crop(share: float, draws: np.ndarray) -> np.ndarray:
    area = 1.0 - share * (draws[0] + 1.0) / 2.0
    ratio = LONGEST_CROP ** draws[1]
    width, height = (min(math.sqrt(area * by), 1.0) for by in (ratio, 1.0 / ratio))
    across, down = (1.0 - width) / 2.0 * draws[2], (1.0 - height) / 2.0 * draws[3]
    return np.diag([1.0 / width, 1.0 / height, 1.0]) @ np.array(
        [[1.0, 0.0, -across], [0.0, 1.0, -down], [0.0, 0.0, 1.0]]
    )


OPERATIONS = MappingProxyType(
    {
        "flip": Operation(move=_flip),
        "rotation_degrees": Operation(move=_rotate),
        "shift_share": Operation(move=_shift),
        "zoom_share": Operation(move=_zoom),
        "brightness_share": Operation(recolour=recolouring.brighten),
        "contrast_share": Operation(recolour=recolouring.contrast),
        "flip_vertically": Operation(move=_flip_down),
        "crop_share": Operation(move=_crop),
        "saturation_share": Operation(recolour=recolouring.saturate),
        "hue_degrees": Operation(recolour=recolouring.turn_hue),
        "blur_percent": Operation(recolour=recolouring.blur),
        "erase_share": Operation(recolour=recolouring.erase),
    }
)
"""By field of `Augmentation`, in the order in which they happen.

Draws are taken in this order too, so that a new row goes to the end: the pictures of older runs stay as they were.
"""


def augment_picture(
    picture: np.ndarray, *, settings: Augmentation, seed: int, number: int, copy: int
) -> np.ndarray:
    """Alter one picture; equal arguments give equal pixels.

    Points are moved once, by all operations together, so that a picture is resampled once. What
    comes in from outside is the picture's own mirror image, not black: a network would learn corners.

    Args:
        picture: RGB, uint8, shape (S, S, 3); it is left as it is.
        settings: What may happen, and how strongly.
        seed: The run's seed.
        number: Which picture it is.
        copy: Which copy of it, or the epoch.

    Returns:
        RGB, uint8, shape (S, S, 3).
    """
    # Every row has draws of its own, used or not: switching one on leaves the others as they are.
    generator = np.random.Generator(np.random.PCG64([seed, number, copy]))
    draws = [*generator.uniform(-1.0, 1.0, (FIRST_ROWS, 2))]
    draws += [*generator.uniform(-1.0, 1.0, (len(OPERATIONS) - FIRST_ROWS + 1, DRAWS))]
    matrix, recolours = np.eye(3), []
    for (field, operation), drawn in zip(OPERATIONS.items(), draws[:-1], strict=True):
        strength = float(getattr(settings, field))
        if strength and operation.move is not None:
            matrix = operation.move(strength, drawn) @ matrix
        elif strength:
            recolours.append((operation.recolour, strength, drawn))
    altered = picture if np.array_equal(matrix, np.eye(3)) else _moved(picture, matrix)
    altered = recolouring.rand_augment(
        altered, operations=settings.rand_operations, magnitude=settings.rand_magnitude, draws=draws[-1]
    )
    if not recolours:
        return altered
    pixels = altered.astype(np.float32)
    for recolour, strength, drawn in recolours:
        pixels = recolour(pixels, strength, drawn)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


class AugmentedPictures:
    """Altered copies of some pictures, made when they are asked for: as long as a list, never in memory as a whole."""

    def __init__(
        self, pictures: np.ndarray, positions: np.ndarray, *, settings: Augmentation, seed: int, copy: int
    ) -> None:
        self._pictures = pictures
        self._positions = positions
        self._settings = settings
        self._seed = seed
        self._copy = copy
        self.shape = (len(positions), *pictures.shape[1:])

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, chosen: slice) -> np.ndarray:
        """Alter some of them: uint8, shape (B, S, S, 3)."""
        return augment_pictures(
            self._pictures,
            self._positions[chosen],
            settings=self._settings,
            seed=self._seed,
            copy=self._copy,
        )


def augment_pictures(
    pictures: np.ndarray, positions: np.ndarray, *, settings: Augmentation, seed: int, copy: int
) -> np.ndarray:
    """Alter the pictures at some positions, each as `augment_picture` does with its position as its number.

    Args:
        pictures: RGB, uint8, shape (N, S, S, 3).
        positions: Which of them, int, shape (B,).

    Returns:
        RGB, uint8, shape (B, S, S, 3).
    """
    altered = np.empty((len(positions), *pictures.shape[1:]), np.uint8)
    for place, number in enumerate(positions):
        altered[place] = augment_picture(
            pictures[number], settings=settings, seed=seed, number=int(number), copy=copy
        )
    return altered


def _moved(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    size = len(picture)
    back = np.linalg.inv(matrix)
    # Where the corners come from says how far outside the picture anything comes from.
    corners = back @ np.array([[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5], [1.0, 1.0, 1.0, 1.0]])
    margin = max(math.ceil((np.abs(corners[:2]).max() - 0.5) * size) + 1, 1)
    # "symmetric" mirrors at the border itself, so that no row of pixels is missing from its mirror image.
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    centre = np.array([0.5, 0.5])
    offset = (centre - back[:2, :2] @ centre + back[:2, 2]) * size + margin
    coefficients = (*back[0, :2], offset[0], *back[1, :2], offset[1])
    moved = Image.fromarray(padded).transform(
        (size, size), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    return np.asarray(moved)
