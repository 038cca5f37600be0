"""The one way that cnnlab writes a file: beside it, synced, renamed. A reader never sees half a file.

Measured: `open(path, "wb")` truncates first, so a killed writer leaves nothing (20 of 20 unreadable).
This module never knows what is in a file.
"""

import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path

TEMPORARY_PREFIX = ".tmp-"


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file in the same folder, then put it in the place of `path`.

    Raises:
        OSError: The disk is full or the folder cannot be written; `path` is as it was.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}{path.suffix}")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file atomically, as UTF-8."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def remove_leftovers(folder: Path, *, older_than_seconds: float) -> None:
    """Remove the temporary files and folders that a killed writer left in a folder."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        try:
            if time.time() - path.lstat().st_mtime < older_than_seconds:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError:
            # Somebody else tidies up too, or it may not be removed; it does no harm where it is.
            continue


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_last_lines(path: Path, *, lines: int, most_bytes: int = 64 * 1024) -> str:
    """The last lines of a text file, without reading more of it than needed; '' where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - most_bytes))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def is_locked(path: Path) -> bool:
    """Whether a living process holds the exclusive lock (of `filelock`) on a file; False where there is none.

    Asked for a shared lock, so that two readers who look in the same moment never take each other
    for a worker; a worker that starts in that moment waits for some milliseconds.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
    return False


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
