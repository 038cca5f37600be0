"""What filters say, as pictures that are kept with an answer: kernels, maps, and the pictures that excite a filter.

This module never asks a network and never judges a filter.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from cnnlab.claims.answers import PictureRow
from cnnlab.claims.claim import Measuring

KERNELS_SHOWN, MAPS_SHOWN, EXCITING_SHOWN = 12, 6, 4
SHOWN_PIXELS = 96


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the filters of one block said."""

    strongest: np.ndarray
    """Of each filter on each picture, float32, shape (N, filters)."""
    average: np.ndarray
    """The mean of each filter's map, shape (N, filters): tells apart what an activation with a ceiling makes alike."""
    places: np.ndarray
    """Where on the map that was, as shares of its height and width, shape (N, filters, 2)."""
    maps: np.ndarray
    """Of the chosen picture, float32, shape (height, width, filters)."""

    @property
    def alive(self) -> np.ndarray:
        """Which filters said anything but one and the same on these pictures, bool, shape (filters,)."""
        return np.ptp(self.strongest, axis=0) > 0.0


def kernel_rows(kernels: np.ndarray, *, measuring: Measuring) -> tuple[PictureRow, ...]:
    """Kernels that see colours, as pictures; none where the first convolution sees something else.

    Args:
        kernels: Shape (height, width, channels, filters).
        measuring: Keeps the pictures.
    """
    if not kernels.size or kernels.shape[2] != 3:
        return ()
    kept = [
        measuring.keep_picture(
            f"kernel-{number}", _large(_scaled(kernels[..., number])), caption=f"filter {number + 1}"
        )
        for number in range(min(KERNELS_SHOWN, kernels.shape[3]))
    ]
    return (
        PictureRow(
            title="Kernels of the first convolution",
            sentence=f"{kernels.shape[0]} × {kernels.shape[1]} weights for red, green and blue, each stretched from its lowest to its highest.",
            pictures=tuple(kept),
        ),
    )


def map_rows(
    blocks: tuple[str, ...], seen: list[Seen], picture: np.ndarray, *, measuring: Measuring
) -> tuple[PictureRow, ...]:
    """The strongest maps of every block for one picture, the picture first.

    Args:
        blocks: What each block is called.
        seen: What its filters said.
        picture: RGB, uint8, shape (H, W, 3).
        measuring: Keeps the pictures.
    """
    rows = []
    for place, (name, each) in enumerate(zip(blocks, seen, strict=True)):
        order = np.argsort(-each.maps.mean(axis=(0, 1)))[:MAPS_SHOWN]
        kept = [
            measuring.keep_picture(
                f"map-{place}-{number}",
                _large(_scaled(each.maps[..., number])),
                caption=f"filter {number + 1}",
            )
            for number in order
        ]
        if not place:
            kept.insert(0, measuring.keep_picture("picture", _large(picture), caption="the picture"))
        height, width, filters = each.maps.shape
        rows.append(
            PictureRow(
                title=f"Maps of {name}",
                sentence=f"{height} × {width}, the {len(order)} strongest of {filters}.",
                pictures=tuple(kept),
            )
        )
    return tuple(rows)


def exciting_rows(
    block: str, seen: Seen, pictures: np.ndarray, *, filters: np.ndarray, measuring: Measuring
) -> tuple[PictureRow, ...]:
    """The pictures that excite some filters most, each with a mark where.

    Args:
        block: What the block of these filters is called.
        seen: What its filters said.
        pictures: RGB, uint8, shape (N, H, W, 3).
        filters: Positions of the filters.
        measuring: Keeps the pictures.
    """
    rows = []
    for number in filters:
        most = np.lexsort((-seen.average[:, number], -seen.strongest[:, number]))[:EXCITING_SHOWN]
        kept = [
            measuring.keep_picture(
                f"exciting-{number}-{rank}",
                _marked(pictures[which], seen.places[which, number]),
                caption=f"answer {seen.strongest[which, number]:.2f}",
            )
            for rank, which in enumerate(most)
        ]
        rows.append(
            PictureRow(
                title=f"What excites filter {number + 1} of {block} most",
                sentence="The mark is where its map is strongest.",
                pictures=tuple(kept),
            )
        )
    return tuple(rows)


def _scaled(values: np.ndarray) -> np.ndarray:
    """Stretch to 0..255, uint8; all alike becomes grey."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.full(values.shape, 128, np.uint8)
    return np.rint((values - low) / (high - low) * 255.0).astype(np.uint8)


def _large(pixels: np.ndarray) -> np.ndarray:
    """Enlarge without smoothing, so that single values stay visible."""
    return np.asarray(Image.fromarray(pixels).resize((SHOWN_PIXELS, SHOWN_PIXELS), Image.Resampling.NEAREST))


def _marked(picture: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Draw a frame around a place, white outside and black inside, so that it is seen on any ground."""
    marked = np.array(_large(picture))
    reach = SHOWN_PIXELS // 8
    row, column = (int(np.clip(share * SHOWN_PIXELS, reach, SHOWN_PIXELS - reach)) for share in place)
    for distance, shade in ((reach, 255), (reach - 1, 0)):
        top, bottom, left, right = (
            row - distance,
            row + distance - 1,
            column - distance,
            column + distance - 1,
        )
        marked[[top, bottom], left : right + 1] = shade
        marked[top : bottom + 1, [left, right]] = shade
    return marked
