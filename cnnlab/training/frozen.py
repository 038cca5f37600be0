"""From packed pictures to what a phase learns from, through what is frozen below it.

Without augmentation every picture goes through once. With it, either a few altered copies of each
training picture do, once, or the pictures are altered anew in every epoch and go through each time:
the settings say which. Validation and test pictures go through once, as they are. This module never
decides what is frozen.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache as once
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from cnnlab.data.augmentation import AugmentedPictures
from cnnlab.specs.runs import RunSpec
from cnnlab.training.activations import Origin, compute_activations, fingerprint_weights
from cnnlab.training.extraction import Answer, fastest_answer
from cnnlab.training.inputs import CopiedInputs, FreshInputs, Inputs, PlainInputs
from cnnlab.training.planning.known_weights import remember_weights

if TYPE_CHECKING:
    import keras

    from cnnlab.data.packing import PackedPictures

OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class FrozenInputs:
    """The inputs of a run at some boundary; `through` takes them on to a higher one."""

    spec: RunSpec
    pictures: "PackedPictures"
    cache: Path
    on_progress: OnProgress
    plain: np.ndarray
    """Of every picture, shape (N, ...)."""
    copies: tuple[np.ndarray | AugmentedPictures, ...] = ()
    """Of altered copies of the training pictures, each of shape (M, ...)."""
    answers: tuple[Answer, ...] = ()
    """The frozen parts from the picture to here."""
    weights: str = ""
    """Fingerprints of all weights from the picture to here, one part after the other."""

    @classmethod
    def at_pictures(
        cls, spec: RunSpec, pictures: "PackedPictures", *, cache: Path, on_progress: OnProgress
    ) -> Self:
        """Begin at the packed pictures, where nothing is frozen yet."""
        training = spec.training
        copied = training.augmentation.active and training.augmented_route == "copies"
        copies = tuple(
            AugmentedPictures(
                pictures.pictures,
                pictures.positions("training"),
                settings=training.augmentation,
                seed=spec.seed,
                copy=number,
            )
            for number in range(training.augmented_copies if copied else 0)
        )
        return cls(
            spec=spec,
            pictures=pictures,
            cache=cache,
            on_progress=on_progress,
            plain=pictures.pictures,
            copies=copies,
        )

    def through(self, below: "keras.Model", *, boundary: str) -> Self:
        """Take everything through a frozen part, computing what is not in the cache.

        Args:
            below: From where these inputs are to the boundary.
            boundary: Its name: the first block above it, or 'features'.

        Raises:
            TrainingError: The disk has no room for it.
        """
        origin = self.origin(below, boundary=boundary)
        kept = self.cache / "frozen" / f"{origin.network_key}.tflite"
        # Chosen at the first question: where everything is in the cache nobody asks one.
        choose = once(lambda: fastest_answer(below, self.plain, kept=kept))

        def answer(batch: np.ndarray) -> np.ndarray:
            return choose()(batch)

        needed = _mapped([self.pictures.pictures, self.plain, *self.copies]) | {kept}

        def compute(inputs: np.ndarray, origin: Origin, what: str) -> np.ndarray:
            activations = compute_activations(
                below,
                inputs,
                origin=origin,
                cache=self.cache,
                on_progress=lambda done, total: self.on_progress(what, done, total),
                answer=answer,
                keep=needed,
            )
            needed.update(_mapped([activations]))
            return activations

        training = self.pictures.positions("training")
        what = f"Computing {'features' if boundary == 'features' else f'activations below {boundary}'}"
        plain = compute(self.plain, origin, f"{what}, once for this dataset")
        copies = tuple(
            compute(
                altered,
                replace(origin, augmentation=name_copy(self.spec, number=number, training=training)),
                f"{what}, altered copy {number + 1} of {len(self.copies)}",
            )
            for number, altered in enumerate(self.copies)
        )
        return replace(
            self, plain=plain, copies=copies, answers=(*self.answers, answer), weights=origin.weights
        )

    def origin(self, below: "keras.Model", *, boundary: str) -> Origin:
        """Name everything that activations at a boundary depend on, and remember it for who asks without TensorFlow."""
        network = self.spec.network
        origin = Origin(
            pictures=self.pictures.fingerprint,
            backbone=network.backbone,
            weights=f"{self.weights}{fingerprint_weights(below)}",
            image_size=network.image_size,
            boundary=boundary,
        )
        remember_weights(self.spec, boundary=boundary, weights=origin.weights, cache=self.cache)
        return origin

    def inputs(self) -> Inputs:
        """What a phase that begins here learns from."""
        augmentation = self.spec.training.augmentation
        if not augmentation.active:
            return PlainInputs(plain=self.plain)
        # Where nothing is frozen nothing would be kept: altering pictures anew costs no more than copies.
        if self.copies and self.answers:
            chosen = self.pictures.positions("training")
            rows = np.full(len(self.plain), -1)
            rows[chosen] = np.arange(len(chosen))
            return CopiedInputs(plain=self.plain, copies=self.copies, rows=rows)
        return FreshInputs(
            plain=self.plain,
            pictures=self.pictures.pictures,
            augmentation=augmentation,
            seed=self.spec.seed,
            below=self.answers,
        )


def name_copy(spec: RunSpec, *, number: int, training: np.ndarray) -> str:
    """Name everything that an altered copy depends on besides the pictures and the network.

    Args:
        spec: How the pictures are altered, and with which seed.
        number: Of the copy, from 0.
        training: Positions of the pictures that are altered, int64, shape (M,).
    """
    chosen = hashlib.sha256(training.tobytes()).hexdigest()
    return f"{spec.training.augmentation.to_json()} {spec.seed} {number} {chosen}"


def _mapped(arrays: Iterable[np.ndarray | AugmentedPictures]) -> set[Path]:
    """The entries of the cache that arrays are mapped from: a file, or the folder that it lies in."""
    files = [Path(array.filename) for array in arrays if isinstance(array, np.memmap)]
    return {path for file in files for path in (file, file.parent)}
