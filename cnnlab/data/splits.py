"""Who learns and who is kept apart: every picture in one of training, validation and test.

Stratified by class, seeded, the same picture never on two sides. This module never looks at pixels
and never writes; `library` keeps what comes out.
"""

from collections.abc import Iterable
from typing import Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from cnnlab.errors import DatasetError
from cnnlab.specs.base import Spec

TRAINING, VALIDATION, TEST = "training", "validation", "test"
SPLITS = (TRAINING, VALIDATION, TEST)
LARGEST_SHARE_APART = 0.8
"""Validation and test together; what is left is little to learn from, but enough to try things out."""


class SplitSpec(Spec):
    """How pictures are put into training, validation and test."""

    validation_share: float = Field(
        0.15,
        ge=0.01,
        le=LARGEST_SHARE_APART,
        title="Validation share",
        description="Share of each class that is never learned from, but looked at after every epoch: it says when to stop.",
    )
    test_share: float = Field(
        0.15,
        ge=0.0,
        le=LARGEST_SHARE_APART,
        title="Test share",
        description="Share of each class that is looked at once, at the very end; 0 leaves the final check out.",
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed of the split",
        description="The same seed gives the same split; another one shows how much of a result was luck.",
    )
    use_given: bool = Field(
        True,
        title="Keep the given split",
        description="Pictures that came in folders called train, valid or test stay there; a split that did not come is cut from training.",
    )

    @model_validator(mode="after")
    def pictures_are_left_for_training(self) -> Self:
        """Refuse shares that keep almost everything apart."""
        apart = self.validation_share + self.test_share
        if apart > LARGEST_SHARE_APART + 1e-9:
            raise ValueError(
                f"Validation ({self.validation_share:.0%}) and test ({self.test_share:.0%}) together keep {apart:.0%} of "
                f"the pictures from training; at most {LARGEST_SHARE_APART:.0%} may be kept apart. "
                f"15 % each is a good start."
            )
        return self


def split_images(
    labels: np.ndarray,
    *,
    spec: SplitSpec,
    given: Iterable[str] | None = None,
    groups: Iterable[str] | None = None,
    kept: Iterable[str] | None = None,
) -> np.ndarray:
    """Put every picture into one split.

    Each class is split by itself, so that all splits have the same mixture, and a class with enough
    pictures has at least one in each. Pictures of one group (the same bytes) stay together, unless
    folders given by the user put them apart.

    Args:
        labels: Class of each picture, int, shape (N,).
        spec: The shares, the seed, and whether given splits count.
        given: Split that each picture came in, '' where none, N of them.
        groups: Anything that is equal for pictures that have to stay together, N of them.
        kept: Split that each picture already has and keeps, '' where none, N of them.

    Returns:
        One of `SPLITS` for each picture, shape (N,), dtype object (of str).

    Raises:
        DatasetError: The given folders leave nothing for training.
    """
    labels = np.asarray(labels)
    wanted = _texts(given if spec.use_given else None, count=len(labels))
    before = _texts(kept, count=len(labels))
    keys = np.arange(len(labels)) if groups is None else pd.factorize(_texts(groups, count=len(labels)))[0]
    fixed = (before == "") & np.isin(wanted, (VALIDATION, TEST))
    if len(labels) and fixed.all():
        raise DatasetError(
            "Every picture came in a folder for validation or test, so nothing is left for training. "
            "Turn off 'Keep the given split', or add a folder called train."
        )
    shares = {
        VALIDATION: 0.0 if (wanted == VALIDATION).any() else spec.validation_share,
        TEST: 0.0 if (wanted == TEST).any() else spec.test_share,
    }
    splits = np.where(fixed, wanted, before)
    pool = np.flatnonzero(~fixed)
    splits[pool] = _cut(splits[pool], labels=labels[pool], groups=keys[pool], shares=shares, seed=spec.seed)
    return splits


def _texts(values: Iterable[str] | None, *, count: int) -> np.ndarray:
    return np.full(count, "", dtype=object) if values is None else np.asarray(list(values), dtype=object)


def _cut(
    before: np.ndarray, *, labels: np.ndarray, groups: np.ndarray, shares: dict[str, float], seed: int
) -> np.ndarray:
    """Cut a pool of pictures class by class, whole groups at a time; what has a split already keeps it."""
    groups = np.unique(groups, return_inverse=True)[1]
    sides = np.full(groups.max(initial=-1) + 1, "", dtype=object)
    placed = before != ""
    # A picture that joins copies of itself goes where they are.
    sides[groups[placed]] = before[placed]
    for label in np.unique(labels):
        own = groups[labels == label]
        missing = {
            split: count - int((sides[own] == split).sum())
            for split, count in share_out(len(own), shares=shares).items()
        }
        waiting, sizes = np.unique(own[sides[own] == ""], return_counts=True)
        for place in np.random.default_rng([seed, int(label)]).permutation(len(waiting)):
            # A group that is too large for what is missing goes to training, never half of it.
            side = next((split for split in (TEST, VALIDATION) if sizes[place] <= missing[split]), TRAINING)
            sides[waiting[place]] = side
            if side in missing:
                missing[side] -= int(sizes[place])
    return np.where(placed, before, sides[groups])


def share_out(total: int, *, shares: dict[str, float]) -> dict[str, int]:
    """Say how many of a class's pictures shares mean.

    Rounded, but at least one each and one left for training; of a class too small for that,
    validation comes before test, and training before both.
    """
    counts = dict.fromkeys(shares, 0)
    asked = [split for split in (VALIDATION, TEST) if shares.get(split, 0.0) > 0.0][: max(total - 1, 0)]
    left = total
    for place, split in enumerate(asked):
        still_to_come = len(asked) - place
        counts[split] = min(max(1, round(total * shares[split])), left - still_to_come)
        left -= counts[split]
    return counts
