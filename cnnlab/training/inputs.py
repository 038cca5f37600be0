"""What a phase learns from: the same rows in every epoch, altered copies in turn, or rows altered anew.

Whatever it is, validation and test see the plain rows. A batch follows from the positions and the
epoch alone, so that a resumed run sees what the undisturbed one would have seen. This module never
decides which of the three it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cnnlab.data.augmentation import augment_pictures
from cnnlab.data.mixing import Mix, draw_mix, mix_pictures
from cnnlab.specs.augmentation import Augmentation
from cnnlab.training.extraction import Answer


class Inputs(Protocol):
    """All inputs of a phase: pictures 0..255, or activations of what is frozen below."""

    plain: np.ndarray
    """As they are, shape (N, ...)."""

    def batch(self, positions: np.ndarray, *, epoch: int) -> np.ndarray:
        """Return what is learned from at some positions, shape (B, ...), in an epoch from 1, counted over the run."""

    def mix(self, positions: np.ndarray, *, epoch: int) -> Mix | None:
        """Say how the pictures of that batch are mixed with each other; None where each is alone."""


@dataclass(frozen=True, kw_only=True)
class PlainInputs:
    """Without augmentation: every epoch sees the rows as they are."""

    plain: np.ndarray

    def batch(self, positions: np.ndarray, *, epoch: int) -> np.ndarray:
        """Return the rows at some positions."""
        return self.plain[positions]

    def mix(self, positions: np.ndarray, *, epoch: int) -> None:
        """Nothing is mixed."""


@dataclass(frozen=True, kw_only=True)
class CopiedInputs:
    """Activations of a few altered copies of every training picture: each epoch sees one copy of each, in turn."""

    plain: np.ndarray
    copies: Sequence[np.ndarray]
    """Each of shape (M, ...), a row a training picture."""
    rows: np.ndarray
    """For each position its row in a copy, int, shape (N,); -1 for pictures that nobody learns from."""

    def batch(self, positions: np.ndarray, *, epoch: int) -> np.ndarray:
        """Return one copy of each; neighbours take different ones, so that no epoch is made of one kind."""
        chosen = (positions + epoch) % len(self.copies)
        found = np.empty((len(positions), *self.plain.shape[1:]), self.copies[0].dtype)
        for copy, rows in enumerate(self.copies):
            places = np.flatnonzero(chosen == copy)
            found[places] = rows[self.rows[positions[places]]]
        return found

    def mix(self, positions: np.ndarray, *, epoch: int) -> None:
        """Nothing is mixed: what is kept is kept for every epoch."""


@dataclass(frozen=True, kw_only=True)
class FreshInputs:
    """Pictures altered anew in every epoch, and given to what is frozen below, if anything is."""

    plain: np.ndarray
    pictures: np.ndarray
    """RGB, uint8, shape (N, S, S, 3)."""
    augmentation: Augmentation
    seed: int
    below: Sequence[Answer] = ()
    """Frozen parts from the picture to the boundary, asked one after the other."""

    def batch(self, positions: np.ndarray, *, epoch: int) -> np.ndarray:
        """Alter the pictures at some positions and return what the frozen part says of them."""
        altered = augment_pictures(
            self.pictures, positions, settings=self.augmentation, seed=self.seed, copy=epoch
        )
        mix = self.mix(positions, epoch=epoch)
        reached = (altered if mix is None else mix_pictures(altered, mix)).astype(np.float32)
        for answer in self.below:
            reached = answer(reached)
        return reached

    def mix(self, positions: np.ndarray, *, epoch: int) -> Mix | None:
        """Say how the pictures of a batch are mixed, where the settings want that."""
        return draw_mix(
            positions,
            settings=self.augmentation,
            seed=self.seed,
            epoch=epoch,
            image_size=self.pictures.shape[1],
        )
