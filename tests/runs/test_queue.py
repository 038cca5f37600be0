"""The queue moves by itself, obeys, refuses with sentences, and survives whoever is killed in the middle."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from cnnlab.errors import RunError, WorkspaceError
from cnnlab.runs import actions, queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Control, Launch, Status
from cnnlab.runs.states import STATES, State, Wanted
from cnnlab.settings import workspace
from tests.runs.making import make_run, run_spec, wait_for, wait_for_state

LONG = "steps=100000"
"""A quarter of an hour; the fixture `stand_in` ends what a test leaves."""


@pytest.fixture
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing start: all slots are taken by a run that never ends."""
    monkeypatch.setattr(queue.find_executor("local"), "capacity", lambda: 0)


def test_a_submitted_run_trains_and_finishes(stand_in):
    run = queue.submit(run_spec("steps=20"))
    wait_for_state(run, State.FINISHED)
    assert run.report().val_loss == pytest.approx(1 / 20)
    assert queue.read_log(run) == ""


def test_a_submitted_run_is_whole_when_it_is_first_seen(no_workers, monkeypatch):
    seen: list[bool] = []
    rename = Path.rename

    def watch(path: Path, target: Path) -> Path:
        seen.append((path / "spec.json").exists() and (path / "control.json").exists())
        seen.append(not list(RunFolder.list_all(workspace().runs)))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", watch)
    run = queue.submit(run_spec("First"))
    assert seen == [True, True]
    assert RunFolder.find(run.id, runs=workspace().runs).spec().name == "First"
    assert abs(run.created_at - time.time()) < 600, "in the clock of UTC"
    assert run.state() is State.QUEUED


def test_runs_start_in_the_order_they_came_and_move_without_anybody_looking(stand_in):
    """Each keeper calls the queue as its worker ends; this test only reads, once it has let the first one go."""
    first = queue.submit(run_spec(f"the first {LONG}"))
    others = [queue.submit(run_spec(f"run {number} steps=5")) for number in range(3)]
    assert [run.state() for run in others] == [State.QUEUED] * 3
    wait_for_state(first, State.RUNNING)
    first.write_control(first.control().model_copy(update={"want": Wanted.STOP}))
    runs = [first, *others]
    wait_for(lambda: all(run.status() and run.status().state is State.FINISHED for run in others))
    started = [run.launch().at for run in runs]
    assert started == sorted(started)


def test_as_many_run_at_once_as_there_are_slots(stand_in, monkeypatch):
    monkeypatch.setenv("CNNLAB_SLOTS", "2")
    runs = [queue.submit(run_spec(LONG)) for _ in range(3)]
    wait_for_state(runs[0], State.RUNNING)
    wait_for_state(runs[1], State.RUNNING)
    queue.advance()
    assert runs[2].state() is State.QUEUED
    queue.stop(runs[0])
    wait_for_state(runs[0], State.STOPPED)
    wait_for_state(runs[2], State.STARTING, State.RUNNING)


def test_each_run_has_a_place_of_its_own_and_its_card(home, monkeypatch):
    started: list[dict[str, str]] = []

    def submit(command: list[str], *, log: Path, environment: dict[str, str]) -> str:
        started.append(environment)
        return f"{os.getpid()}:0"

    monkeypatch.setenv("CNNLAB_CARDS", "GPU-a,GPU-b")
    monkeypatch.setattr(queue.find_executor("local"), "submit", submit)
    monkeypatch.setattr(queue.find_executor("local"), "poll", lambda handle: True)
    runs = [queue.submit(run_spec(str(number))) for number in range(3)]
    assert [run.state() for run in runs] == [State.STARTING, State.STARTING, State.QUEUED]
    assert started == [{"CUDA_VISIBLE_DEVICES": "GPU-a"}, {"CUDA_VISIBLE_DEVICES": "GPU-b"}]

    runs[0].write_status(Status(state=State.FINISHED))
    queue.advance()
    assert (runs[2].state(), runs[2].launch().slot) == (State.STARTING, 0)
    assert started[-1] == {"CUDA_VISIBLE_DEVICES": "GPU-a"}


