"""Where a network looked: Grad-CAM (https://arxiv.org/abs/1610.02391) in NumPy, over what LiteRT puts out.

The model of a finished run says its last maps beside its probabilities, and the head behind them is a
few matrices (`heads`), so nobody needs TensorFlow. What lies deeper inside is asked of Keras by
`explanations_worker`. This module never decodes a picture.
"""

import numpy as np
from PIL import Image

from cnnlab.errors import EvaluationError
from cnnlab.evaluation.heads import Head
from cnnlab.prediction.predictor import Predictor

COLOURS = (
    (0.0, (0, 0, 4)),
    (0.13, (28, 16, 68)),
    (0.25, (79, 18, 123)),
    (0.38, (129, 37, 129)),
    (0.5, (181, 54, 122)),
    (0.63, (229, 80, 100)),
    (0.75, (251, 135, 97)),
    (0.88, (254, 194, 135)),
    (1.0, (252, 253, 191)),
)
"""Matplotlib's 'magma' at nine places: even steps of lightness, so it is read right without colours too."""


def explain(predictor: Predictor, *, head: Head, picture: np.ndarray, label: int) -> np.ndarray:
    """Say where a network saw what speaks for a class.

    Args:
        predictor: The model of a run.
        head: Of the same run, as `load_head` reads it.
        picture: RGB, 0..255, shape (image_size, image_size, 3).
        label: The class.

    Returns:
        Float32, shape (image_size, image_size), 0 to 1; 0 everywhere where nothing speaks for the class.

    Raises:
        ModelError: The picture has another shape than the model takes.
        EvaluationError: Model and head are not of one run, or there is no such class.
    """
    maps = predictor.explain(picture)[1]
    if maps is None or not 0 <= label < len(predictor.record.class_names):
        raise EvaluationError(
            f"The network of {predictor.record.name!r} has no maps, or no class {label}, so it cannot be said where "
            f"it looks. Choose a CNN, and one of its {len(predictor.record.class_names)} classes."
        )
    try:
        gradient = head.gradient(maps, label=label)
    except ValueError as error:
        raise EvaluationError(
            f"The model and the head of {predictor.record.name!r} do not fit. Train it again."
        ) from error
    return enlarge(grad_cam(maps, gradient), size=picture.shape[:2])


def grad_cam(maps: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Weigh maps by the mean of their gradient, add them up, and keep what speaks for the class.

    Args:
        maps: Float, shape (height, width, maps).
        gradient: Of the score of a class by them, the same shape.

    Returns:
        Float32, shape (height, width), 0 to 1; the largest is 1 unless nothing speaks for the class.
    """
    heat = np.maximum(maps @ gradient.mean(axis=(0, 1)), 0.0)
    highest = float(heat.max(initial=0.0))
    return (heat / highest if highest > 0.0 else np.zeros_like(heat)).astype(np.float32)


def enlarge(heat: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
    """Bring a heat map to a height and width, smoothly; float32, 0 to 1."""
    height, width = size
    image = Image.fromarray(np.asarray(heat, np.float32))
    return np.clip(np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)), 0.0, 1.0)


def overlay(picture: np.ndarray, heat: np.ndarray, *, opacity: float = 0.5) -> np.ndarray:
    """Lay a heat map over a picture; where it is cold the picture stays as it is.

    Args:
        picture: RGB, uint8, shape (height, width, 3).
        heat: 0 to 1, of any size.
        opacity: How much the hottest places hide of the picture, 0 to 1.

    Returns:
        RGB, uint8, the shape of the picture.
    """
    grown = enlarge(heat, size=picture.shape[:2])[..., np.newaxis]
    # Full from the middle of the scale on: what is only warm still lets the picture through.
    share = np.clip(opacity, 0.0, 1.0) * np.minimum(2.0 * grown, 1.0)
    mixed = (1.0 - share) * picture + share * coloured(grown[..., 0])
    return np.rint(mixed).astype(np.uint8)


def coloured(heat: np.ndarray) -> np.ndarray:
    """The colours of values from 0 to 1, uint8, shape (..., 3)."""
    places, colours = np.array([place for place, _ in COLOURS]), np.array([colour for _, colour in COLOURS])
    channels = [np.interp(heat, places, colours[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def colour_bar(*, height: int = 12, width: int = 128) -> np.ndarray:
    """The scale as a picture, cold on the left; RGB, uint8, shape (height, width, 3)."""
    return np.repeat(coloured(np.linspace(0.0, 1.0, width))[np.newaxis], height, axis=0)
