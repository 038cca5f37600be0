"""Pictures to ask about: single files as somebody gave them, and those inside archives, which wait on disk.

Archives are read through the guarded reader of the imports. Files are written under names made of
digits, in a folder that goes with its owner, so that hundreds of pictures never lie in memory at
once. This module never decodes a picture.
"""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cnnlab.data.archive_kinds import open_archive
from cnnlab.data.entries import EntryRefused

PREFIX = "asked-"
KEPT_SECONDS = 24 * 3600.0
"""Folders that a killed server left behind are removed after a day."""


class Stored(Protocol):
    """Where the bytes of a picture wait: a file of ours, or a place in a dataset."""

    def read_bytes(self) -> bytes:
        """The file as it was given."""
        ...


@dataclass(frozen=True)
class Picture:
    """One file to ask about; its words are plain text, perhaps of users."""

    name: str
    source: bytes | Stored = field(repr=False)
    """Its bytes, or where they wait."""
    truth: str = ""
    """Its true class, where that is known."""
    folder: str = ""
    """The folder that it lay in inside an archive; its class, perhaps."""
    digest: str = ""
    """What tells its bytes from others, SHA-256 in hex; computed where nobody knew it."""

    def __post_init__(self) -> None:
        """Compute what nobody knew, once."""
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.data).hexdigest())

    @property
    def data(self) -> bytes:
        """The file as it was given.

        Raises:
            OSError: It waited on disk, and is gone.
            DatasetError: It waited in a dataset, and is gone.
        """
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """What came out of one archive; its pictures lie on disk for as long as `folder` lives."""

    pictures: tuple[Picture, ...]
    refused: tuple[tuple[str, str], ...]
    """Name and reason of each file that was not taken."""
    left_out: int
    """Files beyond the most that are asked about at once."""
    folder: tempfile.TemporaryDirectory = field(repr=False)


def unpack(write: Callable[[Path], object], *, name: str, inside: Path, most: int) -> Unpacked:
    """Take pictures out of an archive, and put each on disk.

    Args:
        write: Puts the archive at the path that it is given.
        name: What the user called it; text only.
        inside: Where the folder of the pictures is made.
        most: So many files are taken, in the order of their names.

    Raises:
        ArchiveError: It is no archive, damaged as a whole, or larger than allowed; nothing is left then.
    """
    _sweep(inside)
    folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=inside, ignore_cleanup_errors=True)
    path = Path(folder.name)
    try:
        packed = path / "archive"
        write(packed)
        unpacked = _read(packed, name=name, folder=folder, most=most)
        packed.unlink()
    except BaseException:
        folder.cleanup()
        raise
    return unpacked


def _read(packed: Path, *, name: str, folder: tempfile.TemporaryDirectory, most: int) -> Unpacked:
    archive = open_archive(packed, name=name)
    try:
        pictures, refused = [], list(archive.listing.refused)
        for number, entry in enumerate(archive.listing.entries[:most]):
            try:
                data = entry.read()
            except EntryRefused as error:
                refused.append((entry.name, str(error)))
                continue
            place = Path(folder.name) / str(number)
            place.write_bytes(data)
            pictures.append(
                Picture(
                    name=entry.name,
                    source=place,
                    folder=entry.parts[-2] if len(entry.parts) > 1 else "",
                    digest=hashlib.sha256(data).hexdigest(),
                )
            )
    finally:
        archive.close()
    return Unpacked(
        pictures=tuple(pictures),
        refused=tuple(refused),
        left_out=max(0, len(archive.listing.entries) - most),
        folder=folder,
    )


def _sweep(inside: Path) -> None:
    for left in inside.glob(f"{PREFIX}*"):
        try:
            if time.time() - left.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            # Another session removed it meanwhile.
            continue
