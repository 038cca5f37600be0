"""Unpacks the bundle of a run that nobody has vetted: only what the table of members allows, counted and hashed.

What an archive says of itself is a claim. Names are looked up and never made paths, bytes are counted
while they are unpacked, and each member has to have the hash that the record names. What is inside a
member is looked at elsewhere. This module never opens a model or a table.
"""

import hashlib
import json
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnnlab.errors import BundleError
from cnnlab.export.bundle_records import (
    KIND,
    MEMBERS,
    MOST_BYTES,
    NEWEST_FORMAT,
    RECORD,
    RECORD_BYTES,
    BundleRecord,
)
from cnnlab.settings import MEGABYTE

END_RECORD = struct.Struct("<4s4H2LH")
LONGEST_COMMENT = 65_535
LOCATOR_64_BYTES = 20
LOCAL_HEADER_BYTES = 30
CONTENTS_BYTES = 16 * 1024
"""The table of contents of a dozen members takes less."""
MOST_UNPACKED_TIMES, RATIO_FLOOR_BYTES = 200, 64 * 1024
"""Text shrinks 30 times; below the floor nobody is hurt."""
PIECE_BYTES = 256 * 1024
LARGEST_INTEGER = 2**53
AGAIN = "Download the bundle again from where the run was trained."
HOSTILE = "as in an archive made to do harm"


def unpack_bundle(path: Path, *, name: str, into: Path) -> BundleRecord:
    """Check a bundle and unpack its members into a folder, each under its own name there.

    Args:
        path: Where the ZIP lies.
        name: What the user called it, for messages.
        into: An empty folder; after an error it may hold some members.

    Raises:
        BundleError: It is no bundle, damaged, hostile, too large or of a newer cnnlab.
        OSError: The disk is full.
    """
    _check_contents(path, name)
    try:
        packed = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeError) as error:
        raise BundleError(f"{name!r} is a damaged ZIP ({_short(error)}). {AGAIN}") from error
    with packed:
        infos = _members(packed, name)
        if RECORD not in infos:
            raise BundleError(f"{name!r} is a ZIP without {RECORD}, so it is no bundle of a run. {AGAIN}")
        record = _read_record(packed, infos.pop(RECORD), name)
        _check_names(record, infos, name)
        _check_room(record, into, name)
        for member, info in infos.items():
            _unpack(packed, info, into / member, record=record, name=name)
    return record


def read_json(data: bytes, *, name: str) -> Any:
    """Read JSON as strictly as browsers do: no NaN, no name twice, no number that a table cannot hold.

    Args:
        data: The text.
        name: Of the member, for messages.

    Raises:
        BundleError: It is something else.
    """
    try:
        return json.loads(
            data,
            parse_constant=_no_number,
            parse_int=_small_integer,
            parse_float=_finite,
            object_pairs_hook=_no_name_twice,
        )
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"{name} in the bundle is no JSON that can be read ({_short(error)}). {AGAIN}"
        ) from None


def _check_contents(path: Path, name: str) -> None:
    """Look at how long the table of contents is before `zipfile` reads it all into memory."""
    with path.open("rb") as file:
        start, size = file.read(4), file.seek(0, 2)
        file.seek(max(0, size - LONGEST_COMMENT - END_RECORD.size))
        tail = file.read()
    where = tail.rfind(b"PK\x05\x06")
    if where < 0 or len(tail) - where < END_RECORD.size:
        if start.startswith(b"PK"):
            raise BundleError(
                f"The end of {name!r} is missing; it was not copied or downloaded completely. {AGAIN}"
            )
        raise BundleError(
            f"{name!r} is {'empty' if not size else 'no ZIP'}; a bundle of a run is a ZIP. {AGAIN}"
        )
    *_, count, length, _offset, _comment = END_RECORD.unpack_from(tail, where)
    # The large form may name another, longer table of contents; nothing in a bundle needs it.
    large = where >= LOCATOR_64_BYTES and tail.startswith(b"PK\x06\x07", where - LOCATOR_64_BYTES)
    if count > len(MEMBERS) + 1 or length > CONTENTS_BYTES or large:
        raise BundleError(
            f"{name!r} holds {count:,} files or a very long table of contents; a bundle of a run has at most "
            f"{len(MEMBERS) + 1} members. Pictures come in on the Datasets page."
        )
    if size > MOST_BYTES:
        raise BundleError(
            f"{name!r} has {size / 1e6:,.0f} MB; a bundle has at most {MOST_BYTES // MEGABYTE:,} MB."
        )


