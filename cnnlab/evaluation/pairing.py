"""How much better one measured backbone is than another, and whether that is more than noise.

Compared picture by picture where both were judged by the same ones; otherwise share by share, which
tells less apart and is said to be that. This module never reads a file.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from cnnlab.evaluation.comparison import difference_interval, wilson_interval
from cnnlab.runs.measurements import Measurement

FEWEST_SHARED = 20
"""Of fewer shared pictures a few flips would look like certainty."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Accuracy of one minus that of another, in [-1, 1], with an interval of 95 %."""

    change: float
    low: float
    high: float
    paired: bool
    """Whether it was found on the pictures that both were judged by."""

    @property
    def is_noise(self) -> bool:
        """Whether no difference at all would be no surprise."""
        return self.low <= 0.0 <= self.high


@functools.lru_cache(maxsize=4096)
def difference_of(one: Measurement, other: Measurement) -> Difference:
    """Compare the accuracy of one measurement with that of another on the same dataset."""
    (numbers, right), (other_numbers, other_right) = one.answers(), other.answers()
    _, mine, theirs = np.intersect1d(numbers, other_numbers, assume_unique=True, return_indices=True)
    if len(mine) < FEWEST_SHARED:
        return unpaired_difference(right, other_right)
    before, after = other_right[theirs], right[mine]
    low, high = difference_interval(before, after)
    return Difference(change=float(after.mean() - before.mean()), low=low, high=high, paired=True)


def unpaired_difference(right: np.ndarray, other_right: np.ndarray) -> Difference:
    """Compare two accuracies that were found on different pictures (Newcombe 1998, its method 10).

    https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I

    Args:
        right: Whether each picture was named right, bool, shape (N,), N at least 1.
        other_right: The same for the other pictures, shape (M,), M at least 1.

    Returns:
        The first accuracy minus the second.
    """
    share, other = float(right.mean()), float(other_right.mean())
    low, high = wilson_interval(int(right.sum()), len(right))
    other_low, other_high = wilson_interval(int(other_right.sum()), len(other_right))
    change = share - other
    return Difference(
        change=change,
        low=change - math.hypot(share - low, other_high - other),
        high=change + math.hypot(high - share, other - other_low),
        paired=False,
    )
