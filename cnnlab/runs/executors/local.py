"""Workers as processes of this machine.

Each has a session of its own and writes to a file: measured, only that survives Ctrl-C, SIGHUP,
SIGTERM and SIGKILL of the server; threads, `multiprocessing` and piped children do not. A handle is
`pid:start time`, so that a pid given to another process is never taken for the worker. This module
never looks into a run.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

import cnnlab
from cnnlab.files import read_last_lines
from cnnlab.runs.slots import count_slots

REPOSITORY = Path(cnnlab.__file__).resolve().parents[1]
START_TIME_TOLERANCE_SECONDS = 2.0
"""psutil adds the boot time, which moves when the clock is set."""
KILL_WAIT_SECONDS = 5.0
POLL_SECONDS = 0.02


class LocalExecutor:
    """Starts commands as processes that outlive the server."""

    def __init__(self) -> None:
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def submit(self, command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> str:
        """Start a command in a session of its own; cnnlab can be imported in it from anywhere."""
        self._reap()
        with log.open("ab") as output:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=log.parent,
                env=_environment() | dict(environment),
            )
        with self._lock:
            self._children[child.pid] = child
        try:
            started = psutil.Process(child.pid).create_time()
        except psutil.NoSuchProcess:
            # It has ended already and another thread has reaped it.
            started = 0.0
        return f"{child.pid}:{started:.2f}"

    def poll(self, handle: str) -> bool:
        """Whether the process is there and no zombie."""
        self._reap(handle)
        process = _find_process(handle)
        with suppress(psutil.NoSuchProcess):
            return process is not None and process.status() != psutil.STATUS_ZOMBIE
        return False

    def stop(self, handle: str, *, grace_seconds: float) -> bool:
        """SIGTERM to the worker, then SIGKILL to it and whatever it started."""
        process = _find_process(handle)
        if process is None:
            return True
        with suppress(ProcessLookupError, PermissionError, psutil.Error):
            process.send_signal(signal.SIGTERM)
            if not self._wait(handle, seconds=grace_seconds):
                # It leads a group of its own, so this reaches its children and nobody else.
                os.killpg(process.pid, signal.SIGKILL)
        return self._wait(handle, seconds=KILL_WAIT_SECONDS)

    def logs(self, handle: str, *, log: Path, lines: int) -> str:
        """The end of the file."""
        return read_last_lines(log, lines=lines)

    def capacity(self) -> int:
        """As many as there are slots."""
        self._reap()
        return count_slots()

    def _wait(self, handle: str, *, seconds: float) -> bool:
        # Asked by `poll`, which takes a zombie for gone; psutil's own wait would wait until somebody reaps it.
        deadline = time.monotonic() + seconds
        while self.poll(handle):
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _reap(self, handle: str = "") -> None:
        """Take note of children that ended; without it each would stay a zombie as long as the server lives."""
        with self._lock:
            for pid, child in list(self._children.items()):
                if child.poll() is not None:
                    del self._children[pid]
            pid = _parse(handle)[0]
            if pid not in self._children and pid > 0:
                # The server may have replaced itself with `exec`: its children are still ours, their objects are not.
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)


def _environment() -> dict[str, str]:
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1"}


def _parse(handle: str) -> tuple[int, float]:
    pid, _, started = handle.partition(":")
    try:
        return int(pid), float(started)
    except ValueError:
        return 0, 0.0


def _find_process(handle: str) -> psutil.Process | None:
    pid, started = _parse(handle)
    if pid <= 0:
        return None
    try:
        process = psutil.Process(pid)
        found = process.create_time()
    except psutil.NoSuchProcess:
        return None
    return process if abs(found - started) <= START_TIME_TOLERANCE_SECONDS else None
