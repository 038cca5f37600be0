"""Folders on the server: only below allowed roots, no links, no devices."""

import os
from pathlib import Path

import pytest

from cnnlab.data.entries import EntryRefused
from cnnlab.data.folders import allowed_roots, check_folder, list_folder
from cnnlab.errors import DatasetError
from tests.data.making import speckled


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A root that may be imported, with a folder of two classes."""
    for name in ("cat", "dog"):
        (tmp_path / "root" / "pets" / name).mkdir(parents=True)
        (tmp_path / "root" / "pets" / name / "1.png").write_bytes(speckled(len(name)))
    monkeypatch.setenv("CNNLAB_IMPORT_ROOTS", str(tmp_path / "root"))
    return tmp_path / "root"


def test_only_the_home_folder_is_allowed_unless_the_operator_says_more(monkeypatch):
    monkeypatch.setenv("CNNLAB_IMPORT_ROOTS", "")
    assert allowed_roots() == (Path.home().resolve(),)
    monkeypatch.setenv("CNNLAB_IMPORT_ROOTS", "/srv/a:/srv/b")
    assert allowed_roots() == (Path("/srv/a"), Path("/srv/b"))


def test_a_folder_below_the_root_may_be_imported(root):
    assert check_folder(f"  {root}/pets/../pets ") == root / "pets"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        pytest.param("{root}/../outside", "not below", id="traversal"),
        pytest.param("/etc", "not below", id="elsewhere"),
        pytest.param("/does/not/exist", "not below", id="elsewhere, whether it exists or not"),
        pytest.param("{root}/way_out", "not below", id="a link that leads out"),
        pytest.param("{root}pets", "not below", id="a name that only begins like the root"),
        pytest.param("{root}/missing", "There is no folder", id="missing"),
        pytest.param("{root}/pets/cat/1.png", "There is no folder", id="a file"),
        pytest.param("{root}/a\x00b", "not the name of a folder", id="null byte"),
    ],
)
def test_other_folders_may_not(path, sentence, root):
    (root.parent / "outside").mkdir()
    (root / "way_out").symlink_to(root.parent / "outside")
    with pytest.raises(DatasetError, match=sentence):
        check_folder(path.format(root=root))


def test_the_workspace_may_not_be_imported(tmp_path, monkeypatch, home):
    home.mkdir()
    monkeypatch.setenv("CNNLAB_IMPORT_ROOTS", str(tmp_path))
    for folder in (home, home / "datasets", tmp_path):
        with pytest.raises(DatasetError, match="cnnlab's own workspace"):
            check_folder(folder)


def test_pictures_are_listed_and_read(root):
    listing = list_folder(root / "pets")
    assert [entry.name for entry in listing.entries] == ["cat/1.png", "dog/1.png"]
    assert listing.entries[0].read() == speckled(3)


def test_links_pipes_and_stray_files_are_left_out(root):
    cat = root / "pets" / "cat"
    (cat / "link.png").symlink_to("/etc/passwd")
    (root / "pets" / "linked").symlink_to("/etc")
    os.mkfifo(cat / "pipe.png")
    (cat / ".DS_Store").write_bytes(b"x")
    (cat / os.fsdecode(b"caf\xe9.png")).write_bytes(speckled(9))
    listing = list_folder(root / "pets")
    assert dict(listing.passed_over) == {".DS_Store": 1}
    assert {name: reason.split(";")[0] for name, reason in listing.refused} == {
        "cat/link.png": "It is a link",
        "linked": "It is a link",
        "cat/pipe.png": "It is no ordinary file.",
    }
    assert "cat/caf\\xe9.png" in [entry.name for entry in listing.entries]


def test_a_file_that_was_exchanged_for_a_link_or_pipe_is_not_read(root):
    listing = list_folder(root / "pets")
    (root / "pets" / "cat" / "1.png").unlink()
    (root / "pets" / "cat" / "1.png").symlink_to("/etc/passwd")
    (root / "pets" / "dog" / "1.png").unlink()
    os.mkfifo(root / "pets" / "dog" / "1.png")
    for entry in listing.entries:
        with pytest.raises(EntryRefused):
            entry.read()


def test_too_many_and_too_large_files_are_sentences(root, monkeypatch):
    monkeypatch.setenv("CNNLAB_MAX_PICTURE_BYTES", "100")
    with pytest.raises(EntryRefused, match="larger than"):
        list_folder(root / "pets").entries[0].read()
    monkeypatch.setenv("CNNLAB_MAX_ARCHIVE_FILES", "2")
    with pytest.raises(DatasetError, match="more than 2 files"):
        list_folder(root / "pets")
