"""A few pictures in the place of a whole dataset, taken through what is frozen as a run would take them.

For trials: nothing is packed and nothing is written into the cache of activations; a frozen part that
is converted on the way is kept where the run will look for it. This module never trains.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from cnnlab.data.dataset import Dataset
from cnnlab.data.images import decode_picture, fit_picture
from cnnlab.data.packing import PackedPictures
from cnnlab.settings import settings
from cnnlab.specs.runs import RunSpec
from cnnlab.training.activations import BATCH_SIZE
from cnnlab.training.extraction import fastest_answer
from cnnlab.training.frozen import FrozenInputs, OnProgress

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What asking a frozen part took."""

    first_seconds: float
    """The first picture, with choosing a way and converting."""
    seconds: float
    """Each further picture."""
    was_converted: bool
    """Whether the converted form was kept from before."""


@dataclass(frozen=True, kw_only=True)
class TrialInputs(FrozenInputs):
    """Inputs of a trial: asked about once for each of a few pictures, with the time it takes."""

    stored: int
    """How many pictures the run has; that decides which way is the fastest."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """By boundary; filled on the way."""

    def through(self, below: "keras.Model", *, boundary: str) -> Self:
        """Take the few pictures through a frozen part; one altered copy stands for all."""
        origin = self.origin(below, boundary=boundary)
        kept = self.cache / "frozen" / f"{origin.network_key}.tflite"
        was_converted = kept.is_file()
        started = time.perf_counter()
        self.on_progress(f"Converting what is below {boundary}", 0, 0)
        # As long as the dataset, and no larger than one picture: the length decides which way is taken.
        answer = fastest_answer(
            below, np.broadcast_to(self.plain[:1], (self.stored, *self.plain.shape[1:])), kept=kept
        )
        answer(np.asarray(self.plain[:1], np.float32))
        first, started = time.perf_counter() - started, time.perf_counter()
        plain = self._ask(answer, self.plain, boundary)
        seconds = (time.perf_counter() - started) / len(plain)
        self.asked[boundary] = Asked(first_seconds=first, seconds=seconds, was_converted=was_converted)
        copies = self.copies
        if copies:
            copies = (self._ask(answer, self.copies[0][: len(plain)], boundary),) * len(copies)
        return replace(
            self, plain=plain, copies=copies, answers=(*self.answers, answer), weights=origin.weights
        )

    def _ask(
        self, answer: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray, boundary: str
    ) -> np.ndarray:
        answers = []
        for start in range(0, len(inputs), BATCH_SIZE):
            self.on_progress(f"Trying what is below {boundary}", start, len(inputs))
            answers.append(answer(np.asarray(inputs[start : start + BATCH_SIZE], np.float32)))
        return np.concatenate(answers)


def begin_trial(
    spec: RunSpec,
    pictures: PackedPictures,
    *,
    cache: Path,
    on_progress: OnProgress,
    stored: int,
    asked: dict[str, Asked],
) -> TrialInputs:
    """Begin at a few pictures; handed to `plan_course` as where inputs come from."""
    start = FrozenInputs.at_pictures(spec, pictures, cache=cache, on_progress=on_progress)
    return TrialInputs(
        spec=spec,
        pictures=pictures,
        cache=cache,
        on_progress=on_progress,
        plain=start.plain,
        copies=start.copies,
        stored=stored,
        asked=asked,
    )


def random_pictures(count: int, *, image_size: int, num_classes: int) -> PackedPictures:
    """Pictures of noise, all for training: how long a network takes does not depend on what they show."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, image_size, image_size, 3), dtype=np.uint8)
    return _pack(pixels, labels=np.arange(count) % num_classes)


def real_pictures(
    dataset: Dataset, *, count: int, image_size: int, seed: int, on_progress: OnProgress
) -> PackedPictures:
    """A random choice of training pictures, decoded here; the whole dataset is not packed for it.

    Raises:
        DatasetError: The dataset is damaged.
        PictureError: A picture can no longer be read.
    """
    table = dataset.table()
    rows = table[table["split"] == "training"].sample(frac=1.0, random_state=seed)[:count]
    limits, pixels = settings(), []
    for done, data in enumerate(dataset.read_pictures(rows["picture"].tolist())):
        on_progress("Reading pictures", done, len(rows))
        image = decode_picture(data, max_pixels=limits.max_picture_pixels, max_bytes=limits.max_picture_bytes)
        pixels.append(fit_picture(image, image_size=image_size))
    return _pack(np.stack(pixels), labels=rows["label"].to_numpy())


def _pack(pixels: np.ndarray, *, labels: np.ndarray) -> PackedPictures:
    count = len(pixels)
    return PackedPictures(
        pictures=pixels,
        labels=labels.astype(np.int32),
        splits=np.full(count, "training"),
        picture_numbers=np.arange(count),
        fingerprint="trial",
    )
