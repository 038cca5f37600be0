"""What can be done with a run now, and the sentence that says why something cannot.

The states' own actions are in the table `STATES`; here they are narrowed to what this run's files
allow. This module never does any of it: `runs.queue` does.
"""

import time

from cnnlab.errors import RunError
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import STATES, State, Wanted

FORCE_AFTER_SECONDS = 10.0
"""How long a worker has to obey before it may be ended by force."""

DONE_TO = {
    "pause": "paused",
    "resume": "resumed",
    "stop": "stopped",
    "force_stop": "ended by force",
    "delete": "deleted",
}

ALREADY_SO = {
    "pause": (State.PAUSING, State.PAUSED),
    "resume": (State.QUEUED, State.STARTING),
    "stop": (State.STOPPING, State.STOPPED),
}
"""A second click on a page drawn a moment ago asks for what is already on its way: no error."""

NOT_NOW = {
    "pause": "its training is over: the best model is being scored",
    "resume": "its training ended for good when it was stopped",
    "stop": "it has no checkpoint that a model could come from, is being scored, or has kept its model already",
    "force_stop": "it was asked to end less than ten seconds ago",
}
"""Why something that the state allows cannot be done with this run."""


def possible_actions(run: RunFolder) -> tuple[str, ...]:
    """What can be done with a run now: some of `pause`, `resume`, `stop`, `force_stop`, `predict`, `delete`.

    Raises:
        RunError: A file of the run is damaged; it can only be deleted.
    """
    state = run.state()
    return tuple(action for action in STATES[state].actions if _is_possible(run, action, state))


def check_action(run: RunFolder, action: str) -> State | None:
    """Return the state that the action is taken in, or None when what it asks for is already so.

    Raises:
        RunError: It cannot be done; the message says why, and what can.
    """
    if action != "delete":
        check_is_here(run)
    state = run.state()
    if state in ALREADY_SO.get(action, ()):
        return None
    possible = possible_actions(run)
    if action in possible:
        return state
    reason = f"it is {STATES[state].label.lower()}"
    if action in STATES[state].actions:
        reason += f", and {NOT_NOW[action]}"
    instead = ", ".join(possible).replace("_", " ")
    raise RunError(
        f"Run {run.spec().name!r} cannot be {DONE_TO[action]}: {reason}. "
        + (f"What can be done now: {instead}." if instead else "Wait until it has ended.")
    )


def check_is_here(run: RunFolder) -> None:
    """Refuse to act on a run that another tab has deleted.

    Raises:
        RunError: It is gone.
    """
    if not run.path.is_dir():
        raise RunError(f"Run {run.id} is not here any more; somebody deleted it.")


def _is_possible(run: RunFolder, action: str, state: State) -> bool:
    if action == "force_stop":
        control, launch = run.control(), run.launch()
        asked_at = max(control.wanted_at, launch.at if launch else 0.0)
        return control.want is not Wanted.RUN and time.time() - asked_at >= FORCE_AFTER_SECONDS
    if action in ("pause", "stop") and STATES[state].active and _is_finishing(run):
        return False
    if action == "stop" and STATES[state].ended:
        return run.has_checkpoint() and run.report() is None
    if action == "resume" and state is State.STOPPED:
        # Whoever was taken out of the queue may be put back.
        return run.control().want is Wanted.CANCEL
    if action == "predict":
        return (run.path / "model.tflite").is_file()
    return True


def _is_finishing(run: RunFolder) -> bool:
    status = run.status()
    return status is not None and status.finishing and status.attempt == run.control().attempt
