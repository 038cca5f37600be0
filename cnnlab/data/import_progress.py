"""The import worker says how far it is, and hears that it should end.

A few times a second at most: writing more often would cost more than it tells. This module never
decides what is imported.
"""

import os
import time
from pathlib import Path

from cnnlab.data.import_records import ImportProgress, ImportState
from cnnlab.files import write_text
from cnnlab.settings import MEGABYTE

SAY_SECONDS = 0.3
SETTLE_SECONDS = 1.0
"""Before so much time has passed the speed says little about what is left."""


class Cancelled(BaseException):
    """Somebody wants the import to end. No `Exception`, so that nothing on the way swallows it."""


class ProgressWriter:
    """Writes `progress.json`, and raises `Cancelled` once that is wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._now = ImportProgress(state="running", pid=os.getpid())
        self._said_at = self._began_at = time.monotonic()
        self._cancelled = False
        self._write()

    def begin(self, phase: str, *, total: int = 0, unit: str = "pictures") -> None:
        """Say that something else is being done now."""
        self._began_at = time.monotonic()
        self._change(phase=phase, done=0, total=total, unit=unit, seconds_left=None)
        self._write()
        self._obey()

    def at(self, done: int) -> None:
        """Say how much of it is done; cheap enough to be called for every picture.

        Raises:
            Cancelled: Somebody wants the import to end.
        """
        if time.monotonic() - self._said_at < SAY_SECONDS:
            return
        self._change(done=done, seconds_left=self._seconds_left(done))
        self._write()
        self._obey()

    def download(self, done: int, total: int) -> None:
        """Say how much was downloaded, in bytes; the total is 0 where nothing has to be."""
        megabytes = done // MEGABYTE
        phase = "Downloading" if total and done < total else "Loading"
        if phase != self._now.phase:
            self.begin(phase, total=total // MEGABYTE, unit="MB")
        self.at(megabytes)

    def cancel(self) -> None:
        """End at the next look; safe in a signal handler."""
        self._cancelled = True

    def end(self, state: ImportState, *, message: str, dataset_id: str | None = None) -> None:
        """Say how it ended."""
        self._change(state=state, message=message, dataset_id=dataset_id, seconds_left=None)
        self._write()

    def _seconds_left(self, done: int) -> float | None:
        passed = time.monotonic() - self._began_at
        if done < 1 or passed < SETTLE_SECONDS or not self._now.total:
            return None
        return passed / done * (self._now.total - done)

    def _obey(self) -> None:
        if self._cancelled or (self._folder / "cancel").exists():
            raise Cancelled

    def _change(self, **changes: object) -> None:
        self._now = self._now.model_copy(update={**changes, "updated_at": time.time()})

    def _write(self) -> None:
        write_text(self._folder / "progress.json", self._now.model_dump_json())
        self._said_at = time.monotonic()
