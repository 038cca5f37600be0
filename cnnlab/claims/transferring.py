"""A pretrained backbone in an experiment: its parts, what its frozen part says of some pictures, how far it has moved.

EfficientNet-Lite0, because its ImageNet weights come with a package: every experiment runs offline. The
answers of the frozen part are computed once and stay in memory. This module never decides what a claim means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.claims.claim import Report
from cnnlab.claims.pictures import Pictures, count_classes, load_pictures
from cnnlab.data.pipeline import batches
from cnnlab.models.classifier import Classifier, build_classifier
from cnnlab.settings import workspace
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.training.activations import BATCH_SIZE, Origin, fingerprint_weights
from cnnlab.training.extraction import fastest_answer

if TYPE_CHECKING:
    import keras

BACKBONE = "efficientnet_lite0"
LABEL = "EfficientNet-Lite0"


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What a frozen network says of the pictures of an experiment."""

    training: np.ndarray
    """Float32, shape (N, ...)."""
    test: np.ndarray
    """Float32, shape (M, ...)."""


def pretrained(*, image_size: int, num_classes: int, seed: int, report: Report) -> Classifier:
    """Build the backbone with its ImageNet weights and the lesson's head, everything but the head frozen.

    Raises:
        WeightsError: The package with the weights is not installed.
    """
    report(f"Loading {LABEL}", 0, 0)
    return build_classifier(
        BackboneNetwork(backbone=BACKBONE, image_size=image_size), num_classes=num_classes, seed=seed
    )


def load_each(
    source: str, *, per_class: int, num_test: int, image_size: int, seed: int, report: Report
) -> Pictures:
    """Load so many training pictures of each class, as far as they are there; see `load_pictures`.

    Raises:
        ClaimError: The dataset has too few pictures.
        DatasetError: There is no such dataset, or it is damaged.
    """
    return load_pictures(
        source,
        image_size=image_size,
        num_training=per_class * count_classes(source),
        num_test=num_test,
        seed=seed,
        report=report,
    )


def reach(
    below: "keras.Model", entered: Pictures | Reached, *, boundary: str, activity: str, report: Report
) -> Reached:
    """Take everything through a frozen network, once.

    Args:
        below: The network.
        entered: What it is asked about.
        boundary: Where it ends: name of a block, or 'features'; with more words where it does not begin at
            raw pictures or at another boundary.
        activity: What is said meanwhile.
        report: Hears how far it is.
    """
    inputs = np.concatenate([entered.training, entered.test])
    answer = fastest_answer(below, inputs, kept=_kept(below, boundary=boundary))
    parts = []
    for batch in batches(np.arange(len(inputs)), batch_size=BATCH_SIZE):
        report(activity, int(batch[0]), len(inputs))
        parts.append(answer(np.asarray(inputs[batch], np.float32)))
    reached = np.concatenate(parts)
    return Reached(training=reached[: len(entered.training)], test=reached[len(entered.training) :])


def _kept(below: "keras.Model", *, boundary: str) -> Path:
    """Where the fast form of a network is kept: named as a run names it, so that both share it."""
    origin = Origin(
        pictures="",
        backbone=BACKBONE,
        weights=fingerprint_weights(below),
        image_size=below.input_shape[1],
        boundary=boundary,
    )
    return workspace().cache / "frozen" / f"{origin.network_key}.tflite"


def moved(start: Sequence[np.ndarray], now: Sequence[np.ndarray]) -> float:
    """How far weights have moved, as a run measures it: norm of the change over the norm of the start, 0 or more."""
    change = sum(
        float(np.sum((new.astype(np.float64) - old) ** 2)) for old, new in zip(start, now, strict=True)
    )
    return float(np.sqrt(change / sum(float(np.sum(old.astype(np.float64) ** 2)) for old in start)))
