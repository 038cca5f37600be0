"""Scores of a table of probabilities: accuracy, top-k, per class, confusion, calibration, loss.

Where scikit-learn has a metric, it is used. This module never reads a run and never draws.
"""

import numpy as np
import pandas as pd

SMALLEST_PROBABILITY = 1e-7
"""Keras' own limit under which a probability is not taken to a logarithm."""


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of pictures whose true class is the most probable one.

    Args:
        probabilities: Float, shape (N, num_classes).
        labels: True class indices, int, shape (N,).

    Returns:
        A number in [0, 1]; NaN without pictures.
    """
    return float((probabilities.argmax(axis=1) == labels).mean()) if len(labels) else float("nan")


def top_k_accuracy(probabilities: np.ndarray, labels: np.ndarray, *, k: int) -> float:
    """Share of pictures whose true class is among the k most probable ones.

    Args:
        probabilities: Float, shape (N, num_classes); each row sums to 1.
        labels: True class indices, int, shape (N,).
        k: How many guesses count, from 1 to num_classes.

    Returns:
        A number in [0, 1]; NaN without pictures.
    """
    if not 1 <= k <= probabilities.shape[1]:
        raise ValueError(f"k is {k}; it has to be from 1 to {probabilities.shape[1]}, the number of classes.")
    return float((true_ranks(probabilities, labels) < k).mean()) if len(labels) else float("nan")


def true_ranks(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many classes come before the true one: 0 where it is the most probable; int, shape (N,).

    Ties are broken as argmax breaks them, so that rank 0 is the accuracy.
    """
    chosen = np.take_along_axis(probabilities, labels[:, np.newaxis].astype(np.int64), axis=1)
    before = np.arange(probabilities.shape[1]) < labels[:, np.newaxis]
    return ((probabilities > chosen) | ((probabilities == chosen) & before)).sum(axis=1)


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, *, num_classes: int) -> np.ndarray:
    """Count pictures by true class (row) and predicted class (column).

    Returns:
        Int, shape (num_classes, num_classes): `confusion_matrix[true, predicted]`.
    """
    from sklearn import metrics

    return metrics.confusion_matrix(labels, predicted, labels=range(num_classes))


def per_class_metrics(
    labels: np.ndarray, predicted: np.ndarray, *, class_names: tuple[str, ...]
) -> pd.DataFrame:
    """Precision, recall, F1 and support of every class.

    Returns:
        One row a class: class_name, precision, recall, f1 (each 0 to 1; 0 where nothing was
        predicted or nothing is there), support (pictures of the class).
    """
    from sklearn import metrics

    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=range(len(class_names)), zero_division=0.0
    )
    return pd.DataFrame(
        {"class_name": class_names, "precision": precision, "recall": recall, "f1": f1, "support": support}
    )


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log(probability of the true class), as Keras' sparse categorical cross-entropy.

    Args:
        probabilities: Float, shape (N, num_classes); each row sums to 1.
        labels: True class indices, int, shape (N,).

    Returns:
        A number >= 0; NaN without pictures.
    """
    if not len(labels):
        return float("nan")
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)).mean())
