"""A worker without TensorFlow: holds the lock, writes status, events, checkpoints and report as the real one does.

The words of the run's name tell it what to do: `steps=40` to end after so many steps of ten
milliseconds, and `crash`, `fail`, `deaf` (to what is wanted and to SIGTERM), `stillborn` (before the lock),
`patient` (in its first attempt it stays at half of its steps until something is wanted of it).
"""

import os
import signal
import sys
import time
from pathlib import Path

from cnnlab.runs.folder import EventWriter, RunFolder
from cnnlab.runs.records import AttemptStart, Epoch, PhaseResult, PhaseStart, Report, Status, Step
from cnnlab.runs.states import State, Wanted

STEP_SECONDS = 0.01
STEPS_AN_EPOCH = 10


def main(path: str) -> int:
    """Carry a run as its name says."""
    run = RunFolder(Path(path))
    words = run.spec().name.split()
    if "stillborn" in words:
        print("The stand-in was told to end before it took the lock.")
        return 3
    with run.lock().acquire(timeout=60.0):
        state = carry(run, words)
    return 0 if state is State.FINISHED else 1


def carry(run: RunFolder, words: list[str]) -> State:
    """Write what happens, step by step, and obey."""
    control = run.control()
    steps = next((int(word.removeprefix("steps=")) for word in words if word.startswith("steps=")), 10)
    deaf = "deaf" in words
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    step = newest_checkpoint(run)
    status = Status(
        state=State.RUNNING, attempt=control.attempt, pid=os.getpid(), epochs=steps // STEPS_AN_EPOCH
    )
    run.write_status(status)
    writer = EventWriter(run)
    writer.append(AttemptStart(attempt=control.attempt, epoch=step // STEPS_AN_EPOCH, step=step))
    if step == 0:
        writer.append(
            PhaseStart(phase="training", epoch=0, step=0, trainable_parameters=10, frozen_parameters=5)
        )
    state = State.FINISHED
    while step < steps:
        want = run.control().want
        if not deaf and want is not Wanted.RUN:
            state = State.PAUSED if want is Wanted.PAUSE else State.STOPPED
            break
        time.sleep(STEP_SECONDS)
        if "patient" in words and control.attempt == 1 and step == steps // 2:
            continue
        step += 1
        writer.append(
            Step(
                attempt=control.attempt,
                phase="training",
                epoch=1,
                step=step,
                loss=1 / step,
                accuracy=0.5,
                learning_rate=1e-3,
            )
        )
        if step % STEPS_AN_EPOCH == 0:
            epoch = step // STEPS_AN_EPOCH
            writer.append(
                Epoch(
                    attempt=control.attempt,
                    phase="training",
                    epoch=epoch,
                    step=step,
                    loss=1 / step,
                    accuracy=0.5,
                    val_loss=1 / step,
                    val_accuracy=0.5,
                    learning_rate=1e-3,
                    seconds=0.1,
                    pictures_per_second=100.0,
                    best=True,
                )
            )
            run.write_status(status.model_copy(update={"epoch": epoch, "step": step}))
        checkpoint(run, step)
        if "crash" in words and step == steps // 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if "fail" in words and step == steps // 2:
            run.write_status(status.model_copy(update={"state": State.FAILED, "message": "Told to fail."}))
            return State.FAILED
    if state is not State.PAUSED and step:
        (run.path / "report.json").write_text(report(step).model_dump_json())
    run.write_status(
        status.model_copy(update={"state": state, "epoch": step // STEPS_AN_EPOCH, "step": step})
    )
    return state


def newest_checkpoint(run: RunFolder) -> int:
    """The step to go on from."""
    return max((int(path.stem[5:]) for path in (run.path / "checkpoints").glob("step-*.json")), default=0)


def checkpoint(run: RunFolder, step: int) -> None:
    """Remember a step."""
    folder = run.path / "checkpoints"
    folder.mkdir(exist_ok=True)
    (folder / f"step-{step:09}.json").touch()


def report(step: int) -> Report:
    """What came out: as good as the stand-in's steps were many."""
    result = PhaseResult(
        phase="training",
        epochs=1,
        best_epoch=1,
        val_loss=1 / step,
        val_accuracy=0.5,
        seconds=0.1,
        trainable_parameters=10,
        frozen_parameters=5,
    )
    return Report(
        phases=(result,),
        best_phase="training",
        best_epoch=1,
        val_loss=1 / step,
        val_accuracy=0.5,
        test_loss=0.1,
        test_accuracy=0.6,
        test_accuracy_low=0.5,
        test_accuracy_high=0.7,
        num_test_pictures=100,
        verdict="Fine.",
        parameters=15,
        lite_largest_difference=None,
        seconds=1.0,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
