"""Whose turn it is: which runs wait, and in which order they will start.

A turn is the moment at which a run came into the queue, or a moment between two others' once somebody
moved it. This module never changes a run and never starts one.
"""

from collections.abc import Iterator
from pathlib import Path

from cnnlab.errors import RunError
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import State, Wanted
from cnnlab.settings import workspace

TURN_SECONDS = 0.001
"""Between the turns of two that would have the same one."""

_settled: dict[Path, int] = {}
"""Runs that nothing waits for, with the last change of their folder: of 2,000 runs few need to be opened."""


def waiting() -> list[RunFolder]:
    """The runs that wait for a place, in the order in which they will start."""
    found = []
    for run, _ in list_unsettled():
        try:
            if run.state() is State.QUEUED:
                found.append((turn(run), run))
        except RunError:
            # It is damaged; the index shows it with its sentence.
            continue
    return [run for _, run in sorted(found, key=lambda place: place[0])]


def list_unsettled() -> Iterator[tuple[RunFolder, int | None]]:
    """The runs that something may happen to by itself, with the last change of each; of 2,000 few need to be opened."""
    for run in RunFolder.list_all(workspace().runs):
        # Asked before its files are read: what changes in between is seen the next time.
        changed = run.changed_at()
        if changed is None or _settled.get(run.path) != changed:
            yield run, changed


def settle(run: RunFolder, *, changed: int) -> None:
    """Remember that nothing waits for a run, as long as its folder has not changed since then."""
    _settled[run.path] = changed


def turn(run: RunFolder) -> tuple[bool, float]:
    """What puts the queued in order: scoring a stopped run is short and waited for, so it comes first."""
    run.spec()
    control = run.control()
    return control.want is not Wanted.STOP, control.queued_at


def last_turn(now: float) -> float:
    """The turn of whoever comes now: after all that wait, even when the clock was set back."""
    return max([now, *(run.control().queued_at + TURN_SECONDS for run in waiting())])


def apart(turns: list[float]) -> list[float]:
    """Rising turns that are never equal, so that the order of two that came in one moment can be chosen."""
    rising: list[float] = []
    for turn in turns:
        rising.append(max(turn, rising[-1] + TURN_SECONDS) if rising else turn)
    return rising
