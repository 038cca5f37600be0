"""How sure a measured accuracy is, and whether one model is better than another on the same pictures.

Every accuracy on the screen comes with an interval from here. This module never reads a run.
"""

import math
import statistics
from collections.abc import Sequence

import numpy as np

Z_95 = 1.959963984540054
"""Standard normal quantile of a two-sided interval of 95 %."""


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """Interval of 95 % for a share of right answers (Wilson 1927, https://doi.org/10.2307/2276774).

    Unlike the textbook's normal interval it stays within 0..1 and is honest for few pictures.

    Args:
        correct: How many were right, 0 to total.
        total: How many were asked, at least 1.

    Returns:
        Low and high end, both in [0, 1].
    """
    if total < 1 or not 0 <= correct <= total:
        raise ValueError(f"{correct} of {total} is no share; expected 0 <= correct <= total and total >= 1.")
    share, shrink = correct / total, 1.0 + Z_95**2 / total
    middle = (share + Z_95**2 / (2 * total)) / shrink
    half = Z_95 * math.sqrt(share * (1.0 - share) / total + Z_95**2 / (4 * total**2)) / shrink
    # With none or all right an end is exactly 0 or 1, which rounding would miss by a hair that tables then print.
    low = 0.0 if correct == 0 else max(0.0, middle - half)
    return low, 1.0 if correct == total else min(1.0, middle + half)


def difference_interval(correct_before: np.ndarray, correct_after: np.ndarray) -> tuple[float, float]:
    """Interval of 95 % for the change of accuracy between two models on the same pictures.

    Paired: only pictures on which the two differ say anything. Adjusted Wald interval (Bonett and Price 2012,
    https://doi.org/10.3102/1076998611411915): one flip more is counted each way, so that few pictures, or few
    flips, never look like certainty; a bootstrap of three flips one way would say that nothing else can be.

    Args:
        correct_before: Whether the first model named each picture right, bool, shape (N,).
        correct_after: The same for the second model.

    Returns:
        Low and high end of accuracy after minus accuracy before, in [-1, 1].
    """
    total = len(correct_before)
    if not total:
        raise ValueError("No pictures were given; at least one is needed to compare two models.")
    better = (np.count_nonzero(correct_after & ~correct_before) + 1) / (total + 2)
    worse = (np.count_nonzero(correct_before & ~correct_after) + 1) / (total + 2)
    middle = better - worse
    half = Z_95 * math.sqrt((better + worse - middle**2) / (total + 2))
    return max(-1.0, middle - half), min(1.0, middle + half)


def mean_difference_interval(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """Interval of 95 % for the change of the mean score between two settings, each run with several seeds.

    Welch's, for few draws of unequal spread (1947, https://doi.org/10.1093/biomet/34.1-2.28).

    Args:
        before: One score a seed, at least 2.
        after: The same for the other settings, at least 2.

    Returns:
        Low and high end of the mean after minus the mean before.
    """
    if min(len(before), len(after)) < 2:
        raise ValueError("One seed says nothing of the spread; at least two of each are needed.")
    from scipy import stats

    parts = [statistics.variance(scores) / len(scores) for scores in (before, after)]
    change = statistics.fmean(after) - statistics.fmean(before)
    if not sum(parts):
        return change, change
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(scores) - 1) for part, scores in zip(parts, (before, after), strict=True)
    )
    half = float(stats.t.ppf(0.975, freedom)) * math.sqrt(sum(parts))
    return change - half, change + half


def mcnemar_p(correct_a: np.ndarray, correct_b: np.ndarray) -> float:
    """How often chance alone would tell two equally good models apart this much, or more.

    Exact McNemar test: of the pictures on which only one model is right, each is a fair coin
    (https://doi.org/10.1007/BF02295996).

    Args:
        correct_a: Whether the first model named each picture right, bool, shape (N,).
        correct_b: The same for the second model.

    Returns:
        Two-sided p, in (0, 1]; 1 when the models never differ.
    """
    only_a = int(np.count_nonzero(correct_a & ~correct_b))
    only_b = int(np.count_nonzero(correct_b & ~correct_a))
    flips = only_a + only_b
    # By logarithms: the whole numbers themselves take half a second for 10,000 pictures.
    tail = sum(math.exp(_log_chance(count, flips)) for count in range(min(only_a, only_b) + 1))
    return min(1.0, 2.0 * tail)


def _log_chance(heads: int, tosses: int) -> float:
    """Logarithm of the chance of just so many heads of a fair coin."""
    ways = math.lgamma(tosses + 1) - math.lgamma(heads + 1) - math.lgamma(tosses - heads + 1)
    return ways - tosses * math.log(2.0)
