"""A table beside pictures that says their classes: a CSV whose columns are known by their headings.

    file,label,split,group
    images/001.jpg,daisy,train,garden 1

Paths in it are only compared with those of the files that came with it; labels are only text. This
module never opens a picture.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType

from cnnlab.data.entries import Entry, EntryRefused, Listing
from cnnlab.data.layouts import SPLIT_FOLDERS
from cnnlab.data.text import counted, safe_text
from cnnlab.settings import MEGABYTE, settings

ENDINGS = (".csv", ".tsv")
LARGEST_TABLE_BYTES = 32 * MEGABYTE
"""200,000 files with 160 bytes of each; a table is in memory as a whole, several times its size."""
MOST_TABLES = 20
"""Each is compared with every file."""
LONGEST_LINE = MEGABYTE
LONGEST_CELL = 4096
ROWS_NAMED = 3
DELIMITERS = ",;\t|"

HEADINGS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "file": (
            "file",
            "filename",
            "file_name",
            "image",
            "image_path",
            "path",
            "filepath",
            "picture",
            "name",
            "id",
        ),
        "label": ("label", "class", "category", "class_name", "target", "species", "breed"),
        "split": ("split", "set", "subset", "partition"),
        "group": ("group", "patient", "patient_id", "subject", "camera", "location", "session"),
    }
)
"""What a column is by its heading, in small letters; of several that fit, the first named here."""
TRUNKS = ("jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "avif")
"""Endings that a table may leave out of its names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What a table says of one file; all of it is text of somebody's."""

    file: str
    label: str
    split: str = ""
    group: str = ""


def with_labels(listing: Listing) -> Listing:
    """Give files the classes that a table among them says; a listing without one stays as it is.

    A file that a table does not name keeps the class of its folder. Rows without a file, or without a
    label, become rows of the report.
    """
    entries, refused = list(listing.entries), list(listing.refused)
    read = 0
    for table in [entry for entry in entries if entry.parts[-1].lower().endswith(ENDINGS)]:
        try:
            rows = read_table(table.read())
            if rows and (read := read + 1) > MOST_TABLES:
                raise EntryRefused(
                    f"Only the first {MOST_TABLES} tables of labels are read. Put their rows into one."
                )
        except EntryRefused as error:
            refused.append((table.name, str(error)))
            entries = [entry for entry in entries if entry is not table]
            continue
        if rows:
            entries = [entry for entry in entries if entry is not table]
            entries, unknown, outdone = _labelled(entries, rows, beside=table.parts[:-1])
            refused += [(table.name, sentence) for sentence in _complaints(rows, unknown, outdone)]
    return replace(listing, entries=tuple(entries), refused=tuple(refused))


def read_table(data: bytes) -> list[Row]:
    """Return the rows of a table, or none where it is no table of files and labels.

    Args:
        data: UTF-8 with or without a mark, UTF-16, or any 8-bit text; separated by comma, semicolon, tab or bar.

    Raises:
        EntryRefused: It is longer than any table of so many files as are allowed.
    """
    lines = _lines(data)
    try:
        heading = next(lines, "")
        delimiter = max(DELIMITERS, key=heading.count)
        table = csv.reader(chain([heading], lines), delimiter=delimiter)
        columns = _columns(next(table, []))
        if not {"file", "label"} <= columns.keys():
            return []
        if len(data) > LARGEST_TABLE_BYTES:
            raise EntryRefused(
                f"It is larger than {LARGEST_TABLE_BYTES // MEGABYTE} MB, the most that a table of labels may be. Leave "
                f"out the columns that say neither file, label, split nor group."
            )
        return _rows(table, columns)
    except csv.Error:
        return []


def _rows(table: Iterable[Sequence[str]], columns: Mapping[str, int]) -> list[Row]:
    """The rows below the heading; as many as there may be files."""
    most = settings().max_archive_files
    rows = []
    for cells in table:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == most:
            raise EntryRefused(
                f"It has more than {most:,} rows, the most files that are allowed. Import the pictures in parts, or "
                f"ask the operator to raise CNNLAB_MAX_ARCHIVE_FILES."
            )
        rows.append(Row(**_cells(cells, columns)))
    return rows


