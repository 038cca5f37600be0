"""What the executor of this machine does besides the contract: signals, sessions, process groups, zombies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cnnlab.errors import RunError
from cnnlab.runs.executors import EXECUTORS, find_executor
from cnnlab.runs.executors.local import LocalExecutor
from tests.runs.making import WAIT_SECONDS, wait_for, zombies

SLEEP = "import time; print('awake', flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@pytest.fixture
def start(log: Path) -> Iterator:
    """Start Python code with an executor, and end what is left of it after the test."""
    started: list[tuple[LocalExecutor, str]] = []

    def start(code: str, executor: LocalExecutor | None = None) -> str:
        executor = executor or LocalExecutor()
        handle = executor.submit([sys.executable, "-c", code], log=log, environment={})
        started.append((executor, handle))
        return handle

    yield start
    for executor, handle in started:
        executor.stop(handle, grace_seconds=0.0)


def pid_of(handle: str) -> int:
    return int(handle.partition(":")[0])


def until(gate: Path) -> str:
    """Code that ends once a file is there."""
    return f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"


def test_it_has_no_keyboard_and_a_session_of_its_own(start, log):
    executor = LocalExecutor()
    handle = start("import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read()))", executor)
    wait_for(lambda: not executor.poll(handle))
    assert executor.logs(handle, log=log, lines=1) == "True ''"


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name
)
def test_it_outlives_whoever_started_it(log, number):
    code = (
        # As a terminal's: what is started in the background may have inherited that it ignores them.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "signal.signal(signal.SIGHUP, signal.SIG_DFL); "
        "import sys, time; from pathlib import Path; from cnnlab.runs.executors.local import LocalExecutor; "
        f"print(LocalExecutor().submit([sys.executable, '-c', {SLEEP!r}], log=Path({str(log)!r}), environment={{}}), flush=True); time.sleep(600)"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    handle = server.stdout.readline().decode().strip()
    executor = LocalExecutor()
    wait_for(lambda: executor.logs(handle, log=log, lines=1) == "awake")
    try:
        os.killpg(server.pid, number)  # as a terminal does: to the whole group
        server.wait(timeout=WAIT_SECONDS)
        assert executor.poll(handle)
    finally:
        assert executor.stop(handle, grace_seconds=0.0)
        server.stdout.close()


def test_a_pid_that_was_given_to_another_process_is_not_touched(start):
    executor = LocalExecutor()
    pid, started = start(SLEEP, executor).split(":")
    somebody_else = f"{pid}:{float(started) - 100:.2f}"

    assert not executor.poll(somebody_else)
    assert executor.stop(somebody_else, grace_seconds=0.0)
    assert executor.poll(f"{pid}:{started}")


def test_one_that_is_deaf_is_ended_by_force_with_what_it_started(start, log):
    executor = LocalExecutor()
    handle = start(
        f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {DEAF!r}]); print(child.pid, flush=True); {DEAF}",
        executor,
    )
    wait_for(lambda: executor.logs(handle, log=log, lines=40).count("awake") == 2)
    child = psutil.Process(int(next(line for line in log.read_text().splitlines() if line.isdigit())))

    assert executor.stop(handle, grace_seconds=0.1)
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_children_that_ended_do_not_stay_as_zombies(start, tmp_path):
    executor, gate = LocalExecutor(), tmp_path / "gate"
    # None ends before all are started: starting one sweeps up those that ended.
    handles = [start(until(gate), executor) for _ in range(3)]
    gate.touch()
    ours = {pid_of(handle) for handle in handles}
    for pid in ours:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ours <= zombies()

    executor.capacity()
    assert not ours & zombies()


def test_a_zombie_whose_object_was_lost_is_gone_and_reaped(start):
    handle = start("pass")
    os.waitid(os.P_PID, pid_of(handle), os.WEXITED | os.WNOWAIT)
    assert pid_of(handle) in zombies()

    assert not LocalExecutor().poll(handle)
    assert pid_of(handle) not in zombies()


def test_capacity_is_the_number_of_slots(monkeypatch):
    assert LocalExecutor().capacity() == 1
    monkeypatch.setenv("CNNLAB_SLOTS", "3")
    assert LocalExecutor().capacity() == 3


def test_an_unknown_executor_is_refused_with_those_there_are():
    assert find_executor("local") is EXECUTORS["local"]
    with pytest.raises(RunError, match=r"no executor named 'moon'.*local"):
        find_executor("moon")
