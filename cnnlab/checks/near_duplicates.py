"""Which pictures show the same: by their bytes, and by hashes of what is to be seen.

Two hashes that differ in at most three bits agree wholly in one of four quarters, so only pictures that
share a quarter are compared (Norouzi et al. 2012, "Fast search in Hamming space with multi-index
hashing"). This module never looks at pixels.
"""

from collections.abc import Iterator

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
        found += _close(order, hashes[order], ends=_ends(part[order]))
    # As one number a pair: rows would be compared as texts, which takes seconds for a million.
    pairs = np.concatenate(found) @ np.array([len(hashes), 1])
    return np.stack(np.divmod(np.unique(pairs), len(hashes)), axis=1)


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


def _ends(sorted_parts: np.ndarray) -> np.ndarray:
    """For each position where the ones that it is compared with end: with its bucket, or where that is too large."""
    starts = np.flatnonzero(np.r_[True, np.diff(sorted_parts) != 0])
    sizes = np.diff(np.r_[starts, len(sorted_parts)])
    return np.repeat(starts + np.minimum(sizes, MOST_IN_A_BUCKET), sizes)


def _close(order: np.ndarray, hashes: np.ndarray, *, ends: np.ndarray) -> Iterator[np.ndarray]:
    """The pairs of one bucket that differ in few bits; every position with the next, then with the one after it, ..."""
    distance = 1
    left = np.flatnonzero(np.arange(len(order)) + distance < ends)
    while len(left):
        near = left[np.bitwise_count(hashes[left] ^ hashes[left + distance]) <= MOST_BITS]
        yield np.sort(np.stack([order[near], order[near + distance]], axis=1), axis=1)
        distance += 1
        left = left[left + distance < ends[left]]