def _lines(data: bytes) -> Iterator[str]:
    """The lines of a table one by one, so that it is in memory once.

    Raises:
        csv.Error: A line is longer than any of a table.
    """
    text = io.TextIOWrapper(io.BytesIO(data), encoding=_encoding(data), errors="replace", newline="")
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error("a line is longer than any of a table")
        yield line


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), MEGABYTE):
            decoder.decode(data[start : start + MEGABYTE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def _columns(heading: Sequence[str]) -> dict[str, int]:
    """The place of each column that is known."""
    words = [word.strip().casefold().replace(" ", "_").replace("-", "_") for word in heading]
    return {
        meaning: words.index(found)
        for meaning, known in HEADINGS.items()
        if (found := next((word for word in known if word in words), None))
    }


def _cells(cells: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    return {
        meaning: cells[place].strip()[:LONGEST_CELL] if place < len(cells) else ""
        for meaning, place in columns.items()
    }


def _labelled(
    entries: Iterable[Entry], rows: Iterable[Row], *, beside: tuple[str, ...]
) -> tuple[list[Entry], list[Row], list[Row]]:
    """The entries with what the rows say; the rows that say it of no file; those that a later row contradicts."""
    found = list(entries)
    places = _places(found, beside=beside)
    unknown, outdone = [], []
    said: dict[int, Row] = {}
    for row in rows:
        place = next((places[key] for key in _keys(row.file) if key in places), None)
        if place is None:
            unknown.append(row)
        elif row.label:
            if place in said and said[place].label != row.label:
                outdone.append(said[place])
            said[place] = row
            found[place] = replace(
                found[place],
                class_name=safe_text(row.label) or None,
                split=SPLIT_FOLDERS.get(row.split.casefold(), ""),
                group=safe_text(row.group, longest=200),
            )
    return found, unknown, outdone


def _places(entries: Sequence[Entry], *, beside: tuple[str, ...]) -> dict[str, int]:
    """Where each file is, by every way that a table may write it; what could be two files is left out."""
    places: dict[str, int] = {}
    twice: set[str] = set()
    for place, entry in enumerate(entries):
        inside = entry.parts[: len(beside)] == beside
        ways = {entry.name, "/".join(entry.parts[len(beside) :]) if inside else entry.name, entry.parts[-1]}
        for key in {_plain(way) for way in ways} | {_trunk(_plain(way)) for way in ways}:
            if places.setdefault(key, place) != place:
                twice.add(key)
    return {key: place for key, place in places.items() if key not in twice}


def _keys(file: str) -> list[str]:
    """What a row may mean, the most exact first: its whole path, then the name alone."""
    plain = _plain(file)
    return [plain, plain.rpartition("/")[2]]


def _plain(path: str) -> str:
    parts = [safe_text(part) for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join(parts).casefold()


def _trunk(path: str) -> str:
    stem, _, ending = path.rpartition(".")
    return stem if stem and ending in TRUNKS else path


def _complaints(rows: Sequence[Row], unknown: Sequence[Row], outdone: Sequence[Row]) -> list[str]:
    sentences = []
    if unknown:
        sentences.append(
            f"In {counted(len(unknown), 'row')} of {len(rows):,} the file is not there, or could be two: {_named(unknown)}. "
            f"Write each path as it is beside the table."
        )
    if outdone:
        sentences.append(
            f"In {counted(len(outdone), 'row')} of {len(rows):,} the label differs from what a later row says of the "
            f"same file: {_named(outdone)}. The last row of a file counts. Take the wrong row out, or correct the class."
        )
    without = sum(not row.label for row in rows)
    if without:
        sentences.append(
            f"In {counted(without, 'row')} of {len(rows):,} there is no label. Write it, or take the row out."
        )
    return sentences


def _named(rows: Sequence[Row]) -> str:
    """The files of the first few rows."""
    return ", ".join(repr(safe_text(row.file, longest=80)) for row in rows[:ROWS_NAMED])
