"""Takes up by itself what lost its worker: a limited number of times, and only where trying again may help.

Called by the queue, which holds its lock. This module never starts a worker: a run that is taken up
waits in the queue, at the place that it had.
"""

from cnnlab.runs.endings import Cause, Ending, find_ending, has_room
from cnnlab.runs.executors import find_executor
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import State, Wanted
from cnnlab.settings import settings

MAY_BE_TAKEN_UP = (State.LOST, State.FAILED, State.PAUSED)
"""Failed for want of room, or paused by a machine that went down; the others wait for a person."""


def take_up_if_lost(run: RunFolder, state: State) -> State:
    """Put a run whose worker is gone back into the queue if that may help; return the state it is in then.

    Raises:
        RunError: A file of the run is damaged.
    """
    if state not in MAY_BE_TAKEN_UP:
        return state
    ending = find_ending(run)
    if ending is None or not _may_try_again(run, ending) or not _is_possible_now(run, ending):
        return state
    # One whose settings are damaged would only be lost again, and use up its retries.
    run.spec()
    control = run.control()
    changes = {
        "attempt": control.attempt + 1,
        "retries": control.retries + 1,
        "retried_because": ending.sentence,
    }
    run.write_control(control.model_copy(update=changes))
    return run.state()


def is_being_told(run: RunFolder, state: State) -> bool:
    """Whether a run's worker is gone and its keeper is about to write down how it ended.

    Until then nobody knows whether the run is taken up again at its place, before all that wait.
    """
    return state is State.LOST and not run.has_ended() and _is_there(run)


def may_be_taken_up(run: RunFolder) -> bool:
    """Whether the queue will look at a run again though nothing of it changes: it waits for room on the disk.

    Raises:
        RunError: A file of the run is damaged.
    """
    if run.state() not in MAY_BE_TAKEN_UP:
        return False
    ending = find_ending(run)
    return ending is not None and _may_try_again(run, ending)


def why_it_ended(run: RunFolder) -> str:
    """Say why a run does not go on, and whether it will by itself; '' where there is nothing to say.

    Raises:
        RunError: A file of the run is damaged.
    """
    ending = find_ending(run)
    if ending is None:
        status = run.status()
        return status.message if status and run.control().attempt <= status.attempt else ""
    return f"{ending.sentence} {_what_comes_next(run, ending)}".rstrip()


def _what_comes_next(run: RunFolder, ending: Ending) -> str:
    retries = run.control().retries
    if _may_try_again(run, ending):
        return (
            "It goes on by itself when there is room."
            if ending.cause is Cause.DISK_FULL
            else "It goes on by itself."
        )
    if ending.try_again and retries:
        times = "once" if retries == 1 else f"{retries} times"
        return f"Taken up by itself {times}, it ended again; resume it when the cause is gone."
    return ""


def _may_try_again(run: RunFolder, ending: Ending) -> bool:
    control = run.control()
    if control.retries >= settings().retries or not ending.try_again:
        return False
    # Somebody who asked for a pause has one; who asked for a stop still wants the best model scored.
    return control.want is Wanted.RUN or (control.want is Wanted.STOP and run.has_checkpoint())


def _is_possible_now(run: RunFolder, ending: Ending) -> bool:
    if not run.has_ended() and _is_there(run):
        # Its keeper has not told yet, or the worker, on a busy machine, has not taken its lock yet.
        return False
    return ending.cause is not Cause.DISK_FULL or has_room(run)


def _is_there(run: RunFolder) -> bool:
    launch = run.launch()
    return launch is not None and find_executor(launch.executor).poll(launch.handle)
