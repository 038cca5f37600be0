"""`cnnlab train SPEC.json`: puts a run into the queue of the workspace, as the Train page does.

The run belongs to the queue from then on: it goes on when this command ends. This module never trains.
"""

import argparse
import time

from cnnlab.command.printing import print_json, say
from cnnlab.errors import SpecError
from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Epoch, Note
from cnnlab.runs.retries import may_be_taken_up
from cnnlab.runs.states import STATES, State
from cnnlab.specs.runs import RunSpec
from cnnlab.training.launch import start_run

LOOK_SECONDS = 0.5


def train(given: argparse.Namespace) -> int:
    """Start a run; with `--follow` stay until it has ended, and return 1 where it did not finish.

    Raises:
        SpecError: The file is no run's settings.
        DatasetError, RunError: It cannot be trained on, or not be written.
    """
    try:
        text = given.spec.read_bytes()
    except OSError as error:
        raise SpecError(
            f"{given.spec} cannot be read ({error.strerror or error}). Name a file with a run's settings as JSON."
        ) from error
    run = start_run(RunSpec.from_json(text))
    state = _follow(run) if given.follow else run.state()
    report = run.report()
    if given.json:
        print_json({"run": run.id, "state": state, "report": report.model_dump() if report else None})
    else:
        print(run.id)
    return 1 if given.follow and state is not State.FINISHED else 0


def _follow(run: RunFolder) -> State:
    """Say what happens until nothing more does; the run goes on when somebody ends this."""
    offset, state = 0, None
    while True:
        queue.advance()
        now = run.state()
        events, offset = run.read_events(offset)
        for event in events:
            if isinstance(event, Epoch):
                say(
                    f"Epoch {event.epoch}: validation accuracy {_percent(event.val_accuracy)}, loss {event.val_loss:.4f}"
                    if event.val_loss is not None
                    else f"Epoch {event.epoch}: the loss is no number"
                )
            elif isinstance(event, Note):
                say(event.text)
        if now is not state:
            say(STATES[now].label)
            state = now
        if STATES[now].ended and not may_be_taken_up(run):
            return _ended(run, now)
        time.sleep(LOOK_SECONDS)


def _ended(run: RunFolder, state: State) -> State:
    status, report = run.status(), run.report()
    if report is not None:
        say(report.verdict)
        if report.test_accuracy is not None:
            say(f"Test accuracy {_percent(report.test_accuracy)}")
    elif status is not None and status.message:
        say(status.message)
    return state


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
