"""What a worker writes down: its status, events as they happen, and the report at the end.

One JSON object each; NaN is written as null, because browsers refuse the word. This module never
opens a file: `runs.folder` does.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cnnlab.runs.states import State, Wanted

PhaseName = Literal["training", "feature_extraction", "fine_tuning"]

PHASE_LABELS: dict[str, str] = {
    "training": "Training",
    "feature_extraction": "Feature extraction",
    "fine_tuning": "Fine-tuning",
}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


class Status(_Record):
    """`state.json`: where the worker is now. Written by the worker only, whole, at least every 2 seconds."""

    state: State = State.STARTING
    attempt: int = 1
    pid: int | None = None
    beat: int = 0
    """Grows with every writing; a reader that sees it stand still sees a stalled worker."""
    phase: PhaseName | None = None
    activity: str = ""
    """What it is doing, for one line on the screen: 'Computing activations'."""
    share_done: float | None = None
    """How much of the activity is done, 0 to 1, where that is known."""
    finishing: bool = False
    """Training is over: the best model is scored and converted, and nothing is left to pause or stop."""
    epoch: int = 0
    """Epochs finished, counted over all phases."""
    epochs: int = 0
    """Epochs planned, over all phases."""
    step: int = 0
    """Steps finished, counted over all phases."""
    steps: int = 0
    pictures_per_second: float | None = None
    seconds_left: float | None = None
    message: str = ""
    """Why it failed, or what else a person should know."""
    disk_full: bool = False
    """It failed because a file no longer fitted on the disk."""
    memory_bytes: int = 0
    """What the worker holds."""
    free_memory_bytes: int | None = None
    """What the machine, or the worker's part of it, had left then."""
    updated_at: float = 0.0
    """Wall clock, seconds since 1970."""


class Control(_Record):
    """`control.json`: what is wanted of the run. Written by the server only."""

    want: Wanted = Wanted.RUN
    attempt: int = 1
    """Which attempt this is for; above the status' own, the run is waiting to be taken up (again)."""
    queued_at: float = 0.0
    """Its place in the queue: wall clock, seconds since 1970."""
    wanted_at: float = 0.0
    """When somebody last asked for something else: wall clock, seconds since 1970."""
    retries: int = 0
    """How often the queue has taken it up by itself since a person last started or resumed it."""
    retried_because: str = ""
    """Why it did the last time, for whoever watches."""
    forced: bool = False
    """A person had its worker ended by force: the queue does not take it up by itself."""


class Launch(_Record):
    """`launch.json`: which process was started for which attempt. Written by the queue, under its lock."""

    attempt: int
    executor: str
    handle: str
    """What the executor needs to find the worker again: a pid and its start time, a job number."""
    at: float
    ended: bool = False
    """The executor says that it is gone; whoever waits for it waits in vain."""
    message: str = ""
    """Why it could not be started, where it could not."""
    slot: int = 0
    """Which of the places it has, from 0; where there are graphics cards, each is a place."""
    boot: str = ""
    """Which start of the machine it was launched in, '' where that cannot be known."""
    oom_kills: int | None = None
    """How many processes the machine had ended for want of memory until then."""


class Ended(_Record):
    """`ended.json`: how a worker's process ended. Written by the worker's keeper."""

    attempt: int
    exit_code: int
    """0 where it ended well; minus the signal's number where a signal ended it."""
    oom_kills: int | None = None
    """How many processes the machine had ended for want of memory until then."""
    at: float = 0.0


class Step(_Record):
    """One step; at most five a second are recorded, and ten an epoch however fast it is."""

    kind: Literal["step"] = "step"
    attempt: int = 1
    phase: PhaseName
    epoch: int
    """The epoch under way, from 1, counted over all phases."""
    step: int
    """Steps finished, over all phases."""
    loss: float | None
    accuracy: float | None
    learning_rate: float
    at: float = 0.0


class Epoch(_Record):
    """An epoch that is finished and scored on the validation split."""

    kind: Literal["epoch"] = "epoch"
    attempt: int = 1
    phase: PhaseName
    epoch: int
    """From 1, over all phases; 0 of fine-tuning is written as the epoch it starts after."""
    step: int
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float
    pictures_per_second: float
    best: bool = False
    """Whether its validation loss was the lowest so far."""
    drift: dict[str, float] = {}
    """How far each unfrozen block of the backbone has moved from its pretrained weights, as a share of their norm."""
    at: float = 0.0


class PhaseStart(_Record):
    """A phase begins."""

    kind: Literal["phase"] = "phase"
    attempt: int = 1
    phase: PhaseName
    epoch: int
    """Epochs finished before it."""
    step: int
    trainable_parameters: int
    frozen_parameters: int
    at: float = 0.0


class AttemptStart(_Record):
    """A worker takes the run up, at the beginning or from a checkpoint.

    Whatever earlier attempts recorded after `step` happened in a future that was lost: readers drop it.
    """

    kind: Literal["attempt"] = "attempt"
    attempt: int
    epoch: int = 0
    """Epochs finished where it takes up."""
    step: int = 0
    at: float = 0.0


class Note(_Record):
    """A sentence for whoever watches: 'Early stopping: no better epoch for 5 epochs.'"""

    kind: Literal["note"] = "note"
    attempt: int = 1
    text: str
    at: float = 0.0


Event = Annotated[Step | Epoch | PhaseStart | AttemptStart | Note, Field(discriminator="kind")]


class PhaseResult(_Record):
    """The best epoch of one phase."""

    phase: PhaseName
    epochs: int
    best_epoch: int
    val_loss: float | None
    val_accuracy: float | None
    seconds: float
    trainable_parameters: int
    frozen_parameters: int


class Report(_Record):
    """`report.json`: what came out, written once at the end."""

    phases: tuple[PhaseResult, ...]
    best_phase: PhaseName
    best_epoch: int
    val_loss: float | None
    val_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    test_accuracy_low: float | None
    """Lower end of the 95 % Wilson interval."""
    test_accuracy_high: float | None
    num_test_pictures: int
    verdict: str
    """What fine-tuning brought, or that there was none, as a sentence with numbers."""
    parameters: int
    lite_largest_difference: float | None
    """Largest difference of a probability between the Keras model and the LiteRT one, on test pictures."""
    lite_message: str = ""
    """Why there is no LiteRT model, where there is none."""
    lite_bytes: int | None = None
    keras_bytes: int | None = None
    seconds: float
    stopped_early: bool = False
    versions: dict[str, str] = {}
    machine: str = ""
    latency_p50_ms: float | None = None
    """Half of LiteRT's answers for one picture came within this time, in a process of their own."""
    latency_p95_ms: float | None = None
    pictures_per_second: float | None = None
    """Through LiteRT, one at a time."""
    predict_peak_bytes: int | None = None
    """The most memory of a process that does nothing but ask the LiteRT model."""
    training_peak_bytes: int | None = None
    """The most memory that the worker held."""
    folds: int = 0
    """Of the cross-validation of a head on frozen features; 0 where there was none."""
    folds_accuracy: float | None = None
    """Share of the training and validation pictures that heads which had not seen them named right."""
    folds_accuracy_low: float | None = None
    """Lower end of the 95 % Wilson interval."""
    folds_accuracy_high: float | None = None
    num_folds_pictures: int = 0
    measuring_message: str = ""
    """What could not be measured, and why."""
