"""TensorBoard finds the scores of a run, each at its step, and drops what a lost attempt wrote."""

import struct
from pathlib import Path

import pytest

from cnnlab.runs.records import AttemptStart, Epoch, Note, Step
from cnnlab.training.event_files import EventFile


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


def written(run: Path) -> list:
    """The events of all files of a run: each lies between its length and two checksums."""
    from tensorboardX.proto.event_pb2 import Event

    events = []
    for path in sorted((run / "tensorboard").iterdir()):
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
def test_numbers_are_there_at_their_step_as_soon_as_they_are_recorded(event, numbers, tmp_path):
    file = EventFile(tmp_path, start=AttemptStart(attempt=1))
    file.record(event)
    found = written(tmp_path)[-1]
    assert {value.tag: value.simple_value for value in found.summary.value} == numbers
    assert (found.step, found.wall_time) == (event.step, event.at)
    file.close()


def test_a_sentence_has_no_numbers(tmp_path):
    file = EventFile(tmp_path, start=AttemptStart(attempt=1))
    before = len(written(tmp_path))
    file.record(Note(text="Early stopping."))
    assert len(written(tmp_path)) == before


def test_another_attempt_says_from_which_step_on_the_one_before_was_lost(tmp_path):
    from tensorboardX.proto.event_pb2 import SessionLog

    for attempt, taken_up_after in ((1, 0), (2, 3)):
        file = EventFile(tmp_path, start=AttemptStart(attempt=attempt, step=taken_up_after))
        for number in range(taken_up_after + 1, taken_up_after + 5):
            file.record(step(number))
        file.close()
    starts = [event.step for event in written(tmp_path) if event.session_log.status == SessionLog.START]
    assert starts == [1, 4]
    assert len(list((tmp_path / "tensorboard").iterdir())) == 2
