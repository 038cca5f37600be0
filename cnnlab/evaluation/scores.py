"""The scores of a judged split in one place: how often it is right, on average and class by class, against guessing.

This module never draws, and never reads a run.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.metrics import cross_entropy, per_class_metrics
from cnnlab.evaluation.reliability import calibration_error, reliability


@dataclass(frozen=True, kw_only=True)
class Averages:
    """Precision, recall and F1 over all classes, each in [0, 1]."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How good the answers to some pictures are."""

    pictures: int
    right: int
    accuracy: float
    accuracy_low: float
    """With `accuracy_high` an interval of 95 % (Wilson)."""
    accuracy_high: float
    macro: Averages
    """Every class counts the same, however many pictures it has."""
    weighted: Averages
    """Every picture counts the same."""
    log_loss: float
    calibration_error: float
    """Expected calibration error over bins of equal width, in [0, 1]."""
    majority_class: str
    """The class with the most pictures here; text of the user's."""
    majority_share: float
    """What always saying that class reaches."""
    chance: float
    """What guessing reaches on average."""


def score(probabilities: np.ndarray, labels: np.ndarray, *, class_names: tuple[str, ...]) -> Scores:
    """Compute all scores of some answers.

    Args:
        probabilities: Float, shape (N, num_classes) with N at least 1; each row sums to 1.
        labels: True class indices, int, shape (N,).
        class_names: In the order of the labels.
    """
    predicted = probabilities.argmax(axis=1)
    correct = predicted == labels
    low, high = wilson_interval(int(correct.sum()), len(labels))
    support = np.bincount(labels, minlength=len(class_names))
    return Scores(
        pictures=len(labels),
        right=int(correct.sum()),
        accuracy=float(correct.mean()),
        accuracy_low=low,
        accuracy_high=high,
        macro=_averages(labels, predicted, how="macro"),
        weighted=_averages(labels, predicted, how="weighted"),
        log_loss=cross_entropy(probabilities, labels),
        calibration_error=calibration_error(reliability(probabilities.max(axis=1), correct)),
        majority_class=class_names[int(support.argmax())],
        majority_share=float(support.max() / len(labels)),
        chance=1.0 / len(class_names),
    )


def class_scores(labels: np.ndarray, predicted: np.ndarray, *, class_names: tuple[str, ...]) -> pd.DataFrame:
    """Scores of every class, with how sure its recall is.

    Returns:
        One row a class: class_name, support (pictures of it), predicted (how often it was said), precision,
        recall, recall_low, recall_high (interval of 95 %; NaN without pictures), f1.
    """
    table = per_class_metrics(labels, predicted, class_names=class_names)
    right = np.bincount(labels[predicted == labels], minlength=len(class_names))
    intervals = [
        wilson_interval(int(each), int(support)) if support else (float("nan"), float("nan"))
        for each, support in zip(right, table["support"], strict=True)
    ]
    table["predicted"] = np.bincount(predicted, minlength=len(class_names))
    table["recall_low"], table["recall_high"] = np.array(intervals).T
    columns = ["class_name", "support", "predicted", "precision", "recall", "recall_low", "recall_high", "f1"]
    return table[columns]


def _averages(labels: np.ndarray, predicted: np.ndarray, *, how: str) -> Averages:
    from sklearn import metrics

    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, predicted, average=how, zero_division=0.0
    )
    return Averages(precision=float(precision), recall=float(recall), f1=float(f1))