def _members(packed: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """The members by their names, once each of them may be there."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in packed.infolist():
        shown = info.filename[:80]
        if info.filename != RECORD and info.filename not in MEMBERS:
            raise BundleError(f"{name!r} holds {shown!r}, which is no member of a bundle. {AGAIN}")
        if info.filename in found:
            raise BundleError(f"{name!r} holds {shown!r} twice, {HOSTILE}. {AGAIN}")
        if reason := _refusal(info):
            raise BundleError(f"{shown} in {name!r} {reason}. {AGAIN}")
        found[info.filename] = info
    ends = sorted((info.header_offset, info.compress_size) for info in found.values())
    for (start, size), following in zip(
        ends, [*(start for start, _ in ends[1:]), packed.start_dir], strict=True
    ):
        if start + LOCAL_HEADER_BYTES + size > following:
            raise BundleError(f"Members of {name!r} overlap, {HOSTILE}. {AGAIN}")
    return found


def _refusal(info: zipfile.ZipInfo) -> str:
    """Why a member is not even tried, or ''."""
    most = RECORD_BYTES if info.filename == RECORD else MEMBERS[info.filename].most_bytes
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link, and links are not followed"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed by a method (number {info.compress_type}) that bundles do not use"
    if info.file_size > most:
        return f"has {info.file_size:,} bytes, and {most:,} is the most"
    if info.file_size > RATIO_FLOOR_BYTES and info.file_size > info.compress_size * MOST_UNPACKED_TIMES:
        return f"unpacks to more than {MOST_UNPACKED_TIMES} times its size, {HOSTILE}"
    return ""


def _read_record(packed: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> BundleRecord:
    values = read_json(_read(packed, info, most=RECORD_BYTES, name=name), name=RECORD)
    if not isinstance(values, dict) or values.get("kind") != KIND:
        raise BundleError(f"{RECORD} in {name!r} is not that of a cnnlab run. {AGAIN}")
    if isinstance(values.get("format"), int) and values["format"] > NEWEST_FORMAT:
        raise BundleError(
            f"{name!r} was written by a newer cnnlab (format {values['format']}; this one reads up to {NEWEST_FORMAT}). "
            f"Update cnnlab, then open it again."
        )
    try:
        return BundleRecord.model_validate(values)
    except ValidationError as error:
        raise BundleError(f"{RECORD} in {name!r} is damaged ({_where(error)}). {AGAIN}") from None


def _check_names(record: BundleRecord, infos: dict[str, zipfile.ZipInfo], name: str) -> None:
    if odd := sorted(record.members.keys() ^ infos.keys()):
        where = (
            "is named in its record but not there"
            if odd[0] in record.members
            else "is not named in its record"
        )
        raise BundleError(f"{odd[0][:80]!r} of {name!r} {where}. {AGAIN}")
    required = [member for member, row in MEMBERS.items() if row.required]
    if missing := [member for member in required if member not in infos]:
        raise BundleError(f"{name!r} has no {missing[0]}, which every bundle has. {AGAIN}")


def _check_room(record: BundleRecord, into: Path, name: str) -> None:
    needed = sum(member.bytes for member in record.members.values())
    if needed > MOST_BYTES:
        raise BundleError(
            f"{name!r} unpacks to {needed / 1e6:,.0f} MB; {MOST_BYTES // MEGABYTE:,} MB is the most."
        )
    free = shutil.disk_usage(into).free
    # Tables are written anew beside the old ones before those go.
    if 2 * needed > free:
        raise BundleError(
            f"{name!r} needs up to {2 * needed / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free on the disk of the "
            f"workspace. Make room, then open it again."
        )


def _unpack(
    packed: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, *, record: BundleRecord, name: str
) -> None:
    expected, digest = record.members[info.filename], hashlib.sha256()
    with path.open("xb") as file:
        for piece in _pieces(packed, info, most=expected.bytes, name=name):
            digest.update(piece)
            file.write(piece)
        size = file.tell()
    if size != expected.bytes or digest.hexdigest() != expected.sha256:
        raise BundleError(
            f"{info.filename} in {name!r} is not what its record says: it was changed or damaged on its way. {AGAIN}"
        )


def _read(packed: zipfile.ZipFile, info: zipfile.ZipInfo, *, most: int, name: str) -> bytes:
    return b"".join(_pieces(packed, info, most=most, name=name))


def _pieces(packed: zipfile.ZipFile, info: zipfile.ZipInfo, *, most: int, name: str) -> Iterator[bytes]:
    """Unpack a member piece by piece; one that has more bytes than it may have ends there."""
    size = 0
    try:
        with packed.open(info) as file:
            while piece := file.read(PIECE_BYTES):
                size += len(piece)
                if size > most:
                    raise BundleError(
                        f"{info.filename} in {name!r} has more bytes than its record says, {HOSTILE}. {AGAIN}"
                    )
                yield piece
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise BundleError(f"{info.filename} in {name!r} is damaged ({_short(error)}). {AGAIN}") from error


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _small_integer(text: str) -> int:
    if len(text) > len(str(-LARGEST_INTEGER)) or abs(number := int(text)) > LARGEST_INTEGER:
        raise ValueError(f"{text[:20]} is too large")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large")
    return number


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _where(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    return (
        f"{'.'.join(str(part) for part in detail['loc'])[:80] or 'as a whole'}: {detail['msg'].lower()[:120]}"
    )


def _short(error: BaseException) -> str:
    return str(error)[:120].rstrip(".") or type(error).__name__
