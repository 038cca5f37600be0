"""Archives from anywhere: every file is taken, passed over or a row with a sentence; nothing is written."""

import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnlab.data.archives import ZipReader
from cnnlab.data.entries import EntryRefused
from cnnlab.errors import ArchiveError
from tests.data.making import speckled, write_zip

CAT, DOG = speckled(1), speckled(2)


def taken_and_refused(path: Path):
    """Names that could be read with their bytes, names that could not with the reason, and what was passed over."""
    archive = ZipReader(path, name=path.name)
    try:
        listing = archive.listing
        taken, refused = {}, dict(listing.refused)
        for entry in listing.entries:
            try:
                taken[entry.name] = entry.read()
            except EntryRefused as error:
                refused[entry.name] = str(error)
    finally:
        archive.close()
    return taken, refused, listing.passed_over


def patched(path: Path, change) -> Path:
    """Change the bytes of an archive."""
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    return path


def central(data: bytearray, name: bytes) -> int:
    """Where the table of contents says something of a file."""
    place = data.index(b"PK\x01\x02")
    while data[place + 46 : place + 46 + len(name)] != name:
        place = data.index(b"PK\x01\x02", place + 4)
    return place


def with_bits(path, *, flag=0, method=None, size=None, name=b"dog/1.png"):
    def change(data):
        at = central(data, name)
        local = struct.unpack_from("<L", data, at + 42)[0]
        struct.pack_into("<H", data, at + 8, struct.unpack_from("<H", data, at + 8)[0] | flag)
        struct.pack_into("<H", data, local + 6, struct.unpack_from("<H", data, local + 6)[0] | flag)
        if method is not None:
            struct.pack_into("<H", data, at + 10, method)
            struct.pack_into("<H", data, local + 8, method)
        if size is not None:
            struct.pack_into("<L", data, at + 24, size)

    return patched(write_zip(path, {"cat/1.png": CAT, "dog/1.png": DOG}), change)


def with_link(path):
    info = zipfile.ZipInfo("dog/1.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    write_zip(path, {"cat/1.png": CAT})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    return path


def with_overlap(path):
    """The second file's bytes are the first's, as in archives whose every file unpacks the same bytes."""

    def change(data):
        at = central(data, b"cat/1.png")
        size = struct.unpack_from("<L", data, at + 20)[0]
        struct.pack_into("<L", data, at + 20, size + 40)

    return patched(write_zip(path, {"cat/1.png": CAT, "dog/1.png": DOG}), change)


def with_duplicate(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("dog/1.png", DOG)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("dog/1.png", CAT)
    return path


def with_damage(path):
    def change(data):
        data[data.index(b"dog/1.png") + 30] ^= 0xFF

    return patched(write_zip(path, {"cat/1.png": CAT, "dog/1.png": DOG}, method=zipfile.ZIP_STORED), change)


def without_name(path):
    """A name that begins with a null byte ends there."""

    def change(data):
        while (at := data.find(b"dog/1.png")) >= 0:
            data[at] = 0

    return patched(write_zip(path, {"cat/1.png": CAT, "dog/1.png": DOG}), change)


def named(name):
    return lambda path: write_zip(path, {"cat/1.png": CAT, name: DOG})


BAD_FILES = [
    pytest.param(named("../dog/1.png"), "leads out of the archive", id="traversal"),
    pytest.param(
        named("cat/../../../etc/cron.d/x"), "leads out of the archive", id="traversal in the middle"
    ),
    pytest.param(named("..\\..\\dog\\1.png"), "leads out of the archive", id="traversal with backslashes"),
    pytest.param(named("/etc/passwd"), "leads out of the archive", id="absolute"),
    pytest.param(named("C:\\Windows\\x.png"), "leads out of the archive", id="a drive"),
    pytest.param(named("\\\\server\\share\\x.png"), "leads out of the archive", id="a share"),
    pytest.param(without_name, "has no name", id="no name"),
    pytest.param(with_link, "a link", id="symbolic link"),
    pytest.param(with_overlap, "overlap", id="overlapping files"),
    pytest.param(with_duplicate, "same name", id="the same name twice"),
    pytest.param(with_damage, "damaged in the archive", id="damaged bytes"),
    pytest.param(lambda path: with_bits(path, flag=1), "encrypted", id="encrypted"),
    pytest.param(lambda path: with_bits(path, method=12), "method", id="bzip2, which unpacks without bound"),
    pytest.param(lambda path: with_bits(path, method=99), "method", id="unknown method"),
    pytest.param(
        lambda path: with_bits(path, size=10),
        "damaged in the archive",
        id="says it is smaller than it is",
    ),
    pytest.param(
        lambda path: with_bits(path, size=90_000),
        "says it has 90,000 bytes",
        id="says it is larger than it is",
    ),
    pytest.param(lambda path: with_bits(path, size=90_000_000), "larger than 64 MB", id="says it is huge"),
]


@pytest.mark.parametrize(("make", "reason"), BAD_FILES)
def test_a_bad_file_is_a_row_and_the_others_are_taken(make, reason, tmp_path):
    before = set(tmp_path.rglob("*"))
    path = make(tmp_path / "pictures.zip")
    taken, refused, _ = taken_and_refused(path)
    assert len(refused) == 1
    sentence = next(iter(refused.values()))
    assert reason in sentence
    assert sentence.endswith(".")
    assert len(taken) == 1
    assert next(iter(taken.values())) in (CAT, DOG)
    assert set(tmp_path.rglob("*")) - before == {path}


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        pytest.param("dog\\1.png", "dog/1.png", id="backslashes of Windows"),
        pytest.param("./dog//1.png", "dog/1.png", id="dots and double slashes"),
        pytest.param("dög/ñ 花.PNG", "dög/ñ 花.PNG", id="unicode and capitals"),
        pytest.param("dog/" + "x" * 300 + ".png", "dog/" + "x" * 199 + "…", id="a very long name"),
        pytest.param("<b>dog</b>/![x](http://evil).png", "<b>dog<", id="markup is text"),
        pytest.param("dog/a\nb.png", "dog/a�b.png", id="line break in the name"),
    ],
)
def test_odd_names_are_text(name, read_as, tmp_path):
    taken, refused, _ = taken_and_refused(write_zip(tmp_path / "a.zip", {name: DOG}))
    assert not refused
    assert next(iter(taken)).startswith(read_as)


