"""Puts runs in a queue, starts them while slots are free, and passes on what is wanted of them.

Everything here may be called from anywhere at any time: by pages as they poll, by the server every few
seconds, by a worker's keeper as the worker ends. One file lock of the workspace keeps callers apart.
This module never signals a process itself (`executors` do) and never touches the index.
"""

import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cnnlab.errors import RunError, WorkspaceError
from cnnlab.files import TEMPORARY_PREFIX, remove_leftovers, write_text
from cnnlab.runs.actions import check_action, check_is_here
from cnnlab.runs.executors import EXECUTORS, find_executor
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine_state import boot_id, count_oom_kills
from cnnlab.runs.records import Control, Launch
from cnnlab.runs.retries import is_being_told, may_be_taken_up, take_up_if_lost
from cnnlab.runs.slots import environment_of, free_slot
from cnnlab.runs.states import STATES, State, Wanted
from cnnlab.runs.turns import apart, last_turn, list_unsettled, settle, turn, waiting
from cnnlab.runs.workspace_format import open_workspace
from cnnlab.settings import settings, workspace
from cnnlab.specs.runs import RunSpec

EXECUTOR = "local"
KEEPER = "cnnlab.runs.keeper"
LOCK_SECONDS = 10.0
LEFTOVER_SECONDS = 3600.0
FORCE_GRACE_SECONDS = 5.0
"""How long it has after SIGTERM before SIGKILL."""


class QueueBusyError(RunError):
    """Somebody else has held the queue for longer than anything in it takes."""


def submit(spec: RunSpec) -> RunFolder:
    """Put a new run at the end of the queue; it starts at once when a slot is free.

    Raises:
        WorkspaceError: The workspace cannot be written.
    """
    runs = workspace().runs
    with _holding_the_queue():
        remove_leftovers(runs, older_than_seconds=LEFTOVER_SECONDS)
        run = _make_folder(spec, runs)
    advance()
    return run


def move(run: RunFolder, *, places: int) -> None:
    """Let a waiting run start earlier (`places` below 0) or later; beyond the ends it stays at the end.

    A run that is only to be scored comes before all others, whoever is moved.

    Raises:
        RunError: It does not wait any more.
    """
    with _holding_the_queue():
        order = [each for each in waiting() if each.control().want is run.control().want]
        if run.id not in (each.id for each in order):
            check_is_here(run)
            raise RunError(
                f"Run {run.spec().name!r} does not wait any more: it is {STATES[run.state()].label.lower()}."
            )
        place = next(place for place, each in enumerate(order) if each.id == run.id)
        order.insert(min(max(0, place + places), len(order) - 1), order.pop(place))
        turns = sorted(each.control().queued_at for each in order)
        for each, turn in zip(order, apart(turns), strict=True):
            control = each.control()
            if control.queued_at != turn:
                each.write_control(control.model_copy(update={"queued_at": turn}))


def advance() -> None:
    """Note which workers are gone and take their runs up again, then start queued runs while slots are free.

    Idempotent. When the queue is busy nothing is done: whoever holds it, or the next poll, does it.
    """
    try:
        with _holding_the_queue():
            _advance()
    except QueueBusyError:
        return


def stop(run: RunFolder) -> None:
    """End a run and keep its best model so far; one that has none yet is taken out of the queue.

    A run without a worker is given one that scores the best model, before all that are queued.

    Raises:
        RunError: It has ended, or has no checkpoint that a model could come from.
    """
    with _holding_the_queue():
        state = check_action(run, "stop")
        if state and STATES[state].active:
            _want(run, Wanted.STOP)
        elif state:
            wanted = Wanted.STOP if run.has_checkpoint() else Wanted.CANCEL
            _want(run, wanted, again=state is not State.QUEUED)
    advance()


def pause(run: RunFolder) -> None:
    """Let a run stop after the step it is in and keep everything.

    Raises:
        RunError: It is not running.
    """
    with _holding_the_queue():
        if check_action(run, "pause"):
            _want(run, Wanted.PAUSE)


def resume(run: RunFolder) -> None:
    """Put a run back into the queue, to go on where its last checkpoint is.

    One that was taken out of the queue has the place again that it had.

    Raises:
        RunError: It is under way or has come to its end.
    """
    with _holding_the_queue():
        place = run.control().queued_at
        state = check_action(run, "resume")
        if state:
            _want(run, Wanted.RUN, again=True)
        if state is State.STOPPED:
            run.write_control(run.control().model_copy(update={"queued_at": place}))
    advance()


