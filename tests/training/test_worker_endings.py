"""What the worker does at its very ends, where no training is needed to see it."""

import errno
from types import SimpleNamespace

import pytest

from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import AttemptStart, Note
from cnnlab.runs.states import State
from cnnlab.training import worker
from cnnlab.training.planning.estimate import Part
from cnnlab.training.recorder import Recorder
from tests.runs.making import make_run


@pytest.fixture
def folder(home) -> RunFolder:
    return make_run(1)


@pytest.fixture
def quiet(monkeypatch):
    """This process stays as it is: no lower priority, no signal handlers."""
    monkeypatch.setattr(worker, "be_a_good_neighbour", lambda: None)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)


@pytest.fixture
def job(folder):
    recorder = Recorder(folder, attempt=1)
    recorder.start(state=State.RUNNING)
    yield worker._Job(folder, recorder)
    recorder.close(State.PAUSED)


def test_while_it_scores_and_converts_its_status_says_that_it_is_finishing(folder, job, monkeypatch):
    seen = []
    monkeypatch.setattr(worker, "finish_run", lambda *_, **__: seen.append(folder.status().finishing))
    assert not folder.status().finishing
    trainer = SimpleNamespace(progress=SimpleNamespace(seconds=1.0))
    job._finish(trainer, None, SimpleNamespace(phases=()), stopped=False)
    assert seen == [True]


def test_a_preparation_says_what_is_left_of_it_and_of_the_phases_after_it(folder, job, monkeypatch):
    clock = iter([100.0, 100.0, 110.0])
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    parts = [
        Part(name=name, label=name, seconds=seconds)
        for name, seconds in (
            ("packing", 9.0),
            ("features", 99.0),
            ("feature_extraction", 5.0),
            ("finishing", 2.0),
        )
    ]
    job._estimate = SimpleNamespace(parts=tuple(parts))
    told = []
    monkeypatch.setattr(job.recorder, "update", lambda **changes: told.append(changes["seconds_left"]))
    for done in (0, 10, 25):
        job._report("Packing pictures", done, 100)
    # After 10 s a quarter is done, so 30 s are left of it, and 7 s of the phase and the end.
    assert told == [None, 7.0, 37.0]


def test_a_last_word_that_does_not_fit_on_the_disk_goes_to_the_log(folder, quiet, monkeypatch, capsys):
    def disk_is_full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    def carry(job):
        monkeypatch.setattr(RunFolder, "write_status", disk_is_full)
        return State.FAILED, "The model could not be saved."

    monkeypatch.setattr(worker._Job, "carry", carry)
    assert worker.main(str(folder.path)) == 1
    log = capsys.readouterr().err
    assert "No space left on device" in log
    assert log.endswith("The model could not be saved.\n")
    with folder.lock().acquire(timeout=0):
        assert folder.status().state is State.STARTING


def test_a_finished_run_whose_last_word_does_not_fit_has_not_succeeded(folder, quiet, monkeypatch):
    def disk_is_full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    def carry(job):
        monkeypatch.setattr(RunFolder, "write_status", disk_is_full)
        return State.FINISHED, ""

    monkeypatch.setattr(worker._Job, "carry", carry)
    assert worker.main(str(folder.path)) == 1


def test_a_disk_that_is_full_from_the_start_is_said_in_the_log(folder, quiet, monkeypatch, capsys):
    def disk_is_full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_status", disk_is_full)
    assert worker.main(str(folder.path)) == 1
    assert "The disk is full." in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [pytest.param("{", id="cut short"), pytest.param('{"sha256": "0", "progress": {}}', id="another hash")],
)
def test_a_run_without_a_readable_checkpoint_starts_again_and_says_so(content, folder, job):
    for step in (1, 2):
        commit = job.checkpoints.path / f"step-{step:09d}.json"
        commit.write_text(content)
        commit.with_suffix(".npz").write_bytes(b"nothing of use")
    assert job._take_up() is None
    events = folder.read_events()[0]
    (note,) = (event for event in events if isinstance(event, Note))
    (start,) = (event for event in events if isinstance(event, AttemptStart))
    assert note.text == "No checkpoint could be read; the run starts again from the beginning."
    assert (start.epoch, start.step) == (0, 0)


def test_a_run_that_never_had_a_checkpoint_starts_without_a_word(folder, job):
    assert job._take_up() is None
    assert [type(event) for event in folder.read_events()[0]] == [AttemptStart]
