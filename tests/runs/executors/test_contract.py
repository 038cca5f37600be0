"""What every executor has to do, whichever it is: a row of `EXECUTORS` that is added is tested by this.

Only the five methods are used, from other processes too, and files that the commands write: a command may
run on another machine that shares the folder.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cnnlab.runs.executors import EXECUTORS, find_executor
from cnnlab.runs.executors.base import Executor
from tests.runs.making import WAIT_SECONDS, wait_for

AWAKE = "import pathlib, time; pathlib.Path('awake').touch(); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + AWAKE
OBEYS = (
    "import pathlib, signal, sys; "
    "signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path('obeyed').touch(), sys.exit())); " + AWAKE
)
BEATS = (
    "import subprocess, sys; subprocess.Popen([sys.executable, '-c', "
    "'import time\\nwhile True: open(\\'beats\\', \\'a\\').write(\\'x\\'); time.sleep(0.02)']).wait()"
)

Start = Callable[..., str]


@pytest.fixture(params=EXECUTORS)
def name(request: pytest.FixtureRequest) -> str:
    """Each executor of the table by its name."""
    return request.param


@pytest.fixture
def executor(name: str) -> Executor:
    return find_executor(name)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@pytest.fixture
def start(executor: Executor, log: Path) -> Iterator[Start]:
    """Start Python code, and end what is left of it after the test."""
    handles: list[str] = []

    def start(code: str, **environment: str) -> str:
        handles.append(executor.submit([sys.executable, "-c", code], log=log, environment=environment))
        return handles[-1]

    yield start
    for handle in handles:
        executor.stop(handle, grace_seconds=0.0)


def elsewhere(name: str, expression: str, *, log: Path) -> str:
    """What another process finds out with the same executor; `executor` and `log` are known there."""
    code = (
        "import sys; from pathlib import Path; from cnnlab.runs.executors import find_executor; "
        f"executor, log = find_executor({name!r}), Path({str(log)!r}); print({expression})"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=WAIT_SECONDS
    )
    return found.stdout.strip()


def test_a_command_is_there_until_it_ends(executor, start, log):
    handle = start("import os, time\nwhile not os.path.exists('gate'): time.sleep(0.01)")
    assert executor.poll(handle)
    (log.parent / "gate").touch()
    wait_for(lambda: not executor.poll(handle))


def test_it_starts_in_the_folder_of_its_log_and_knows_cnnlab(executor, start, log, monkeypatch):
    monkeypatch.chdir("/")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    handle = start("import os, cnnlab; print(os.getcwd())")
    wait_for(lambda: not executor.poll(handle))
    assert executor.logs(handle, log=log, lines=1) == str(log.parent)


def test_what_it_prints_is_appended_and_the_last_lines_are_read(executor, start, log):
    log.write_text("from the attempt before\n")
    handle = start("import sys; print('out', flush=True); print('error', file=sys.stderr)")
    wait_for(lambda: not executor.poll(handle))
    assert executor.logs(handle, log=log, lines=2) == "out\nerror"
    assert log.read_text().startswith("from the attempt before\n")


def test_before_it_prints_anything_its_log_is_empty(executor, start, log):
    handle = start(AWAKE)
    assert executor.logs(handle, log=log, lines=5) == ""


def test_variables_reach_it_beside_those_of_this_process(executor, start, log, monkeypatch):
    monkeypatch.setenv("OURS", "one")
    handle = start("import os; print(os.environ['OURS'], os.environ['THEIRS'])", THEIRS="two three")
    wait_for(lambda: not executor.poll(handle))
    assert executor.logs(handle, log=log, lines=1) == "one two three"


def test_it_outlives_the_process_that_started_it_and_is_found_from_another(name, executor, log):
    handle = elsewhere(
        name, f"executor.submit([sys.executable, '-c', {AWAKE!r}], log=log, environment={{}})", log=log
    )
    try:
        assert executor.poll(handle)
        assert elsewhere(name, f"executor.poll({handle!r})", log=log) == "True"
        wait_for((log.parent / "awake").exists)
    finally:
        assert elsewhere(name, f"executor.stop({handle!r}, grace_seconds=0.0)", log=log) == "True"
    assert not executor.poll(handle)


def test_a_handle_is_one_line_of_text(start):
    handle = start("pass")
    assert isinstance(handle, str)
    assert handle == handle.strip() != ""
    assert "\n" not in handle


@pytest.mark.parametrize("handle", ["", "no handle", "-1:0", "0:0", "99999999:1.0", "\0", "1" * 5000])
def test_a_handle_that_finds_nothing_is_gone(executor, handle):
    assert not executor.poll(handle)
    assert executor.stop(handle, grace_seconds=0.0)


def test_one_that_obeys_ends_by_itself_within_its_grace(executor, start, log):
    handle = start(OBEYS)
    wait_for((log.parent / "awake").exists)
    assert executor.stop(handle, grace_seconds=WAIT_SECONDS)
    assert (log.parent / "obeyed").exists()
    assert not executor.poll(handle)


def test_one_that_is_deaf_is_ended_after_its_grace(executor, start, log):
    handle = start(DEAF)
    wait_for((log.parent / "awake").exists)
    assert executor.stop(handle, grace_seconds=0.1)
    assert not executor.poll(handle)


def test_what_it_started_ends_with_it(executor, start, log):
    handle = start(BEATS)
    beats = log.parent / "beats"
    wait_for(lambda: beats.exists() and beats.stat().st_size > 3)
    # Deaf to the first signal is its child: only ending all of them stops the beats.
    assert executor.stop(handle, grace_seconds=0.0)
    # On a busy machine it may take the system a moment to carry out what was signalled.
    wait_for(lambda: _is_silent(beats))


def _is_silent(beats: Path) -> bool:
    before = beats.stat().st_size
    time.sleep(1.0)
    return beats.stat().st_size == before


def test_ending_it_twice_is_no_mistake(executor, start):
    handle = start(AWAKE)
    assert executor.stop(handle, grace_seconds=0.0)
    assert executor.stop(handle, grace_seconds=0.0)


def test_one_that_ended_long_ago_is_not_there(executor, start):
    handle = start("pass")
    wait_for(lambda: not executor.poll(handle))
    assert executor.stop(handle, grace_seconds=0.0)


def test_what_cannot_be_started_is_an_error_of_the_system(executor, log):
    with pytest.raises(OSError, match="No such file"):
        executor.submit(["/no/such/program"], log=log, environment={})


def test_there_is_room_for_one_at_least(executor):
    assert executor.capacity() >= 1


def test_many_threads_may_use_it_at_once(executor, start):
    handles: list[str] = []
    errors: list[BaseException] = []

    def use() -> None:
        try:
            handles.append(handle := start("pass"))
            for _ in range(30):
                executor.poll(handle)
                executor.capacity()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(handles)) == 4