def test_advancing_from_many_threads_and_processes_starts_a_run_once(stand_in):
    run = make_run(spec=run_spec(LONG))
    code = "from cnnlab.runs import queue; [queue.advance() for _ in range(20)]"
    others = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    threads = [threading.Thread(target=lambda: [queue.advance() for _ in range(20)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for worker in (*threads, *others):
        worker.join() if isinstance(worker, threading.Thread) else worker.wait()
    wait_for_state(run, State.RUNNING)
    assert all(other.returncode == 0 for other in others)
    assert (run.path / "worker.log").read_text() == ""
    assert run.launch().attempt == 1


def test_advancing_an_empty_workspace_does_nothing(home):
    queue.advance()
    assert list(RunFolder.list_all(workspace().runs)) == []


def names_in_order() -> list[str]:
    """The names of the runs that wait, as they will start."""
    return [run.spec().name for run in queue.waiting()]


@pytest.mark.parametrize(
    ("name", "places", "expected"),
    [
        pytest.param("c", -1, "acbd", id="one earlier"),
        pytest.param("b", 1, "acbd", id="one later"),
        pytest.param("d", -3, "dabc", id="to the front"),
        pytest.param("a", 99, "bcda", id="beyond the end"),
        pytest.param("a", -1, "abcd", id="already the first"),
    ],
)
def test_a_waiting_run_is_moved_in_the_queue(no_workers, name, places, expected):
    runs = {each: queue.submit(run_spec(each)) for each in "abcd"}
    assert names_in_order() == list("abcd")
    queue.move(runs[name], places=places)
    assert names_in_order() == list(expected)
    queue.submit(run_spec("e"))
    assert names_in_order()[-1] == "e", "who comes later waits behind all, moved or not"


def test_runs_that_came_in_one_moment_can_be_put_in_order(no_workers):
    first, second = (make_run(number, spec=run_spec(name)) for number, name in enumerate("ab"))
    assert first.control().queued_at == second.control().queued_at
    queue.move(second, places=-1)
    assert names_in_order() == ["b", "a"]


def test_who_comes_after_the_clock_was_set_back_waits_behind_all(no_workers, monkeypatch):
    queue.submit(run_spec("a"))
    real = time.time
    monkeypatch.setattr(queue.time, "time", lambda: real() - 86400)
    queue.submit(run_spec("b"))
    assert names_in_order() == ["a", "b"]


def test_a_run_that_does_not_wait_cannot_be_moved(no_workers):
    run = make_run(status=Status(state=State.FINISHED))
    with pytest.raises(RunError, match="does not wait any more: it is finished"):
        queue.move(run, places=1)


def test_a_damaged_run_does_not_hold_up_the_others(stand_in):
    for number, name in enumerate(["spec.json", "control.json", "state.json", "launch.json"], start=1):
        (make_run(number).path / name).write_text("{")
    (make_run(9).path / "spec.json").unlink()
    run = queue.submit(run_spec("steps=1"))
    wait_for_state(run, State.FINISHED)


def test_a_run_is_paused_and_resumed_where_it_was(stand_in):
    run = queue.submit(run_spec("patient steps=60"))
    wait_for(lambda: run.has_checkpoint())
    queue.pause(run)
    queue.pause(run)
    wait_for_state(run, State.PAUSED)
    paused_at = run.status().step

    queue.resume(run)
    queue.resume(run)
    wait_for_state(run, State.FINISHED)
    assert run.status().attempt == 2
    assert run.status().step == 60 > paused_at
    assert sum(event.kind == "attempt" for event in run.read_events()[0]) == 2


def test_a_running_run_stops_and_keeps_its_model(stand_in):
    run = queue.submit(run_spec(LONG))
    wait_for(lambda: run.has_checkpoint())
    queue.stop(run)
    queue.stop(run)
    wait_for_state(run, State.STOPPED)
    assert run.report() is not None


def test_a_run_that_never_started_is_taken_out_of_the_queue(no_workers):
    run = queue.submit(run_spec())
    queue.stop(run)
    assert run.state() is State.STOPPED
    queue.advance()
    assert run.launch() is None


def test_a_run_that_is_paused_before_its_first_checkpoint_stops_at_once(no_workers):
    run = make_run(status=Status(state=State.PAUSED))
    queue.stop(run)
    assert (run.state(), run.control().want) == (State.STOPPED, Wanted.CANCEL)


@pytest.mark.parametrize(
    "state", [State.PAUSED, State.FAILED, State.RUNNING], ids=["paused", "failed", "lost"]
)
def test_stopping_a_run_without_a_worker_lets_one_score_its_best_model(stand_in, state):
    run = make_run(status=Status(state=state), checkpoint=True, spec=run_spec(LONG))
    queue.stop(run)
    wait_for_state(run, State.STOPPED)
    assert run.status().attempt == 2
    assert run.report() is not None


def test_scoring_a_stopped_run_comes_before_the_queued(no_workers, monkeypatch):
    first, paused = make_run(1), make_run(2, status=Status(state=State.PAUSED), checkpoint=True)
    queue.stop(paused)
    started: list[str] = []
    monkeypatch.setattr(queue, "_launch", lambda run, slot: started.append(run.id))
    monkeypatch.setattr(queue.find_executor("local"), "capacity", lambda: 2)
    queue.advance()
    assert started == [paused.id, first.id]


def test_a_resumed_run_that_waits_is_stopped_without_losing_its_model(no_workers):
    run = make_run(status=Status(state=State.PAUSED), checkpoint=True)
    queue.resume(run)
    queue.stop(run)
    assert (run.state(), run.control().want) == (State.QUEUED, Wanted.STOP)


def test_a_resumed_run_goes_to_the_end_of_the_queue(no_workers, monkeypatch):
    paused, waiting = make_run(1, status=Status(state=State.PAUSED)), queue.submit(run_spec())
    queue.resume(paused)
    started: list[str] = []
    monkeypatch.setattr(queue, "_launch", lambda run, slot: started.append(run.id))
    monkeypatch.setattr(queue.find_executor("local"), "capacity", lambda: 2)
    queue.advance()
    assert started == [waiting.id, paused.id]


def test_a_killed_worker_is_lost_its_slot_is_free_and_it_can_be_resumed(stand_in, monkeypatch):
    monkeypatch.setenv("CNNLAB_RETRIES", "0")
    run, following = queue.submit(run_spec("crash steps=20")), queue.submit(run_spec("steps=1"))
    wait_for_state(run, State.LOST)
    queue.advance()
    wait_for_state(following, State.FINISHED)
    assert "resume" in actions.possible_actions(run)

    queue.resume(run)
    wait_for_state(run, State.FINISHED)
    steps = [event.step for event in run.read_events()[0] if event.kind == "step"]
    assert steps[-1] == 20


def test_a_worker_that_dies_before_it_takes_the_lock_is_lost_at_the_next_look(stand_in, monkeypatch):
    monkeypatch.setenv("CNNLAB_RETRIES", "0")
    run = queue.submit(run_spec("stillborn"))
    wait_for(lambda: "told to end before" in queue.read_log(run))

    def is_lost() -> bool:
        queue.advance()
        return run.state() is State.LOST

    wait_for(is_lost)
    assert "stop" not in actions.possible_actions(run)
    with pytest.raises(RunError, match="no checkpoint"):
        queue.stop(run)
    queue.resume(run)
    assert run.control().attempt == 2


def test_workers_that_ended_do_not_stay_as_zombies(stand_in, monkeypatch):
    monkeypatch.setenv("CNNLAB_SLOTS", "2")
    runs = [queue.submit(run_spec(f"{number} steps=1")) for number in range(2)]
    for run in runs:
        wait_for_state(run, State.FINISHED)
    workers = {run.status().pid for run in runs}

    def are_reaped() -> bool:
        queue.advance()
        return not any(psutil.pid_exists(pid) for pid in workers)

    wait_for(are_reaped)


def test_a_worker_that_cannot_be_started_says_why(home, monkeypatch):
    def refuse(*_: object, **__: object) -> str:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(queue.find_executor("local"), "submit", refuse)
    run = queue.submit(run_spec())
    assert run.state() is State.LOST
    assert "could not be started (Resource temporarily unavailable)" in run.launch().message


def test_a_deaf_worker_is_ended_by_force_after_ten_seconds_only(stand_in, monkeypatch):
    monkeypatch.setattr(queue, "FORCE_GRACE_SECONDS", 0.1)
    run = queue.submit(run_spec(f"deaf {LONG}"))
    wait_for(lambda: run.has_checkpoint())
    with pytest.raises(RunError, match="cannot be ended by force: it is running"):
        queue.force_stop(run)
    queue.stop(run)
    with pytest.raises(RunError, match="less than ten seconds ago"):
        queue.force_stop(run)
    assert run.state() is State.STOPPING

    monkeypatch.setattr(actions, "FORCE_AFTER_SECONDS", 0.0)
    queue.force_stop(run)
    assert run.state() is State.LOST
    queue.stop(run)
    wait_for(lambda: run.control().attempt == 2)


def test_a_worker_that_cannot_be_reached_is_named_and_nobody_else_is_signalled(home, monkeypatch):
    monkeypatch.setattr(actions, "FORCE_AFTER_SECONDS", 0.0)
    stranger = Launch(attempt=1, executor="local", handle=f"{2**22}:1.0", at=time.time())
    run = make_run(
        control=Control(want=Wanted.STOP), launch=stranger, status=Status(state=State.RUNNING, pid=77)
    )
    with run.lock(), pytest.raises(RunError, match=r"could not be ended from here.*\(77\)"):
        queue.force_stop(run)


VERBS = {
    "pause": queue.pause,
    "resume": queue.resume,
    "stop": queue.stop,
    "force_stop": queue.force_stop,
    "delete": queue.delete,
}
SATISFIED = {(verb, state) for verb, states in actions.ALREADY_SO.items() for state in states}


def in_state(state: State) -> RunFolder:
    """A run in this state, with a checkpoint; the caller holds the lock where the state is an active one."""
    stored = {State.PAUSING: State.RUNNING, State.STOPPING: State.RUNNING, State.LOST: State.RUNNING}.get(
        state, state
    )
    wanted = {State.PAUSING: Wanted.PAUSE, State.STOPPING: Wanted.STOP, State.STOPPED: Wanted.CANCEL}.get(
        state, Wanted.RUN
    )
    status = None if state is State.QUEUED else Status(state=stored)
    return make_run(control=Control(want=wanted), status=status, checkpoint=True)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", VERBS)
def test_what_a_state_does_not_allow_is_refused_with_a_sentence_and_changes_nothing(
    no_workers, monkeypatch, verb, state
):
    monkeypatch.setattr(actions, "FORCE_AFTER_SECONDS", 0.0)
    run = in_state(state)
    lock = run.lock()
    if STATES[state].active:
        lock.acquire()
    try:
        assert run.state() is state
        before = run.control()
        if verb in STATES[state].actions:
            assert verb in actions.possible_actions(run)
        elif (verb, state) in SATISFIED:
            VERBS[verb](run)
            assert run.control() == before
        else:
            with pytest.raises(
                RunError, match=rf"'A run' cannot be {actions.DONE_TO[verb]}: it is {state}\. (What|Wait)"
            ):
                VERBS[verb](run)
            assert run.control() == before
    finally:
        lock.release()


@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_a_run_that_is_scored_has_nothing_left_to_end(no_workers, verb):
    run = make_run(status=Status(state=State.RUNNING, finishing=True))
    before = run.control()
    with run.lock():
        assert actions.possible_actions(run) == ()
        with pytest.raises(RunError, match=r"being scored.*Wait until it has ended"):
            VERBS[verb](run)
    assert run.control() == before


def test_a_model_that_was_kept_can_be_asked_and_need_not_be_scored_again(stand_in):
    run = queue.submit(run_spec("steps=20"))
    wait_for_state(run, State.FINISHED)
    assert actions.possible_actions(run) == ("delete",)
    (run.path / "model.tflite").touch()
    assert actions.possible_actions(run) == ("predict", "delete")
    run.write_status(run.status().model_copy(update={"state": State.FAILED}))
    assert actions.possible_actions(run) == ("resume", "predict", "delete")


def test_a_deleted_run_is_gone_and_its_bytes_are_counted(no_workers):
    run = make_run(status=Status(state=State.FINISHED))
    assert queue.delete(run) > 0
    assert list(RunFolder.list_all(workspace().runs)) == []


@pytest.mark.parametrize(
    "act", [queue.stop, queue.pause, queue.resume, queue.force_stop, lambda run: queue.move(run, places=1)]
)
def test_who_acts_on_a_run_that_another_tab_deleted_is_told_so(no_workers, act):
    run = make_run(status=Status(state=State.PAUSED))
    queue.delete(run)
    with pytest.raises(RunError, match="is not here any more; somebody deleted it"):
        act(run)
    assert not run.path.exists()


@pytest.mark.parametrize("name", ["spec.json", "control.json", "state.json"])
def test_a_damaged_run_can_be_deleted(no_workers, name):
    run = make_run(status=Status(state=State.PAUSED))
    (run.path / name).write_text("{")
    queue.delete(run)
    assert not run.path.exists()


def test_what_a_killed_submit_left_behind_goes_with_the_next_one(no_workers):
    old, fresh = (workspace().runs / f".tmp-20260101-000000-{name}" for name in ("aaaaaa", "bbbbbb"))
    for folder in (old, fresh):
        folder.mkdir()
        (folder / "spec.json").touch()
    os.utime(old, (1, 1))
    queue.submit(run_spec())
    assert (old.exists(), fresh.exists()) == (False, True)


def test_a_busy_queue_is_no_error_for_who_only_looks(home, monkeypatch):
    monkeypatch.setattr(queue, "LOCK_SECONDS", 0.05)
    with FileLock(workspace().runs / ".queue.lock"):
        queue.advance()
        with pytest.raises(RunError, match="Try again in a moment"):
            queue.submit(run_spec())


def test_a_full_disk_is_a_sentence(no_workers, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(queue, "write_text", refuse)
    with pytest.raises(WorkspaceError, match=r"No space left on device.*Make room"):
        queue.submit(run_spec())
    assert list(RunFolder.list_all(workspace().runs)) == []


def test_runs_are_moved_past_each_other_and_never_past_one_that_is_only_scored(no_workers):
    stopped = make_run(1, status=Status(state=State.PAUSED), checkpoint=True, spec=run_spec("scored"))
    queue.stop(stopped)
    runs = {name: queue.submit(run_spec(name)) for name in "ab"}
    queue.move(runs["b"], places=-1)
    assert names_in_order() == ["scored", "b", "a"]
    queue.move(runs["b"], places=-1)
    assert names_in_order() == ["scored", "b", "a"]