def test_names_that_are_no_utf8_are_read(tmp_path):
    def change(data):
        while (at := data.find(b"dXg/1.png")) >= 0:
            data[at + 1] = 0x94

    path = patched(write_zip(tmp_path / "a.zip", {"dXg/1.png": DOG}), change)
    taken, refused, _ = taken_and_refused(path)
    assert not refused
    assert list(taken) == ["dög/1.png"]


def test_stray_files_are_passed_over_and_counted(tmp_path):
    stray = [
        "__MACOSX/cat/._1.png",
        ".DS_Store",
        "cat/Thumbs.db",
        "cat/.ipynb_checkpoints/1.png",
        "more.zip",
        "cat/x.tar.gz",
    ]
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": CAT, **dict.fromkeys(stray, b"x")})
    taken, refused, passed_over = taken_and_refused(path)
    assert list(taken) == ["cat/1.png"]
    assert not refused
    assert passed_over == {
        "__MACOSX": 1,
        ".DS_Store": 1,
        "Thumbs.db": 1,
        ".ipynb_checkpoints": 1,
        "packed files": 2,
    }


def written(data):
    def make(path):
        path.write_bytes(data)
        return path

    return make


def bomb_by_ratio(path):
    files = {f"cat/{number}.bmp": bytes(30_000_000) for number in range(3)}
    return write_zip(path, files)


def bomb_by_claim(path):
    return write_zip(path, {f"cat/{number}.bmp": bytes(9_000_000) + CAT * 200 for number in range(3)})


def cut_off(path):
    write_zip(path, {"cat/1.png": CAT})
    path.write_bytes(path.read_bytes()[:-40])
    return path


def damaged_contents(path):
    return patched(
        write_zip(path, {"cat/1.png": CAT}), lambda data: data.__setitem__(central(data, b"cat/1.png"), 0)
    )


def claims_many(path):
    def change(data):
        struct.pack_into("<HH", data, len(data) - 14, 0xFFFE, 0xFFFE)

    return patched(write_zip(path, {"cat/1.png": CAT}), change)


def claims_a_long_table(path):
    return patched(
        write_zip(path, {"cat/1.png": CAT}), lambda data: struct.pack_into("<L", data, len(data) - 10, 2**31)
    )


