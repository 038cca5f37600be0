"""Whether a picture is like those that a run learned from: how far its nearest training pictures are.

A network answers about anything, and is often sure. The distance to the nearest neighbours among
training features tells what it has never seen anything like (Sun et al. 2022, "Out-of-distribution
detection with deep nearest neighbors", https://arxiv.org/abs/2204.06507). This module never asks a model.
"""

from dataclasses import dataclass

import numpy as np

from cnnlab.evaluation.features import Features

NEIGHBOURS = 5
"""The distance is that of the fifth nearest: one odd training picture makes nothing familiar."""
SHOWN = 3
"""So many neighbours are shown as evidence."""
FAMILIAR_SHARE = 0.99
"""Of the validation pictures, so many are to count as familiar."""
FEWEST_VALIDATION_PICTURES = 20
"""With fewer, the threshold would be chance."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """What lies nearest to one picture."""

    distance: float
    """Cosine distance to the fifth nearest training picture, 0 to 2."""
    is_unfamiliar: bool
    """Farther than nearly all validation pictures are."""
    pictures: tuple[int, ...]
    """Numbers of the nearest training pictures in the dataset, the nearest first."""
    labels: tuple[int, ...]
    """Their classes."""


class Familiarity:
    """The training pictures of a run, and how far from them its validation pictures lie."""

    def __init__(self, features: Features) -> None:
        training, validation = features.of("training"), features.of("validation")
        self._pictures, self._labels = training.pictures, training.labels
        self._directions = _directions(training.vectors)
        distances = np.array([self._sorted(each)[1] for each in _directions(validation.vectors)])
        self.threshold = float(np.quantile(distances, FAMILIAR_SHARE)) if len(distances) else np.inf
        """A picture that lies farther is unfamiliar."""
        self.num_training, self.num_validation = len(training), len(validation)

    @classmethod
    def can_be_told(cls, features: Features) -> bool:
        """Whether there are enough pictures for a threshold that means something."""
        enough = (features.splits == "validation").sum() >= FEWEST_VALIDATION_PICTURES
        return bool(enough and (features.splits == "training").sum() > NEIGHBOURS)

    def look(self, vector: np.ndarray) -> Neighbours:
        """Find what lies nearest to a picture.

        Args:
            vector: What the run makes of it before its head, float, shape (D,): `features.vector_of`.
        """
        order, distance = self._sorted(_directions(vector[np.newaxis])[0])
        nearest = order[:SHOWN]
        return Neighbours(
            distance=distance,
            is_unfamiliar=distance > self.threshold,
            pictures=tuple(int(number) for number in self._pictures[nearest]),
            labels=tuple(int(label) for label in self._labels[nearest]),
        )

    def _sorted(self, direction: np.ndarray) -> tuple[np.ndarray, float]:
        """The nearest training pictures, the nearest first, and the distance of the farthest of them."""
        distances = 1.0 - self._directions @ direction
        count = min(NEIGHBOURS, len(distances))
        nearest = np.argpartition(distances, count - 1)[:count]
        nearest = nearest[np.argsort(distances[nearest], kind="stable")]
        return nearest, float(max(0.0, distances[nearest[-1]]))


def _directions(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length one, float32: how strong all features are says little of what is seen."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
