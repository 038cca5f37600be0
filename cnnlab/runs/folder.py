"""The files of one run, and what they say together about where the run is.

    spec.json       what was asked for                     written once, by the server
    control.json    what is wanted: run, pause, stop       the server
    launch.json     which process was started              the queue
    ended.json      how that process ended                 the worker's keeper
    state.json      where the worker is                    the worker
    events.jsonl    what happened, one JSON object a line  the worker
    worker.lock     held by the worker for its whole life
    worker.log      what it printed
    report.json, predictions.parquet, model.keras, model.tflite, checkpoints/, tensorboard/

One writer a file, so nothing has to be mended after a crash. Liveness is the lock: a killed child
stays a zombie whose pid still answers. This module never starts or ends a process.
"""

import calendar
import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, TypeAdapter, ValidationError

from cnnlab.errors import CnnlabError, RunError
from cnnlab.files import TEMPORARY_PREFIX, is_locked, write_text
from cnnlab.runs.records import Control, Ended, Event, Launch, Report, Status
from cnnlab.runs.states import STATES, State, Wanted
from cnnlab.specs.runs import RunSpec

RUN_ID = re.compile(r"^\d{8}-\d{6}-[0-9a-f]{6}$")
LAUNCH_GRACE_SECONDS = 60.0
"""How long a started process may take until it holds its lock; a busy machine needs some seconds."""
DELETE_WAIT_SECONDS = 2.0
"""How long deleting waits for a worker that has said its last word and is about to leave."""
RECENT_SECONDS = 2.0
"""A folder that changed this recently may change again within one tick of the file system's clock."""

EVENT = TypeAdapter(Event)
Record = TypeVar("Record", bound=BaseModel)


