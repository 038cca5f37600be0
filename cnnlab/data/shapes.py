"""The generated dataset "shapes": eight kinds of drawn shapes, for seeing what a CNN is good at.

Where a shape lies, its size, colour and rotation, the background and the grain say nothing about its
class: only the form does. A dense network has to learn every form at every place anew; a CNN finds
it anywhere. Each picture depends on the seed and its own number alone. This module never writes.
"""

import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from cnnlab.data.entries import Entry, Listing
from cnnlab.data.sources import ShapesSettings

SUPERSAMPLING = 4
"""Drawn so many times larger and averaged down: smooth edges at any size."""
SMALLEST_RADIUS, LARGEST_RADIUS = 0.2, 0.32
"""Of a shape, as shares of the picture's side."""
BRIGHTEST_GROUND = 130.0
"""No colour channel of a background is above it, 0..255."""
LEAST_CONTRAST = 70.0
"""How much brighter than its background a shape is at least, 0..255."""
BRIGHTNESS = np.array([0.299, 0.587, 0.114])
"""Share of red, green and blue in how bright a colour looks (ITU-R BT.601)."""

Point = tuple[float, float]


def list_shapes(wanted: ShapesSettings) -> Listing:
    """List the pictures of the dataset; each is drawn when it is read."""
    names = sorted(FORMS)
    return Listing(
        entries=tuple(
            Entry(
                parts=(names[number % len(names)], f"{names[number % len(names)]}_{number:06}.png"),
                class_name=names[number % len(names)],
                read=_Drawing(wanted, number),
            )
            for number in range(wanted.num_pictures)
        )
    )


def draw_shape(class_name: str, *, wanted: ShapesSettings, number: int) -> np.ndarray:
    """Draw one picture.

    Args:
        class_name: One of `FORMS`.
        wanted: Size, movement, noise and seed.
        number: Which picture; the same number and seed draw the same picture.

    Returns:
        RGB, uint8, shape (image_size, image_size, 3).
    """
    random = np.random.default_rng([wanted.seed, number])
    size = wanted.image_size
    ground, ink = _colors(random)
    radius = size * random.uniform(SMALLEST_RADIUS, LARGEST_RADIUS)
    room = (size / 2 - radius) * wanted.movement
    center = size / 2 + random.uniform(-room, room, size=2)
    mask = _mask(class_name, size=size, center=center, radius=radius, turn=random.uniform(0, 2 * math.pi))
    picture = ground(size)
    picture += (ink - picture) * mask[..., None]
    picture += random.normal(0.0, 255.0 * wanted.noise, size=picture.shape)
    return np.rint(picture.clip(0, 255)).astype(np.uint8)


class _Drawing:
    """Draws one picture as PNG bytes; small, because there may be 100,000 of them."""

    __slots__ = ("number", "wanted")

    def __init__(self, wanted: ShapesSettings, number: int) -> None:
        self.wanted, self.number = wanted, number

    def __call__(self) -> bytes:
        names = sorted(FORMS)
        pixels = draw_shape(names[self.number % len(names)], wanted=self.wanted, number=self.number)
        return encode_png(pixels)


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode grey (H, W) or RGB (H, W, 3) uint8 pixels without loss."""
    output = io.BytesIO()
    Image.fromarray(pixels).save(output, format="PNG", compress_level=1)
    return output.getvalue()


def _colors(random: np.random.Generator) -> tuple[Callable[[int], np.ndarray], np.ndarray]:
    """A dark background that fades from one colour to another, and a colour that is brighter than both.

    Brighter always: with shapes now darker, now brighter than their ground, a small CNN too needs far
    more pictures than this dataset has (measured: 16 % after 15 epochs, where chance is 12 %).
    """
    first = random.uniform(0, BRIGHTEST_GROUND, size=3)
    second = (first + random.uniform(-60, 60, size=3)).clip(0, BRIGHTEST_GROUND)
    angle = random.uniform(0, 2 * math.pi)

    def ground(size: int) -> np.ndarray:
        across = np.linspace(-1, 1, size)
        fade = 0.5 + (across[None, :] * math.cos(angle) + across[:, None] * math.sin(angle)) / (
            2 * math.sqrt(2)
        )
        return first + (second - first) * fade[..., None]

    while True:
        ink = random.uniform(0, 255, size=3)
        if ink @ BRIGHTNESS >= max(first @ BRIGHTNESS, second @ BRIGHTNESS) + LEAST_CONTRAST:
            return ground, ink


def _mask(class_name: str, *, size: int, center: np.ndarray, radius: float, turn: float) -> np.ndarray:
    """How much of each pixel the shape covers, 0..1, shape (size, size)."""
    large = Image.new("L", (size * SUPERSAMPLING, size * SUPERSAMPLING), 0)
    draw = ImageDraw.Draw(large)
    cosine, sine = math.cos(turn), math.sin(turn)
    for points, filled in FORMS[class_name]():
        placed = [
            (
                (center[0] + radius * (x * cosine - y * sine)) * SUPERSAMPLING,
                (center[1] + radius * (x * sine + y * cosine)) * SUPERSAMPLING,
            )
            for x, y in points
        ]
        draw.polygon(placed, fill=255 if filled else 0)
    return np.asarray(large.reduce(SUPERSAMPLING), dtype=np.float64) / 255.0


def _around(corners: int, *, radius: float = 1.0, at: Point = (0.0, 0.0)) -> list[Point]:
    """Corners of a regular polygon."""
    steps = np.arange(corners) * (2 * math.pi / corners)
    return [(at[0] + radius * math.cos(step), at[1] + radius * math.sin(step)) for step in steps]


def _star() -> list[Point]:
    outer, inner = _around(5), _around(5, radius=0.4)
    turn = math.pi / 5
    inner = [
        (x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)) for x, y in inner
    ]
    return [point for pair in zip(outer, inner, strict=True) for point in pair]


def _cross(arm: float = 0.32) -> list[Point]:
    quarter = [(0.95, -arm), (0.95, arm), (arm, arm)]
    turned = quarter
    points = []
    for _ in range(4):
        points += turned
        turned = [(-y, x) for x, y in turned]
    return points


def _arrow() -> list[Point]:
    tail, head, shaft, wing = -0.95, 0.05, 0.28, 0.85
    upper = [(head, wing), (head, shaft), (tail, shaft)]
    return [(1.0, 0.0), *upper, *((x, -y) for x, y in reversed(upper))]


ROUND = 48
"""Corners of a polygon that looks round."""

FORMS: dict[str, Callable[[], list[tuple[list[Point], bool]]]] = {
    # Each is polygons inside the unit circle, drawn in order: True fills, False cuts out.
    "arrow": lambda: [(_arrow(), True)],
    "circle": lambda: [(_around(ROUND, radius=0.9), True)],
    "crescent": lambda: [(_around(ROUND), True), (_around(ROUND, radius=0.8, at=(0.5, 0.0)), False)],
    "cross": lambda: [(_cross(), True)],
    "ring": lambda: [(_around(ROUND), True), (_around(ROUND, radius=0.58), False)],
    "square": lambda: [(_around(4), True)],
    "star": lambda: [(_star(), True)],
    "triangle": lambda: [(_around(3), True)],
}
