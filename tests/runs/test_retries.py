"""A run whose worker died is taken up by itself: a few times, when it may help, and where there is room."""

import shutil

import pytest

from cnnlab.errors import RunError
from cnnlab.runs import queue, retries
from cnnlab.runs.records import Control, Ended, Launch, Status
from cnnlab.runs.retries import may_be_taken_up, take_up_if_lost, why_it_ended
from cnnlab.runs.states import State, Wanted
from tests.runs.making import make_run, run_spec, wait_for, wait_for_state
from tests.runs.test_endings import Usage

GONE = Status(state=State.RUNNING)


def test_a_killed_worker_is_followed_by_another_that_goes_on_where_it_was(stand_in):
    run = queue.submit(run_spec("crash steps=20"))
    wait_for_state(run, State.FINISHED)
    assert run.status().attempt == 2
    assert run.control().retries == 1
    assert "killed" in run.control().retried_because
    starts = [event.step for event in run.read_events()[0] if event.kind == "attempt"]
    assert starts == [0, 10]


def test_it_is_taken_up_a_few_times_only_and_then_says_so(stand_in):
    run = queue.submit(run_spec("stillborn"))
    wait_for(lambda: run.control().retries == 3 and run.has_ended())
    queue.advance()
    assert (run.state(), run.control().attempt) == (State.LOST, 4)
    assert not may_be_taken_up(run)
    assert "code 3" in why_it_ended(run)
    assert "Taken up by itself 3 times, it ended again" in why_it_ended(run)


def test_a_person_who_resumes_it_gives_it_as_many_tries_again(stand_in, monkeypatch):
    monkeypatch.setenv("CNNLAB_RETRIES", "1")
    run = queue.submit(run_spec("stillborn"))
    wait_for(lambda: run.control().attempt == 2 and run.has_ended())
    queue.resume(run)
    wait_for(lambda: run.control().attempt == 4 and run.has_ended())
    assert run.control().retries == 1


@pytest.mark.parametrize(
    ("control", "checkpoint", "expected"),
    [
        pytest.param(Control(), False, State.QUEUED, id="it was to run"),
        pytest.param(Control(want=Wanted.STOP), True, State.QUEUED, id="its best model was to be scored"),
        pytest.param(Control(want=Wanted.STOP), False, State.LOST, id="nothing to score"),
        pytest.param(Control(want=Wanted.PAUSE), True, State.LOST, id="it was to pause"),
        pytest.param(Control(forced=True), True, State.LOST, id="ended by force"),
        pytest.param(Control(retries=3), True, State.LOST, id="tried enough"),
    ],
)
def test_what_was_wanted_decides_whether_it_is_taken_up(control, checkpoint, expected):
    run = make_run(control=control, status=GONE, checkpoint=checkpoint)
    assert take_up_if_lost(run, run.state()) is expected
    assert run.control().want is control.want


def test_a_run_whose_settings_are_damaged_is_not_taken_up():
    run = make_run(status=GONE)
    (run.path / "spec.json").write_text("{")
    with pytest.raises(RunError, match=r"spec\.json of run .* is missing or damaged"):
        take_up_if_lost(run, run.state())
    assert run.control().retries == 0


def test_it_keeps_its_place_in_the_queue(monkeypatch):
    run = make_run(control=Control(queued_at=5.0), status=GONE)
    assert take_up_if_lost(run, run.state()) is State.QUEUED
    assert run.control().queued_at == 5.0


def test_a_process_that_has_not_taken_its_lock_yet_is_waited_for(monkeypatch):
    launch = Launch(attempt=1, executor="local", handle="1:1", at=0.0)
    run = make_run(launch=launch)
    assert run.state() is State.LOST, "a minute has passed"
    monkeypatch.setattr(queue.find_executor("local"), "poll", lambda handle: True)
    assert take_up_if_lost(run, State.LOST) is State.LOST
    (run.path / "ended.json").write_text(Ended(attempt=1, exit_code=1).model_dump_json())
    assert take_up_if_lost(run, State.LOST) is State.QUEUED, "its keeper is still there, its worker is not"


def test_nobody_goes_before_a_run_whose_keeper_is_about_to_tell_how_it_ended(stand_in, monkeypatch):
    monkeypatch.setattr(retries, "_is_there", lambda run: run.id == lost.id)
    lost = make_run(1, spec=run_spec("steps=2"), control=Control(queued_at=1.0), status=GONE)
    waiting = make_run(2, spec=run_spec("steps=2"), control=Control(queued_at=2.0))
    queue.advance()
    assert (lost.state(), waiting.state()) == (State.LOST, State.QUEUED)
    monkeypatch.setattr(retries, "_is_there", lambda run: False)
    queue.advance()
    assert lost.control().attempt == lost.launch().attempt == 2
    wait_for_state(waiting, State.FINISHED)
    assert lost.state() is State.FINISHED
    assert lost.launch().at <= waiting.launch().at


def test_a_full_disk_is_waited_for(monkeypatch):
    run = make_run(status=Status(state=State.FAILED, disk_full=True))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 0))
    assert take_up_if_lost(run, run.state()) is State.FAILED
    assert may_be_taken_up(run)
    assert "It goes on by itself when there is room." in why_it_ended(run)
    monkeypatch.undo()
    assert retries.has_room(run)
    assert take_up_if_lost(run, run.state()) is State.QUEUED


def test_the_queue_looks_again_at_a_run_that_waits_for_room(monkeypatch):
    monkeypatch.setattr(queue.find_executor("local"), "capacity", lambda: 0)
    run = make_run(status=Status(state=State.FAILED, disk_full=True))
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 0))
        full.setattr("cnnlab.runs.folder.RECENT_SECONDS", -1.0)
        queue.advance()
        assert run.state() is State.FAILED
    queue.advance()
    assert run.state() is State.QUEUED


@pytest.mark.parametrize("state", [state for state in State if state not in retries.MAY_BE_TAKEN_UP])
def test_whoever_is_not_lost_is_left_alone(state):
    run = make_run()
    before = run.control()
    assert take_up_if_lost(run, state) is state
    assert run.control() == before
