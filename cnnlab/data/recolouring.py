"""What augmentation may do to colours and pixels: blur, colour, a hole, and RandAugment's list of such things.

Each function takes pixels, a strength and draws that lie evenly in [-1, 1), and nothing else is random.
This module never moves a point by itself and never imports TensorFlow.
"""

import math
from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""How bright red, green and blue are (ITU-R BT.601)."""
SMALLEST_HOLE = 0.02
LONGEST_HOLE = 1 / 0.3
"""Area of a hole as a share of the picture, and its longer side by its shorter one (Zhong et al. 2017, 1708.04896)."""
FULL_MAGNITUDE = 10.0
"""RandAugment's strongest (Cubuk et al. 2019, 1909.13719)."""


def brighten(pixels: np.ndarray, share: float, draws: np.ndarray) -> np.ndarray:
    """Multiply by up to 1 +- share."""
    return pixels * np.float32(1.0 + share * draws[0])


def contrast(pixels: np.ndarray, share: float, draws: np.ndarray) -> np.ndarray:
    """Take away from, or towards, the mean of the picture."""
    middle = pixels.mean()
    return (pixels - middle) * np.float32(1.0 + share * draws[0]) + middle


def saturate(pixels: np.ndarray, share: float, draws: np.ndarray) -> np.ndarray:
    """Take away from, or towards, the grey of each pixel; its luma stays."""
    grey = (pixels @ LUMA)[..., np.newaxis]
    return grey + (pixels - grey) * np.float32(1.0 + share * draws[0])


def turn_hue(pixels: np.ndarray, degrees: float, draws: np.ndarray) -> np.ndarray:
    """Turn colours about the grey axis (Rodrigues' rotation); what is grey stays exactly."""
    angle = math.radians(degrees * draws[0])
    cosine, sine = math.cos(angle), math.sin(angle) / math.sqrt(3.0)
    across = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    matrix = cosine * np.eye(3) + sine * across + (1.0 - cosine) / 3.0
    return pixels @ matrix.T.astype(np.float32)


def blur(pixels: np.ndarray, percent: float, draws: np.ndarray) -> np.ndarray:
    """Blur with a Gaussian whose deviation is up to so many percent of the side."""
    radius = float(len(pixels) * percent / 100.0 * (draws[0] + 1.0) / 2.0)
    return np.asarray(_image(pixels).filter(ImageFilter.GaussianBlur(radius)), np.float32)


def erase(pixels: np.ndarray, share: float, draws: np.ndarray) -> np.ndarray:
    """Fill a rectangle of up to this share of the area with noise, every other time (Random Erasing)."""
    if draws[0] < 0.0:
        return pixels
    size, even = len(pixels), (draws + 1.0) / 2.0
    area = min(SMALLEST_HOLE, share) + even[1] * max(share - SMALLEST_HOLE, 0.0)
    ratio = LONGEST_HOLE ** draws[2]
    # Rounded down: a hole is never larger than it may be.
    height, width = (max(min(int(size * math.sqrt(area * by)), size), 1) for by in (ratio, 1.0 / ratio))
    top, left = int(even[3] * (size - height + 1)), int(even[4] * (size - width + 1))
    noise = np.random.Generator(np.random.PCG64(int(even[5] * 2**53)))
    holed = pixels.copy()
    holed[top : top + height, left : left + width] = noise.integers(0, 256, (height, width, 3))
    return holed


def _enhanced(enhancer: type) -> Callable[[Image.Image, float], Image.Image]:
    return lambda image, way: enhancer(image).enhance(1.0 + 0.9 * way)


def _sheared(image: Image.Image, slope: float, *, down: bool) -> Image.Image:
    middle = image.width / 2.0
    matrix = (1, 0, 0, slope, 1, -slope * middle) if down else (1, slope, -slope * middle, 0, 1, 0)
    return image.transform(
        image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128)
    )


RAND_OPERATIONS = MappingProxyType(
    {
        "identity": lambda image, way: image,
        "auto contrast": lambda image, way: ImageOps.autocontrast(image) if way else image,
        "equalize": lambda image, way: ImageOps.equalize(image) if way else image,
        "rotate": lambda image, way: image.rotate(
            30.0 * way, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128)
        ),
        "solarize": lambda image, way: ImageOps.solarize(image, threshold=256 - int(256 * abs(way))),
        "posterize": lambda image, way: ImageOps.posterize(image, 8 - int(4 * abs(way))),
        "colour": _enhanced(ImageEnhance.Color),
        "contrast": _enhanced(ImageEnhance.Contrast),
        "brightness": _enhanced(ImageEnhance.Brightness),
        "sharpness": _enhanced(ImageEnhance.Sharpness),
        "shear x": lambda image, way: _sheared(image, 0.3 * way, down=False),
        "shear y": lambda image, way: _sheared(image, 0.3 * way, down=True),
    }
)
"""What RandAugment chooses from: an image and a way, -1 to 1, to another image; at 0 it is the same image."""


def rand_augment(picture: np.ndarray, *, operations: int, magnitude: float, draws: np.ndarray) -> np.ndarray:
    """Do some operations of the list, chosen at random, all equally strong and each either way.

    Args:
        picture: RGB, uint8, shape (S, S, 3).
        operations: How many, 0 to half of the draws.
        magnitude: How strong, 0 to 10.
        draws: Two for each operation.

    Returns:
        RGB, uint8, shape (S, S, 3).
    """
    rows, image = tuple(RAND_OPERATIONS.values()), Image.fromarray(picture)
    for drawn, sign in draws[: 2 * operations].reshape(-1, 2):
        row = rows[int((drawn + 1.0) / 2.0 * len(rows))]
        image = row(image, math.copysign(magnitude / FULL_MAGNITUDE, sign))
    return np.asarray(image)


def _image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
