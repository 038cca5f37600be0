"""`manifest.json`: what is known of a dataset and each of its versions, without opening a picture.

    <workspace>/datasets/<id>/
        manifest.json         this record
        pictures.bin          the original bytes of all pictures, one after the other
        pictures.parquet      one row a picture, fixed forever: where it lies, its class, size and name
        versions/<n>.parquet  which pictures belong to version n, with label and split
        reports/<n>.json      what the import said that made version n, where one did

60,000 small files would take minutes to copy or delete; one large file takes a second. This module
never decides anything about pictures.
"""

import re
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from cnnlab.data.splits import SPLITS, SplitSpec
from cnnlab.errors import DatasetError
from cnnlab.files import write_text

DATASET_ID = re.compile(r"^[a-z0-9-]{1,64}$")
NEWEST_FORMAT = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Version(_Record):
    """One state of a dataset: which pictures, under which labels, in which split."""

    number: int
    created_at: float
    """Wall clock, seconds since 1970."""
    change: str
    """What made it, as a sentence."""
    split: SplitSpec
    class_names: tuple[str, ...]
    """Sorted; their order is the labels'."""
    counts: tuple[tuple[int, int, int], ...]
    """Pictures of each class in training, validation and test."""
    stored_pictures: int
    """How many rows `pictures.parquet` had then; later ones belong to later versions."""
    content: str
    """Fingerprint of the pictures and their classes, whatever their order and split."""
    frozen: bool = False
    """A run has seen it; it never changes again."""
    corrected_from: int | None = None
    """The version before it, where labels were corrected or pictures left out to make this one."""

    @property
    def num_pictures(self) -> int:
        """Pictures in all three splits."""
        return sum(map(sum, self.counts))

    def num_in(self, split: str) -> int:
        """Pictures in one split."""
        place = SPLITS.index(split)
        return sum(row[place] for row in self.counts)


class Manifest(_Record):
    """All that is known of one dataset."""

    format: int = NEWEST_FORMAT
    id: str
    name: str
    source: str
    """Where it came from, as a phrase: 'flowers.zip', 'the folder /home/ann/pets', 'MNIST'."""
    created_at: float
    versions: tuple[Version, ...]

    def version(self, number: int | None = None) -> Version:
        """Return one version, the newest when no number is given.

        Raises:
            DatasetError: There is no such version.
        """
        if number is None:
            return self.versions[-1]
        for version in self.versions:
            if version.number == number:
                return version
        raise DatasetError(
            f"Dataset {self.name!r} has no version {number}; it has {', '.join(str(v.number) for v in self.versions)}. "
            f"Choose one of these."
        )

    def with_version(self, version: Version) -> Self:
        """Return a copy in which this version replaces the one of its number, or is the newest."""
        others = tuple(other for other in self.versions if other.number != version.number)
        return self.model_copy(update={"versions": tuple(sorted((*others, version), key=lambda v: v.number))})

    def write(self, folder: Path) -> None:
        """Write it into a dataset's folder, atomically."""
        write_text(folder / "manifest.json", self.model_dump_json(indent=1))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a dataset's manifest.

        Raises:
            DatasetError: It is missing, damaged, or written by a newer cnnlab.
        """
        try:
            manifest = cls.model_validate_json((folder / "manifest.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise DatasetError(
                f"The manifest of dataset {folder.name!r} cannot be read ({type(error).__name__}). Its pictures are in "
                f"{folder}; put the file back from a copy, or delete the dataset and import it again."
            ) from error
        if manifest.format > NEWEST_FORMAT or not manifest.versions:
            raise DatasetError(
                f"Dataset {manifest.name!r} is of format {manifest.format}; this cnnlab reads up to {NEWEST_FORMAT}. "
                f"Update cnnlab, or import the pictures again."
            )
        return manifest
