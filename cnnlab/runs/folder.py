"""The files of one run, and what they say together about where the run is.

    spec.json       what was asked for                     written once, by the server
    control.json    what is wanted: run, pause, stop       the server
    launch.json     which process was started              the queue
    state.json      where the worker is                    the worker
    events.jsonl    what happened, one JSON object a line  the worker
    worker.lock     held by the worker for its whole life
    worker.log      what it printed
    report.json, predictions.parquet, model.keras, model.tflite, checkpoints/, tensorboard/

One writer a file, so nothing has to be mended after a crash. Liveness is the lock: a killed child
stays a zombie whose pid still answers. This module never starts or ends a process.
"""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, TypeAdapter, ValidationError

from cnnlab.errors import RunError
from cnnlab.files import write_text
from cnnlab.runs.records import Control, Event, Launch, Report, Status
from cnnlab.runs.states import STATES, State, Wanted
from cnnlab.specs.runs import RunSpec

RUN_ID = re.compile(r"^\d{8}-\d{6}-[0-9a-f]{6}$")
LAUNCH_GRACE_SECONDS = 60.0
"""How long a started process may take until it holds its lock; a busy machine needs some seconds."""

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

    @classmethod
    def find(cls, run_id: str, *, runs: Path) -> Self:
        """Open the run with this id.

        Raises:
            RunError: There is none; an id that is not one of ours is never made a path.
        """
        if not RUN_ID.match(run_id) or not (runs / run_id / "spec.json").is_file():
            raise RunError(
                f"There is no run {run_id!r} in this workspace. It may have been deleted; see the Runs page."
            )
        return cls(runs / run_id)

    @classmethod
    def list_all(cls, runs: Path) -> Iterator[Self]:
        """Every run of the workspace, oldest first."""
        for path in sorted(runs.iterdir()):
            if RUN_ID.match(path.name) and (path / "spec.json").is_file():
                yield cls(path)

    # What was asked for, and what is wanted now.

    def spec(self) -> RunSpec:
        """Read what was asked for."""
        return RunSpec.from_json((self.path / "spec.json").read_bytes())

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

    # What the worker says.

    def status(self) -> Status | None:
        """Read where the worker is, or None before it said anything."""
        return self._read("state.json", Status)

    def write_status(self, status: Status) -> None:
        """Say where the worker is."""
        write_text(self.path / "state.json", status.model_dump_json())

    def read_events(self, offset: int = 0) -> tuple[list[Event], int]:
        """Read the events after a byte offset; a last line still being written is left for the next time."""
        try:
            with (self.path / "events.jsonl").open("rb") as file:
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            return [], offset
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

    def log_tail(self, lines: int = 40) -> str:
        """The last lines that the worker printed."""
        try:
            with (self.path / "worker.log").open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - 64 * 1024))
                text = file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    # What all of it means.

    def lock(self) -> FileLock:
        """The lock that the worker holds for its whole life."""
        return FileLock(self.path / "worker.lock")

    def is_held(self) -> bool:
        """Whether a living worker holds this run."""
        lock = self.lock()
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        lock.release()
        return False

    def state(self, now: float | None = None) -> State:
        """Where the run is in its life, from all its files together."""
        control, status, launch = self.control(), self.status(), self.launch()
        attempt = status.attempt if status else 0
        if control.attempt > attempt:
            if control.want is Wanted.CANCEL:
                return State.STOPPED
            if launch is None or launch.attempt < control.attempt:
                return State.QUEUED
            waited = (time.time() if now is None else now) - launch.at
            return State.STARTING if waited < LAUNCH_GRACE_SECONDS or self.is_held() else State.LOST
        row = STATES[status.state]
        if not row.active:
            return status.state
        if not self.is_held():
            # It may have ended between the two reads: what it wrote last counts.
            again = self.status()
            return again.state if again and not STATES[again.state].active else State.LOST
        if control.want is Wanted.STOP:
            return State.STOPPING
        if control.want is Wanted.PAUSE and status.state is State.RUNNING:
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
        if self.is_held():
            raise RunError(f"Run {self.id} is under way. Stop it first, then delete it.")
        freed = self.bytes_on_disk()
        shutil.rmtree(self.path)
        return freed

    def _read(self, name: str, model: type[Record]) -> Record | None:
        try:
            return model.model_validate_json((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        except (ValidationError, json.JSONDecodeError) as error:
            raise RunError(
                f"The file {name} of run {self.id} is damaged. The other runs are not touched; "
                f"delete this one on the Runs page, or put the file back from a copy."
            ) from error
