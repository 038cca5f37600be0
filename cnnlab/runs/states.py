"""Table of the states of a run: what each is called, what it means, and what one can do next.

This module never decides which state a run is in: `runs.folder` reads that from the files.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"


class Wanted(StrEnum):
    """What somebody asked of a run."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"
    """End, keep the best model so far and score it."""
    CANCEL = "cancel"
    """Do not even start."""


@dataclass(frozen=True, kw_only=True)
class StateRow:
    """What the screen says about a state."""

    label: str
    sentence: str
    icon: str
    color: str
    active: bool = False
    """A worker holds the run, or is about to."""
    ended: bool = False
    """Nothing more will happen by itself."""
    actions: tuple[str, ...] = ()


STATES = MappingProxyType(
    {
        State.QUEUED: StateRow(
            label="Queued",
            sentence="Waits for a free place; runs start in the order they came.",
            icon=":material/schedule:",
            color="gray",
            actions=("stop",),
        ),
        State.STARTING: StateRow(
            label="Starting",
            sentence="The worker is loading TensorFlow; this takes some seconds.",
            icon=":material/hourglass_top:",
            color="blue",
            active=True,
            actions=("stop",),
        ),
        State.RUNNING: StateRow(
            label="Running",
            sentence="It trains in its own process; you may close this page.",
            icon=":material/bolt:",
            color="blue",
            active=True,
            actions=("pause", "stop"),
        ),
        State.PAUSING: StateRow(
            label="Pausing",
            sentence="It stops after the step it is in and keeps everything.",
            icon=":material/pause:",
            color="orange",
            active=True,
            actions=("stop", "force_stop"),
        ),
        State.PAUSED: StateRow(
            label="Paused",
            sentence="It waits where it was, with nothing lost. Resume it when you like.",
            icon=":material/pause_circle:",
            color="orange",
            actions=("resume", "stop", "delete"),
        ),
        State.STOPPING: StateRow(
            label="Stopping",
            sentence="It finishes the step it is in, then scores the best model so far.",
            icon=":material/stop:",
            color="orange",
            active=True,
            actions=("force_stop",),
        ),
        State.STOPPED: StateRow(
            label="Stopped",
            sentence="It was stopped; the best model until then is kept.",
            icon=":material/stop_circle:",
            color="gray",
            ended=True,
            actions=("resume", "predict", "delete"),
        ),
        State.FINISHED: StateRow(
            label="Finished",
            sentence="It is done; ask it about new pictures, or compare it.",
            icon=":material/check_circle:",
            color="green",
            ended=True,
            actions=("predict", "delete"),
        ),
        State.FAILED: StateRow(
            label="Failed",
            sentence="It could not go on; the reason is below.",
            icon=":material/error:",
            color="red",
            ended=True,
            actions=("resume", "stop", "predict", "delete"),
        ),
        State.LOST: StateRow(
            label="Lost",
            sentence="Its worker ended without a word. Resume it from its last checkpoint.",
            icon=":material/help:",
            color="red",
            ended=True,
            actions=("resume", "stop", "delete"),
        ),
    }
)
