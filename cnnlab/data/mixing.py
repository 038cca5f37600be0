"""MixUp and CutMix: pictures of a batch are mixed with each other, and with them what they are called.

MixUp lays one picture over another (Zhang et al. 2018, https://arxiv.org/abs/1710.09412), CutMix puts a
part of one into another (Yun et al. 2019, https://arxiv.org/abs/1905.04899). As with everything in the
pipeline, what happens follows from the seed, the positions and the epoch. This module never looks at a
label: it says which picture was mixed in, and how much of the first is left.
"""

from dataclasses import dataclass

import numpy as np

from cnnlab.specs.augmentation import Augmentation

MIXING = 0x6D6978
"""Sets these draws apart from those of single pictures."""


@dataclass(frozen=True, kw_only=True)
class Mix:
    """What is mixed with what in a batch of B pictures."""

    partners: np.ndarray
    """Place in the batch of the picture that is mixed in, int, shape (B,); never its own."""
    shares: np.ndarray
    """How much of each picture is left, float32, shape (B,), 0 to 1."""
    boxes: np.ndarray
    """Top, bottom, left and right of what comes from the partner, int, shape (B, 4); empty where it is laid over."""


def draw_mix(
    positions: np.ndarray, *, settings: Augmentation, seed: int, epoch: int, image_size: int
) -> Mix | None:
    """Draw how a batch is mixed; equal arguments give equal draws.

    Where both are on, each picture gets one of them, with even chances.

    Args:
        positions: Which pictures are in the batch, in their order, int, shape (B,).
        settings: Strength of both, as the alpha of a Beta distribution; 0 is off.
        seed: The run's seed.
        epoch: From 1, counted over the run.
        image_size: Pixels a side.

    Returns:
        None where nothing is mixed, or a batch has one picture only.
    """
    count = len(positions)
    if not settings.mixes or count < 2:
        return None
    generator = np.random.Generator(np.random.PCG64([MIXING, seed, epoch, int(positions[0]), count]))
    partners = (np.arange(count) + generator.integers(1, count)) % count
    centres = generator.integers(0, image_size, (count, 2))
    cuts = generator.random(count) < _chance_of_cutting(settings)
    blended = generator.beta(*[settings.mixup_alpha or 1.0] * 2, size=count)
    kept = generator.beta(*[settings.cutmix_alpha or 1.0] * 2, size=count)
    boxes = _boxes(centres, kept, image_size=image_size)
    boxes[~cuts] = 0
    areas = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
    # What a box loses at the border counts: the share is that of the pixels, not the one that was drawn.
    shares = np.where(cuts, 1.0 - areas / image_size**2, blended)
    return Mix(partners=partners, shares=shares.astype(np.float32), boxes=boxes)


def mix_pictures(pictures: np.ndarray, mix: Mix) -> np.ndarray:
    """Mix the pictures of a batch.

    Args:
        pictures: RGB, uint8, shape (B, S, S, 3); they are left as they are.
        mix: As `draw_mix` drew it for them.

    Returns:
        RGB, uint8, shape (B, S, S, 3).
    """
    mixed = np.empty_like(pictures)
    for place, (partner, share, (top, bottom, left, right)) in enumerate(
        zip(mix.partners, mix.shares, mix.boxes, strict=True)
    ):
        own, other = pictures[place], pictures[partner]
        if bottom > top and right > left:
            mixed[place] = own
            mixed[place, top:bottom, left:right] = other[top:bottom, left:right]
        elif share == 1.0:
            mixed[place] = own
        else:
            laid_over = share * own.astype(np.float32) + (1.0 - share) * other.astype(np.float32)
            mixed[place] = np.rint(laid_over)
    return mixed


def _chance_of_cutting(settings: Augmentation) -> float:
    if settings.mixup_alpha and settings.cutmix_alpha:
        return 0.5
    return 1.0 if settings.cutmix_alpha else 0.0


def _boxes(centres: np.ndarray, kept: np.ndarray, *, image_size: int) -> np.ndarray:
    """Boxes around centres, cut off at the border; they would have the share that is not kept of the area."""
    half = np.rint(image_size * np.sqrt(1.0 - kept) / 2.0).astype(int)[:, None]
    (top, left), (bottom, right) = (centres - half).T, (centres + half).T
    return np.stack([top, bottom, left, right], axis=1).clip(0, image_size)
