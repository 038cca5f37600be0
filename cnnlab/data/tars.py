"""Files of a tar archive, packed or not, as entries; nothing is written under a name from the archive.

A packed tar can only be read from its beginning to its end. So it is unpacked once, in bounded pieces,
into one nameless file of ours; entries are read from there. What the archive says of itself is a claim,
as in `archives`: limits hold while it is read. This module never decodes a picture.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from cnnlab.data.archives import (
    NAME_BYTES,
    PIECE_BYTES,
    RATIO_FLOOR_BYTES,
    name_parts,
    path_refusal,
    too_large,
)
from cnnlab.data.entries import Entry, EntryRefused, Listing
from cnnlab.data.layouts import stray_kind
from cnnlab.errors import ArchiveError
from cnnlab.settings import MEGABYTE, settings

LONGEST_HEADER_BYTES = MEGABYTE
"""Names, attributes and lists of holes of one file in all; `tarfile` reads them however long they claim to be."""
XZ_MEMORY_BYTES = 128 * MEGABYTE
"""`xz -9` takes 65 MB to unpack; an archive may ask for 4 GB."""
USTAR_AT, USTAR = 257, b"ustar"
REST_IS_DAMAGED = (
    "The archive is damaged from here on. It may not have been copied or downloaded completely: get it again."
)


class _TooLongError(Exception):
    """A header claims to be longer than any name is."""


UNREADABLE = (
    tarfile.TarError,
    EOFError,
    OSError,
    ValueError,
    RecursionError,
    zlib.error,
    lzma.LZMAError,
    _TooLongError,
)
KINDS: tuple[tuple[Callable[[tarfile.TarInfo], bool], str], ...] = (
    (tarfile.TarInfo.issym, "It is a link; links are not followed. Put the file itself into the archive."),
    (tarfile.TarInfo.islnk, "It is a link; links are not followed. Put the file itself into the archive."),
    (tarfile.TarInfo.isdev, "It is a device or a pipe, not a file. Leave it out."),
    (tarfile.TarInfo.issparse, "It is stored with holes. Pack it again without --sparse."),
    (lambda member: not member.isfile(), "It is no plain file. Leave it out."),
)
"""What is never read, and what is said of it."""


class _XzFile(io.RawIOBase):
    """An xz file, unpacked with a limit on memory, which `lzma.LZMAFile` has not."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacking = lzma.LZMADecompressor(memlimit=XZ_MEMORY_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        while not self._unpacking.eof:
            packed = self._file.read(PIECE_BYTES) if self._unpacking.needs_input else b""
            if self._unpacking.needs_input and not packed:
                raise EOFError("it ends too early")
            if data := self._unpacking.decompress(packed, max_length=len(buffer)):
                buffer[: len(data)] = data
                return len(data)
        return 0


PACKED: MappingProxyType[bytes, Callable[[BinaryIO], BinaryIO]] = MappingProxyType(
    {
        b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
        b"BZh": bz2.BZ2File,
        b"\xfd7zXZ\x00": lambda file: io.BufferedReader(_XzFile(file)),
    }
)
"""How an archive that begins with these bytes is unpacked; each in bounded pieces."""


def is_tar(path: Path) -> bool:
    """Whether a file is a tar archive, packed or not, by what is in it."""
    with path.open("rb") as file:
        try:
            start = _unpacked(file).read(512)
        except UNREADABLE:
            # Packed and damaged: opened as a tar, it says so.
            return _packing(path) is not None
    return start.startswith(USTAR, USTAR_AT) or _is_old_header(start)


