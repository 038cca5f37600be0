"""What twins of training pictures are worth in a test: the accuracy with them, and without.

A network that has learned a picture by heart is right about its twin (Barz and Denzler 2020, "Do we train
on test data?", https://doi.org/10.3390/jimaging6060041). This module never looks at pictures: `checks` has.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cnnlab.checks.measures import looks_of
from cnnlab.checks.near_duplicates import near_duplicates
from cnnlab.data.dataset import Dataset
from cnnlab.data.splits import TRAINING
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.judged import JudgedSplit


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A judged split that shares pictures with training."""

    num_twins: int
    """Judged pictures that have a twin in training."""
    right_twins: int
    total: int
    right: int

    @property
    def accuracy(self) -> float:
        """Of all judged pictures, 0 to 1."""
        return self.right / self.total

    @property
    def accuracy_without(self) -> float | None:
        """Of those without a twin, 0 to 1; None where all have one."""
        left = self.total - self.num_twins
        return (self.right - self.right_twins) / left if left else None

    @property
    def interval_without(self) -> tuple[float, float] | None:
        """Interval of 95 % for that (Wilson)."""
        left = self.total - self.num_twins
        return wilson_interval(self.right - self.right_twins, left) if left else None


def find_leak(judged: JudgedSplit, dataset: Dataset) -> Leak | None:
    """Find the judged pictures that have a twin in training.

    Args:
        judged: What a run said.
        dataset: The version that it saw.

    Returns:
        None where there is no twin. Near-duplicates count once the pictures were looked at; copies always.
    """
    table = dataset.table().sort_values("picture").set_index("picture")
    learned = table["split"] == TRAINING
    twins = _have_a_twin(table["sha256"].to_numpy(), learned.to_numpy())
    looks = looks_of(dataset)
    if looks is not None:
        twins |= _have_a_twin(near_duplicates(looks), learned.to_numpy())
    is_twin = np.isin(judged.pictures, table.index[twins & ~learned.to_numpy()])
    if not is_twin.any():
        return None
    return Leak(
        num_twins=int(is_twin.sum()),
        right_twins=int(judged.correct[is_twin].sum()),
        total=len(judged),
        right=int(judged.correct.sum()),
    )


def _have_a_twin(keys: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """Which pictures share a key with one that was learned."""
    # Not `np.isin`, which compares every text with every other: minutes for 100,000 pictures.
    return pd.Index(keys).isin(keys[learned])
