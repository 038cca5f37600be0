"""Which pictures show the same: by their bytes, and by hashes of what is to be seen.

Two hashes that differ in at most three bits agree wholly in one of four quarters, so only pictures that
share a quarter are compared (Norouzi et al. 2012, "Fast search in Hamming space with multi-index
hashing"). This module never looks at pixels.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

MOST_BITS = 3
"""Of 64 that may differ. Measured on flowers, see docs/decisions.md."""
QUARTERS = 4
QUARTER_BITS = 16
SAME_BRIGHTNESS, SAME_CONTRAST, SAME_COLOUR = 12.0, 10.0, 12.0
"""What encoding anew changes at most, of 255; pictures that differ more are no copies."""
LEAST_CONTRAST = 12.0
"""Flatter pictures have hashes made of noise."""
MOST_IN_A_BUCKET = 2_000
"""More pictures that share a quarter are alike in another way, such as drawings on white; they are compared in part."""


def near_duplicates(looks: pd.DataFrame) -> np.ndarray:
    """Group pictures that look the same.

    Args:
        looks: As `measures.looks_of` gives them, N rows.

    Returns:
        For each row the number of the first row of its group, int64, shape (N,); its own where it is alone.
    """
    pairs = near_pairs(looks["hash"].to_numpy(np.uint64))
    contrast = looks["contrast"].to_numpy()
    # NaN is never at least anything: what could not be read is no copy.
    told = (contrast[pairs] >= LEAST_CONTRAST).all(axis=1)
    for name, most in (
        ("brightness", SAME_BRIGHTNESS),
        ("contrast", SAME_CONTRAST),
        ("colour", SAME_COLOUR),
    ):
        values = looks[name].to_numpy()[pairs]
        told &= np.abs(values[:, 0] - values[:, 1]) <= most
    return join(pairs[told], count=len(looks))


def near_pairs(hashes: np.ndarray) -> np.ndarray:
    """Pairs of positions whose hashes differ in at most `MOST_BITS` bits, int64, shape (P, 2), each once.

    Args:
        hashes: uint64, shape (N,).
    """
    found = [np.empty((0, 2), np.int64)]
    for quarter in range(QUARTERS):
        part = (hashes >> np.uint64(quarter * QUARTER_BITS)) & np.uint64(0xFFFF)
        order = np.argsort(part, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(part[order]) != 0, True])
        for begin, end in pairwise(starts):
            if end - begin > 1:
                found.append(_close(order[begin:end][:MOST_IN_A_BUCKET], hashes))
    return np.unique(np.concatenate(found), axis=0)


def join(pairs: np.ndarray, *, count: int) -> np.ndarray:
    """Make groups of pairs: the first position of its group for each of `count`, int64, shape (count,)."""
    first = np.arange(count)
    while len(pairs):
        before = first.copy()
        lowest = np.minimum(first[pairs[:, 0]], first[pairs[:, 1]])
        np.minimum.at(first, pairs[:, 0], lowest)
        np.minimum.at(first, pairs[:, 1], lowest)
        first = first[first]
        if (first == before).all():
            break
    return first


def _close(positions: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """The pairs among some positions that differ in few bits."""
    own = hashes[positions]
    pairs = []
    for place in range(len(positions) - 1):
        bits = np.bitwise_count(own[place] ^ own[place + 1 :])
        others = positions[place + 1 :][bits <= MOST_BITS]
        if len(others):
            pairs.append(np.sort(np.stack([np.full(len(others), positions[place]), others], axis=1), axis=1))
    return np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)
