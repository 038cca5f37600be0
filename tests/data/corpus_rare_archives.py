"""More of the corpus of archives: names, sizes and tables of contents that lie, tables of labels, and odd tars.

Rows are as in `corpus_archives`; together they are what `test_corpus_archives` runs.
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.data import test_tars
from tests.data.corpus_archives import CLASSES, OddArchive, zipped
from tests.data.making import encode, plain, speckled, write_zip
from tests.data.test_archives import central, patched, with_bits
from tests.data.test_tars import member, packed

GOOD = test_tars.GOOD
OUT = "leads out of the archive"
TABLE = b"file,label\n"


def written(data: bytes) -> Callable[[Path], object]:
    """Make a file of these bytes."""
    return lambda path: path.write_bytes(data)


def good(name: str, make: Callable[[Path], object], *, taken: int = 2, **more) -> OddArchive:
    """An archive that is odd, and loses nothing."""
    return OddArchive(name=name, make=make, taken=taken, **more)


def partly(
    name: str, make: Callable[[Path], object], sentence: str, *, taken=2, refused=1, **more
) -> OddArchive:
    """An archive with bad files in it, which are rows."""
    return OddArchive(name=name, make=make, sentence=sentence, taken=taken, refused=refused, **more)


def bad(name: str, make: Callable[[Path], object], sentence: str, **more) -> OddArchive:
    """An archive of which nothing is taken."""
    return OddArchive(name=name, make=make, sentence=sentence, taken=0, **more)


# --- names


def beside(**files: bytes) -> Callable[[Path], object]:
    """Make a ZIP of the two classes and these files."""
    return zipped(CLASSES | files)


def name_rows() -> Iterator[OddArchive]:
    """What files may be called."""
    new = speckled(3)
    for name in (
        "../../../../tmp/x.png",
        "cat/../../x.png",
        "//host/x.png",
        "c:x.png",
        "..",
        "cat/..\\..\\x.png",
    ):
        yield partly(f"a file called {name}", beside(**{name: new}), OUT)
    for title, name, classes in (
        ("line break", "e\nel/1.png", ("cat", "dog", "e\ufffdel")),
        ("bell", "e\x07el/1.png", ("cat", "dog", "e\ufffdel")),
        ("formula", "=1+1/1.png", ("=1+1", "cat", "dog")),
        ("tracking pixel", "![x](http:\\evil)/1.png", ("![x](http:", "cat", "dog")),
        ("dots", "e.../1.png", ("cat", "dog", "e...")),
        ("spaces", " eel /1.png", ("cat", "dog", "eel")),
        ("emoji", "\U0001f431\u200d\U0001f464/1.png", ("cat", "dog", "\U0001f431\u200d\U0001f464")),
        ("long class", "e" * 5000 + "/1.png", ("cat", "dog", "e" * 199 + "\u2026")),
        ("script of SQL", "'; DROP TABLE runs;--/1.png", ("'; DROP TABLE runs;--", "cat", "dog")),
        ("percent", "%2e%2e%2fetc/1.png", ("%2e%2e%2fetc", "cat", "dog")),
        ("device of Windows", "NUL/AUX.png", ("NUL", "cat", "dog")),
    ):
        yield good(f"a class with a name of {title}", beside(**{name: new}), taken=3, classes=classes)
    yield partly(
        "two files whose names look the same",
        beside(**{"cat/caf\u00e9.png": new, "cat/cafe\u0301.png": speckled(4)}),
        "same name",
        taken=3,
    )
    yield good(
        "a JPEG called .png, a PNG called .txt",
        beside(**{"cat/2.png": encode(plain(), "JPEG"), "dog/2.txt": new}),
        taken=4,
    )
    yield good(
        "a file called as a folder is", beside(**{"cat/2.png/3.png": new, "cat/2.png": speckled(4)}), taken=4
    )
    yield partly("a file called as a class is", beside(cat=new), "no class folder")


# --- tables of contents and sizes


def streamed(path: Path) -> None:
    """Written to a pipe, so that sizes follow the bytes instead of coming before."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self):
            raise OSError

        def seek(self, *_):
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in CLASSES.items():
            archive.writestr(name, data)
    path.write_bytes(pipe.getvalue())


