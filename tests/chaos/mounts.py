"""Small and read-only disks for a moment, where this machine lets us mount them; root only."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.form import LeftOut

CHUNK_BYTES = (1024 * 1024, 4096, 1)


@contextmanager
def small_disk(*, megabytes: int) -> Iterator[Path]:
    """An empty disk in memory.

    Raises:
        LeftOut: This machine does not let us.
    """
    with tempfile.TemporaryDirectory(prefix="cnnlab-chaos-") as folder:
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder)
        try:
            yield Path(folder)
        finally:
            _unmount(folder)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that nobody can write to, not even root.

    Raises:
        LeftOut: This machine does not let us.
    """
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,ro,bind", str(folder))
        yield
    finally:
        _unmount(str(folder))


def fill(disk: Path) -> Path:
    """Take all room that a disk has left; return the file that holds it."""
    path = disk / "filling"
    with path.open("wb", buffering=0) as file:
        for size in CHUNK_BYTES:
            try:
                while file.write(b"\0" * size) == size:
                    continue
            except OSError:
                continue
    return path


def _mount(*arguments: str) -> None:
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise LeftOut("mounting takes root on Linux")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LeftOut(f"nothing can be mounted here ({done.stderr.strip()})")


def _unmount(folder: str) -> None:
    # Lazily: a process that is about to end may still have a file open.
    subprocess.run(["umount", "--lazy", folder], capture_output=True, check=True)
