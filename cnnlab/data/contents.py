"""Which pictures a version of a dataset holds, by what they are: their hashes, whatever they are numbered.

Numbers and ids belong to one workspace; hashes say the same in every one, so a run that came from
elsewhere can be laid beside one from here. This module never opens a picture.
"""

import hashlib
from dataclasses import dataclass

import pandas as pd

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset, list_datasets
from cnnlab.data.manifest import Manifest
from cnnlab.data.writer import content_of

LISTED = ("picture", "class_name", "split", "sha256")
"""The columns of a list of pictures."""


def list_pictures(dataset: Dataset) -> pd.DataFrame:
    """The pictures of a dataset: their number, class, split and hash, in the order of their numbers."""
    return dataset.table().sort_values("picture", ignore_index=True)[list(LISTED)]


def division_of(pictures: pd.DataFrame) -> str:
    """Fingerprint of which picture is in which class and split, whatever their order and numbers.

    Args:
        pictures: One row a picture with the columns sha256, class_name and split.
    """
    lines = sorted(
        f"{sha256} {split} {name}"
        for sha256, split, name in zip(
            pictures["sha256"], pictures["split"], pictures["class_name"], strict=True
        )
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Match:
    """A dataset of this workspace that holds the very pictures of a list, under the same classes."""

    dataset: Dataset
    numbers: pd.Series
    """Its number of each picture of the list, int64, by the list's own number."""

    @property
    def same_numbers(self) -> bool:
        """Whether every picture has the number here that it has in the list."""
        return bool((self.numbers.to_numpy() == self.numbers.index.to_numpy()).all())


def find_match(pictures: pd.DataFrame) -> Match | None:
    """Find the dataset that holds the very pictures of a list; one that is split alike comes first.

    Args:
        pictures: With the columns of `LISTED`.
    """
    content = content_of(pictures["class_name"], pictures["sha256"])
    found = [
        find_dataset(dataset.id, version=version.number)
        for dataset in list_datasets()
        for version in reversed(Manifest.read(dataset.folder).versions)
        if version.content == content
    ]
    lists = [(dataset, list_pictures(dataset)) for dataset in found]
    wanted = division_of(pictures)
    lists.sort(key=lambda pair: division_of(pair[1]) != wanted)
    for dataset, here in lists:
        numbers = numbers_in(here, pictures)
        if len(numbers) == len(pictures):
            return Match(dataset=dataset, numbers=numbers)
    return None


def numbers_in(here: pd.DataFrame, pictures: pd.DataFrame) -> pd.Series:
    """The numbers that pictures of one list have in another, by their own; those that are not in both are left out.

    The same picture may be in a list twice; then the first is the first and the second the second.
    """
    both = _counted(pictures).merge(
        _counted(here), on=["sha256", "class_name", "copy"], suffixes=("", "_here")
    )
    return both.set_index("picture")["picture_here"].astype("int64").sort_index()


def _counted(pictures: pd.DataFrame) -> pd.DataFrame:
    listed = pictures[["picture", "class_name", "sha256"]].sort_values("picture")
    return listed.assign(copy=listed.groupby(["sha256", "class_name"]).cumcount())
