"""Which labels are likely wrong: confident learning, after Northcutt, Jiang and Chuang (2021).

A class' threshold is how sure the model is of it, on average, where the label says so. A picture counts
towards another class when the model is at least that sure of it; those off the diagonal of the counts
are likely mislabelled (https://arxiv.org/abs/1911.00068). The probabilities have to come from models
that never saw the picture. This module never trains anything and never reads a file.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What confident learning says of N pictures and K classes."""

    thresholds: np.ndarray
    """Mean probability of each class where the label says so, float64, shape (K,); NaN without pictures."""
    joint: np.ndarray
    """Pictures by label (row) and by the class they confidently are (column), int, shape (K, K): `joint[label, likely]`."""
    likely: np.ndarray
    """The class that each picture confidently is, int, shape (N,); its label where it is confidently none."""
    margin: np.ndarray
    """Probability of the label minus the largest other one, -1 to 1, shape (N,); NaN where nothing is known."""
    mislabelled: np.ndarray
    """Positions of pictures that are confidently of another class than their label, which is not the most probable
    one either; the surest first, int."""
    wrong_share: float
    """Estimated share of wrong labels, 0 to 1: the joint counts, brought to the numbers of the labels."""


def find_mislabelled(probabilities: np.ndarray, labels: np.ndarray) -> Findings:
    """Compare labels with what models say that never saw the pictures.

    Args:
        probabilities: Out of fold, float, shape (N, K); a row that is not finite says nothing.
        labels: The classes as they are given, int, shape (N,).
    """
    count, num_classes = probabilities.shape
    known = np.isfinite(probabilities).all(axis=1)
    sure = np.where(known[:, np.newaxis], probabilities, 0.0).astype(np.float64)
    own = sure[np.arange(count), labels]
    thresholds = _thresholds(own[known], labels[known], num_classes=num_classes)
    # Of a class without pictures nobody can be confident: no comparison with NaN is true.
    confident = (sure >= thresholds) & known[:, np.newaxis]
    likely = np.where(confident.any(axis=1), np.where(confident, sure, -1.0).argmax(axis=1), labels)
    margin = np.where(known, own - _largest_other(sure, labels), np.nan)
    joint = np.zeros((num_classes, num_classes), np.int64)
    counted = confident.any(axis=1)
    np.add.at(joint, (labels[counted], likely[counted]), 1)
    # Where the label is the most probable class all the same, the model does not contradict it.
    found = np.flatnonzero(counted & (likely != labels) & (margin < 0.0))
    return Findings(
        thresholds=thresholds,
        joint=joint,
        likely=likely,
        margin=margin,
        mislabelled=found[np.argsort(margin[found], kind="stable")],
        wrong_share=_wrong_share(joint, np.bincount(labels, minlength=num_classes)),
    )


def _thresholds(own: np.ndarray, labels: np.ndarray, *, num_classes: int) -> np.ndarray:
    counts = np.bincount(labels, minlength=num_classes)
    sums = np.bincount(labels, weights=own, minlength=num_classes)
    return np.divide(sums, counts, out=np.full(num_classes, np.nan), where=counts > 0)


def _largest_other(sure: np.ndarray, labels: np.ndarray) -> np.ndarray:
    others = sure.copy()
    others[np.arange(len(labels)), labels] = -np.inf
    return others.max(axis=1, initial=-np.inf)


def _wrong_share(joint: np.ndarray, counts: np.ndarray) -> float:
    """Bring each row of the joint to as many pictures as its label has; then sum what is off the diagonal."""
    rows = joint.sum(axis=1)
    if not rows.any():
        return 0.0
    scale = np.divide(counts, rows, out=np.zeros(len(rows)), where=rows > 0)
    calibrated = joint * scale[:, np.newaxis]
    return float(1.0 - np.trace(calibrated) / calibrated.sum())
