"""A file is written whole or not at all, and what killed writers leave goes away."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from cnnlab.files import is_locked, read_last_lines, remove_leftovers, write_atomically, write_text


def test_a_file_is_written_and_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "state.json"
    write_text(path, "first, ünicode")
    write_text(path, "second")
    assert path.read_text(encoding="utf-8") == "second"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full disk", "Ctrl-C"]
)
def test_a_writing_that_fails_leaves_the_file_as_it_was(tmp_path, error):
    path = tmp_path / "model.keras"
    path.write_text("good")

    def fail(temporary: Path) -> None:
        temporary.write_text("hal")
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, fail)
    assert path.read_text() == "good"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_keeps_the_suffix_that_writers_go_by(tmp_path):
    seen: list[Path] = []
    write_atomically(tmp_path / "model.keras", lambda path: (seen.append(path), path.touch()))
    assert seen[0].suffix == ".keras"
    assert seen[0].parent == tmp_path


def test_a_reader_never_sees_half_a_file_of_a_writer_that_is_killed(tmp_path):
    path = tmp_path / "state.json"
    code = (
        "import sys; from pathlib import Path; from cnnlab.files import write_text; print('on', flush=True)\n"
        "while True:\n    write_text(Path(sys.argv[1]), 'a' * 100_000); write_text(Path(sys.argv[1]), 'b' * 100_000)"
    )
    write_text(path, "a" * 100_000)
    for moment in (0.01, 0.03, 0.05):
        writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        deadline = time.monotonic() + moment
        while time.monotonic() < deadline:
            assert path.read_text() in ("a" * 100_000, "b" * 100_000)
        writer.kill()
        writer.communicate()
        assert path.read_text() in ("a" * 100_000, "b" * 100_000)


def test_what_killed_writers_left_is_removed_when_it_is_old(tmp_path):
    outside = tmp_path / "outside"
    folder = tmp_path / "runs"
    for path in (outside, folder, folder / ".tmp-folder", folder / "kept"):
        path.mkdir()
        (path / "file").touch()
    for name in (".tmp-old", ".tmp-fresh"):
        (folder / name).touch()
    (folder / ".tmp-link").symlink_to(outside)
    for name in (".tmp-old", ".tmp-folder", ".tmp-link", "kept"):
        os.utime(folder / name, (1, 1), follow_symlinks=False)

    remove_leftovers(folder, older_than_seconds=3600)
    assert sorted(path.name for path in folder.iterdir()) == [".tmp-fresh", "file", "kept"]
    assert (outside / "file").exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "", id="no file"),
        pytest.param(b"", "", id="empty"),
        pytest.param(b"one\ntwo\nthree\n", "two\nthree", id="the last two"),
        pytest.param(b"one", "one", id="fewer than asked"),
        pytest.param(b"caf\xc3\xa9 \xff\n", "café \N{REPLACEMENT CHARACTER}", id="no UTF-8"),
        pytest.param(b"x" * 200_000 + b"\nlast", "x" * 65_531 + "\nlast", id="a very long line"),
    ],
)
def test_the_last_lines_of_a_log(tmp_path, content, expected):
    path = tmp_path / "worker.log"
    if content is not None:
        path.write_bytes(content)
    assert read_last_lines(path, lines=2) == expected


def test_a_lock_is_seen_while_it_is_held_and_looking_takes_none(tmp_path):
    path = tmp_path / "worker.lock"
    assert not is_locked(path), "there is no file yet"
    with FileLock(path):
        assert is_locked(path)
    path.touch()
    assert not is_locked(path)
    with path.open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        assert not is_locked(path), "another one who looks is no worker"
