"""Tar archives, packed or not: what is good is taken, what is bad is a row or a sentence, and nothing lands outside."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.data.archive_kinds import is_archive_name, open_archive, without_ending
from cnnlab.data.archives import ZipReader
from cnnlab.data.tars import TarReader, is_tar
from cnnlab.errors import ArchiveError
from cnnlab.settings import MEGABYTE
from tests.data.making import speckled, write_zip

CAT, DOG = speckled(1), speckled(2)
PACKERS = {"tar": bytes, "tar.gz": gzip.compress, "tar.bz2": bz2.compress, "tar.xz": lzma.compress}


def member(name, data=b"", **changes):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def packed(*members, form=tarfile.PAX_FORMAT):
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w:", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return output.getvalue()


GOOD = (member("cat/1.png", CAT), member("dog/1.png", DOG))


def written(folder: Path, data: bytes, name: str = "pictures.tar") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def taken_and_refused(path):
    archive = TarReader(path, name=path.name)
    try:
        listing = archive.listing
        return (
            {entry.name: entry.read() for entry in listing.entries},
            dict(listing.refused),
            dict(listing.passed_over),
        )
    finally:
        archive.close()


def sparse():
    """A file with holes, as GNU tar writes it: 512 bytes in the archive, eight gigabytes outside."""
    info, _ = member("cat/holes.png", bytes(512), type=tarfile.GNUTYPE_SPARSE)
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:398], header[398:410] = b"%011o\0" % 0, b"%011o\0" % 512
    header[483:495] = b"%011o\0" % 8_000_000_000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(512)


def test_pictures_are_taken_in_the_order_of_their_names(tmp_path):
    path = written(tmp_path, packed(*reversed(GOOD), member("empty", type=tarfile.DIRTYPE)))
    assert taken_and_refused(path) == ({"cat/1.png": CAT, "dog/1.png": DOG}, {}, {})
    assert list(taken_and_refused(path)[0]) == ["cat/1.png", "dog/1.png"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("ending", PACKERS)
def test_every_packing_is_known_by_what_is_in_it(tmp_path, ending, form):
    long = "cat/" + "n" * 90 + "/" + "o" * 90 + ".png"
    path = written(tmp_path, PACKERS[ending](packed(member(long, CAT), GOOD[1], form=form)), "pictures.zip")
    assert is_tar(path)
    assert taken_and_refused(path)[0] == {long: CAT, "dog/1.png": DOG}


BAD_FILES = [
    pytest.param(member("../../escaped.png", CAT), "leads out", id="traversal"),
    pytest.param(member("/tmp/escaped.png", CAT), "leads out", id="absolute"),
    pytest.param(member("cat\\..\\..\\escaped.png", CAT), "leads out", id="backslashes"),
    pytest.param(member("C:/escaped.png", CAT), "leads out", id="drive letter"),
    pytest.param(member("../escaped", type=tarfile.DIRTYPE), "leads out", id="a folder outside"),
    pytest.param(
        member("cat/2.png", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "link", id="symbolic link"
    ),
    pytest.param(member("cat/2.png", type=tarfile.LNKTYPE, linkname="cat/1.png"), "link", id="hard link"),
    pytest.param(member("cat/2.png", type=tarfile.CHRTYPE, devmajor=1, devminor=5), "device", id="device"),
    pytest.param(member("cat/2.png", type=tarfile.FIFOTYPE), "device or a pipe", id="pipe"),
    pytest.param(member("cat/1.png", DOG), "same name", id="duplicate name"),
    pytest.param(member("./cat//1.png", DOG), "same name", id="the same name, written otherwise"),
    pytest.param(member("cat/2.png", bytes(2_000_000)), "larger than", id="too large"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD_FILES)
def test_a_bad_file_is_a_row_and_the_others_are_taken(tmp_path, monkeypatch, bad, reason):
    monkeypatch.setenv("CNNLAB_MAX_PICTURE_BYTES", str(MEGABYTE))
    inside = tmp_path / "deep" / "inside"
    inside.mkdir(parents=True)
    path = written(inside, gzip.compress(packed(*GOOD, bad)))
    before = set(tmp_path.rglob("*"))
    taken, refused, _ = taken_and_refused(path)
    assert taken == {"cat/1.png": CAT, "dog/1.png": DOG}
    assert [reason in sentence for sentence in refused.values()] == [True]
    assert set(tmp_path.rglob("*")) == before


def test_a_file_with_holes_is_a_row(tmp_path):
    path = written(tmp_path, sparse() + packed(*GOOD))
    taken, refused, _ = taken_and_refused(path)
    assert list(taken) == ["cat/1.png", "dog/1.png"]
    assert "holes" in refused["cat/holes.png"]


def test_stray_files_and_packed_ones_are_passed_over_and_counted(tmp_path):
    names = ["__MACOSX/cat/._1.png", ".DS_Store", "cat/Thumbs.db", "more.tar.gz"]
    path = written(tmp_path, packed(*GOOD, *(member(name, b"x") for name in names)))
    taken, refused, passed_over = taken_and_refused(path)
    assert (len(taken), refused, sum(passed_over.values())) == (2, {}, len(names))


@pytest.mark.parametrize("ending", PACKERS)
def test_an_archive_that_was_not_copied_completely_gives_what_came_and_a_row(tmp_path, ending):
    noise = [member(f"cat/{number}.png", os.urandom(200_000)) for number in range(8)]
    data = PACKERS[ending](packed(*noise))
    taken, refused, _ = taken_and_refused(written(tmp_path, data[: len(data) * 3 // 4]))
    assert 1 <= len(taken) < 8
    assert ["not have been copied" in sentence for sentence in refused.values()] == [True]


def test_garbage_in_the_middle_is_said_and_not_taken_for_the_end(tmp_path):
    data = bytearray(packed(*GOOD))
    data[1024:1536] = os.urandom(512)
    taken, refused, _ = taken_and_refused(written(tmp_path, bytes(data)))
    assert list(taken) == ["cat/1.png"]
    assert len(refused) == 1


def zeros(megabytes):
    return bytes(megabytes * MEGABYTE)


def claiming(size, kind=tarfile.XHDTYPE):
    """A header that claims to be followed by so many bytes of names and attributes."""
    return tarfile.TarInfo.tobuf(member("x", type=kind, size=size)[0], tarfile.GNU_FORMAT)


BAD_ARCHIVES = [
    pytest.param(b"", {}, "is empty", id="empty file"),
    pytest.param(b"hello", {}, "is no archive", id="no archive"),
    pytest.param(gzip.compress(b"hello"), {}, "is a gzip file", id="gzip of something else"),
    pytest.param(bz2.compress(packed(*GOOD))[:30], {}, "cannot be opened", id="cut short at once"),
    pytest.param(b"\xfd7zXZ\x00" + os.urandom(500), {}, "cannot be opened", id="xz of garbage"),
    pytest.param(packed(*GOOD), {"MAX_ARCHIVE_FILES": 1}, "more than 1 files", id="too many files"),
    pytest.param(packed(*GOOD), {"MAX_ARCHIVE_BYTES": 1500}, "unpacks to more", id="too much in all"),
    pytest.param(
        gzip.compress(packed(*(member(f"cat/{n}.bmp", zeros(40)) for n in range(3)))),
        {},
        "times its size",
        id="bomb of gzip",
    ),
    pytest.param(
        bz2.compress(packed(member("cat/1.bmp", zeros(90)))), {}, "times its size", id="bomb of bzip2"
    ),
    pytest.param(
        lzma.compress(packed(member("cat/1.bmp", zeros(90)))), {}, "times its size", id="bomb of xz"
    ),
    pytest.param(
        lzma.compress(packed(*GOOD), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1024 * MEGABYTE}]),
        {},
        "emory",
        id="xz that asks for a gigabyte of memory",
    ),
    pytest.param(claiming(8_000_000_000), {}, "longer than any name", id="attributes of 8 GB"),
    pytest.param(
        gzip.compress(claiming(300 * MEGABYTE, tarfile.GNUTYPE_LONGNAME) + zeros(70)),
        {},
        "longer than any name",
        id="a name of 300 MB",
    ),
]


@pytest.mark.parametrize(("data", "limits", "sentence"), BAD_ARCHIVES)
def test_an_archive_that_is_bad_as_a_whole_is_a_sentence(tmp_path, monkeypatch, data, limits, sentence):
    for name, value in limits.items():
        monkeypatch.setenv(f"CNNLAB_{name}", str(value))
    path = written(tmp_path, data)
    before = psutil.Process().memory_info().rss
    with pytest.raises(ArchiveError, match=sentence):
        open_archive(path, name="pictures.tar")
    assert psutil.Process().memory_info().rss - before < 300 * MEGABYTE
    assert list(tmp_path.iterdir()) == [path]


def test_endless_headers_before_a_file_are_a_sentence(tmp_path):
    """Each is read by a call inside the call that read the one before."""
    info = member("x", b"", type=tarfile.GNUTYPE_LONGNAME, size=4)[0]
    header = info.tobuf(tarfile.GNU_FORMAT) + b"abc\0".ljust(512, b"\0")
    with pytest.raises(ArchiveError, match="cannot be opened"):
        TarReader(written(tmp_path, header * 5000), name="pictures.tar")


@given(damage=st.lists(st.tuples(st.integers(0, 10_239), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_random_damage_gives_rows_or_a_sentence(tmp_path_factory, damage):
    data = bytearray(packed(*GOOD))
    for place, value in damage:
        data[place % len(data)] = value
    path = written(tmp_path_factory.mktemp("damaged"), bytes(data))
    try:
        archive = open_archive(path, name="pictures.tar")
    except ArchiveError:
        return
    for entry in archive.listing.entries:
        assert ".." not in entry.parts
        entry.read()
    archive.close()


def test_a_zip_is_still_read_as_one(tmp_path):
    path = write_zip(tmp_path / "pictures.tar", {"cat/1.png": CAT, "dog/1.png": DOG})
    archive = open_archive(path, name=path.name)
    assert isinstance(archive, ZipReader)
    archive.close()


@pytest.mark.parametrize(
    ("name", "stem"),
    [("pets.tar.gz", "pets"), ("pets.TGZ", "pets"), ("a.b.zip", "a.b"), ("pets.7z", "pets.7z")],
)
def test_a_name_without_its_ending(name, stem):
    assert without_ending(name) == stem
    assert is_archive_name(name) is (name != stem)
