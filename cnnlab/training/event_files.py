"""Writes the scores and settings of a run as TensorBoard event files too, for whoever wants to look with TensorBoard.

One file an attempt, in the run's folder `tensorboard/`, and one more when the run has ended. The
dashboard never reads them: `events.jsonl` is what counts. The writer is tensorboardX's, called directly,
because its `SummaryWriter` waits for ever once its thread has met a full disk. This module never loads
TensorFlow.
"""

import contextlib
import time
from typing import Any

from cnnlab.errors import RunError
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import AttemptStart, Epoch, Event, Step
from cnnlab.runs.states import State
from cnnlab.training.hyperparameters import final_numbers, session_end, session_start

ENDED = ".ended"
"""What the name of the file ends with that says how the run ended."""


class EventFile:
    """What one attempt at a run records, as TensorBoard reads it."""

    def __init__(self, run: RunFolder, *, start: AttemptStart) -> None:
        from tensorboardX.proto.event_pb2 import SessionLog

        self._run = run
        self._folder = run.path / "tensorboard"
        self._folder.mkdir(exist_ok=True)
        self._step = start.step
        # TensorBoard believes the first end that it finds, and this run goes on.
        for path in self._folder.glob(f"*{ENDED}"):
            path.unlink(missing_ok=True)
        self._writer = self._open(f".attempt-{start.attempt}")
        # Whatever an earlier attempt wrote from here on happened in a future that was lost.
        self._write(start.at, start.step + 1, session_log=SessionLog(status=SessionLog.START))
        opening = session_start(run.spec(), run=run.id, at=start.at)
        self._write(start.at, start.step, summary=opening)

    def record(self, event: Event) -> None:
        """Write the numbers of an event, where it has some.

        Raises:
            OSError: The disk is full.
        """
        if numbers := _numbers(event):
            self._step = event.step
            self._write(event.at, event.step, summary=_scalars(numbers))

    def close(self, state: State = State.PAUSED) -> None:
        """Let go of the file, and say in another how the run ended, where it has ended."""
        self._writer.close()
        at = time.time()
        if (end := session_end(state, at=at)) is None:
            return
        # The run has ended and its own files say how: a full disk may cost this one, and nothing else.
        with contextlib.suppress(OSError, RunError):
            self._writer = self._open(ENDED)
            try:
                self._write(at, self._step, summary=end)
                if (report := self._run.report()) is not None:
                    self._write(at, self._step, summary=_scalars(final_numbers(report)))
            finally:
                self._writer.close()

    def _open(self, suffix: str) -> Any:
        from tensorboardX.event_file_writer import EventsWriter

        return EventsWriter(str(self._folder / "events"), filename_suffix=suffix)

    def _write(self, at: float, step: int, **content: Any) -> None:
        from tensorboardX.proto.event_pb2 import Event as Written

        self._writer.write_event(Written(wall_time=at, step=step, **content))
        self._writer.flush()


def _scalars(numbers: dict[str, float]) -> Any:
    from tensorboardX.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=tag, simple_value=number) for tag, number in numbers.items()])


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
