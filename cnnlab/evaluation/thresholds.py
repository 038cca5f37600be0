"""Answering only when sure enough: how many pictures are left, how often those are right, and where to draw the line.

This module never reads a run and never draws.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cnnlab.evaluation.comparison import wilson_interval

STEPS = 1000
"""Thresholds are looked at in steps of a thousandth."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What happens when a model answers only where it is at least so sure."""

    threshold: float
    """Lowest confidence of an answer, in [0, 1]."""
    pictures: int
    """How many were asked about."""
    answered: int
    right: int
    """How many of the answers are right."""

    @property
    def coverage(self) -> float:
        """Share of the pictures that get an answer."""
        return self.answered / self.pictures

    @property
    def accuracy(self) -> float | None:
        """Share of the answers that are right; None where there is no answer."""
        return self.right / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Interval of 95 % for the accuracy (Wilson); None where there is no answer."""
        return wilson_interval(self.right, self.answered) if self.answered else None


def answered_above(confidence: np.ndarray, correct: np.ndarray, *, threshold: float) -> Answered:
    """Count what a threshold leaves.

    Args:
        confidence: Probability of the predicted class, float in [0, 1], shape (N,) with N at least 1.
        correct: Whether it was the true class, bool, shape (N,).
        threshold: Lowest confidence of an answer.
    """
    # In 64 bits: compared in the 32 of the probabilities, a threshold would itself be rounded.
    sure = np.asarray(confidence, np.float64) >= threshold
    return Answered(
        threshold=threshold,
        pictures=len(confidence),
        answered=int(sure.sum()),
        right=int((sure & correct).sum()),
    )


def coverage_curve(confidence: np.ndarray, correct: np.ndarray) -> pd.DataFrame:
    """Coverage and accuracy at each threshold of 0, 0.001 up to 1 that leaves an answer.

    Returns:
        One row for each number of answers there is, the lowest such threshold of it: threshold, answered,
        right, coverage, accuracy, accuracy_low, accuracy_high (interval of 95 %).
    """
    thresholds = np.arange(STEPS + 1) / STEPS
    order = np.argsort(confidence, kind="stable")
    first = np.searchsorted(confidence[order].astype(np.float64), thresholds, side="left")
    right_from = np.append(np.cumsum(correct[order][::-1])[::-1], 0)
    answered, right = len(confidence) - first, right_from[first]
    kept = np.flatnonzero((answered > 0) & (np.diff(answered, prepend=len(confidence) + 1) < 0))
    table = pd.DataFrame({"threshold": thresholds[kept], "answered": answered[kept], "right": right[kept]})
    table["coverage"] = table["answered"] / len(confidence)
    table["accuracy"] = table["right"] / table["answered"]
    intervals = [
        wilson_interval(int(good), int(total))
        for good, total in zip(right[kept], answered[kept], strict=True)
    ]
    table["accuracy_low"], table["accuracy_high"] = np.array(intervals).reshape(-1, 2).T
    return table


def recommend(confidence: np.ndarray, correct: np.ndarray, *, wanted: float) -> Answered | None:
    """The lowest threshold at which the answers are right as often as wanted; None where none is.

    It is chosen on the very pictures that it is counted on, so it looks a little better than it is: check it on others.

    Args:
        wanted: Accuracy that the answers should reach, in [0, 1].
    """
    curve = coverage_curve(confidence, correct)
    reached = curve[curve["accuracy"] >= wanted]
    if reached.empty:
        return None
    return answered_above(confidence, correct, threshold=float(reached["threshold"].iloc[0]))
