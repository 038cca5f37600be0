"""One version of one dataset: its counts without opening a file, its table of pictures, and their bytes.

Looked up with `library.find_dataset`; it says what was true then, and never changes. This module
never writes and never decodes a picture: it hands out stored bytes.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from cnnlab.data.manifest import Version
from cnnlab.data.splits import SPLITS, TEST, TRAINING, VALIDATION, SplitSpec
from cnnlab.errors import DatasetError
from cnnlab.settings import workspace
from cnnlab.specs.runs import DatasetReference

FEW_PICTURES = 10
"""Below this a class can be learned by heart; worth a warning."""
CLASSES_NAMED = 5
"""Of more classes than these only the number is said."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One version of one dataset, as it was when it was looked up."""

    id: str
    name: str
    version: int
    newest_version: int
    class_names: tuple[str, ...]
    """Sorted; the label of a picture is its class' position here. Text of the user's: escape it."""
    num_pictures: int
    num_training: int
    num_validation: int
    num_test: int
    source: str
    """Where it came from, as a phrase for the screen. Text of the user's: escape it."""
    change: str
    """What made this version, as a sentence."""
    created_at: float
    """When the dataset was imported: wall clock, seconds since 1970."""
    changed_at: float
    """When this version was made."""
    frozen: bool
    """A run has seen this version; changing the split makes a new one."""
    split: SplitSpec
    folder: Path
    entry: Version

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    def reference(self) -> DatasetReference:
        """What a run remembers of it."""
        return DatasetReference(id=self.id, version=self.version, name=self.name)

    def counts(self) -> pd.DataFrame:
        """Pictures by class: columns class_name, training, validation, test. Opens no file."""
        counts = pd.DataFrame(list(self.entry.counts), columns=list(SPLITS), dtype="int64")
        counts.insert(0, "class_name", list(self.class_names))
        return counts

    def table(self) -> pd.DataFrame:
        """Every picture of this version, one row each, in the order of their numbers.

        Columns: picture (its number), label (int), split, class_name, name (where it was in the
        archive or folder), width, height (pixels, as seen), format, num_bytes, sha256, given_split.
        """
        chosen = pd.read_parquet(self.folder / "versions" / f"{self.version}.parquet")
        stored = pd.read_parquet(self.folder / "pictures.parquet").drop(columns=["class", "offset"])
        table = chosen.merge(
            stored.rename(columns={"length": "num_bytes"}), on="picture", how="left", validate="1:1"
        )
        names = pd.Series(list(self.class_names), dtype="object")
        table.insert(3, "class_name", names.iloc[table["label"]].to_numpy())
        return table

    def read_picture(self, picture: int) -> bytes:
        """The original bytes of one picture.

        Raises:
            DatasetError: There is no picture of this number, or its bytes are gone.
        """
        return self.read_pictures([picture])[0]

    def read_pictures(self, pictures: Sequence[int]) -> list[bytes]:
        """The original bytes of some pictures, in the order asked for.

        Raises:
            DatasetError: A number is not in the dataset, or the bytes are gone.
        """
        path = self.folder / "pictures.parquet"
        try:
            offsets, lengths = _places(path, path.stat().st_mtime_ns)
            with (self.folder / "pictures.bin").open("rb") as file:
                return [self._read_at(file, offsets, lengths, int(picture)) for picture in pictures]
        except OSError as error:
            raise self._damaged(error.strerror or str(error)) from error

    def _read_at(self, file: BinaryIO, offsets: np.ndarray, lengths: np.ndarray, picture: int) -> bytes:
        if not 0 <= picture < len(offsets):
            raise DatasetError(
                f"Dataset {self.name!r} has no picture {picture}; it has {len(offsets)}, counted from 0."
            )
        file.seek(int(offsets[picture]))
        data = file.read(int(lengths[picture]))
        if len(data) != lengths[picture]:
            raise self._damaged("its end is missing")
        return data

    def _damaged(self, what: str) -> DatasetError:
        return DatasetError(
            f"The pictures of dataset {self.name!r} cannot be read ({what}). "
            f"Put {self.folder / 'pictures.bin'} back from a copy, or import the dataset again."
        )

    def problems(self) -> tuple[str, ...]:
        """Sentences on what keeps this version from being trained on; none when all is well."""
        if self.split.test_only:
            return (
                f"{self.name!r} is a test set, so nothing can be trained on it. Ask runs about it on the Predict page, or "
                f"turn off 'A test set' in its split.",
            )
        found = []
        if self.num_classes < 2:
            found.append(
                f"{self.name!r} has only the class {self.class_names[0]!r}; a network needs two to tell apart. "
                f"Add pictures of another class."
            )
        if unlearned := self._classes_with(TRAINING, fewer_than=1):
            found.append(f"There is no picture to learn {unlearned} from. Add pictures, or change the split.")
        if self.num_validation == 0:
            found.append("No picture is left for validation. Add pictures, or change the split.")
        return tuple(found)

    def warnings(self) -> tuple[str, ...]:
        """Sentences on what makes results less certain; none when all is well."""
        found = []
        for split, count in ((VALIDATION, self.num_validation), (TEST, self.num_test)):
            if count and (missing := self._classes_with(split, fewer_than=1)):
                found.append(
                    f"The {split} split has no picture of {missing}, so what is measured there says nothing about that. "
                    f"Add pictures, or change the split."
                )
        if few := self._classes_with(*SPLITS, fewer_than=FEW_PICTURES):
            found.append(
                f"There are fewer than {FEW_PICTURES} pictures of {few}. Add some: so few are learned by heart."
            )
        if self.num_test == 0:
            found.append("There is no test split, so the accuracy on pictures never looked at stays unknown.")
        return tuple(found)

    def _classes_with(self, *splits: str, fewer_than: int) -> str:
        """Name the classes that have too few pictures in some splits together, or return ''."""
        counts = self.counts()
        names = counts["class_name"][counts[list(splits)].sum(axis=1) < fewer_than].tolist()
        # One more is named rather than counted: that takes no more room.
        named = CLASSES_NAMED if len(names) > CLASSES_NAMED + 1 else len(names)
        shown = ", ".join(repr(name) for name in names[:named])
        return shown if named == len(names) else f"{shown} and {len(names) - named} more classes"

    def bytes_on_disk(self) -> int:
        """How much room it takes, with what was packed from it."""
        return sum(
            file.stat().st_size
            for root in (self.folder, packed_folder(self.id))
            for file in root.rglob("*")
            if file.is_file()
        )


@functools.lru_cache(maxsize=16)
def _places(path: Path, _changed: int) -> tuple[np.ndarray, np.ndarray]:
    """Where pictures lie in `pictures.bin`: offsets and lengths in bytes, int64, shape (N,)."""
    table = pd.read_parquet(path, columns=["offset", "length"])
    return table["offset"].to_numpy(), table["length"].to_numpy()


def packed_folder(dataset_id: str) -> Path:
    """Where packed pictures of a dataset are kept; it goes when the dataset goes."""
    return workspace().cache / "packed" / dataset_id
