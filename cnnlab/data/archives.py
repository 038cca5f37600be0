"""Files of a ZIP archive, as entries; nothing is ever written, so nothing can land outside.

What the archive says of itself (names, sizes, how many) is a claim: names are text and never paths,
sizes are counted while reading, limits are checked before and while. Whatever is wrong with one
file is a row of the report; only what is wrong with the archive as a whole raises. This module
never decodes a picture.
"""

import re
import stat
import struct
import zipfile
import zlib
from bisect import bisect_right
from collections import Counter
from pathlib import Path
from typing import BinaryIO

from cnnlab.data.entries import Entry, EntryRefused, Listing
from cnnlab.data.layouts import stray_kind
from cnnlab.data.text import counted, safe_text
from cnnlab.errors import ArchiveError
from cnnlab.settings import MEGABYTE, settings

PIECE_BYTES = 256 * 1024
NAME_BYTES = 200
"""What one entry of the table of contents may take on average where there are as many as allowed; `zipfile` reads
the table at once."""
RATIO_FLOOR_BYTES = 64 * MEGABYTE
"""Below so many bytes in all nobody is hurt: a few drawings of one colour may shrink a thousand times."""
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Only these unpack in bounded pieces: `zipfile` unpacks all that a piece of bzip2 or LZMA holds at once."""
MOST_DEFLATED = 1032
"""Bytes that one packed byte can unpack to at most, by the format."""
LOCAL_HEADER_BYTES = 30
END_RECORD = struct.Struct("<4s4H2LH")
END_RECORD_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
CONTENTS_ENTRY = struct.Struct("<28x3H12x")
"""Of an entry of the table of contents, how long its name, its attributes and its comment are."""
LONGEST_COMMENT = 65_535

OTHER_ARCHIVES: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"MSCF", "a CAB archive"),
    (b"<!doctype", "a web page, as a download without a login gives"),
    (b"<html", "a web page, as a download without a login gives"),
    (b"version https://git-lfs", "a placeholder of Git LFS, not the file itself"),
)
"""What else is called like an archive; compared in small letters."""
MOST_FOLDERS = 100
"""No disk holds a path of more; in an archive half a million folders are a megabyte, and hours of work."""
LEADS_OUT = "Its path leads out of the archive. Pack it again under a plain name."
TOO_DEEP = f"It lies more than {MOST_FOLDERS} folders deep. Pack it again without the outer folders."
PACK_AGAIN = "Pack the folders as a ZIP, and import that."


class ZipReader:
    """An open archive; close it when all entries are read."""

    def __init__(self, path: Path, *, name: str) -> None:
        """Open an archive, list it, and check what it claims as a whole.

        `listing` is then what may be imported, sorted by name, and `claimed_bytes` what that unpacks to.

        Args:
            path: Where it lies.
            name: What the user called it, for messages.

        Raises:
            ArchiveError: It is no ZIP, damaged as a whole, or larger than allowed.
        """
        self.name = name
        self._limits = settings()
        self._check_contents(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (
            zipfile.BadZipFile,
            ValueError,
            NotImplementedError,
            struct.error,
            OSError,
            UnicodeError,
        ) as error:
            raise self._damaged(str(error)) from error
        infos = self._zip.infolist()
        self._starts = sorted({info.header_offset for info in infos} | {self._zip.start_dir})
        self._read_bytes = 0
        # Not `is_dir()`, which fails on a file without a name.
        self.listing, self.claimed_bytes = self._list(
            [info for info in infos if not info.filename.endswith("/")]
        )
        try:
            self._check_claims(len(infos), packed=path.stat().st_size)
        except ArchiveError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _list(self, files: list[zipfile.ZipInfo]) -> tuple[Listing, int]:
        """List what may be imported, and add up the bytes that it claims to unpack to; no file is opened."""
        entries, refused, passed_over = [], [], Counter()
        seen: set[tuple[str, ...]] = set()
        claimed = 0
        # Sorted: the same pictures get the same numbers, whoever packed them.
        for info in sorted(files, key=lambda info: info.filename):
            parts = name_parts(info.filename)
            name = "/".join(parts) or "?"
            if reason := path_refusal(info.filename):
                refused.append((name, reason))
            elif kind := stray_kind(parts):
                passed_over[kind] += 1
            elif reason := self._refusal(info, parts):
                refused.append((name, reason))
            elif parts in seen:
                refused.append((name, "Another file of the same name came before it in the archive."))
            else:
                seen.add(parts)
                claimed += info.file_size
                entries.append(Entry(parts=parts, read=_ZipEntry(self, info), num_bytes=info.file_size))
        return Listing(entries=tuple(entries), refused=tuple(refused), passed_over=dict(passed_over)), claimed

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """Unpack one file in pieces, counting.

        Raises:
            EntryRefused: It is damaged, or not what the archive says.
            ArchiveError: With it, the archive has unpacked to more than is allowed.
        """
        most = self._limits.max_picture_bytes
        pieces, size = [], 0
        try:
            with self._zip.open(info) as file:
                while piece := file.read(PIECE_BYTES):
                    pieces.append(piece)
                    size += len(piece)
                    self._read_bytes += len(piece)
                    if size > most:
                        raise EntryRefused(too_large(most))
                    if self._read_bytes > self._limits.max_archive_bytes:
                        raise self._too_much()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise EntryRefused(f"It is damaged in the archive ({_short(error)}). Pack it again.") from error
        except (RuntimeError, NotImplementedError) as error:
            raise EntryRefused(f"It cannot be unpacked ({_short(error)}). {PACK_AGAIN}") from error
        if size != info.file_size:
            raise EntryRefused(
                f"The archive says it has {info.file_size:,} bytes, but it has {size:,}. Pack it again."
            )
        return b"".join(pieces)

    def _refusal(self, info: zipfile.ZipInfo, parts: tuple[str, ...]) -> str:
        """Say why a file is not even tried, or ''."""
        if not parts:
            return "It has no name."
        if stat.S_ISLNK(info.external_attr >> 16):
            return "It is a link; links are not followed. Put the file itself into the archive."
        if info.flag_bits & 0x1:
            return "It is encrypted. Pack the archive again without a password."
        if info.compress_type not in READABLE:
            return (
                f"It is packed by a method (number {info.compress_type}) that is not read here. Pack the ZIP again with "
                f"Deflate, the usual one."
            )
        if info.file_size > self._limits.max_picture_bytes:
            return too_large(self._limits.max_picture_bytes)
        if info.file_size > (info.compress_size + 1) * MOST_DEFLATED:
            return "It claims to unpack to more than its bytes can hold. Pack it again."
        if info.header_offset >= self._zip.start_dir:
            return "The archive says that it begins where the archive has ended: one of them is damaged. Pack it again."
        following = bisect_right(self._starts, info.header_offset)
        room = self._starts[following] - info.header_offset if following < len(self._starts) else 0
        if info.compress_size + LOCAL_HEADER_BYTES > room:
            return "Its bytes overlap with another file's in the archive, as in an archive made to do harm."
        return ""

    def _check_contents(self, path: Path) -> None:
        """Look at how long the table of contents is before `zipfile` reads it all into memory."""
        with path.open("rb") as file:
            start = file.read(512)
            size = file.seek(0, 2)
            before = max(0, size - LONGEST_COMMENT - END_RECORD.size - LOCATOR_64.size)
            file.seek(before)
            tail = file.read()
            where = tail.rfind(b"PK\x05\x06")
            if where < 0 or len(tail) - where < END_RECORD.size:
                raise self._no_zip(start, size)
            *_, count, length, _offset, _comment = END_RECORD.unpack_from(tail, where)
            end, locator = before + where, where - LOCATOR_64.size
            if locator >= 0 and tail.startswith(b"PK\x06\x07", locator):
                place = LOCATOR_64.unpack_from(tail, locator)[2]
                if place > size:
                    raise self._damaged("it says that its table of contents lies beyond its end")
                file.seek(place)
                record = file.read(END_RECORD_64.size)
                if len(record) == END_RECORD_64.size and record.startswith(b"PK\x06\x06"):
                    *_, count, length, _offset = END_RECORD_64.unpack(record)
                    end -= END_RECORD_64.size + LOCATOR_64.size
            most = self._limits.max_archive_files
            if length > most * NAME_BYTES:
                raise self._long_table(length)
            if end >= length:
                # What is there counts as well as what is said: `zipfile` reads on to the end of the table.
                file.seek(end - length)
                count = max(count, _count_entries(file, length, most=most))
        if count > most:
            raise self._too_many(count)

    def _check_claims(self, count: int, *, packed: int) -> None:
        if count > self._limits.max_archive_files:
            raise self._too_many(count)
        claimed = self.claimed_bytes
        if claimed > self._limits.max_archive_bytes:
            raise self._too_much()
        if claimed > RATIO_FLOOR_BYTES and claimed > packed * self._limits.max_archive_ratio:
            raise ArchiveError(
                f"{self.name!r} would unpack to {claimed / max(packed, 1):,.0f} times its size, as archives made to do harm "
                f"do; {self._limits.max_archive_ratio} times is allowed. Pack the pictures again, or ask the operator to "
                f"raise CNNLAB_MAX_ARCHIVE_RATIO."
            )

    def _too_many(self, count: int) -> ArchiveError:
        return ArchiveError(
            f"{self.name!r} holds {counted(count, 'file')}; at most {self._limits.max_archive_files:,} are allowed. "
            f"Import it in parts, or ask the operator to raise CNNLAB_MAX_ARCHIVE_FILES."
        )

    def _long_table(self, length: int) -> ArchiveError:
        return ArchiveError(
            f"{self.name!r} has a table of contents of {length / 1e6:,.0f} MB; names of "
            f"{self._limits.max_archive_files:,} files, the most that are allowed, take less. Import it in parts, or ask "
            f"the operator to raise CNNLAB_MAX_ARCHIVE_FILES."
        )

    def _too_much(self) -> ArchiveError:
        return ArchiveError(
            f"{self.name!r} unpacks to more than {self._limits.max_archive_bytes / 1e6:,.0f} MB, the most that is allowed. "
            f"Import it in parts, or ask the operator to raise CNNLAB_MAX_ARCHIVE_BYTES."
        )

    def _no_zip(self, start: bytes, size: int) -> ArchiveError:
        if start.startswith(b"PK"):
            return self._damaged("its end is missing; it may not have been copied or downloaded completely")
        small = start.lower()
        kind = next((kind for beginning, kind in OTHER_ARCHIVES if small.startswith(beginning.lower())), "")
        found = f"is {kind}" if kind else "is empty" if size == 0 else "is no archive"
        return ArchiveError(f"{self.name!r} {found}; a ZIP or tar of class folders is expected. {PACK_AGAIN}")

    def _damaged(self, reason: str) -> ArchiveError:
        return ArchiveError(
            f"The archive {self.name!r} cannot be opened: {reason[:200]}. Pack it again, and import that."
        )


class _ZipEntry:
    """Reads one file of an archive; small, because there may be 200,000 of them."""

    __slots__ = ("archive", "info")

    def __init__(self, archive: ZipReader, info: zipfile.ZipInfo) -> None:
        self.archive, self.info = archive, info

    def __call__(self) -> bytes:
        return self.archive.read(self.info)


def _count_entries(file: BinaryIO, length: int, *, most: int) -> int:
    """How many entries a table of contents of so many bytes holds, but no more than one above `most`."""
    count = 0
    while length > 0 and count <= most:
        header = file.read(CONTENTS_ENTRY.size)
        if len(header) < CONTENTS_ENTRY.size:
            break
        named = sum(CONTENTS_ENTRY.unpack(header))
        file.seek(named, 1)
        length -= CONTENTS_ENTRY.size + named
        count += 1
    return count


def name_parts(filename: str) -> tuple[str, ...]:
    """The folders and the name of an entry, as safe text; of a path that is too deep, its beginning."""
    # Windows programs write backslashes; they are separators there, and never part of a name.
    raw = filename.replace("\\", "/").split("/")[: MOST_FOLDERS + 1]
    return tuple(text for part in raw if part not in ("", ".") and (text := safe_text(part)))


def leaves(filename: str) -> bool:
    """Whether a path would lead out of the folder that it is unpacked in."""
    plain = filename.replace("\\", "/")
    return plain.startswith("/") or bool(re.match(r"[A-Za-z]:", plain)) or ".." in plain.split("/")


def path_refusal(filename: str) -> str:
    """Say why a path is not taken, whatever lies there; or ''."""
    if leaves(filename):
        return LEADS_OUT
    return TOO_DEEP if filename.replace("\\", "/").count("/") > MOST_FOLDERS else ""


def too_large(most: int) -> str:
    """The sentence on a file that is larger than one picture may be."""
    return f"It is larger than {most // MEGABYTE:,} MB, the most that one picture may be."


def _short(error: BaseException) -> str:
    return safe_text(str(error), longest=120).rstrip(".") or type(error).__name__
