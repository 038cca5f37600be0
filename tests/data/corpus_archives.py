"""A corpus of odd and hostile archives: what each is, and what a person should read when it is imported.

The rows are those of the tests of ZIP and tar, which read them entry by entry, and more that need a whole
import. Nothing here says whether what came out is right.
"""

import gzip
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.data import test_archives, test_tars
from tests.data.making import encode, plain, speckled, write_zip
from tests.data.test_tars import member, packed

MANY = 5_000
CLASSES = {"cat/1.png": speckled(1), "dog/1.png": speckled(2)}
KEPT_LIMITS = {"MAX_PICTURE_BYTES": "1000000"}


@dataclass(frozen=True, kw_only=True)
class OddArchive:
    """One archive of the corpus."""

    name: str
    make: Callable[[Path], object]
    """Writes it where it is told to."""
    sentence: str = ""
    """Words of the sentence that the user reads: of the import where nothing is taken, else of the file's row."""
    taken: int
    """How many pictures come out of it."""
    refused: int = 0
    """How many files are rows of the report."""
    classes: tuple[str, ...] = ()
    """Of what comes out of it; empty where the row does not say."""
    limits: Mapping[str, str] = field(default_factory=dict)


def _write(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def of_other_tests() -> Iterator[OddArchive]:
    """The rows that the readers are tested with."""
    for row in test_archives.BAD_FILES:
        make, sentence = row.values
        yield OddArchive(name=f"ZIP: {row.id}", make=make, sentence=sentence, taken=1, refused=1)
    for row in test_archives.BAD_ARCHIVES:
        make, limits, sentence = row.values
        if row.id == "gzip":
            # As a whole import it is a packed tar, and the rows of tar have one that ends too early.
            continue
        yield OddArchive(name=f"ZIP: {row.id}", make=make, sentence=sentence, taken=0, limits=limits)
    for row in test_tars.BAD_FILES:
        bad, sentence = row.values
        yield OddArchive(
            name=f"tar: {row.id}",
            make=partial(_write, gzip.compress(packed(*test_tars.GOOD, bad))),
            sentence=sentence,
            taken=2,
            refused=1,
            limits=KEPT_LIMITS,
        )
    for row in test_tars.BAD_ARCHIVES:
        data, limits, sentence = row.values
        yield OddArchive(
            name=f"tar: {row.id}", make=partial(_write, data), sentence=sentence, taken=0, limits=limits
        )


def zipped(files: Mapping[str, bytes]) -> Callable[[Path], object]:
    """Make a ZIP of these files."""
    return lambda path: write_zip(path, files)


def nested(path: Path) -> None:
    """Archives in archives, five deep, sixteen at each depth, as 42.zip is; none is opened."""
    inner = path.with_suffix(".inner")
    data = bytes(1_000_000)
    for _ in range(5):
        write_zip(inner, {f"{number}.zip": data for number in range(16)})
        data = inner.read_bytes()
    inner.unlink()
    write_zip(path, {**CLASSES, "more.zip": data})


def one_for_all(path: Path) -> None:
    """Three hundred names for the same packed bytes (Fifield 2019, "A better zip bomb")."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/0.bmp", bytes(10_000_000))
        first = archive.infolist()[0]
        for number in range(1, 300):
            again = zipfile.ZipInfo(f"cat/{number}.bmp")
            for name in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(again, name, getattr(first, name))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
        archive._didModify = True


def several_disks(path: Path) -> None:
    """The last part of an archive that was cut into several."""
    write_zip(path, CLASSES)
    data = bytearray(path.read_bytes())
    struct.pack_into("<HH", data, len(data) - 18, 3, 3)
    path.write_bytes(data)


def lying_zip64(path: Path) -> None:
    """The record of large archives says that there are 2**40 files."""
    write_zip(path, CLASSES)
    data = path.read_bytes()
    end = data[-22:]
    start, size = struct.unpack_from("<L", end, 16)[0], struct.unpack_from("<L", end, 12)[0]
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2**40, 2**40, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(data) - 22, 1)
    path.write_bytes(
        data[:-22] + record + locator + end[:8] + b"\xff\xff\xff\xff" + end[12:16] + b"\xff" * 4 + end[20:]
    )


def with_comment(path: Path, *, before: bytes) -> None:
    """A long comment that begins with something."""
    write_zip(path, CLASSES)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = before + b"x" * 60_000


def after(before: bytes) -> Callable[[Path], None]:
    """Make an archive that something comes before, such as a program that unpacks it."""

    def make(path: Path) -> None:
        write_zip(path, CLASSES)
        path.write_bytes(before + path.read_bytes())

    return make


def endless_folders(path: Path) -> None:
    """A picture two hundred thousand folders deep, in a tar, whose names may be long."""
    deep = member("a/" * 200_000 + "1.png", speckled(3))
    _write(packed(*test_tars.GOOD, deep, form=tarfile.PAX_FORMAT), path)


def of_whole_imports() -> Iterator[OddArchive]:
    """Rows that only a whole import can judge."""
    yield OddArchive(name="archives in archives", make=nested, taken=2)
    yield OddArchive(name="one for all", make=one_for_all, sentence="times its size", taken=0)
    yield OddArchive(name="of several disks, all of it there", make=several_disks, taken=2)
    yield OddArchive(name="a trillion files", make=lying_zip64, sentence="1,099,511,627,776 files", taken=0)
    yield OddArchive(name="a long comment", make=partial(with_comment, before=b""), taken=2)
    yield OddArchive(
        name="a comment that begins as an end does",
        make=partial(with_comment, before=b"PK\x05\x06"),
        sentence="table of contents of 2,021 MB",
        taken=0,
    )
    yield OddArchive(name="after a program", make=after(b"MZ" + bytes(5000)), taken=2)
    yield OddArchive(name="after a picture", make=after(encode(plain(), "JPEG")), taken=2)
    yield OddArchive(
        name="two hundred thousand folders",
        make=endless_folders,
        sentence="more than 100 folders deep",
        taken=2,
        refused=1,
    )
    yield OddArchive(
        name="ninety folders", make=zipped(CLASSES | {"a/" * 90 + "1.png": speckled(3)}), taken=3
    )
    yield OddArchive(
        name="very many empty files",
        make=zipped(CLASSES | {f"cat/{number}.png": b"" for number in range(100, 100 + MANY)}),
        sentence="The file is empty",
        taken=2,
        refused=MANY,
    )
    yield OddArchive(
        name="folders only",
        make=zipped({"cat/": b"", "dog/": b""}),
        sentence="There is no picture in it",
        taken=0,
    )
    yield OddArchive(
        name="stray files only",
        make=zipped({".DS_Store": b"x", "__MACOSX/._1.png": b"x"}),
        sentence="There is no picture in it",
        taken=0,
    )
    yield OddArchive(
        name="texts only",
        make=zipped({"cat/1.txt": b"hi", "dog/2.txt": b"ho"}),
        sentence="Not one of 2 files could be taken. The first is 'cat/1.txt': It is no picture",
        taken=0,
        refused=2,
    )
    yield OddArchive(
        name="no folders",
        make=zipped({"1.png": speckled(1), "2.png": speckled(2)}),
        sentence="Nothing lies in a class folder, so the classes of 2 files are unknown",
        taken=0,
        refused=2,
    )
    yield OddArchive(
        name="classes that differ in capitals",
        make=zipped({"Cat/1.png": speckled(1), "cat/1.png": speckled(2)}),
        taken=2,
        classes=("Cat", "cat"),
    )
    yield OddArchive(
        name="classes that look the same",
        make=zipped({"caf\u00e9/1.png": speckled(1), "cafe\u0301/2.png": speckled(2)}),
        taken=2,
        classes=("caf\u00e9",),
    )
    yield OddArchive(
        name="classes that are markup and paths of Windows",
        make=zipped(
            {
                "<script>alert(1)</script>/1.png": speckled(1),
                "CON/1.png": speckled(2),
                "ab:cd/1.png": speckled(3),
            }
        ),
        taken=3,
        classes=("<script>alert(1)<", "CON", "ab:cd"),
    )
    yield OddArchive(
        name="a class that reads from right to left",
        make=zipped({"\u202egnp.exe/1.png": speckled(1), "dog/a\u2028b.png": speckled(2)}),
        taken=2,
        classes=("dog", "\ufffdgnp.exe"),
    )
    yield OddArchive(
        name="pictures of every kind of danger",
        make=zipped(
            CLASSES
            | {
                "cat/bomb.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
                + struct.pack(">II", 60_000, 60_000)
                + b"\x08\x02\0\0\0"
                + bytes(40),
                "cat/page.png": b"<!DOCTYPE html>",
                "cat/eps.jpg": encode(plain(), "EPS"),
            }
        ),
        sentence="a web page",
        taken=2,
        refused=3,
    )


ARCHIVES: tuple[OddArchive, ...] = (*of_other_tests(), *of_whole_imports())