class TarReader:
    """An open archive; close it when all entries are read."""

    def __init__(self, path: Path, *, name: str) -> None:
        """Open an archive and list it, which reads all of it.

        `listing` is then what may be imported, sorted by name, and `claimed_bytes` how much that is.

        Args:
            path: Where it lies.
            name: What the user called it, for messages.

        Raises:
            ArchiveError: It is no tar, damaged from its beginning, or larger than allowed.
        """
        self.name, self.claimed_bytes = name, 0
        self._seen: set[tuple[str, ...]] = set()
        self._limits, self._packed_bytes = settings(), path.stat().st_size
        self._contents = tempfile.TemporaryFile(dir=path.parent, prefix=".tmp-")  # noqa: SIM115 (`close` does)
        try:
            self.listing = self._list(path)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give back the room on the disk."""
        self._contents.close()

    def read(self, offset: int, size: int) -> bytes:
        """Return the bytes of one file."""
        self._contents.seek(offset)
        return self._contents.read(size)

    def _list(self, path: Path) -> Listing:
        entries, refused, passed_over = [], [], Counter()
        count = named = 0
        try:
            for count, member in enumerate(self._members(path), start=1):
                named += len(member.name)
                if count > self._limits.max_archive_files:
                    raise self._too_many()
                if named > self._limits.max_archive_files * NAME_BYTES:
                    raise self._long_names(named)
                parts = name_parts(member.name)
                if reason := path_refusal(member.name):
                    refused.append(("/".join(parts) or "?", reason))
                elif kind := stray_kind(parts):
                    if not member.isdir():
                        passed_over[kind] += 1
                elif reason := self._refusal(member, parts):
                    refused.append(("/".join(parts) or "?", reason))
                elif not member.isdir():
                    entries.append(Entry(parts=parts, read=self._keep(member), num_bytes=member.size))
        except UNREADABLE as error:
            if count == 0:
                raise self._damaged(error) from error
            refused.append((f"everything after file {count}", REST_IS_DAMAGED))
        # Sorted: the same pictures get the same numbers, whoever packed them.
        entries.sort(key=lambda entry: entry.parts)
        return Listing(entries=tuple(entries), refused=tuple(refused), passed_over=dict(passed_over))

    def _members(self, path: Path) -> Iterator[tarfile.TarInfo]:
        """Everything in the archive, in its order."""
        with path.open("rb") as packed:
            self._source = _Forward(_unpacked(packed), self._check_amount)
            with tarfile.open(fileobj=self._source, mode="r:") as archive:
                while (member := archive.next()) is not None:
                    # `tarfile` would remember every one of them, and what was said of all files at once.
                    archive.members.clear()
                    archive.pax_headers.clear()
                    yield member
                    self._source.next_header()
            if self._source.last.strip(b"\0") or not self._source.last:
                # `tarfile` takes whatever is no header for the end.
                raise EOFError("it has no end")

    def _refusal(self, member: tarfile.TarInfo, parts: tuple[str, ...]) -> str:
        """Say why a file is not read, or ''."""
        if member.isdir():
            return ""
        if not parts:
            return "It has no name."
        if reason := next((sentence for is_so, sentence in KINDS if is_so(member)), ""):
            return reason
        if member.size > self._limits.max_picture_bytes:
            return too_large(self._limits.max_picture_bytes)
        if parts in self._seen:
            return "Another file of the same name came before it in the archive."
        self._seen.add(parts)
        return ""

    def _keep(self, member: tarfile.TarInfo) -> Callable[[], bytes]:
        """Copy the bytes of one file to ours, and return what reads them there."""
        offset, left = self._contents.seek(0, 2), member.size
        self._source.seek(member.offset_data)
        while left:
            piece = self._source.take(min(left, PIECE_BYTES))
            if not piece:
                raise EOFError("it ends too early")
            try:
                self._contents.write(piece)
            except OSError as error:
                raise ArchiveError(
                    f"{self.name!r} could not be unpacked ({error.strerror or error}). Make room on the disk, and import "
                    f"it again."
                ) from error
            left -= len(piece)
        self.claimed_bytes += member.size
        return _TarEntry(self, offset, member.size)

    def _check_amount(self, read: int) -> None:
        """Called with how many bytes were unpacked so far."""
        if read > self._limits.max_archive_bytes:
            raise ArchiveError(
                f"{self.name!r} unpacks to more than {self._limits.max_archive_bytes / 1e6:,.0f} MB, the most that is "
                f"allowed. Import it in parts, or ask the operator to raise CNNLAB_MAX_ARCHIVE_BYTES."
            )
        if read > RATIO_FLOOR_BYTES and read > self._packed_bytes * self._limits.max_archive_ratio:
            raise ArchiveError(
                f"{self.name!r} unpacks to more than {self._limits.max_archive_ratio} times its size, as archives made to do "
                f"harm do. Pack the pictures again, or ask the operator to raise CNNLAB_MAX_ARCHIVE_RATIO."
            )

    def _too_many(self) -> ArchiveError:
        return ArchiveError(
            f"{self.name!r} holds more than {self._limits.max_archive_files:,} files. Import it in parts, or ask the "
            f"operator to raise CNNLAB_MAX_ARCHIVE_FILES."
        )

    def _long_names(self, named: int) -> ArchiveError:
        return ArchiveError(
            f"{self.name!r} has names of more than {named / 1e6:,.1f} MB; those of {self._limits.max_archive_files:,} files, "
            f"the most that are allowed, take less. Import it in parts, or ask the operator to raise "
            f"CNNLAB_MAX_ARCHIVE_FILES."
        )

    def _damaged(self, error: Exception) -> ArchiveError:
        return ArchiveError(
            f"The archive {self.name!r} cannot be opened: {str(error)[:200] or type(error).__name__}. Pack it again, and "
            f"import that."
        )


class _TarEntry:
    """Reads one file of an archive; small, because there may be 200,000 of them."""

    __slots__ = ("archive", "offset", "size")

    def __init__(self, archive: TarReader, offset: int, size: int) -> None:
        self.archive, self.offset, self.size = archive, offset, size

    def __call__(self) -> bytes:
        data = self.archive.read(self.offset, self.size)
        if len(data) != self.size:
            raise EntryRefused("It could not be kept while the archive was unpacked. Import it again.")
        return data


class _Forward(io.RawIOBase):
    """A file that is only read forward, in bounded pieces, and counted.

    What `tarfile` reads by `read` is headers; what is in the files comes by `take`.
    """

    def __init__(self, file: BinaryIO, count: Callable[[int], None]) -> None:
        self._file, self._count, self._at, self.last = file, count, 0, b""
        self.next_header()

    def next_header(self) -> None:
        """Allow as much again as a header may have."""
        self._allowed = LONGEST_HEADER_BYTES

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._allowed:
            raise _TooLongError("a name or an attribute in it is longer than any name is")
        self._allowed -= size
        return self.take(size)

    def take(self, size: int) -> bytes:
        """Return as many bytes, or fewer at the end."""
        data = self._file.read(size)
        self._at, self.last = self._at + len(data), data
        self._count(self._at)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0 or offset < self._at:
            raise OSError("its parts lie in no order")
        while self._at < offset and self.take(min(offset - self._at, PIECE_BYTES)):
            pass
        return self._at


def _packing(path: Path) -> bytes | None:
    with path.open("rb") as file:
        start = file.read(6)
    return next((beginning for beginning in PACKED if start.startswith(beginning)), None)


def _unpacked(file: BinaryIO) -> BinaryIO:
    """The tar itself, whatever it is packed with."""
    start = file.read(6)
    file.seek(0)
    return next(
        (open_ for beginning, open_ in PACKED.items() if start.startswith(beginning)), lambda plain: plain
    )(file)


def _is_old_header(start: bytes) -> bool:
    """Whether this is a header of before POSIX, which has no word to know it by: its sum must be right."""
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True
