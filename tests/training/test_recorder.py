"""The recorder beats while the worker lives, hears what is wanted, and a full disk does not silence it for good."""

import errno
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import AttemptStart, Control, Step
from cnnlab.runs.states import State, Wanted
from cnnlab.training import recorder as recorder_module
from cnnlab.training.recorder import Interrupted, Recorder
from tests.runs.making import run_spec

PATIENCE_SECONDS = 120.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr(recorder_module, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(recorder_module, "SECONDS_BETWEEN_LOOKS", 0.0)
    run = RunFolder(tmp_path)
    (tmp_path / "spec.json").write_text(run_spec().to_json())
    run.write_control(Control(attempt=2))
    return run


@pytest.fixture
def recorder(folder: RunFolder) -> Iterator[Recorder]:
    recorder = Recorder(folder, attempt=2)
    recorder.start(state=State.RUNNING)
    yield recorder
    recorder.close(State.FINISHED)


def wait_for_beats(folder: RunFolder, more: int = 3) -> None:
    before, deadline = folder.status().beat, time.monotonic() + PATIENCE_SECONDS
    while folder.status().beat < before + more:
        assert time.monotonic() < deadline, "the heart stands still"
        time.sleep(0.01)


def test_the_heart_beats_while_nothing_happens(folder, recorder):
    wait_for_beats(folder)
    assert folder.status().state is State.RUNNING


def test_a_disk_that_is_full_for_a_moment_does_not_end_the_heartbeat(folder, recorder, monkeypatch):
    write_status, failures = folder.write_status, []

    def write(status: object) -> None:
        if len(failures) < 3:
            failures.append(status)
            raise OSError(errno.ENOSPC, "No space left on device")
        write_status(status)

    monkeypatch.setattr(folder, "write_status", write)
    wait_for_beats(folder)
    assert len(failures) == 3


@pytest.mark.parametrize("wanted", [Wanted.PAUSE, Wanted.STOP, Wanted.CANCEL])
def test_what_is_wanted_of_this_attempt_is_heard(wanted, folder, recorder):
    recorder.obey()
    folder.write_control(Control(attempt=2, want=wanted))
    with pytest.raises(Interrupted) as interruption:
        recorder.obey()
    assert interruption.value.wanted is wanted


def test_what_is_wanted_of_another_attempt_is_not_meant(folder, recorder):
    folder.write_control(Control(attempt=3, want=Wanted.STOP))
    recorder.obey()


def test_a_signal_is_heard_without_a_look_at_the_folder(recorder):
    recorder.interrupt(Wanted.PAUSE)
    with pytest.raises(Interrupted, match="pause"):
        recorder.obey()


def test_steps_are_thinned_and_stamped(folder, recorder, monkeypatch):
    monkeypatch.setattr(recorder_module, "SECONDS_BETWEEN_STEP_EVENTS", 3600.0)
    for step in range(1, 50):
        recorder.record_step(
            Step(phase="training", epoch=1, step=step, loss=1.0, accuracy=0.5, learning_rate=0.1)
        )
    events, _ = folder.read_events()
    assert [event.step for event in events] == [1]
    assert all(event.attempt == 2 and event.at > 0 for event in events)


def test_the_last_word_is_the_state_and_nothing_follows_it(folder):
    recorder = Recorder(folder, attempt=2)
    recorder.start(state=State.RUNNING, activity="Training", share_done=0.5)
    recorder.close(State.FAILED, message="The disk is full.")
    last = folder.status()
    assert (last.state, last.message, last.activity, last.share_done) == (
        State.FAILED,
        "The disk is full.",
        "",
        None,
    )
    time.sleep(0.05)
    assert folder.status() == last


def test_what_is_recorded_is_there_for_tensorboard_too(folder, recorder):
    recorder.record(AttemptStart(attempt=2))
    recorder.record_step(Step(phase="training", epoch=1, step=1, loss=1.0, accuracy=0.5, learning_rate=0.1))
    (file,) = (folder.path / "tensorboard").iterdir()
    assert b"loss/step" in file.read_bytes()
