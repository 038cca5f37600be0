"""A worker's keeper writes down how it ended, passes on what asks it to end, and lets the queue go on."""

import os
import signal

import psutil
import pytest

from cnnlab.runs import queue
from cnnlab.runs.endings import Cause, find_ending
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import State
from tests.runs.making import run_spec, wait_for, wait_for_state

LONG = "steps=100000"


@pytest.fixture
def untried(stand_in, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken up by itself."""
    monkeypatch.setenv("CNNLAB_RETRIES", "0")


def started(name: str) -> RunFolder:
    """A run whose worker has begun."""
    run = queue.submit(run_spec(name))
    wait_for_state(run, State.RUNNING)
    return run


def test_a_run_that_finished_ended_well(stand_in):
    run = queue.submit(run_spec("steps=1"))
    wait_for(run.ended)
    assert (run.ended().attempt, run.ended().exit_code) == (1, 0)
    assert find_ending(run) is None


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        pytest.param(signal.SIGKILL, Cause.KILLED, id="killed"),
        pytest.param(signal.SIGSEGV, Cause.CRASHED, id="segmentation fault"),
    ],
)
def test_a_worker_that_is_ended_by_a_signal_is_named_for_it(untried, number, cause, monkeypatch):
    monkeypatch.setattr("cnnlab.runs.endings.SCARCE_MEMORY_BYTES", -1)
    run = started(LONG)
    os.kill(run.status().pid, number)
    wait_for(run.ended)
    assert run.ended().exit_code == -number
    assert run.state() is State.LOST
    assert find_ending(run).cause is cause


def test_the_next_run_starts_with_nobody_looking(untried):
    first, second = started(LONG), queue.submit(run_spec("steps=1"))
    os.kill(first.status().pid, signal.SIGKILL)
    wait_for_state(second, State.FINISHED)


def test_what_asks_a_keeper_to_end_reaches_its_worker(untried):
    run = started(LONG)
    keeper = int(run.launch().handle.partition(":")[0])
    assert psutil.Process(run.status().pid).ppid() == keeper
    os.kill(keeper, signal.SIGTERM)
    wait_for(run.ended)
    assert run.ended().exit_code == -signal.SIGTERM, "the stand-in has no last word"


def test_a_worker_goes_on_when_its_keeper_is_killed(stand_in):
    run = started("patient steps=60")
    os.kill(int(run.launch().handle.partition(":")[0]), signal.SIGKILL)
    queue.advance()
    assert run.state() is State.RUNNING
    queue.pause(run)
    wait_for_state(run, State.PAUSED)
    assert run.ended() is None
