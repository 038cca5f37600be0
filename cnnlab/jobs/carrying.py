"""What a worker does around its work: hold the lock, say how far it is, hear that it should end, say how it ended.

It ends by itself: when it is done, when somebody wants it to, and after some minutes in any case, so
that nothing is left behind by a server that went away. This module never knows what the work is.
"""

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel

from cnnlab.data.children import be_a_good_neighbour
from cnnlab.errors import CnnlabError
from cnnlab.files import write_text
from cnnlab.jobs.folder import EARLIER, put_back
from cnnlab.jobs.records import JobProgress, JobState

LOCK_SECONDS = 5.0
SAY_SECONDS = 0.2


class Cancelled(BaseException):
    """Somebody wants the job to end. No `Exception`, so that nothing on the way swallows it."""


class Reporter:
    """Says how far a job is, and raises `Cancelled` once that is wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said_at = -1e9
        self._said = ""
        self.cancelled = False
        self._write(JobProgress())

    def report(self, activity: str, done: int = 0, total: int = 0) -> None:
        """Say what is done now; written a few times a second at most.

        Raises:
            Cancelled: The job is to end.
        """
        if activity != self._said or time.monotonic() - self._said_at >= SAY_SECONDS:
            self._said = activity
            self._write(JobProgress(activity=activity, share=done / total if total else None))
            self.cancelled = self.cancelled or (self._folder / "cancel").exists()
        if self.cancelled:
            raise Cancelled

    def end(self, state: JobState, *, message: str = "") -> None:
        """Say how it ended."""
        self._write(JobProgress(state=state, activity="", message=message))

    def _write(self, progress: JobProgress) -> None:
        write_text(self._folder / "progress.json", progress.model_dump_json())
        self._said_at = time.monotonic()


def carry(
    folder: Path,
    work: Callable[[Reporter], BaseModel],
    *,
    noun: str,
    most_seconds: float,
    too_long: str,
    no_memory: str,
) -> int:
    """Carry the job in a folder; return the exit code of its process.

    Args:
        folder: Where the request lies, and where the result goes.
        work: Does it, and returns what goes into `result.json`.
        noun: What the job is called on the screen.
        most_seconds: When it is ended in any case.
        too_long: What to say then.
        no_memory: What to say when there is not enough memory.
    """
    lock = FileLock(folder / "worker.lock")
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        print(f"Another worker holds this {noun}.", file=sys.stderr)
        return 2
    be_a_good_neighbour()
    reporter = Reporter(folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(reporter, "cancelled", True))
    _end_in_any_case(reporter, seconds=most_seconds, message=too_long)
    state, message = _work(folder, work, reporter, noun=noun, no_memory=no_memory)
    # A cancelled job is as it was: what it had found before is not lost.
    if state != "cancelled" or not put_back(folder):
        reporter.end(state, message=message)
    if state == "finished":
        shutil.rmtree(folder / EARLIER, ignore_errors=True)
    lock.release()
    return 0 if state != "failed" else 1


@contextlib.contextmanager
def alone(lock_file: Path, reporter: Reporter, *, noun: str) -> Iterator[None]:
    """Wait until the job before this one has ended: two at a time would measure each other."""
    lock = FileLock(lock_file)
    while True:
        try:
            lock.acquire(timeout=SAY_SECONDS)
            break
        except Timeout:
            reporter.report(f"Waiting for another {noun} to end")
    try:
        yield
    finally:
        lock.release()


def _work(
    folder: Path,
    work: Callable[[Reporter], BaseModel],
    reporter: Reporter,
    *,
    noun: str,
    no_memory: str,
) -> tuple[JobState, str]:
    try:
        result = work(reporter)
        write_text(folder / "result.json", result.model_dump_json())
    except Cancelled:
        return "cancelled", ""
    except CnnlabError as error:
        return "failed", str(error)
    except MemoryError:
        traceback.print_exc()
        return "failed", no_memory
    except Exception as error:
        traceback.print_exc()
        if type(error).__name__ == "ResourceExhaustedError":
            return "failed", no_memory
        return "failed", f"The {noun} could not go on ({type(error).__name__}: {str(error)[:300]})."
    return "finished", ""


def _end_in_any_case(reporter: Reporter, *, seconds: float, message: str) -> None:
    def end() -> None:
        with contextlib.suppress(OSError):
            reporter.end("failed", message=message)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
