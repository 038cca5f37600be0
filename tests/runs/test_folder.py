"""The folder of a run says where the run is, whatever was written last and whoever was killed when."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnlab.errors import RunError
from cnnlab.runs import folder as folder_module
from cnnlab.runs.folder import EventWriter, RunFolder
from cnnlab.runs.records import AttemptStart, Control, Launch, Note, Status, Step
from cnnlab.runs.states import STATES, State, Wanted
from cnnlab.settings import workspace
from tests.runs.making import make_run

NOW = 1_000_000.0
FRESH, LATE = NOW - 5, NOW - 61


def launched(attempt: int, *, at: float = FRESH, ended: bool = False) -> Launch:
    return Launch(attempt=attempt, executor="local", handle="1:1", at=at, ended=ended)


def wants(wanted: Wanted, *, attempt: int = 1) -> Control:
    return Control(want=wanted, attempt=attempt)


RUN, PAUSE, STOP, CANCEL = Wanted.RUN, Wanted.PAUSE, Wanted.STOP, Wanted.CANCEL


@pytest.mark.parametrize(
    ("control", "launch", "status", "held", "expected"),
    [
        pytest.param(None, None, None, False, State.QUEUED, id="nothing but a spec"),
        pytest.param(wants(RUN), None, None, False, State.QUEUED, id="submitted"),
        pytest.param(wants(CANCEL), None, None, False, State.STOPPED, id="cancelled in the queue"),
        pytest.param(wants(RUN), launched(1), None, False, State.STARTING, id="started a moment ago"),
        pytest.param(wants(RUN), launched(1), None, True, State.STARTING, id="has the lock, said nothing yet"),
        pytest.param(wants(RUN), launched(1, at=LATE), None, True, State.STARTING, id="slow, but has the lock"),
        pytest.param(wants(RUN), launched(1, at=LATE), None, False, State.LOST, id="never took the lock"),
        pytest.param(wants(RUN), launched(1, ended=True), None, False, State.LOST, id="died before the lock"),
        pytest.param(wants(STOP), launched(1), None, False, State.STOPPING, id="stopped while it starts"),
        pytest.param(wants(RUN), launched(1), (State.STARTING, 1), True, State.STARTING, id="loads TensorFlow"),
        pytest.param(wants(RUN), launched(1), (State.RUNNING, 1), True, State.RUNNING, id="trains"),
        pytest.param(wants(RUN), launched(1, at=LATE), (State.RUNNING, 1), True, State.RUNNING, id="trains long"),
        pytest.param(wants(PAUSE), launched(1), (State.RUNNING, 1), True, State.PAUSING, id="asked to pause"),
        pytest.param(wants(PAUSE), launched(1), (State.STARTING, 1), True, State.STARTING, id="pause too early"),
        pytest.param(wants(STOP), launched(1), (State.RUNNING, 1), True, State.STOPPING, id="asked to stop"),
        pytest.param(wants(STOP), launched(1), (State.STARTING, 1), True, State.STOPPING, id="stop while loading"),
        pytest.param(wants(RUN), launched(1), (State.RUNNING, 1), False, State.LOST, id="killed"),
        pytest.param(wants(STOP), launched(1), (State.STOPPING, 1), False, State.LOST, id="killed while scoring"),
        pytest.param(wants(PAUSE), launched(1), (State.PAUSED, 1), False, State.PAUSED, id="paused"),
        pytest.param(wants(PAUSE), launched(1), (State.PAUSED, 1), True, State.PAUSED, id="paused, about to leave"),
        pytest.param(wants(STOP), launched(1), (State.STOPPED, 1), False, State.STOPPED, id="stopped"),
        pytest.param(wants(PAUSE), launched(1), (State.FINISHED, 1), False, State.FINISHED, id="finished before it paused"),
        pytest.param(wants(RUN), launched(1), (State.FAILED, 1), False, State.FAILED, id="failed"),
        pytest.param(wants(RUN, attempt=2), launched(1), (State.PAUSED, 1), False, State.QUEUED, id="resumed"),
        pytest.param(wants(RUN, attempt=2), launched(1), (State.RUNNING, 1), False, State.QUEUED, id="resumed after it was lost"),
        pytest.param(wants(RUN, attempt=2), launched(1, ended=True), None, False, State.QUEUED, id="resumed before it ever spoke"),
        pytest.param(wants(RUN, attempt=2), launched(2), (State.PAUSED, 1), False, State.STARTING, id="started again"),
        pytest.param(wants(RUN, attempt=2), launched(2, at=LATE), (State.PAUSED, 1), False, State.LOST, id="lost again"),
        pytest.param(wants(RUN, attempt=2), launched(2), (State.RUNNING, 2), True, State.RUNNING, id="trains again"),
        pytest.param(wants(STOP, attempt=2), None, (State.PAUSED, 1), False, State.QUEUED, id="paused, then stopped, waits"),
        pytest.param(wants(STOP, attempt=2), launched(2), (State.PAUSED, 1), False, State.STOPPING, id="paused, then stopped"),
        pytest.param(wants(CANCEL, attempt=2), launched(1), (State.PAUSED, 1), False, State.STOPPED, id="resumed, then cancelled"),
    ],
)  # fmt: skip
def test_files_and_lock_together_say_the_state(home, control, launch, status, held, expected):
    run = make_run(
        control=control,
        launch=launch,
        status=status and Status(state=status[0], attempt=status[1]),
    )
    lock = run.lock()
    if held:
        lock.acquire()
    try:
        assert run.state(now=NOW) is expected
    finally:
        lock.release()


def test_a_run_that_is_scored_is_no_longer_pausing(home):
    run = make_run(control=wants(PAUSE), status=Status(state=State.RUNNING, finishing=True))
    with run.lock():
        assert run.state() is State.RUNNING


def test_a_worker_that_ends_between_two_looks_is_not_called_lost(home, monkeypatch):
    run = make_run(status=Status(state=State.RUNNING))
    monkeypatch.setattr(folder_module, "is_locked", lambda _: run.write_status(Status(state=State.FINISHED)))
    run.lock().acquire().lock.release()

    assert run.state() is State.FINISHED


EVENTS = st.sampled_from(
    ["launch", "launch dies", "worker starts", "worker runs", "worker obeys", "worker ends", "worker fails",
     "worker is killed", "minute passes", "stop", "pause", "resume"]
)  # fmt: skip


@given(events=st.lists(EVENTS, max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_of_events_leads_to_an_undefined_state(tmp_path, events):
    """A walk over everything that the queue, the worker and fate may do: each state is one of the table,
    a run without a worker is never active for long, and a resumed one is queued whatever came before."""
    walk = Walk(RunFolder(tmp_path))
    for event in events:
        walk.take(event)
        state = walk.run.state(now=walk.now)
        assert state in STATES
        if STATES[state].active and not walk.alive:
            assert walk.waits_for_launch, f"{state} without a worker after {event}"
        if walk.alive and walk.spoke:
            assert STATES[state].active, f"{state} although a worker trains, after {event}"


class Walk:
    """One run to which things happen; what cannot happen now is left out."""

    def __init__(self, run: RunFolder) -> None:
        self.run, self.now, self.alive, self.spoke = run, NOW, False, False
        for file in run.path.iterdir():
            if file.is_file():
                file.unlink()
        self.lock = run.lock()
        run.write_control(Control())

    @property
    def waits_for_launch(self) -> bool:
        launch = self.run.launch()
        return launch is not None and not launch.ended and self.now - launch.at < 60

    def take(self, event: str) -> None:
        control, state = self.run.control(), self.run.state(now=self.now)
        match event:
            case "launch" if state is State.QUEUED:
                self.run.write_launch(
                    Launch(attempt=control.attempt, executor="local", handle="1:1", at=self.now)
                )
            case "launch dies" if state is State.STARTING and not self.alive:
                self.run.write_launch(self.run.launch().model_copy(update={"ended": True}))
            case "worker starts" if state in (State.STARTING, State.STOPPING, State.LOST) and not self.alive:
                self.lock.acquire()
                self.alive, self.spoke = True, False
            case "worker runs" if self.alive:
                self.spoke = True
                self.run.write_status(Status(state=State.RUNNING, attempt=control.attempt))
            case "worker obeys" if self.alive and control.want in (Wanted.PAUSE, Wanted.STOP):
                self.end(State.PAUSED if control.want is Wanted.PAUSE else State.STOPPED)
            case "worker ends" if self.alive:
                self.end(State.FINISHED)
            case "worker fails" if self.alive:
                self.end(State.FAILED)
            case "worker is killed" if self.alive:
                self.leave()
            case "minute passes":
                self.now += 61
            case "stop" if state is State.QUEUED:
                self.run.write_control(control.model_copy(update={"want": Wanted.CANCEL}))
            case "stop" | "pause" if STATES[state].active:
                self.run.write_control(control.model_copy(update={"want": Wanted(event)}))
            case "resume" if "resume" in STATES[state].actions and not self.alive:
                self.run.write_control(Control(attempt=control.attempt + 1))
                assert self.run.state(now=self.now) is State.QUEUED

    def end(self, state: State) -> None:
        self.run.write_status(Status(state=state, attempt=self.run.control().attempt))
        self.leave()
        assert self.run.state(now=self.now) is state

    def leave(self) -> None:
        self.lock.release()
        self.alive = self.spoke = False


def test_looking_at_the_lock_from_many_threads_never_finds_a_worker_where_none_is(home):
    run = make_run()
    run.lock().acquire().lock.release()
    found: list[bool] = []

    def look() -> None:
        found.extend(run.is_held() for _ in range(300))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(found)


def test_a_killed_worker_holds_its_run_no_more_although_its_pid_still_answers(home):
    run = make_run()
    code = "import sys, time; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code, run.lock().lock_file], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"held\n"
    assert run.is_held()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and kept as a zombie

    assert not run.is_held()
    os.kill(child.pid, 0)
    child.wait()
    child.stdout.close()


@pytest.mark.parametrize(
    "run_id",
    [
        pytest.param("20260101-000000-ffffff", id="not there"),
        pytest.param("../../etc", id="a path"),
        pytest.param("", id="empty"),
        pytest.param("20260101-120001-000001\n", id="with a line end"),
        pytest.param("20260101-120001-000001/../20260101-120001-000001", id="around a corner"),
    ],
)
def test_an_id_that_is_none_of_ours_is_never_made_a_path(home, run_id):
    make_run(1)
    with pytest.raises(RunError, match="There is no run"):
        RunFolder.find(run_id, runs=workspace().runs)


def test_a_run_is_found_by_its_id_and_listed_oldest_first(home):
    second, first = make_run(2), make_run(1)
    (workspace().runs / ".tmp-20260101-000000-aaaaaa").mkdir()
    (workspace().runs / "notes").mkdir()

    assert [run.id for run in RunFolder.list_all(workspace().runs)] == [first.id, second.id]
    assert RunFolder.find(second.id, runs=workspace().runs).path == second.path
    assert second.created_at == pytest.approx(1767268802.0)


@pytest.mark.parametrize("name", ["spec.json", "control.json", "launch.json", "state.json", "report.json"])
@pytest.mark.parametrize("content", [b"", b"{", b'{"attempt": "two"}', b"\xff\xfe", b"[]"], ids=repr)
def test_a_damaged_file_is_named_and_never_a_traceback(home, name, content):
    run = make_run()
    (run.path / name).write_bytes(content)
    read = {"spec.json": run.spec, "control.json": run.control, "launch.json": run.launch,
            "state.json": run.status, "report.json": run.report}[name]  # fmt: skip
    with pytest.raises(RunError, match=f"{name} of run {run.id} is missing or damaged"):
        read()


def test_a_run_without_its_spec_says_so(home):
    run = make_run()
    (run.path / "spec.json").unlink()
    with pytest.raises(RunError, match=r"spec.json .* missing or damaged"):
        run.spec()


def test_deleting_frees_the_bytes_and_leaves_nothing(home):
    run = make_run()
    (run.path / "checkpoints").mkdir()
    (run.path / "checkpoints" / "weights").write_bytes(b"x" * 5000)
    expected = run.bytes_on_disk()

    assert run.delete() == expected >= 5000
    assert [path.name for path in workspace().runs.iterdir()] == []


def test_a_run_that_a_worker_holds_is_not_deleted(home, monkeypatch):
    monkeypatch.setattr(folder_module, "DELETE_WAIT_SECONDS", 0.05)
    run = make_run()
    with FileLock(run.path / "worker.lock"), pytest.raises(RunError, match="Stop it first"):
        run.delete()
    assert run.spec().name == "A run"


def step(number: int, **changes: object) -> Step:
    values = {
        "phase": "training",
        "epoch": 1,
        "step": number,
        "loss": 0.5,
        "accuracy": 0.5,
        "learning_rate": 0.1,
    }
    return Step(**{**values, **changes})


def test_events_come_back_as_they_were_written_and_only_once(home):
    run = make_run()
    written = [AttemptStart(attempt=1), step(1), Note(text="Two\nlines, ünicode")]
    writer = EventWriter(run)
    for event in written:
        writer.append(event)
    writer.close()

    events, offset = run.read_events()
    assert events == written
    assert run.read_events(offset) == ([], offset)


def test_a_number_that_is_none_is_written_as_null(home):
    run = make_run()
    writer = EventWriter(run)
    writer.append(step(1, loss=float("nan")))
    writer.close()

    assert b'"loss":null' in (run.path / "events.jsonl").read_bytes()
    assert run.read_events()[0][0].loss is None


def test_a_line_still_being_written_is_left_for_the_next_time(home):
    run = make_run()
    line = step(1).model_dump_json().encode()
    path = run.path / "events.jsonl"
    path.write_bytes(line[:20])
    events, offset = run.read_events()
    assert (events, offset) == ([], 0)

    path.write_bytes(line + b"\n")
    assert run.read_events(offset)[0] == [step(1)]


@pytest.mark.parametrize(
    "kept", [1, 20, -1, None], ids=["one byte", "twenty bytes", "all but the last", "only the line end lost"]
)
def test_half_a_line_of_a_killed_worker_spoils_no_other(home, kept):
    run = make_run()
    half = step(1).model_dump_json().encode()[:kept]
    (run.path / "events.jsonl").write_bytes(step(0).model_dump_json().encode() + b"\n" + half)
    writer = EventWriter(run)
    writer.append(step(2))
    writer.append(step(3))
    writer.close()

    expected = [step(0), *([step(1)] if kept is None else []), step(2), step(3)]
    assert run.read_events()[0] == expected


def test_events_after_a_full_disk_are_still_read(home, monkeypatch):
    run = make_run()
    writer = EventWriter(run)
    real = writer._file
    writer._file = type("Full", (), {"write": lambda _, data: real.write(data[:10])})()
    with pytest.raises(OSError, match="No space left"):
        writer.append(step(1))
    writer._file = real
    writer.append(step(2))
    writer.close()

    assert run.read_events()[0] == [step(2)]


def test_a_run_without_events_has_none(tmp_path: Path):
    assert RunFolder(tmp_path).read_events() == ([], 0)


def test_a_run_with_a_result_whose_state_is_gone_is_damaged_and_not_trained_again():
    run = make_run(launch=launched(1, at=LATE), status=Status(state=State.FINISHED))
    (run.path / "report.json").write_text("{}")
    (run.path / "state.json").unlink()
    with pytest.raises(RunError, match=r"state\.json of run .* is missing or damaged"):
        run.state(NOW)


def test_events_that_cannot_be_read_are_told_in_a_sentence():
    run = make_run()
    (run.path / "events.jsonl").mkdir()
    with pytest.raises(RunError, match=r"events\.jsonl of run .* is missing or damaged"):
        run.read_events()
