"""Fewer points for the same picture, and smoother ones: a chart has some hundred pixels, a run 100,000 steps.

This module never changes the values that it keeps.
"""

import numpy as np
import pandas as pd

BUCKETS = 800
"""About one a pixel or two of the width that a chart has."""


def thin(y: np.ndarray, *, buckets: int = BUCKETS) -> np.ndarray:
    """Choose points so that the drawn line looks the same: the lowest and the highest of each bucket.

    A spike of one step stays, which a mean or every n-th point would lose; so do the first and the
    last point. A bucket of nothing but NaN keeps a NaN, so that a gap stays a gap.

    Args:
        y: Values in order, shape (N,); NaN is allowed.
        buckets: Into how many parts the values are cut.

    Returns:
        Ascending positions, int, shape (M,) with M <= 2 * buckets + 2; all of them when N is no more.
    """
    count = len(y)
    if count <= 2 * buckets + 2:
        return np.arange(count)
    starts = np.arange(buckets) * count // buckets
    longest = -(-count // buckets)
    positions = np.minimum(starts[:, np.newaxis] + np.arange(longest), count - 1)
    values = np.asarray(y, dtype=np.float64)[positions]
    lowest = np.where(np.isnan(values), np.inf, values).argmin(axis=1)
    highest = np.where(np.isnan(values), -np.inf, values).argmax(axis=1)
    return np.unique(np.concatenate([[0, count - 1], starts + lowest, starts + highest]).clip(0, count - 1))


def smooth(y: np.ndarray, *, smoothing: float) -> np.ndarray:
    """Exponential moving average whose beginning is not drawn towards zero.

    Args:
        y: Values in order, float, shape (N,); NaN stays NaN and is passed over.
        smoothing: Share of the past in each value, 0 (nothing changes) up to but not including 1.

    Returns:
        Float64, shape (N,): the mean of all values so far, each weighing `smoothing` times the next.
    """
    if not 0.0 <= smoothing < 1.0:
        raise ValueError(f"Smoothing is {smoothing}; it has to be at least 0 and less than 1.")
    values = pd.Series(y, dtype=np.float64)
    averages = values.ewm(alpha=1.0 - smoothing, adjust=True, ignore_na=True).mean()
    return averages.where(values.notna()).to_numpy()
