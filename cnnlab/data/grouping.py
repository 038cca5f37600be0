"""Pictures that belong together for several reasons at once, as one group each: A with B, B with C, so A with C.

This module never looks at a picture.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd


def keep_together(*kinds: Iterable[object]) -> np.ndarray:
    """Join pictures that have the same key of any kind.

    Args:
        kinds: One key a picture, N of each kind; '', None, NaN and negative numbers are no key.

    Returns:
        The number of the first picture of its group, for each picture, int, shape (N,).
    """
    columns = [_codes(kind) for kind in kinds]
    first = np.arange(len(columns[0]) if columns else 0)
    while True:
        before = first.copy()
        for codes in columns:
            keyed = codes >= 0
            lowest = np.full(codes.max(initial=-1) + 1, len(first))
            np.minimum.at(lowest, codes[keyed], first[keyed])
            # What a picture was joined to before comes along, so that chains close in a few rounds.
            np.minimum.at(first, before[keyed], lowest[codes[keyed]])
            first[keyed] = np.minimum(first[keyed], lowest[codes[keyed]])
        first = first[first]
        if (first == before).all():
            return first


def _codes(keys: Iterable[object]) -> np.ndarray:
    """Numbers for keys, int, shape (N,); -1 where there is none."""
    column = pd.Series(list(keys))
    if pd.api.types.is_numeric_dtype(column):
        return pd.factorize(column.where(column >= 0))[0]
    return pd.factorize(column.where(column.notna() & (column != "")))[0]