BAD_ARCHIVES = [
    pytest.param(written(b""), {}, "is empty", id="empty"),
    pytest.param(written(b"hello"), {}, "is no archive", id="text"),
    pytest.param(written(CAT), {}, "is no archive", id="a picture"),
    pytest.param(written(b"\x1f\x8b\x08" + b"x" * 60), {}, "is a gzip file", id="gzip"),
    pytest.param(written(b"7z\xbc\xaf\x27\x1c" + b"x" * 60), {}, "is a 7z archive", id="7z"),
    pytest.param(written(b"Rar!\x1a\x07\x00" + b"x" * 60), {}, "is a RAR archive", id="RAR"),
    pytest.param(cut_off, {}, "its end is missing", id="cut off"),
    pytest.param(damaged_contents, {}, "cannot be opened", id="damaged table of contents"),
    pytest.param(bomb_by_ratio, {}, "times its size", id="bomb by ratio"),
    pytest.param(bomb_by_claim, {"MAX_ARCHIVE_BYTES": 20_000_000}, "unpacks to more than", id="bomb by size"),
    pytest.param(claims_many, {"MAX_ARCHIVE_FILES": 1000}, "65,534 files", id="bomb by count"),
    pytest.param(claims_a_long_table, {}, "table of contents of 2,147 MB", id="bomb by table of contents"),
    pytest.param(
        lambda path: write_zip(path, {f"cat/{n}": b"" for n in range(30)}),
        {"MAX_ARCHIVE_FILES": 20},
        "30 files",
        id="more files than allowed",
    ),
]


@pytest.mark.parametrize(("make", "limits", "sentence"), BAD_ARCHIVES)
def test_an_archive_that_is_bad_as_a_whole_is_a_sentence(make, limits, sentence, tmp_path, monkeypatch):
    for name, value in limits.items():
        monkeypatch.setenv(f"CNNLAB_{name}", str(value))
    path = make(tmp_path / "pictures.zip")
    with pytest.raises(ArchiveError, match=sentence) as caught:
        ZipReader(path, name="pictures.zip").close()
    assert "pictures.zip" in str(caught.value)


def test_an_archive_that_lies_about_its_sizes_is_stopped_while_reading(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_MAX_ARCHIVE_BYTES", "600")
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": CAT, "dog/1.png": DOG}, method=zipfile.ZIP_STORED)
    for name in (b"cat/1.png", b"dog/1.png"):
        patched(path, lambda data, name=name: struct.pack_into("<L", data, central(data, name) + 24, 250))
    # Each claims 250 bytes; what is handed out is never more than that.
    taken, refused, _ = taken_and_refused(path)
    assert not taken
    assert len(refused) == 2


def test_a_table_of_contents_that_points_elsewhere_gives_rows(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": CAT, "dog/1.png": DOG})
    patched(path, lambda data: struct.pack_into("<L", data, len(data) - 6, 10**6))
    try:
        taken, refused, _ = taken_and_refused(path)
    except ArchiveError as error:
        taken, refused = {}, {"": str(error)}
    assert not taken
    assert all(sentence.endswith(".") for sentence in refused.values())


def test_pictures_are_listed_in_the_order_of_their_names(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"dog/1.png": DOG, "cat/2.png": CAT, "cat/1.png": CAT})
    assert list(taken_and_refused(path)[0]) == ["cat/1.png", "cat/2.png", "dog/1.png"]


def test_one_huge_file_is_never_in_memory_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_MAX_PICTURE_BYTES", "1000000")
    path = write_zip(tmp_path / "a.zip", {"cat/1.bmp": bytes(40_000_000), "dog/1.png": DOG})
    taken, refused, _ = taken_and_refused(path)
    assert list(taken) == ["dog/1.png"]
    assert "larger than" in refused["cat/1.bmp"]


ANY_FOLDER = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ANY_FOLDER
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30),
        unique=True,
        max_size=12,
    )
)
def test_whatever_files_are_called_each_is_taken_refused_or_passed_over(tmp_path, names):
    files = {name: speckled(seed) for seed, name in enumerate(names)}
    taken, refused, passed_over = taken_and_refused(write_zip(tmp_path / "a.zip", files))
    folders = sum(name.endswith("/") for name in files)
    assert len(taken) <= len(files)
    assert len(taken) + sum(passed_over.values()) <= len(files) - folders
    assert set(taken.values()) <= set(files.values())
    for name in [*taken, *refused]:
        assert ".." not in name.split("/")
        name.encode("utf-8")


@ANY_FOLDER
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=12))
def test_random_damage_gives_rows_or_a_sentence(tmp_path, damage):
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": CAT, "dog/1.png": DOG, "dog/2.png": speckled(3)})
    data = bytearray(path.read_bytes())
    for place, value in damage:
        data[place % len(data)] = value
    path.write_bytes(data)
    try:
        taken, refused, _ = taken_and_refused(path)
    except ArchiveError as error:
        taken, refused = {}, {"": str(error)}
    assert set(taken.values()) <= {CAT, DOG, speckled(3)}
    assert all(sentence.endswith(".") for sentence in refused.values())
