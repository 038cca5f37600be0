"""Why the worker of a run ended without a last word: a table of causes, each with its sentence.

What is known: the exit code and the count of processes that the system ended for want of memory (from
the worker's keeper), the worker's last heartbeat, the start of the machine, the room on the disk.
This module never ends or starts anything.
"""

import shutil
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine_state import boot_id
from cnnlab.runs.records import Ended, Launch, Status
from cnnlab.runs.states import State, Wanted

SIGKILL, CRASH_SIGNALS = 9, (4, 6, 7, 8, 11)
"""Illegal instruction, abort, bus error, arithmetic error, segmentation fault."""
SCARCE_MEMORY_BYTES = 300_000_000
"""With less left at its last word, a worker that was killed most likely ran out of memory."""
ROOM_FOR_A_START_BYTES = 8_000_000
CHECKPOINTS_OF_ROOM = 3
"""A checkpoint, the one it replaces and the best weights."""
MEGABYTE = 1_000_000


class Cause(StrEnum):
    """Why a worker ended."""

    MEMORY = "memory"
    KILLED = "killed"
    CRASHED = "crashed"
    RESTARTED = "restarted"
    DISK_FULL = "disk_full"
    ERROR = "error"
    FORCED = "forced"
    NOT_STARTED = "not_started"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class CauseRow:
    """What is said of a cause, and whether trying again may help."""

    sentence: str
    try_again: bool


CAUSES = MappingProxyType(
    {
        Cause.MEMORY: CauseRow(
            sentence="The worker was killed by the system, most likely because memory ran out: try a smaller batch, "
            "a smaller image size or fewer blocks to unfreeze.",
            try_again=True,
        ),
        Cause.KILLED: CauseRow(
            sentence="The worker was killed (signal 9), by somebody or by the system. When it happens again, "
            "try a smaller batch: memory may be short.",
            try_again=True,
        ),
        Cause.CRASHED: CauseRow(
            sentence="The worker crashed (signal {signal}); TensorFlow often ends like this when memory runs out. "
            "Try a smaller batch, and look at the log below.",
            try_again=True,
        ),
        Cause.RESTARTED: CauseRow(
            sentence="The machine was restarted while the run was under way.", try_again=True
        ),
        Cause.DISK_FULL: CauseRow(
            sentence="The disk is full: {free} MB are free and {needed} MB are needed. Make room; nothing before the last "
            "checkpoint is lost.",
            try_again=True,
        ),
        Cause.ERROR: CauseRow(
            sentence="The worker ended with code {code} before it could say why; the log below may tell.",
            try_again=True,
        ),
        Cause.FORCED: CauseRow(
            sentence="It was ended by force, as somebody asked. Its last checkpoint is kept.", try_again=False
        ),
        Cause.NOT_STARTED: CauseRow(sentence="The worker could not be started.", try_again=False),
        Cause.UNKNOWN: CauseRow(
            sentence="The worker ended without a word: it was killed, or its machine was.", try_again=True
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Why the worker of one run ended."""

    cause: Cause
    sentence: str

    @property
    def try_again(self) -> bool:
        """Whether the queue may take the run up by itself."""
        return CAUSES[self.cause].try_again


def find_ending(run: RunFolder) -> Ending | None:
    """Say why the worker of a run is gone, or None where nothing needs an explanation.

    A run has one when it is lost, when it failed because the disk was full, or when it was paused by a
    machine that went down, though nobody had asked for a pause.

    Raises:
        RunError: A file of the run is damaged.
    """
    state, status, launch = run.state(), run.status(), run.launch()
    if state is State.LOST:
        return _lost(run, status, launch)
    if status is None or status.attempt != run.control().attempt:
        return None
    if state is State.FAILED and status.disk_full:
        return _ending(Cause.DISK_FULL, **_room(run))
    if state is State.PAUSED and run.control().want is Wanted.RUN and _restarted_since(launch):
        return _ending(Cause.RESTARTED)
    return None


def has_room(run: RunFolder) -> bool:
    """Whether the disk has room for the run to go on."""
    return shutil.disk_usage(run.path).free >= needed_bytes(run)


def needed_bytes(run: RunFolder) -> int:
    """Room that a run needs to go on: for three checkpoints as large as its largest, and the small files."""
    sizes = [file.stat().st_size for file in (run.path / "checkpoints").glob("*.npz")]
    return ROOM_FOR_A_START_BYTES + CHECKPOINTS_OF_ROOM * max(sizes, default=0)


def _lost(run: RunFolder, status: Status | None, launch: Launch | None) -> Ending:
    ended = run.ended() if run.has_ended() else None
    if run.control().forced:
        return _ending(Cause.FORCED)
    if launch is not None and launch.message and launch.attempt == run.control().attempt:
        return Ending(cause=Cause.NOT_STARTED, sentence=launch.message)
    if not has_room(run):
        return _ending(Cause.DISK_FULL, **_room(run))
    if ended is None:
        return _ending(Cause.RESTARTED if _restarted_since(launch) else Cause.UNKNOWN)
    return _by_exit_code(ended, status, launch)


def _by_exit_code(ended: Ended, status: Status | None, launch: Launch | None) -> Ending:
    signal = -ended.exit_code
    if signal == SIGKILL:
        return _ending(Cause.MEMORY if _was_short_of_memory(ended, status, launch) else Cause.KILLED)
    if signal in CRASH_SIGNALS:
        return _ending(Cause.CRASHED, signal=signal)
    if ended.exit_code > 0:
        return _ending(Cause.ERROR, code=ended.exit_code)
    return _ending(Cause.UNKNOWN)


def _was_short_of_memory(ended: Ended, status: Status | None, launch: Launch | None) -> bool:
    before = launch.oom_kills if launch else None
    if ended.oom_kills is not None and before is not None and ended.oom_kills > before:
        return True
    # Inside a container the count may stand still, whoever ended the worker.
    free = status.free_memory_bytes if status and status.attempt == ended.attempt else None
    return free is not None and free < SCARCE_MEMORY_BYTES


def _restarted_since(launch: Launch | None) -> bool:
    return launch is not None and bool(launch.boot) and launch.boot != boot_id()


def _room(run: RunFolder) -> dict[str, str]:
    free = shutil.disk_usage(run.path).free
    return {"free": f"{free / MEGABYTE:,.0f}", "needed": f"{-(-needed_bytes(run) // MEGABYTE):,}"}


def _ending(cause: Cause, **values: object) -> Ending:
    return Ending(cause=cause, sentence=CAUSES[cause].sentence.format(**values))
