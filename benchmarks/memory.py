"""The most memory that a process and its children took while they worked.

What two of them share counts once: a page that both have mapped is not in the machine twice. Pictures
that are mapped from a file count as long as they lie in memory, although the system may take them back
at any time. This module never starts anything.
"""

import threading
from dataclasses import dataclass
from typing import Self

import psutil

LOOK_SECONDS = 0.1


@dataclass(kw_only=True)
class Peaks:
    """In bytes."""

    together: int = 0
    largest: int = 0
    """Of one process."""
    without_files: int = 0
    """Together, without what is mapped from files."""


class MemoryWatch:
    """Looks at a process and all below it several times a second, while it is open."""

    def __init__(self, pid: int) -> None:
        self.peaks = Peaks()
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="watch memory")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            try:
                processes = [self._process, *self._process.children(recursive=True)]
            except psutil.Error:
                return
            found = [_look_at(process.pid) for process in processes]
            self.peaks.together = max(self.peaks.together, sum(whole for whole, _ in found))
            self.peaks.largest = max(self.peaks.largest, max(whole for whole, _ in found))
            self.peaks.without_files = max(self.peaks.without_files, sum(own for _, own in found))


def _look_at(pid: int) -> tuple[int, int]:
    """Bytes that a process takes, its share of what it shares: all, and what is not mapped from files."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            kilobytes = dict(line.split()[:2] for line in file if "kB" in line)
    except (OSError, ValueError):
        # It has just ended, or is somebody else's.
        return 0, 0
    return tuple(1024 * int(kilobytes.get(name, 0)) for name in ("Pss:", "Pss_Anon:"))
