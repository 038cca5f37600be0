"""Whether a model is as sure as it is right: a model that is 80 % sure should be right 8 times in 10.

This module never reads a run and never draws.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.metrics import cross_entropy

BINS = 10
DRAWS = 200
"""How often a perfectly calibrated model is made up to see what chance alone does."""

Bins = Literal["width", "mass"]
"""Bins of equal width hold as many pictures as there are; those of equal mass hold about as many each."""


@dataclass(frozen=True, kw_only=True)
class Certainty:
    """How sure a model was of some pictures and how often it was right."""

    groups: pd.DataFrame
    """As `reliability` returns them."""
    confidence: float
    """Mean over all pictures, in [0, 1]."""
    accuracy: float
    error: float
    """Expected calibration error, in [0, 1]."""
    largest: float
    """Maximum calibration error, in [0, 1]."""
    by_chance: float
    """What the expected error of a perfectly calibrated model stays below 19 times in 20."""
    log_loss: float

    @property
    def is_noise(self) -> bool:
        """Whether a perfectly calibrated model would be no surprise."""
        return self.error <= self.by_chance


def certainty(probabilities: np.ndarray, labels: np.ndarray, *, equal: Bins = "width") -> Certainty:
    """Say how sure a model was and how often it was right.

    Args:
        probabilities: Float, shape (N, num_classes) with N at least 1; each row sums to 1.
        labels: True class indices, int, shape (N,).
        equal: What is the same for all groups of pictures.
    """
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    groups = reliability(confidence, correct, equal=equal)
    return Certainty(
        groups=groups,
        confidence=float(confidence.mean(dtype=np.float64)),
        accuracy=float(correct.mean()),
        error=calibration_error(groups),
        largest=largest_error(groups),
        by_chance=error_by_chance(confidence, equal=equal),
        log_loss=cross_entropy(probabilities, labels),
    )


def reliability(
    confidence: np.ndarray, correct: np.ndarray, *, bins: int = BINS, equal: Bins = "width"
) -> pd.DataFrame:
    """Group pictures by how sure the model was, and say how often it was right in each group.

    Args:
        confidence: Probability of the predicted class, float in [0, 1], shape (N,).
        correct: Whether it was the true class, bool, shape (N,).
        bins: Most groups, at least 1.
        equal: What is the same for all groups.

    Returns:
        One row a group that is not empty, least sure first: low, high (its ends), pictures, confidence (mean),
        accuracy, accuracy_low, accuracy_high (interval of 95 %).
    """
    place = _places(confidence, bins=bins, equal=equal)
    pictures = np.bincount(place, minlength=bins)
    sure = np.bincount(place, weights=confidence, minlength=bins)
    right = np.bincount(place, weights=correct, minlength=bins)
    rows = []
    for number in np.flatnonzero(pictures):
        total = int(pictures[number])
        low, high = wilson_interval(int(right[number]), total)
        inside = confidence[place == number] if equal == "mass" else (number / bins, (number + 1) / bins)
        rows.append(
            {
                "low": float(min(inside)),
                "high": float(max(inside)),
                "pictures": total,
                "confidence": sure[number] / total,
                "accuracy": right[number] / total,
                "accuracy_low": low,
                "accuracy_high": high,
            }
        )
    return pd.DataFrame(rows)


def calibration_error(groups: pd.DataFrame) -> float:
    """Expected calibration error: how far confidence and accuracy lie apart on average over all pictures.

    Args:
        groups: As `reliability` returns them.

    Returns:
        A number in [0, 1] (Naeini et al. 2015, https://doi.org/10.1609/aaai.v29i1.9602).
    """
    gaps = (groups["accuracy"] - groups["confidence"]).abs()
    return float(np.average(gaps, weights=groups["pictures"]))


def largest_error(groups: pd.DataFrame) -> float:
    """Maximum calibration error: how far confidence and accuracy lie apart in the worst group, in [0, 1]."""
    return float((groups["accuracy"] - groups["confidence"]).abs().max())


def error_by_chance(confidence: np.ndarray, *, bins: int = BINS, equal: Bins = "width") -> float:
    """The calibration error that a perfectly calibrated model stays below 19 times in 20, on so many pictures.

    Few pictures in a group are right too often or too seldom by chance alone, so the error of no model is 0.
    Answers are drawn as often right as the model was sure (Bröcker and Smith 2007, https://doi.org/10.1175/WAF993.1).
    """
    place, draw = _places(confidence, bins=bins, equal=equal), np.random.default_rng(0)
    sure = np.bincount(place, weights=confidence, minlength=bins)
    errors = []
    for _ in range(DRAWS):
        right = np.bincount(place, weights=draw.random(len(confidence)) < confidence, minlength=bins)
        errors.append(np.abs(right - sure).sum() / len(confidence))
    return float(np.quantile(errors, 0.95))


def _places(confidence: np.ndarray, *, bins: int, equal: Bins) -> np.ndarray:
    """Number of the group that each picture falls into, from 0."""
    if equal == "width":
        return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    place = np.empty(len(confidence), np.int64)
    place[np.argsort(confidence, kind="stable")] = (
        np.arange(len(confidence)) * bins // max(len(confidence), 1)
    )
    return place