def force_stop(run: RunFolder) -> None:
    """End a worker that has not obeyed for ten seconds; may take ten more. Its checkpoint stays.

    Raises:
        RunError: Nothing was asked of it, or only just, or it cannot be ended from here.
    """
    with _holding_the_queue():
        check_action(run, "force_stop")
        run.write_control(run.control().model_copy(update={"forced": True}))
        launch, held = run.launch(), run.is_held()
    # Not under the queue's lock: the others need not wait for the grace that this worker is given.
    if launch and held:
        find_executor(launch.executor).stop(launch.handle, grace_seconds=FORCE_GRACE_SECONDS)
    if run.is_held():
        status = run.status()
        raise RunError(
            f"The worker of run {run.id} could not be ended from here. End its process "
            f"({status.pid if status and status.pid else 'number unknown'}) on the machine where it runs."
        )
    advance()


def delete(run: RunFolder) -> int:
    """Remove a run and everything that came out of it; return the bytes that became free.

    A damaged run may be deleted too, whatever state it was in, unless a worker holds it.

    Raises:
        RunError: It is queued or under way.
    """
    with _holding_the_queue():
        if not _is_damaged(run):
            check_action(run, "delete")
        return run.delete()


def read_log(run: RunFolder, *, lines: int = 40) -> str:
    """The last lines that the run's worker printed."""
    launch = run.launch()
    if launch is None:
        return ""
    return find_executor(launch.executor).logs(launch.handle, log=run.path / "worker.log", lines=lines)


@contextmanager
def _holding_the_queue() -> Iterator[None]:
    open_workspace()
    home = workspace()
    try:
        with FileLock(home.runs / ".queue.lock").acquire(timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise QueueBusyError("The queue is busy on this machine. Try again in a moment.") from None
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {home.home} cannot be written ({error.strerror or error}). Make room on the disk, "
            f"or give yourself the right to write there, then try again."
        ) from error


def _make_folder(spec: RunSpec, runs: Path) -> RunFolder:
    now = time.time()
    run_id = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(3)}"
    # Under a temporary name until it is whole: nobody ever sees half a run.
    unfinished = RunFolder(runs / f"{TEMPORARY_PREFIX}{run_id}")
    unfinished.path.mkdir()
    write_text(unfinished.path / "spec.json", spec.to_json())
    unfinished.write_control(Control(queued_at=last_turn(now), wanted_at=now))
    return RunFolder(unfinished.path.rename(runs / run_id))


def _advance() -> None:
    taken: list[int] = []
    queued: list[tuple[tuple[bool, float], RunFolder]] = []
    for run, changed in list_unsettled():
        try:
            state = take_up_if_lost(run, _state_after_reaping(run))
            if STATES[state].active or is_being_told(run, state):
                taken.append(_slot(run))
            elif state is State.QUEUED:
                queued.append((turn(run), run))
            elif changed is not None and not may_be_taken_up(run):
                settle(run, changed=changed)
        except RunError:
            # It is damaged; the index shows it with its sentence, and the others go on.
            continue
    for _, run in sorted(queued, key=lambda place: place[0]):
        if len(taken) >= EXECUTORS[EXECUTOR].capacity():
            return
        slot = free_slot(taken)
        taken.append(slot)
        _launch(run, slot=slot)


def _slot(run: RunFolder) -> int:
    launch = run.launch()
    return launch.slot if launch else 0


def _state_after_reaping(run: RunFolder) -> State:
    """The state, without a minute's wait for a process that died before it took the lock."""
    state = run.state()
    if not STATES[state].active or run.is_held():
        return state
    launch = run.launch()
    if launch and not launch.ended and not find_executor(launch.executor).poll(launch.handle):
        run.write_launch(launch.model_copy(update={"ended": True}))
    return run.state()


def _is_damaged(run: RunFolder) -> bool:
    try:
        run.spec()
        run.state()
    except RunError:
        return True
    return False


def _launch(run: RunFolder, *, slot: int) -> None:
    attempt = run.control().attempt
    command = [sys.executable, "-P", "-m", KEEPER, str(run.path), str(attempt), settings().worker_module]
    launch = Launch(
        attempt=attempt,
        executor=EXECUTOR,
        handle="",
        at=time.time(),
        slot=slot,
        boot=boot_id(),
        oom_kills=count_oom_kills(),
    )
    try:
        handle = find_executor(EXECUTOR).submit(
            command, log=run.path / "worker.log", environment=environment_of(slot)
        )
    except OSError as error:
        message = (
            f"The worker could not be started ({error.strerror or error}). Make room, then resume the run."
        )
        launch = launch.model_copy(update={"ended": True, "message": message})
    else:
        launch = launch.model_copy(update={"handle": handle})
    run.write_launch(launch)


def _want(run: RunFolder, wanted: Wanted, *, again: bool = False) -> None:
    """Write down what is wanted; `again` asks for another attempt, at the end of the queue."""
    control, now = run.control(), time.time()
    changes = {"want": wanted, "wanted_at": now, "retries": 0, "retried_because": "", "forced": False}
    if again:
        changes |= {"attempt": control.attempt + 1, "queued_at": last_turn(now)}
    run.write_control(control.model_copy(update=changes))