def large_form(path: Path) -> None:
    """Every file in the form for more than 4 GB, as some programs always write it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in CLASSES.items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(data)


def followed(data: bytes) -> Callable[[Path], object]:
    """Make an archive with something behind it."""

    def make(path: Path) -> None:
        write_zip(path, CLASSES)
        path.write_bytes(path.read_bytes() + data)

    return make


def changed(change: Callable[[bytearray], None]) -> Callable[[Path], object]:
    """Make an archive whose bytes are changed."""
    return lambda path: patched(write_zip(path, CLASSES), change)


def other_local_name(data: bytearray) -> None:
    """The file says of itself that it is called otherwise than in the table of contents."""
    at = data.index(b"dog/1.png")
    data[at : at + 3] = b"../"


def pointing(place: int) -> Callable[[Path], object]:
    """Make an archive whose table of contents says that a file is somewhere else."""
    return changed(lambda data: struct.pack_into("<L", data, central(data, b"dog/1.png") + 42, place))


def few_said(path: Path) -> None:
    """Two files are said to be in it, and three hundred are."""
    write_zip(path, {f"cat/{number}.png": b"" for number in range(300)})
    patched(path, lambda data: struct.pack_into("<HH", data, len(data) - 14, 2, 2))


def far_table(path: Path, *, place: int) -> None:
    """The record of large archives is said to be where no file reaches."""
    write_zip(path, CLASSES)
    data = path.read_bytes()
    path.write_bytes(data[:-22] + struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1) + data[-22:])


def contents_rows() -> Iterator[OddArchive]:
    """What an archive says of itself."""
    yield good("sizes behind the bytes", streamed)
    yield good("in the form for large files", large_form)
    yield good("with garbage behind it", followed(b"\xa5" * 5000))
    yield bad("with too much garbage behind it", followed(bytes(70_000)), "its end is missing")
    yield partly(
        "another name at the file itself", changed(other_local_name), "damaged in the archive", taken=1
    )
    yield partly("a file beyond the end", pointing(10**9), "begins where the archive has ended", taken=1)
    yield partly("a file in the middle of another", pointing(17), "overlap", taken=0, refused=2)
    yield bad(
        "more files than it says",
        few_said,
        "holds 201 files; at most 200 are allowed",
        limits={"MAX_ARCHIVE_FILES": "200"},
    )
    yield bad(
        "half of its table of contents",
        changed(lambda data: data.__delitem__(slice(-60, -22))),
        "cannot be opened",
    )
    yield bad(
        "without a whole end", changed(lambda data: data.__delitem__(slice(-10, None))), "its end is missing"
    )
    yield bad("the first of several parts", written(b"PK\x07\x08" + bytes(500)), "its end is missing")
    for number, what in ((9, "Deflate64"), (14, "LZMA"), (93, "Zstandard"), (98, "PPMd")):
        yield partly(f"packed by {what}", partial(with_bits, method=number), f"(number {number})", taken=1)
    yield partly("encrypted by AES", partial(with_bits, flag=1, method=99), "encrypted", taken=1)
    yield partly(
        "claims what it cannot hold",
        partial(with_bits, size=60_000_000),
        "more than its bytes can hold",
        taken=1,
    )


# --- tables of labels


def label_rows() -> Iterator[OddArchive]:
    """A table says the classes; it may be made to do harm as well."""
    many = b"".join(b"%d.jpg,eel\n" % number for number in range(50))
    yield partly(
        "a table of labels of 60 MB",
        beside(**{"labels.csv": TABLE + b"a,b\n" * 15_000_000}),
        "larger than 32 MB",
    )
    yield partly(
        "a table of one line of 60 MB",
        beside(**{"labels.csv": b"file," + b"x" * 60_000_000}),
        "no class folder",
    )
    yield partly(
        "a table of more rows than files are allowed",
        beside(**{"labels.csv": TABLE + many}),
        "more than 20 rows",
        limits={"MAX_ARCHIVE_FILES": "20"},
    )
    yield partly(
        "25 tables of labels",
        beside(**{f"{number}.csv": TABLE + b"cat/1.png,eel\n" for number in range(25)}),
        "Only the first 20 tables",
        refused=5,
        classes=("dog", "eel"),
    )
    yield partly(
        "a table that names files outside",
        beside(**{"labels.csv": TABLE + b"../../etc/passwd,eel\n/etc/shadow,eel\n"}),
        "In 2 rows of 2 the file is not there",
    )
    yield good(
        "labels that are paths and markup",
        beside(**{"labels.csv": TABLE + b"cat/1.png,../../x\ndog/1.png,<b>x</b>\n"}),
        classes=("../../x", "<b>x</b>"),
    )
    yield partly("a table of zeros", beside(**{"labels.csv": bytes(5000)}), "no class folder")


# --- tar


def tarred(
    *members, pack: Callable[[bytes], bytes] = bytes, form: int = tarfile.PAX_FORMAT
) -> Callable[[Path], object]:
    """Make a tar of two good files and these."""
    return lambda path: path.write_bytes(pack(packed(*GOOD, *members, form=form)))


def attributes(**said: str) -> tuple[tarfile.TarInfo, bytes]:
    """A file of whom an attribute says something else than its header."""
    info, data = member("cat/2.png", speckled(3))
    info.pax_headers = said
    return info, data


def header_of(kind: bytes, body: bytes) -> bytes:
    """A header of names and attributes, and these."""
    info = member("x", body, type=kind)[0]
    return info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


def record(key: bytes, value: bytes) -> bytes:
    """An attribute, which begins with its own length."""
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while length != len(body) + len(str(length)):
        length = len(body) + len(str(length))
    return str(length).encode() + body


def holes() -> bytes:
    """A file whose list of holes is 20 MB long."""
    info = member("cat/2.png")[0]
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "10"}
    body = b"5000000\n" + b"1\n" * 10_000_000
    info.size = len(body)
    return info.tobuf(tarfile.PAX_FORMAT) + body + bytes(-len(body) % 512)


def attribute_rows() -> Iterator[OddArchive]:
    """Attributes that follow a header of tar."""
    yield partly("tar: a name outside, as an attribute", tarred(attributes(path="../../x.png")), OUT)
    yield good(
        "tar: a size that is not the header's",
        tarred(attributes(size="100000")),
        taken=2,
        refused=1,
        sentence="damaged from here on",
    )
    yield good(
        "tar: attributes of another program",
        tarred(attributes(**{"SCHILY.xattr.user.x": "y" * 5000})),
        taken=3,
    )
    yield bad(
        "tar: a list of 5 million holes",
        written(gzip.compress(holes() + packed(*GOOD), 1)),
        "longer than any name",
    )
    one = header_of(b"x", record(b"comment", b"y" * 500_000))
    yield bad(
        "tar: attributes again and again",
        written(gzip.compress(one * 60 + packed(*GOOD), 1)),
        "longer than any name",
    )
    general = b"".join(
        header_of(b"g", b"".join(record(b"k%d.%d" % (group, number), b"v") for number in range(2000)))
        + packed(member(f"cat/{group}.png", speckled(group)))[:-1024].rstrip(b"\0").ljust(1024, b"\0")
        for group in range(20)
    )
    yield good(
        "tar: attributes of all files at once, again and again",
        written(general + packed(*GOOD)),
        taken=21,
        refused=1,
        sentence="same name",
    )


def tar_rows() -> Iterator[OddArchive]:
    """What can be odd in a tar, packed or not."""
    new = speckled(3)
    link = member("cat/away", type=tarfile.SYMTYPE, linkname="/tmp")
    yield partly(
        "tar: a file behind a link",
        tarred(link, member("cat/away/2.png", new)),
        "links are not followed",
        taken=3,
    )
    yield partly(
        "tar: with holes",
        lambda path: path.write_bytes(test_tars.sparse() + packed(*GOOD)),
        "stored with holes",
    )
    yield partly(
        "tar: of no known kind",
        tarred(member("cat/2.png", type=b"Z", data=b"")),
        "It is no plain file",
    )
    yield partly(
        "tar: a block of a disk", tarred(member("cat/2.png", type=tarfile.BLKTYPE)), "a device or a pipe"
    )
    yield good("tar: contiguous", tarred(member("cat/2.png", new, type=tarfile.CONTTYPE)), taken=3)
    yield good("tar: before POSIX", tarred(form=tarfile.USTAR_FORMAT), taken=2)
    yield good(
        "tar: a name that is no UTF-8",
        tarred(member("cat/caf\udce9.png", new), form=tarfile.GNU_FORMAT),
        taken=3,
    )
    yield partly(
        "tar: a long name outside", tarred(member("../" * 100 + "x.png", new), form=tarfile.GNU_FORMAT), OUT
    )
    yield good(
        "tar: of two compressed parts",
        tarred(pack=lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:])),
    )
    yield good("tar: packed with bzip2", tarred(pack=bz2.compress))
    yield good("tar: packed with xz", tarred(pack=lzma.compress))
    yield bad(
        "tar: names of 5,000 letters",
        tarred(*[member(f"cat/{number}" + "n" * 5000, b"") for number in range(50)]),
        "has names of more than 0.2 MB",
        limits={"MAX_ARCHIVE_FILES": "1000"},
    )
    yield bad(
        "tar: packed twice", tarred(pack=lambda data: gzip.compress(gzip.compress(data))), "is a gzip file"
    )
    yield bad("tar: packed with Zstandard", written(b"\x28\xb5\x2f\xfd" + bytes(500)), "is a Zstandard file")
    yield bad(
        "tar: of folders only",
        written(packed(member("cat", type=tarfile.DIRTYPE))),
        "There is no picture in it",
    )
    yield partly(
        "tar: an archive in an archive", tarred(member("cat/more.tar", packed(*GOOD))), "", refused=0
    )
    yield partly("tar: cut off", tarred(pack=lambda data: data[:1500]), "damaged from here on", taken=1)


def other_rows() -> Iterator[OddArchive]:
    """What is called an archive and is none."""
    for name, data, sentence in (
        ("a web page", b"<!DOCTYPE html><title>Sign in</title>", "is a web page"),
        ("a placeholder", b"version https://git-lfs.github.com/spec/v1\n", "is a placeholder of Git LFS"),
        ("a CAB archive", b"MSCF" + bytes(60), "is a CAB archive"),
        ("zeros", bytes(5000), "is no archive"),
        ("a program", b"\x7fELF" + bytes(5000), "is no archive"),
        ("bzip2 of something else", bz2.compress(b"hello"), "is a bzip2 file"),
        ("xz of something else", lzma.compress(b"hello"), "is an xz file"),
        ("the end of a ZIP and nothing else", b"PK\x05\x06" + bytes(18), "There is no picture in it"),
        ("two letters", b"PK", "its end is missing"),
    ):
        yield bad(f"not one: {name}", written(data), sentence)


RARE: tuple[OddArchive, ...] = (
    *name_rows(),
    *contents_rows(),
    *label_rows(),
    *attribute_rows(),
    *tar_rows(),
    *other_rows(),
)
