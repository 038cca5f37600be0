"""The process that carries one run: `python -m cnnlab.training.worker RUN_FOLDER`.

It holds the run's lock for its whole life and says what it does in the run's folder. Its parent,
`runs.keeper`, lets the queue go on when it ends. It never touches the index, and nothing of it runs in
the server.
"""

import errno
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from filelock import Timeout

from cnnlab.data.children import be_a_good_neighbour
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import PackedPictures, pack_pictures
from cnnlab.errors import CnnlabError, DatasetError
from cnnlab.files import write_atomically
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import PHASE_LABELS, AttemptStart
from cnnlab.runs.states import State, Wanted
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.training.checkpoints import Checkpoint, CheckpointFolder
from cnnlab.training.finishing import Outcome, finish_run
from cnnlab.training.phases import Course, Phase, plan_course
from cnnlab.training.planning.estimate import Estimate, estimate_run, seconds_left
from cnnlab.training.recorder import Interrupted, Recorder
from cnnlab.training.surroundings import keep_surroundings
from cnnlab.training.trainer import Diverged, Examples, Trainer

LOCK_SECONDS = 5.0
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
BEFORE_FINE_TUNING = "correct_before_fine_tuning.npy"


def main(path: str) -> int:
    """Carry the run in a folder; return the exit code."""
    folder = RunFolder(Path(path))
    lock = folder.lock()
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        print("Another worker holds this run.", file=sys.stderr)
        return 2
    try:
        code = _carry(folder)
    finally:
        lock.release()
    return code


def _carry(folder: RunFolder) -> int:
    recorder = Recorder(folder, attempt=folder.control().attempt)
    be_a_good_neighbour()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: recorder.interrupt(Wanted.PAUSE))
    try:
        recorder.start(state=State.STARTING, pid=os.getpid(), activity="Loading TensorFlow")
        job = _Job(folder, recorder)
        state, message = job.carry()
    except CnnlabError as error:
        state, message = State.FAILED, str(error)
    except MemoryError:
        traceback.print_exc()
        state, message = (
            State.FAILED,
            "There was not enough memory. Try a smaller batch, a smaller image size or fewer blocks to unfreeze.",
        )
    except OSError as error:
        traceback.print_exc()
        state, message = State.FAILED, _no_file(error)
        recorder.update(disk_full=error.errno in DISK_FULL)
    except Exception as error:
        traceback.print_exc()
        state, message = State.FAILED, _unexpected(error)
    try:
        recorder.close(state, message=message)
    except OSError:
        # Not even the last word fits on the disk: the log has it, and a free lock says that nobody works here.
        traceback.print_exc()
        print(message, file=sys.stderr)
        return 1
    return 0 if state is not State.FAILED else 1


