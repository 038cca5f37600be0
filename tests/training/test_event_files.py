"""TensorBoard finds the settings and scores of a run, each at its step, and drops what a lost attempt wrote."""

import struct

import pytest

from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import AttemptStart, Epoch, Note, Status, Step
from cnnlab.runs.states import State
from cnnlab.specs.training import ScratchTraining
from cnnlab.training.event_files import EventFile
from tests.pages.making import report_of
from tests.runs.making import make_run, run_spec


def step(number: int, *, loss: float | None = 0.5) -> Step:
    return Step(phase="training", epoch=1, step=number, loss=loss, accuracy=0.25, learning_rate=0.125, at=7.0)


EPOCH = Epoch(
    phase="training",
    epoch=1,
    step=6,
    loss=0.5,
    accuracy=0.25,
    val_loss=0.75,
    val_accuracy=0.125,
    learning_rate=0.125,
    seconds=1.0,
    pictures_per_second=1.0,
    at=8.0,
)


@pytest.fixture
def run() -> RunFolder:
    spec = run_spec("One = run", seed=7, training=ScratchTraining(epochs=3, learning_rate=0.125))
    return make_run(spec=spec, status=Status(state=State.RUNNING), report=report_of(0.75))


def written(run: RunFolder) -> list:
    """The events of all files of a run: each lies between its length and two checksums."""
    from tensorboardX.proto.event_pb2 import Event

    events = []
    for path in sorted((run.path / "tensorboard").iterdir()):
        data = path.read_bytes()
        while data:
            length = struct.unpack("<Q", data[:8])[0]
            events.append(Event.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
    return events


@pytest.mark.parametrize(
    ("event", "numbers"),
    [
        pytest.param(step(4), {"loss/step": 0.5, "accuracy/step": 0.25, "learning_rate": 0.125}, id="a step"),
        pytest.param(
            step(4, loss=None), {"accuracy/step": 0.25, "learning_rate": 0.125}, id="a loss that is none"
        ),
        pytest.param(
            EPOCH,
            {
                "loss/training": 0.5,
                "loss/validation": 0.75,
                "accuracy/training": 0.25,
                "accuracy/validation": 0.125,
            },
            id="an epoch",
        ),
    ],
)
def test_numbers_are_there_at_their_step_as_soon_as_they_are_recorded(event, numbers, run):
    file = EventFile(run, start=AttemptStart(attempt=1))
    file.record(event)
    found = written(run)[-1]
    assert {value.tag: value.simple_value for value in found.summary.value} == numbers
    assert (found.step, found.wall_time) == (event.step, event.at)
    file.close()


def test_a_sentence_has_no_numbers(run):
    file = EventFile(run, start=AttemptStart(attempt=1))
    before = len(written(run))
    file.record(Note(text="Early stopping."))
    assert len(written(run)) == before


def test_another_attempt_says_from_which_step_on_the_one_before_was_lost(run):
    from tensorboardX.proto.event_pb2 import SessionLog

    for attempt, taken_up_after in ((1, 0), (2, 3)):
        file = EventFile(run, start=AttemptStart(attempt=attempt, step=taken_up_after))
        for number in range(taken_up_after + 1, taken_up_after + 5):
            file.record(step(number))
        file.close()
    starts = [event.step for event in written(run) if event.session_log.status == SessionLog.START]
    assert starts == [1, 4]
    assert len(list((run.path / "tensorboard").iterdir())) == 2


def sessions(run: RunFolder, tag: str) -> list:
    """What the HPARAMS tab of TensorBoard reads under a tag, in every file of a run."""
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData

    return [
        HParamsPluginData.FromString(value.metadata.plugin_data.content)
        for event in written(run)
        for value in event.summary.value
        if value.tag == f"_hparams_/{tag}" and value.metadata.plugin_data.plugin_name == "hparams"
    ]


def test_every_setting_is_there_under_a_flat_name(run):
    EventFile(run, start=AttemptStart(attempt=1, at=5.0)).close(State.PAUSED)
    (start,) = (each.session_start_info for each in sessions(run, "session_start_info"))
    assert (start.group_name, start.start_time_secs) == (run.id, 5.0)
    found = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
    expected = {
        "name": "One = run",
        "seed": 7.0,
        "num_classes": 2.0,
        "dataset.name": "Digits",
        "dataset.version": 1.0,
        "network.kind": "blocks",
        "training.epochs": 3.0,
        "training.learning_rate": 0.125,
        "training.deterministic": True,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert isinstance(found["training.deterministic"], bool)
    assert "dataset.id" not in found


@pytest.mark.parametrize(
    ("state", "status"),
    [
        pytest.param(State.FINISHED, "STATUS_SUCCESS", id="finished"),
        pytest.param(State.STOPPED, "STATUS_SUCCESS", id="stopped, and its best model kept"),
        pytest.param(State.FAILED, "STATUS_FAILURE", id="failed"),
    ],
)
def test_a_run_that_has_ended_says_how_and_what_came_out(state, status, run):
    from tensorboardX.proto.api_pb2 import Status as Session

    file = EventFile(run, start=AttemptStart(attempt=1))
    file.record(EPOCH)
    file.close(state)
    (end,) = (each.session_end_info for each in sessions(run, "session_end_info"))
    assert end.status == Session.Value(status)
    numbers = {
        value.tag: (event.step, value.simple_value) for event in written(run) for value in event.summary.value
    }
    assert numbers["final/test_accuracy"] == (EPOCH.step, pytest.approx(0.74))
    assert numbers["final/val_accuracy"] == (EPOCH.step, pytest.approx(0.75))


def test_a_run_that_goes_on_takes_back_how_it_ended_before(run):
    EventFile(run, start=AttemptStart(attempt=1)).close(State.FAILED)
    assert sessions(run, "session_end_info")
    EventFile(run, start=AttemptStart(attempt=2)).close(State.PAUSED)
    assert not sessions(run, "session_end_info")


def test_a_full_disk_at_the_very_end_costs_nothing_but_the_last_file(run, monkeypatch):
    file = EventFile(run, start=AttemptStart(attempt=1))

    def full(suffix: str) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(file, "_open", full)
    file.close(State.FINISHED)
    assert not sessions(run, "session_end_info")
