"""Runs with a past, for pages to show: events, status and report as a worker writes them."""

from cnnlab.runs.folder import EventWriter, RunFolder
from cnnlab.runs.records import (
    AttemptStart,
    Control,
    Epoch,
    Note,
    PhaseResult,
    PhaseStart,
    Report,
    Status,
    Step,
)
from cnnlab.runs.states import State
from cnnlab.specs.runs import RunSpec
from tests.runs.making import make_run

EPOCHS = 4
STEPS_AN_EPOCH = 5


def report_of(accuracy: float) -> Report:
    """What came out of a run of one phase."""
    phase = PhaseResult(
        phase="training",
        epochs=EPOCHS,
        best_epoch=3,
        val_loss=0.4,
        val_accuracy=accuracy,
        seconds=12.0,
        trainable_parameters=304_810,
        frozen_parameters=0,
    )
    return Report(
        phases=(phase,),
        best_phase="training",
        best_epoch=3,
        val_loss=0.4,
        val_accuracy=accuracy,
        test_loss=0.45,
        test_accuracy=accuracy - 0.01,
        test_accuracy_low=accuracy - 0.05,
        test_accuracy_high=accuracy + 0.03,
        num_test_pictures=150,
        verdict=f"Kept: epoch 3 of 4, validation accuracy {accuracy:.1%}.",
        parameters=304_810,
        lite_largest_difference=3e-6,
        lite_bytes=1_300_000,
        keras_bytes=1_400_000,
        seconds=12.0,
        machine="2 cores",
    )


def past_run(
    number: int = 1,
    *,
    spec: RunSpec | None = None,
    state: State = State.FINISHED,
    accuracy: float = 0.9,
    epochs: int = EPOCHS,
    message: str = "",
) -> RunFolder:
    """Make a run that trained for some epochs; a finished one has its report and a model."""
    status = Status(
        state=state,
        phase="training",
        epoch=epochs,
        epochs=EPOCHS,
        step=epochs * STEPS_AN_EPOCH,
        steps=EPOCHS * STEPS_AN_EPOCH,
        message=message,
    )
    done = state is State.FINISHED
    run = make_run(
        number, spec=spec, control=Control(), status=status, report=report_of(accuracy) if done else None
    )
    if done:
        (run.path / "model.tflite").write_bytes(b"a model")
    _write_events(run, epochs=epochs, accuracy=accuracy)
    return run


def _write_events(run: RunFolder, *, epochs: int, accuracy: float) -> None:
    writer = EventWriter(run)
    writer.append(AttemptStart(attempt=1))
    writer.append(
        PhaseStart(phase="training", epoch=0, step=0, trainable_parameters=304_810, frozen_parameters=0)
    )
    for step in range(1, epochs * STEPS_AN_EPOCH + 1):
        epoch = (step - 1) // STEPS_AN_EPOCH + 1
        writer.append(
            Step(
                phase="training", epoch=epoch, step=step, loss=2 / step, accuracy=accuracy, learning_rate=1e-3
            )
        )
        if step % STEPS_AN_EPOCH == 0:
            writer.append(
                Epoch(
                    phase="training",
                    epoch=epoch,
                    step=step,
                    loss=2 / step,
                    accuracy=accuracy,
                    val_loss=2.1 / step,
                    val_accuracy=accuracy - 0.1 / epoch,
                    learning_rate=1e-3,
                    seconds=3.0,
                    pictures_per_second=100.0,
                    best=True,
                )
            )
    writer.append(Note(text="Early stopping: no better epoch for *5* epochs."))
    writer.close()