@dataclass
class _Job:
    """One attempt at one run."""

    folder: RunFolder
    recorder: Recorder
    spec: RunSpec = field(init=False)
    checkpoints: CheckpointFolder = field(init=False)
    started: float = field(default_factory=time.monotonic)
    _activity: str = ""
    _activity_started: float = 0.0
    _changed: tuple[str, ...] = ()
    """What is not as it was around the attempt before, as sentences."""

    def __post_init__(self) -> None:
        self.spec = self.folder.spec()
        self.checkpoints = CheckpointFolder(self.folder.path / "checkpoints")

    def carry(self) -> tuple[State, str]:
        """Train, score and keep; return the state the run ends in and why."""
        try:
            pictures, course = self._prepare()
        except Interrupted as interruption:
            return self._interrupted_early(interruption.wanted)
        trainer = self._trainer(pictures, course)
        checkpoint = self._take_up()
        state, message = State.FINISHED, ""
        try:
            trainer.run(checkpoint)
        except Interrupted as interruption:
            if interruption.wanted is Wanted.PAUSE:
                return State.PAUSED, ""
            state = State.STOPPED
        except Diverged as error:
            state, message = State.FAILED, str(error)
        if trainer.progress.best is None:
            return (
                state,
                message or "It was stopped before its first epoch ended, so there is no model to keep.",
            )
        try:
            self._finish(trainer, pictures, course, stopped=state is not State.FINISHED)
        except Interrupted:
            # Taken up again it finds nothing left to train, and finishes.
            return State.PAUSED, ""
        return state, message and f"{message} The best model until then is kept."

    def _prepare(self) -> tuple[PackedPictures, Course]:
        reference, network = self.spec.dataset, self.spec.network
        dataset = find_dataset(reference.id, version=reference.version)
        if problems := dataset.problems():
            raise DatasetError(" ".join(problems))
        if dataset.class_names != self.spec.class_names:
            raise DatasetError(
                f"The classes of {reference.name!r} are not those that this run was started with. Start a new run."
            )
        pictures = pack_pictures(
            dataset,
            image_size=network.image_size,
            on_progress=lambda done, total: self._report("Packing pictures", done, total),
        )
        self._report("Loading TensorFlow", 0, 0)
        prepare_tensorflow(self.spec)
        self._changed = keep_surroundings(self.folder, spec=self.spec, attempt=self.recorder.attempt)
        self.recorder.update(now=True, state=State.RUNNING)
        course = plan_course(self.spec, pictures, cache=workspace().cache, on_progress=self._report)
        return pictures, course

    def _trainer(self, pictures: PackedPictures, course: Course) -> Trainer:
        return Trainer(
            course.phases,
            examples=Examples(
                labels=pictures.labels,
                training=pictures.positions("training"),
                validation=pictures.positions("validation"),
            ),
            training=self.spec.training,
            seed=self.spec.seed,
            recorder=self.recorder,
            checkpoints=self.checkpoints,
            parameters=course.whole_model().count_params(),
            started=self.started,
            on_phase_scored=lambda phase, probabilities: self._remember_start(phase, probabilities, pictures),
            seconds_after=self._seconds_after,
        )

    def _take_up(self) -> Checkpoint | None:
        checkpoint = self.checkpoints.load_newest()
        progress = checkpoint.progress if checkpoint else None
        if checkpoint is None and self.folder.has_checkpoint():
            self.recorder.note("No checkpoint could be read; the run starts again from the beginning.")
        self.recorder.record(
            AttemptStart(
                attempt=self.recorder.attempt,
                epoch=progress.epoch if progress else 0,
                step=progress.step if progress else 0,
            )
        )
        if because := self.folder.control().retried_because:
            self.recorder.note(f"{because} The run was taken up again by itself.")
        for sentence in self._changed:
            self.recorder.note(sentence)
        for name in checkpoint.damaged if checkpoint else ():
            self.recorder.note(f"The checkpoint {name} was damaged; the one before it was used.")
        return checkpoint

    def _finish(self, trainer: Trainer, pictures: PackedPictures, course: Course, *, stopped: bool) -> None:
        self.recorder.update(
            now=True,
            activity="Scoring the best model and converting it",
            finishing=True,
            share_done=None,
            seconds_left=None,
        )
        before = self.folder.path / BEFORE_FINE_TUNING
        outcome = Outcome(
            spec=self.spec,
            pictures=pictures,
            course=course,
            progress=trainer.progress,
            trainable={
                phase.name: sum(variable.numpy().size for variable in phase.model.trainable_variables)
                for phase in course.phases
            },
            correct_before=np.load(before) if before.is_file() else None,
            seconds=trainer.progress.seconds,
            stopped=stopped,
        )
        finish_run(
            outcome,
            folder=self.folder,
            checkpoints=self.checkpoints,
            on_progress=lambda *doing: self._report_finishing(*doing, stopped=stopped),
        )

    def _seconds_left(self, activity: str, *, done: int, total: int) -> float | None:
        """What a preparation still takes at the pace it has, and the phases after it as they are estimated."""
        if activity != self._activity:
            self._activity, self._activity_started = activity, time.monotonic()
        if not done or self._estimate is None:
            return None
        rest = (time.monotonic() - self._activity_started) * (total - done) / done
        names = [part.name for part in self._estimate.parts]
        first_phase = next(position for position, name in enumerate(names) if name in PHASE_LABELS)
        return rest + self._seconds_after(names[first_phase - 1])

    def _seconds_after(self, part: str) -> float:
        """What is estimated for all that comes after a phase, or after another part of the run."""
        return 0.0 if self._estimate is None else seconds_left(self._estimate, part=part, of_part=0.0)

    @cached_property
    def _estimate(self) -> Estimate | None:
        reference = self.spec.dataset
        try:
            return estimate_run(self.spec, find_dataset(reference.id, version=reference.version))
        except CnnlabError:
            # Nobody knows then how long the rest takes; no reason to end a run.
            return None

    def _remember_start(self, phase: Phase, probabilities: np.ndarray, pictures: PackedPictures) -> None:
        correct = probabilities.argmax(axis=1) == pictures.labels[pictures.positions("validation")]
        write_atomically(
            self.folder.path / BEFORE_FINE_TUNING, lambda temporary: _save_array(temporary, correct)
        )
        self.recorder.note(
            f"Fine-tuning starts from the best model so far: validation accuracy {correct.mean() * 100:.1f} %."
        )

    def _report(self, activity: str, done: int, total: int) -> None:
        self.recorder.update(
            activity=activity,
            share_done=done / total if total else None,
            seconds_left=self._seconds_left(activity, done=done, total=total),
        )
        try:
            self.recorder.obey()
        except Interrupted as interruption:
            # The model of an earlier attempt is to be scored before it stops: that needs all of this.
            if interruption.wanted is not Wanted.STOP or not self._has_model:
                raise

    def _report_finishing(self, activity: str, done: int, total: int, *, stopped: bool) -> None:
        self.recorder.update(activity=activity, share_done=done / total if total else None)
        if not stopped:
            self.recorder.obey()

    @cached_property
    def _has_model(self) -> bool:
        checkpoint = self.checkpoints.load_newest()
        return checkpoint is not None and checkpoint.progress.best is not None

    def _interrupted_early(self, wanted: Wanted) -> tuple[State, str]:
        if wanted is Wanted.PAUSE:
            return State.PAUSED, ""
        return State.STOPPED, "It was stopped before training began, so there is no model to keep."


def prepare_tensorflow(spec: RunSpec) -> None:
    """Load TensorFlow and make what is random in it follow the seed."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(spec.seed)
    if spec.training.deterministic:
        tf.config.experimental.enable_op_determinism()


def _save_array(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def _no_file(error: OSError) -> str:
    if error.errno in DISK_FULL:
        return "The disk is full. Nothing before the last checkpoint is lost; make room."
    return f"A file could not be read or written ({error}). Make it possible, then resume the run."


def _unexpected(error: Exception) -> str:
    if type(error).__name__ == "ResourceExhaustedError":
        return "There was not enough memory. Try a smaller batch, a smaller image size or fewer blocks to unfreeze."
    return f"Something in cnnlab went wrong ({type(error).__name__}: {str(error)[:300]}). The log below has the whole story."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