class RunFolder:
    """One run on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def id(self) -> str:
        """The run's id, which is the folder's name."""
        return self.path.name

    @property
    def created_at(self) -> float:
        """When the run was asked for, from its id: seconds since 1970."""
        try:
            return float(calendar.timegm(time.strptime(self.id[:15], "%Y%m%d-%H%M%S")))
        except ValueError:
            return 0.0

    @classmethod
    def find(cls, run_id: str, *, runs: Path) -> Self:
        """Open the run with this id.

        Raises:
            RunError: There is none; an id that is not one of ours is never made a path.
        """
        if not RUN_ID.fullmatch(run_id) or not (runs / run_id).is_dir():
            raise RunError(
                f"There is no run {run_id!r} in this workspace. It may have been deleted; see the Runs page."
            )
        return cls(runs / run_id)

    @classmethod
    def list_all(cls, runs: Path) -> Iterator[Self]:
        """Every run of the workspace, oldest first; a damaged one too."""
        # By their names: to put 2,000 paths in order takes 20 times as long.
        for name in sorted(os.listdir(runs)):
            if RUN_ID.fullmatch(name):
                yield cls(runs / name)

    def changed_at(self) -> int | None:
        """When a file of the run was last put in its place, in nanoseconds; every writing renames one.

        None where that may not be the last change: the folder is gone, or changed so recently that it may
        change again within one tick of the file system's clock.
        """
        try:
            changed = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        return changed if time.time_ns() - changed > RECENT_SECONDS * 1e9 else None

    # What was asked for, and what is wanted now.

    def spec(self) -> RunSpec:
        """Read what was asked for.

        Raises:
            RunError: The file is missing or damaged.
        """
        try:
            return RunSpec.from_json((self.path / "spec.json").read_bytes())
        except (OSError, CnnlabError) as error:
            raise self._damaged("spec.json") from error

    def control(self) -> Control:
        """Read what is wanted of the run."""
        return self._read("control.json", Control) or Control()

    def write_control(self, control: Control) -> None:
        """Say what is wanted of the run; the worker looks several times a second."""
        write_text(self.path / "control.json", control.model_dump_json())

    def launch(self) -> Launch | None:
        """Read which process was started last, if any."""
        return self._read("launch.json", Launch)

    def write_launch(self, launch: Launch) -> None:
        """Remember which process was started."""
        write_text(self.path / "launch.json", launch.model_dump_json())

    def ended(self) -> Ended | None:
        """Read how the process of a worker ended last, or None where nobody saw it end."""
        return self._read("ended.json", Ended)

    def has_ended(self) -> bool:
        """Whether the process of the attempt that is wanted was seen to end."""
        ended = self.ended()
        return ended is not None and ended.attempt == self.control().attempt

    # What the worker says.

    def status(self) -> Status | None:
        """Read where the worker is, or None before it said anything."""
        return self._read("state.json", Status)

    def write_status(self, status: Status) -> None:
        """Say where the worker is."""
        write_text(self.path / "state.json", status.model_dump_json())

    def read_events(self, offset: int = 0) -> tuple[list[Event], int]:
        """Read the events after a byte offset; a last line still being written is left for the next time.

        Raises:
            RunError: What has their name cannot be read.
        """
        try:
            with (self.path / "events.jsonl").open("rb") as file:
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            return [], offset
        except OSError as error:
            raise self._damaged("events.jsonl") from error
        whole = data[: data.rfind(b"\n") + 1]
        events = []
        for line in whole.splitlines():
            try:
                events.append(EVENT.validate_json(line))
            except ValidationError:
                # A line cut short by a full disk or a killed worker; what follows it is still good.
                continue
        return events, offset + len(whole)

    def report(self) -> Report | None:
        """Read what came out, or None before the end."""
        return self._read("report.json", Report)

    def has_checkpoint(self) -> bool:
        """Whether a worker could take the run up where it was; `training.checkpoints` writes these."""
        return any((self.path / "checkpoints").glob("step-*.json"))

    # What all of it means.

    def lock(self) -> FileLock:
        """The lock that the worker holds for its whole life."""
        return FileLock(self.path / "worker.lock")

    def is_held(self) -> bool:
        """Whether a living worker holds this run."""
        return is_locked(self.path / "worker.lock")

    def state(self, now: float | None = None) -> State:
        """Where the run is in its life, from all its files together.

        `now` is the wall clock in seconds since 1970, for tests.

        Raises:
            RunError: A file is damaged.
        """
        now = time.time() if now is None else now
        state = self._state(now)
        # A worker may have ended between the reading of its status and the look at its lock. Now that
        # the lock was seen free, its last word is written: look once more before calling it lost.
        return self._state(now) if state is State.LOST else state

    def _state(self, now: float) -> State:
        control, status, launch = self.control(), self.status(), self.launch()
        if status is None and (self.path / "report.json").is_file():
            # It came to its end and its last word is gone: not one to be trained once more over its model.
            raise self._damaged("state.json")
        if status is None or control.attempt > status.attempt:
            if control.want is Wanted.CANCEL:
                return State.STOPPED
            if launch is None or launch.attempt < control.attempt:
                return State.QUEUED
            too_long = now - launch.at >= LAUNCH_GRACE_SECONDS
            if (launch.ended or too_long or self.has_ended()) and not self.is_held():
                return State.LOST
            return State.STOPPING if control.want is Wanted.STOP else State.STARTING
        if not STATES[status.state].active:
            return status.state
        if not self.is_held():
            return State.LOST
        if control.want is Wanted.STOP:
            return State.STOPPING
        if control.want is Wanted.PAUSE and status.state is State.RUNNING and not status.finishing:
            return State.PAUSING
        return status.state

    def bytes_on_disk(self) -> int:
        """How much room the run takes."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())

    def delete(self) -> int:
        """Remove the run and return the bytes that became free.

        Raises:
            RunError: A worker holds it.
        """
        freed = self.bytes_on_disk()
        try:
            # Held until the folder is out of sight, so that no late worker takes it up meanwhile.
            with self.lock().acquire(timeout=DELETE_WAIT_SECONDS):
                out_of_sight = self.path.rename(self.path.with_name(f"{TEMPORARY_PREFIX}{self.id}"))
        except Timeout:
            raise RunError(f"Run {self.id} is under way. Stop it first, then delete it.") from None
        shutil.rmtree(out_of_sight)
        return freed

    def _read(self, name: str, model: type[Record]) -> Record | None:
        try:
            return model.model_validate_json((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise self._damaged(name) from error

    def _damaged(self, name: str) -> RunError:
        return RunError(
            f"The file {name} of run {self.id} is missing or damaged. The other runs are not touched; "
            f"delete this one on the Runs page, or put the file back from a copy."
        )


class EventWriter:
    """Appends events to a run, one line each, and keeps the file open; for the worker only."""

    def __init__(self, folder: RunFolder) -> None:
        # Unbuffered: a line reaches the file whole with one call of the system, or is seen to have failed.
        self._file = (folder.path / "events.jsonl").open("ab+", buffering=0)
        self._inside_line = self._ends_inside_line()

    def append(self, event: Event) -> None:
        """Write one event.

        Raises:
            OSError: The disk is full; the events before are as they were.
        """
        line = event.model_dump_json().encode() + b"\n"
        if self._inside_line:
            line = b"\n" + line
        self._inside_line = True
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "events.jsonl")
        self._inside_line = False

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _ends_inside_line(self) -> bool:
        # A worker that was killed while it wrote leaves half a line; nothing may be glued to it.
        if self._file.seek(0, os.SEEK_END) == 0:
            return False
        self._file.seek(-1, os.SEEK_END)
        return self._file.read(1) != b"\n"
