"""Runs the phases of a run, step by step, and can be taken up after any of them.

One best over all phases: an epoch is better when its validation loss is below that of every epoch
before it, in whichever phase. (Keras' EarlyStopping forgets its best at each `fit`, so two phases
can end worse than the first.) This module never builds a network and never scores the test split.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab.data.pipeline import batches, count_batches, order_of_epoch
from cnnlab.errors import TrainingError
from cnnlab.evaluation import metrics
from cnnlab.runs.records import Epoch, PhaseStart, Step
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training.checkpoints import SECONDS_BETWEEN_EPOCHS_KEPT, Checkpoint, CheckpointFolder, assign
from cnnlab.training.learner import Learner, Objective, plan_objective
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.phases import Phase
from cnnlab.training.progress import Best, EpochSums, PhaseProgress, Progress
from cnnlab.training.recorder import Interrupted, Recorder
from cnnlab.training.schedules import learning_rate_at

SECONDS_BETWEEN_CHECKPOINTS = 30.0
MILESTONES_AN_EPOCH = 10
"""So many steps of an epoch are recorded however fast it is."""
LARGEST_SHARE_OF_SAVING = 0.05
"""Checkpoints within an epoch come further apart when writing one would take more of the time than this."""
MOST_SECONDS_BETWEEN_CHECKPOINTS = 50.0
"""However slow the disk: at most a minute is ever lost."""


WORSE_THAN_GUESSING, EPOCHS_NOT_FALLING = 2.0, 3
"""A training loss of so many times that of guessing, which did not fall for so many epochs, will not come back."""


class Diverged(TrainingError):
    """The loss is no longer a number, or grows without end."""


@dataclass(frozen=True, kw_only=True)
class Examples:
    """The labels of all inputs, and which of them are learned from and which scored."""

    labels: np.ndarray
    """True class indices, int32, shape (N,)."""
    training: np.ndarray
    validation: np.ndarray


class Trainer:
    """Carries a run from where it is to its end."""

    def __init__(
        self,
        phases: Sequence[Phase],
        *,
        examples: Examples,
        training: ScratchTraining | TransferTraining,
        seed: int,
        recorder: Recorder,
        checkpoints: CheckpointFolder,
        parameters: int,
        started: float | None = None,
        on_phase_scored: Callable[[Phase, np.ndarray], None] = lambda phase, probabilities: None,
        seconds_after: Callable[[str], float] = lambda phase: 0.0,
    ) -> None:
        self.phases = phases
        self.progress = Progress(phases=[PhaseProgress(name=phase.name) for phase in phases])
        self._examples = examples
        self._training = training
        self._seed = seed
        self._recorder = recorder
        self._checkpoints = checkpoints
        self._parameters = parameters
        self._on_phase_scored = on_phase_scored
        self._seconds_after = seconds_after
        self._steps_per_epoch = count_batches(len(examples.training), batch_size=training.batch_size)
        self._learner: Learner | None = None
        self._best_arrays: list[np.ndarray] | None = None
        self._counted_until = started if started is not None else time.monotonic()
        self._saved_at = time.monotonic()
        self._saving_seconds = 0.0

    def run(self, checkpoint: Checkpoint | None = None) -> None:
        """Train until every phase is over, from the beginning or from a checkpoint.

        Raises:
            Interrupted: A pause or stop was wanted; everything is in a checkpoint.
            Diverged: The loss is no longer a number or grows without end; `progress.best` is as it was.
        """
        if checkpoint is not None:
            self.progress = checkpoint.progress
        for index in range(self.progress.phase_index, len(self.phases)):
            taken_up = checkpoint is not None and index == self.progress.phase_index
            self._enter(index, checkpoint.arrays if taken_up else None)
            try:
                self._run_phase(self.phases[index])
            except Diverged:
                self._write_best()
                raise
            self._save()

    def _enter(self, index: int, arrays: list[np.ndarray] | None) -> None:
        phase = self.phases[index]
        self._learner = Learner(
            phase.model,
            optimizer=build_optimizer(
                self._training.optimizer, learning_rate=phase.learning_rate, rates=phase.rates
            ),
            objective=self._objective(phase),
        )
        trainable = sum(math.prod(variable.shape) for variable in phase.model.trainable_variables)
        steps = sum(each.epochs for each in self.phases) * self._steps_per_epoch
        self._recorder.update(
            now=True,
            phase=phase.name,
            activity="",
            share_done=None,
            steps=steps,
            epochs=sum(each.epochs for each in self.phases),
        )
        if arrays is not None:
            assign(self._variables(), arrays)
            return
        if index > 0:
            self.progress.phase_index = index
            self._start_from_best_of(self.phases[index - 1])
        self._recorder.record(
            PhaseStart(
                phase=phase.name,
                epoch=self.progress.epoch,
                step=self.progress.step,
                trainable_parameters=trainable,
                frozen_parameters=self._parameters - trainable,
            )
        )
        if index > 0:
            self._on_phase_scored(phase, self._validation_probabilities(phase))
        self._save()

    def _start_from_best_of(self, before: Phase) -> None:
        # The phase before ended some epochs after its best one; the next starts from the best.
        assign(before.model.variables, self._checkpoints.load_best(self.progress.best))

    def _run_phase(self, phase: Phase) -> None:
        progress = self.progress.phase
        patience = self._training.early_stopping_patience
        while progress.epochs_done < phase.epochs:
            if patience and progress.epochs_without_better >= patience:
                self._recorder.note(
                    f"Early stopping after {progress.epochs_done} of {phase.epochs} epochs: no better validation loss for {patience} epochs."
                )
                break
            self._run_epoch(phase)

    def _run_epoch(self, phase: Phase) -> None:
        progress, started, seen_before = self.progress, time.monotonic(), self.progress.sums.seen
        order = order_of_epoch(self._examples.training, seed=self._seed, epoch=progress.epoch + 1)
        for batch in batches(order, batch_size=self._training.batch_size, first=progress.step_of_epoch):
            self._obey()
            self._run_step(phase, batch, started=started, seen_before=seen_before)
        event = self._score_epoch(
            phase, pictures_per_second=_rate(progress.sums.seen - seen_before, since=started)
        )
        seconds = time.monotonic() - started
        progress.phase.seconds += seconds
        self._recorder.record(event.model_copy(update={"seconds": seconds}))
        self._recorder.update(now=True, epoch=progress.epoch)
        if time.monotonic() - self._saved_at > SECONDS_BETWEEN_EPOCHS_KEPT:
            self._save()

    def _run_step(self, phase: Phase, batch: np.ndarray, *, started: float, seen_before: int) -> None:
        progress = self.progress
        learning_rate = self._learning_rate(phase)
        self._learner.set_learning_rate(learning_rate)
        inputs = phase.inputs.batch(batch, epoch=progress.epoch + 1)
        mix = phase.inputs.mix(batch, epoch=progress.epoch + 1)
        result = self._learner.learn(inputs, self._examples.labels[batch], mix=mix)
        if not math.isfinite(result.loss_sum):
            raise Diverged(
                f"The loss is no longer a number after step {progress.step + 1:,} of the run, in {phase.name.replace('_', ' ')}: the weights "
                f"took too large a step. Try a learning rate ten times smaller than {phase.learning_rate:g}, or batch normalization."
            )
        progress.sums.add(loss_sum=result.loss_sum, correct=result.correct, seen=result.seen)
        progress.step += 1
        progress.step_of_epoch += 1
        self._recorder.record_step(
            Step(
                phase=phase.name,
                epoch=progress.epoch + 1,
                step=progress.step,
                loss=result.loss_sum / result.seen,
                accuracy=result.correct / result.seen,
                learning_rate=learning_rate,
            ),
            # An epoch of a head may take a tenth of a second, and its curve should have more than a point.
            milestone=progress.step_of_epoch % max(1, self._steps_per_epoch // MILESTONES_AN_EPOCH) == 0,
        )
        pictures_per_second = _rate(progress.sums.seen - seen_before, since=started)
        epochs_left = phase.epochs - progress.phase.epochs_done
        pictures_left = epochs_left * len(self._examples.training) - progress.sums.seen
        self._recorder.update(
            step=progress.step,
            epoch=progress.epoch,
            pictures_per_second=pictures_per_second,
            seconds_left=pictures_left / pictures_per_second + self._seconds_after(phase.name),
        )

    def _score_epoch(self, phase: Phase, *, pictures_per_second: float) -> Epoch:
        progress = self.progress
        probabilities = self._validation_probabilities(phase)
        labels = self._examples.labels[self._examples.validation]
        val_loss = metrics.cross_entropy(probabilities, labels)
        val_accuracy = metrics.accuracy(probabilities, labels)
        if not math.isfinite(val_loss):
            raise Diverged(
                f"The validation loss is no longer a number after epoch {progress.epoch + 1}. "
                f"Try a learning rate ten times smaller than {phase.learning_rate:g}."
            )
        loss, accuracy, learning_rate = progress.sums.loss, progress.sums.accuracy, self._learning_rate(phase)
        self._check_that_it_converges(phase, loss=loss)
        progress.epoch += 1
        progress.phase.epochs_done += 1
        progress.step_of_epoch, progress.sums = 0, EpochSums()
        better = self._keep_if_better(phase, val_loss=val_loss, val_accuracy=val_accuracy)
        return Epoch(
            phase=phase.name,
            epoch=progress.epoch,
            step=progress.step,
            loss=loss,
            accuracy=accuracy,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=learning_rate,
            seconds=0.0,
            pictures_per_second=pictures_per_second,
            best=better,
            drift=phase.drift(),
        )

    def _check_that_it_converges(self, phase: Phase, *, loss: float) -> None:
        progress, guessing = self.progress.phase, math.log(phase.model.output_shape[-1])
        # While the rate rises a hump is to be expected: one-cycle makes it on purpose.
        falls = progress.last_loss is None or loss < progress.last_loss or self._rate_rises(phase)
        progress.epochs_not_falling = 0 if falls else progress.epochs_not_falling + 1
        progress.last_loss = loss
        if progress.epochs_not_falling >= EPOCHS_NOT_FALLING and loss > WORSE_THAN_GUESSING * guessing:
            raise Diverged(
                f"The training loss has not fallen for {EPOCHS_NOT_FALLING} epochs and is {loss:.2f} after epoch "
                f"{self.progress.epoch + 1}; guessing evenly would give {guessing:.2f}. Try a learning rate ten times "
                f"smaller than {phase.learning_rate:g}, or a schedule that warms up."
            )

    def _rate_rises(self, phase: Phase) -> bool:
        first = self.progress.phase.epochs_done * self._steps_per_epoch
        return self._rate_at(first + self._steps_per_epoch - 1, phase) > self._rate_at(first, phase)

    def _keep_if_better(self, phase: Phase, *, val_loss: float, val_accuracy: float) -> bool:
        progress = self.progress
        better = progress.best is None or val_loss < progress.best.val_loss
        weights = self._checkpoints.name_best(progress.epoch) if better else ""
        if better:
            self._best_arrays = [np.array(variable.numpy()) for variable in phase.model.variables]
        scored = Best(
            phase=phase.name,
            epoch=progress.epoch,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            weights=weights,
        )
        if progress.phase.best is None or val_loss < progress.phase.best.val_loss:
            progress.phase.best = scored
        if better:
            progress.best = scored
        progress.phase.epochs_without_better = 0 if better else progress.phase.epochs_without_better + 1
        return better

    def _learning_rate(self, phase: Phase) -> float:
        done = self.progress.phase.epochs_done * self._steps_per_epoch + self.progress.step_of_epoch
        return self._rate_at(done, phase)

    def _rate_at(self, step: int, phase: Phase) -> float:
        return learning_rate_at(
            step,
            steps=phase.epochs * self._steps_per_epoch,
            learning_rate=phase.learning_rate,
            schedule=self._training.schedule,
        )

    def _objective(self, phase: Phase) -> Objective:
        return plan_objective(
            self._training,
            self._examples.labels[self._examples.training],
            num_classes=phase.model.output_shape[-1],
            l2=phase.l2,
            penalised=phase.penalised,
        )

    def _validation_probabilities(self, phase: Phase) -> np.ndarray:
        return self._learner.probabilities(phase.inputs.plain, self._examples.validation)

    def _obey(self) -> None:
        try:
            self._recorder.obey()
        except Interrupted:
            self._save()
            raise
        rare_enough = self._saving_seconds / LARGEST_SHARE_OF_SAVING
        pause = min(max(SECONDS_BETWEEN_CHECKPOINTS, rare_enough), MOST_SECONDS_BETWEEN_CHECKPOINTS)
        if time.monotonic() - self._saved_at > pause:
            self._save()

    def _write_best(self) -> None:
        if self._best_arrays is not None:
            best = self.progress.best
            best.sha256 = self._checkpoints.save_best(self._best_arrays, name=best.weights)
            self._best_arrays = None

    def _save(self) -> None:
        started = time.monotonic()
        # First what the checkpoint names.
        self._write_best()
        self.progress.seconds += started - self._counted_until
        self._counted_until = started
        self._checkpoints.save(self._variables(), progress=self.progress)
        self._saved_at = time.monotonic()
        self._saving_seconds = self._saved_at - started

    def _variables(self) -> list:
        return [*self._learner.model.variables, *self._learner.optimizer.variables]


def _rate(pictures: int, *, since: float) -> float:
    return pictures / max(time.monotonic() - since, 1e-9)
