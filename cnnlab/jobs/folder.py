"""The folder of one job, which is all that is known of it.

    <folder>/
        request.json    what was asked for                     written once, before the start
        progress.json   how far it is, or how it ended         the worker
        result.json     what it found                          the worker, before it says that it has finished
        cancel          somebody wants it to end
        worker.lock     held by the worker for its whole life
        worker.log      what it printed
    earlier/        what it had found before it was started again, until that has an end

This module never knows what a job is for, and never loads TensorFlow.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ValidationError

from cnnlab.data.children import start_detached
from cnnlab.files import is_locked, read_last_lines, write_text
from cnnlab.jobs.records import JobProgress, JobState

EARLIER = "earlier"
LAUNCH_GRACE_SECONDS = 60.0
"""How long a started worker may take until it holds its lock."""

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job, under way or ended."""

    folder: Path

    noun: ClassVar[str] = "job"
    """What it is called on the screen."""
    advice: ClassVar[str] = "Start it again."
    """What to do when it ended without a word."""

    @property
    def key(self) -> str:
        """Name of the job: equal for what would give the same result."""
        return self.folder.name

    @property
    def exists(self) -> bool:
        """Whether it was ever asked for."""
        return (self.folder / "request.json").is_file()

    @property
    def started_at(self) -> float:
        """When it was asked for, seconds since 1970; 0 once somebody has deleted it."""
        try:
            return (self.folder / "request.json").stat().st_mtime
        except FileNotFoundError:
            return 0.0

    @property
    def state(self) -> JobState:
        """Whether it is under way, or how it ended."""
        return self._said().state

    @property
    def message(self) -> str:
        """Why it failed, as a sentence; '' where it did not."""
        return self._said().message

    def progress(self) -> tuple[str, float | None]:
        """What it is doing, and how much of that is done, 0 to 1, where that is known."""
        said = self._said()
        return said.activity, said.share

    def start(self, request: BaseModel, *, module: str) -> None:
        """Write the request into an empty folder and start the worker, `python -m MODULE FOLDER`.

        What it had found is kept aside until the worker has something new, and is put back when it is cancelled.

        Raises:
            OSError: The folder cannot be written; what it had found is as it was.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._set_aside()
        try:
            write_text(self.folder / "request.json", request.model_dump_json())
            start_detached(module, str(self.folder), log=self.folder / "worker.log")
        except OSError:
            put_back(self.folder)
            raise

    def cancel(self) -> None:
        """Ask it to end; it looks several times a second."""
        (self.folder / "cancel").touch()

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody asked it to end."""
        return (self.folder / "cancel").exists()

    def read(self, name: str, model: type[R]) -> R | None:
        """Read one of its files, or return None where there is none that can be read."""
        try:
            return model.model_validate_json((self.folder / name).read_bytes())
        except (OSError, ValidationError):
            return None

    def is_held(self) -> bool:
        """Whether a living worker holds it."""
        return is_locked(self.folder / "worker.lock")

    def _set_aside(self) -> None:
        said, earlier = self.read("progress.json", JobProgress), self.folder / EARLIER
        finished = said is not None and said.state == "finished"
        if finished:
            shutil.rmtree(earlier, ignore_errors=True)
            earlier.mkdir()
        for path in self.folder.iterdir():
            if path == earlier:
                continue
            if finished and path.name != "worker.lock":
                path.replace(earlier / path.name)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _said(self) -> JobProgress:
        said = self.read("progress.json", JobProgress)
        if said is not None and said.state != "running":
            return said
        if self.is_held():
            return said or JobProgress()
        if said is None and time.time() - self.started_at < LAUNCH_GRACE_SECONDS:
            return JobProgress()
        # It may have ended between the two looks: what it said last counts.
        again = self.read("progress.json", JobProgress)
        if again is not None and again.state != "running":
            return again
        return JobProgress(state="failed", activity="", message=self._why_lost())

    def _why_lost(self) -> str:
        last = read_last_lines(self.folder / "worker.log", lines=1).strip()
        said = f" The last it printed: {last[:300]}" if last else ""
        return f"The {self.noun} ended without a word; the machine may have run out of memory. {self.advice}{said}"


def put_back(folder: Path) -> bool:
    """Put back what a job had found before it was started again; False where there is nothing.

    How it had ended comes last, so that nobody sees it finished before all of it is there.
    """
    earlier = folder / EARLIER
    if not earlier.is_dir():
        return False
    found = sorted(earlier.iterdir(), key=lambda path: path.name == "progress.json")
    staying = {path.name for path in found} | {EARLIER, "worker.lock", "cancel"}
    for path in folder.iterdir():
        if path.name not in staying:
            path.unlink()
    for path in found:
        path.replace(folder / path.name)
    (folder / "cancel").unlink(missing_ok=True)
    earlier.rmdir()
    return True


def forget_oldest(jobs: list[Job], *, kept: int) -> None:
    """Remove the oldest ended jobs, so that at most so many are left of all that ended."""
    ended = sorted((job for job in jobs if job.state != "running"), key=lambda job: job.started_at)
    for old in ended[: max(len(ended) - kept, 0)]:
        shutil.rmtree(old.folder, ignore_errors=True)
