"""One class against all others: how many of its pictures are found, at the price of how many false ones.

This module never reads a run and never draws.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Curves:
    """What every threshold on the probability of one class does; each curve is one point a threshold, strictest first."""

    false_positive_rate: np.ndarray
    """Share of the other pictures that are taken for the class."""
    true_positive_rate: np.ndarray
    roc_thresholds: np.ndarray
    """The first is infinite: nothing is taken for the class."""
    area: float
    """Under the ROC curve: how often a picture of the class gets a higher probability than another one."""
    precision: np.ndarray
    recall: np.ndarray
    precision_thresholds: np.ndarray
    """One fewer than precisions: the first of them, where recall is 0, has none."""
    average_precision: float
    share: float
    """Of the class among all pictures: the precision of guessing."""


def detection_curves(probabilities: np.ndarray, labels: np.ndarray, *, label: int) -> Curves | None:
    """Compute the ROC and the precision-recall curve of one class against the rest.

    Args:
        probabilities: Float, shape (N, num_classes).
        labels: True class indices, int, shape (N,).
        label: The class that is to be found.

    Returns:
        None where all pictures are of this class, or none is: there is nothing to tell apart.
    """
    from sklearn import metrics

    positive, scores = labels == label, probabilities[:, label]
    if positive.all() or not positive.any():
        return None
    false_rate, true_rate, roc_thresholds = metrics.roc_curve(positive, scores)
    precision, recall, thresholds = metrics.precision_recall_curve(positive, scores)
    return Curves(
        false_positive_rate=false_rate,
        true_positive_rate=true_rate,
        roc_thresholds=roc_thresholds,
        area=float(metrics.auc(false_rate, true_rate)),
        precision=precision[::-1],
        recall=recall[::-1],
        precision_thresholds=thresholds[::-1],
        average_precision=float(metrics.average_precision_score(positive, scores)),
        share=float(positive.mean()),
    )
