"""Table of what can happen to a run, and which state it is in then.

States are read from the files of a run (`runs.folder`), never from here: this is what that reading has
to come to, whatever happens in whichever order, and a test walks through it. What a state does not
list cannot happen to it. This module never reads a file.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from cnnlab.runs.states import State


class Happening(StrEnum):
    """Something that a person, the queue or a worker does to a run, or that befalls it."""

    LAUNCHED = "a worker is started"
    LAUNCHED_TO_SCORE = "a worker is started to score the best model"
    NOT_LAUNCHED = "a worker cannot be started"
    BEGAN = "its worker holds it"
    BEGAN_TO_SCORE = "its worker holds it to score the best model"
    TRAINS = "its worker trains"
    SCORES = "its worker scores the best model"
    PAUSE_ASKED = "somebody pauses it"
    STOP_ASKED = "somebody stops its worker"
    CANCELLED = "somebody stops it before there is anything to score"
    SCORING_ASKED = "somebody stops it where no worker is, and its best model is to be scored"
    RESUME_ASKED = "somebody resumes it"
    PAUSED = "its worker pauses"
    STOPPED = "its worker has stopped"
    FINISHED = "its worker has finished"
    FAILED = "its worker cannot go on and says why"
    DIED = "its worker is gone without a word"
    TAKEN_UP = "the queue takes it up by itself"


WORKER_ENDS = MappingProxyType(
    {
        # Also without being asked: a machine that goes down asks all its processes to end.
        Happening.PAUSED: State.PAUSED,
        Happening.FINISHED: State.FINISHED,
        Happening.FAILED: State.FAILED,
        Happening.DIED: State.LOST,
    }
)
"""What may come of every worker, whatever was asked of it."""

BACK_TO_THE_QUEUE = MappingProxyType(
    {
        Happening.RESUME_ASKED: State.QUEUED,
        Happening.SCORING_ASKED: State.QUEUED,
        Happening.TAKEN_UP: State.QUEUED,
    }
)
"""What may be done about a run that did not come to its end."""

TRANSITIONS: Mapping[State, Mapping[Happening, State]] = MappingProxyType(
    {
        State.QUEUED: {
            Happening.LAUNCHED: State.STARTING,
            Happening.LAUNCHED_TO_SCORE: State.STOPPING,
            Happening.NOT_LAUNCHED: State.LOST,
            Happening.CANCELLED: State.STOPPED,
            Happening.SCORING_ASKED: State.QUEUED,
        },
        State.STARTING: {
            **WORKER_ENDS,
            Happening.BEGAN: State.STARTING,
            Happening.TRAINS: State.RUNNING,
            Happening.STOP_ASKED: State.STOPPING,
        },
        State.RUNNING: {
            **WORKER_ENDS,
            Happening.SCORES: State.RUNNING,
            Happening.PAUSE_ASKED: State.PAUSING,
            Happening.STOP_ASKED: State.STOPPING,
        },
        State.PAUSING: {
            **WORKER_ENDS,
            # It was asked a moment too late: nothing is left to pause.
            Happening.SCORES: State.RUNNING,
            Happening.STOP_ASKED: State.STOPPING,
        },
        State.PAUSED: {**BACK_TO_THE_QUEUE, Happening.CANCELLED: State.STOPPED},
        State.STOPPING: {
            **WORKER_ENDS,
            Happening.BEGAN_TO_SCORE: State.STOPPING,
            Happening.TRAINS: State.STOPPING,
            Happening.SCORES: State.STOPPING,
            Happening.STOPPED: State.STOPPED,
        },
        # Only one that was taken out of the queue; one whose model was scored has come to its end.
        State.STOPPED: {Happening.RESUME_ASKED: State.QUEUED},
        State.FINISHED: {},
        State.FAILED: BACK_TO_THE_QUEUE,
        State.LOST: {
            **BACK_TO_THE_QUEUE,
            # A worker on a busy machine that took longer than a minute to come.
            Happening.BEGAN: State.STARTING,
            Happening.BEGAN_TO_SCORE: State.STOPPING,
        },
    }
)
"""For every state what can happen to a run in it, and the state after that. Deleting ends it all."""
