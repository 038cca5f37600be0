"""Who learns and who is kept apart: every picture in one of training, validation and test.

Stratified by class, seeded, the same picture never on two sides. This module never looks at pixels
and never writes; `library` keeps what comes out.
"""

from collections.abc import Iterable
from typing import Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from cnnlab.data.dealing import SPLITS, TEST, TRAINING, VALIDATION, cut, deal_folds, share_out
from cnnlab.data.grouping import keep_together
from cnnlab.errors import DatasetError
from cnnlab.specs.base import Spec

__all__ = [
    "SPLITS",
    "TEST",
    "TRAINING",
    "VALIDATION",
    "SplitSpec",
    "groups_of",
    "share_out",
    "split_images",
]

MOST_FOLDS = 10
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
    use_groups: bool = Field(
        True,
        title="Keep groups together",
        description="Pictures with the same entry in the column 'group' of the table that came with them, such as one patient or one camera, stay on one side.",
    )
    use_near_duplicates: bool = Field(
        True,
        title="Keep near-duplicates together",
        description="Pictures that the checks found to be almost the same stay on one side; it counts once they were looked for.",
    )
    folds: int = Field(
        0,
        ge=0,
        le=MOST_FOLDS,
        title="Folds",
        description="Cross-validation: all but the test pictures are dealt into so many equal parts, and one of them is the validation split; 0 cuts by share.",
    )
    held_out_fold: int = Field(
        1,
        ge=1,
        le=MOST_FOLDS,
        title="Fold held out",
        description="Which of the folds is the validation split, counted from 1; without folds it changes nothing.",
    )
    test_only: bool = Field(
        False,
        title="A test set",
        description="Every picture is a test picture: nothing can be trained on them, and any run is asked about them on the Predict page.",
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

    @model_validator(mode="after")
    def the_fold_is_one_of_them(self) -> Self:
        """Refuse a single fold, and a fold that there is not."""
        if self.folds == 1:
            raise ValueError("One fold would leave nothing to learn from. Choose 0 for none, or 2 and more.")
        if self.folds and self.held_out_fold > self.folds:
            raise ValueError(
                f"Fold {self.held_out_fold} is to be held out, and there are {self.folds} folds. Choose 1 to {self.folds}."
            )
        return self


def split_images(
    labels: np.ndarray,
    *,
    spec: SplitSpec,
    given: Iterable[str] | None = None,
    groups: Iterable[object] | None = None,
    kept: Iterable[str] | None = None,
) -> np.ndarray:
    """Put every picture into one split.

    Each class is split by itself, so that all splits have the same mixture, and a class with enough
    pictures has at least one in each. Pictures of one group stay together, unless folders given by the
    user put them apart. With folds, what is not for the test is dealt into them, whoever is held out.

    Args:
        labels: Class of each picture, int, shape (N,).
        spec: The shares, the folds, the seed, and whether given splits count.
        given: Split that each picture came in, '' where none, N of them.
        groups: Anything that is equal for pictures that have to stay together, N of them.
        kept: Split that each picture already has and keeps, '' where none, N of them.

    Returns:
        One of `SPLITS` for each picture, shape (N,), dtype object (of str).

    Raises:
        DatasetError: The given folders leave nothing for training.
    """
    labels = np.asarray(labels)
    if spec.test_only:
        return np.full(len(labels), TEST, dtype=object)
    wanted = _texts(given if spec.use_given else None, count=len(labels))
    before = _texts(kept, count=len(labels))
    keys = np.arange(len(labels)) if groups is None else pd.factorize(_texts(groups, count=len(labels)))[0]
    # A given validation split would be the same in every fold.
    fixed = (before == "") & np.isin(wanted, (TEST,) if spec.folds else (VALIDATION, TEST))
    if len(labels) and fixed.all():
        raise DatasetError(
            "Every picture came in a folder for validation or test, so nothing is left for training. "
            "Turn off 'Keep the given split', or add a folder called train."
        )
    shares = {
        VALIDATION: 0.0 if spec.folds or (wanted == VALIDATION).any() else spec.validation_share,
        TEST: 0.0 if (wanted == TEST).any() else spec.test_share,
    }
    splits = np.where(fixed, wanted, before)
    pool = np.flatnonzero(~fixed)
    splits[pool] = cut(splits[pool], labels=labels[pool], groups=keys[pool], shares=shares, seed=spec.seed)
    if spec.folds:
        dealt = np.flatnonzero((before == "") & (splits != TEST))
        fold_of = deal_folds(labels[dealt], groups=keys[dealt], folds=spec.folds, seed=spec.seed)
        splits[dealt[fold_of == spec.held_out_fold - 1]] = VALIDATION
    return splits


def groups_of(pictures: pd.DataFrame, *, spec: SplitSpec, near: np.ndarray | None = None) -> np.ndarray:
    """Say which pictures have to stay on one side: copies, those of one group, and near-duplicates.

    Args:
        pictures: One row a picture with the column sha256, and a column group where groups came with them.
        spec: Whether groups and near-duplicates count.
        near: The group of near-duplicates that each row is in, '' or a negative number where in none, shape (N,).

    Returns:
        A number for each picture, equal for those that stay together, int, shape (N,).
    """
    kinds = [pictures["sha256"]]
    if spec.use_groups and "group" in pictures:
        kinds.append(pictures["group"])
    if spec.use_near_duplicates and near is not None:
        kinds.append(near)
    return keep_together(*kinds)


def _texts(values: Iterable[object] | None, *, count: int) -> np.ndarray:
    return np.full(count, "", dtype=object) if values is None else np.asarray(list(values), dtype=object)
