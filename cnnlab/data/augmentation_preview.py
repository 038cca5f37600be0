"""Some pictures as a run would see them, epoch after epoch: what the Train page shows before it starts.

It asks the functions that training asks, with the same seed, numbers and epochs. This module never
makes a picture smaller.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cnnlab.data.augmentation import augment_picture
from cnnlab.data.mixing import draw_mix, mix_pictures
from cnnlab.specs.augmentation import Augmentation


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A picture as training sees it."""

    pixels: np.ndarray
    """RGB, uint8, shape (S, S, 3)."""
    share: float = 1.0
    """How much of it is left, where another is mixed in."""
    partner: int | None = None
    """Which of those shown is mixed in."""


def see_as_training(
    pictures: np.ndarray, numbers: np.ndarray, *, settings: Augmentation, seed: int, copies: Iterable[int]
) -> Iterator[list[Seen]]:
    """Alter some pictures as a batch of them is altered in training, for each copy or epoch.

    Args:
        pictures: At the network's size, RGB, uint8, shape (B, S, S, 3).
        numbers: Of each in its dataset, int, shape (B,).
        copies: Which copies, or epochs.
    """
    for copy in copies:
        altered = np.stack(
            [
                augment_picture(picture, settings=settings, seed=seed, number=int(number), copy=copy)
                for picture, number in zip(pictures, numbers, strict=True)
            ]
        )
        mix = draw_mix(numbers, settings=settings, seed=seed, epoch=copy, image_size=pictures.shape[1])
        if mix is None:
            yield [Seen(pixels=pixels) for pixels in altered]
            continue
        yield [
            Seen(pixels=pixels, share=float(share), partner=int(partner))
            for pixels, share, partner in zip(
                mix_pictures(altered, mix), mix.shares, mix.partners, strict=True
            )
        ]
