"""Which pictures an exported model is compared on, and which ones the 8 bits are measured on.

Compared on pictures that training never looked at, at most a thousand of them; measured on training
pictures. The same run always gives the same ones. This module never opens a model.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnlab.data.packing import PackedPictures, pack_pictures
from cnnlab.data.splits import TEST, TRAINING, VALIDATION
from cnnlab.evaluation.judged import dataset_of
from cnnlab.runs.folder import RunFolder

MOST_COMPARED = 1000
"""More would sharpen an interval that is narrow by then, and keep a large network busy for minutes."""
MOST_CALIBRATING = 200
MADE_UP = 32
"""Pictures that are drawn where there is no dataset any more: they show a broken file, and no accuracy."""
SEED = 0


@dataclass(frozen=True, kw_only=True)
class ComparedPictures:
    """What every format of a run is asked about."""

    split: str
    """'test', or 'validation' where there is no test split; '' for made-up pictures."""
    numbers: np.ndarray
    """Number of each picture in the dataset, int64, shape (N,), ascending."""
    pictures: np.ndarray
    """RGB, uint8, shape (N, image_size, image_size, 3)."""
    labels: np.ndarray | None
    """True class indices, int32, shape (N,); None for made-up pictures."""
    of_pictures: int
    """How many the split has."""


@dataclass(frozen=True, kw_only=True)
class RunPictures:
    """The pictures of a run that an export needs."""

    compared: ComparedPictures
    calibration: np.ndarray | None
    """Training pictures, uint8, shape (N, image_size, image_size, 3); None where the dataset is gone."""


def pictures_of(run: RunFolder, *, on_progress: Callable[[int, int], None] | None = None) -> RunPictures:
    """Choose the pictures of a run's dataset, or draw some where it was deleted.

    Raises:
        RunError: The run's settings are damaged.
        DatasetError: The dataset is damaged, or the disk has too little room.
    """
    dataset, image_size = dataset_of(run), run.spec().network.image_size
    if dataset is None:
        return RunPictures(compared=_made_up(image_size), calibration=None)
    packed = pack_pictures(dataset, image_size=image_size, on_progress=on_progress)
    training = _some(packed.positions(TRAINING), most=MOST_CALIBRATING)
    return RunPictures(
        compared=_compared(packed, image_size),
        calibration=packed.pictures[training] if len(training) else None,
    )


def _compared(packed: PackedPictures, image_size: int) -> ComparedPictures:
    for split in (TEST, VALIDATION):
        all_positions = packed.positions(split)
        if len(all_positions):
            chosen = _some(all_positions, most=MOST_COMPARED)
            return ComparedPictures(
                split=split,
                numbers=packed.picture_numbers[chosen],
                pictures=packed.pictures[chosen],
                labels=packed.labels[chosen],
                of_pictures=len(all_positions),
            )
    return _made_up(image_size)


def _some(positions: np.ndarray, *, most: int) -> np.ndarray:
    """At most so many of them by chance, each class about as often as it is there, in order."""
    if len(positions) <= most:
        return positions
    return np.sort(np.random.default_rng(SEED).choice(positions, most, replace=False))


def _made_up(image_size: int) -> ComparedPictures:
    """Soft blots of colour: even noise would look the same to a network that pools."""
    random = np.random.default_rng(SEED)
    coarse = random.integers(0, 256, (MADE_UP, 4, 4, 3), dtype=np.uint8)
    times = -(-image_size // 4)
    pictures = coarse.repeat(times, axis=1).repeat(times, axis=2)[:, :image_size, :image_size]
    return ComparedPictures(
        split="", numbers=np.arange(MADE_UP), pictures=pictures, labels=None, of_pictures=MADE_UP
    )
