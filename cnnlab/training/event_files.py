"""Writes the scores of a run as TensorBoard event files too, for whoever wants to look with TensorBoard.

One file an attempt, in the run's folder `tensorboard/`. The dashboard never reads them: `events.jsonl`
is what counts. The writer is tensorboardX's, called directly, because its `SummaryWriter` waits for
ever once its thread has met a full disk. This module never loads TensorFlow.
"""

from pathlib import Path
from typing import Any

from cnnlab.runs.records import AttemptStart, Epoch, Event, Step


class EventFile:
    """What one attempt at a run records, as TensorBoard reads it."""

    def __init__(self, run: Path, *, start: AttemptStart) -> None:
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import SessionLog

        folder = run / "tensorboard"
        folder.mkdir(exist_ok=True)
        self._writer = EventsWriter(str(folder / "events"), filename_suffix=f".attempt-{start.attempt}")
        # Whatever an earlier attempt wrote from here on happened in a future that was lost.
        self._write(start.at, start.step + 1, session_log=SessionLog(status=SessionLog.START))

    def record(self, event: Event) -> None:
        """Write the numbers of an event, where it has some.

        Raises:
            OSError: The disk is full.
        """
        from tensorboardX.proto.summary_pb2 import Summary

        numbers = [Summary.Value(tag=tag, simple_value=number) for tag, number in _numbers(event).items()]
        if numbers:
            self._write(event.at, event.step, summary=Summary(value=numbers))

    def close(self) -> None:
        """Let go of the file."""
        self._writer.close()

    def _write(self, at: float, step: int, **content: Any) -> None:
        from tensorboardX.proto.event_pb2 import Event as Written

        self._writer.write_event(Written(wall_time=at, step=step, **content))
        self._writer.flush()


def _numbers(event: Event) -> dict[str, float]:
    """The numbers of an event by the names that TensorBoard groups them under; what is none is left out."""
    if isinstance(event, Step):
        found = {
            "loss/step": event.loss,
            "accuracy/step": event.accuracy,
            "learning_rate": event.learning_rate,
        }
    elif isinstance(event, Epoch):
        found = {
            "loss/training": event.loss,
            "loss/validation": event.val_loss,
            "accuracy/training": event.accuracy,
            "accuracy/validation": event.val_accuracy,
        }
    else:
        found = {}
    return {tag: number for tag, number in found.items() if number is not None}
