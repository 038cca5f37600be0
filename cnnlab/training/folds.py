"""Cross-validation of a head on frozen features: every picture is judged by a head that never saw it.

The features are there anyway, so a few more heads take seconds, and the interval of their accuracy is
far narrower than that of the validation split alone. Each head learns for all the epochs that were set
and its last weights count: early stopping would have to look at the pictures that judge it, and a split
of its own would take pictures from those it learns from. (An epoch too many hurts the loss, seldom the
accuracy.) Pictures are not augmented. Which pictures take part is the caller's choice: a score of a run
leaves the test split out, a search for wrong labels takes every picture. This module never keeps a head.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data.pipeline import batches, count_batches, order_of_epoch
from cnnlab.errors import TrainingError
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.specs.training import TransferTraining
from cnnlab.training.checkpoints import assign
from cnnlab.training.learner import Learner, Objective, kernels_of, plan_objective
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.schedules import learning_rate_at

if TYPE_CHECKING:
    import keras

OnProgress = Callable[[int, int], None]
"""Called before each step with (steps done, steps in all); may raise to interrupt."""


@dataclass(frozen=True, kw_only=True)
class FoldsResult:
    """How often heads named pictures right that they had not seen."""

    folds: int
    positions: np.ndarray
    """Of the pictures that were judged, int64, shape (N,)."""
    correct: np.ndarray
    """Whether each was named right, bool, shape (N,)."""
    probabilities: np.ndarray
    """What the head said of each that never saw it, float32, shape (N, num_classes); not finite where it diverged."""
    low: float
    """Lower end of the 95 % Wilson interval of the accuracy."""
    high: float

    @property
    def accuracy(self) -> float:
        """Share of the pictures that were named right, 0 to 1."""
        return float(self.correct.mean())


def cross_validate(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    positions: np.ndarray,
    groups: np.ndarray,
    head: "keras.Model",
    training: TransferTraining,
    seed: int,
    on_progress: OnProgress = lambda done, total: None,
) -> FoldsResult:
    """Train a head once for each fold on the others, and judge it by its own.

    Args:
        features: What the frozen network says of every picture, float, shape (N, num_features).
        labels: True class indices, int, shape (N,).
        positions: The pictures that take part, int, shape (M,).
        groups: Equal for pictures that may not be on both sides (copies of one another), shape (M,).
        head: From features to probabilities, with the weights that every fold begins with; it is changed.
        training: How the head learns, and how many folds there are.
        seed: Where the folds and the order of the pictures come from.
        on_progress: Hears of every step.

    Raises:
        TrainingError: There are fewer than two groups of pictures, so nothing could judge.
    """
    fold_of = deal_folds(labels[positions], groups=groups, folds=training.folds, seed=seed)
    folds = int(fold_of.max(initial=0)) + 1
    if folds < 2:
        raise TrainingError(
            "Cross-validation needs at least two pictures that are not copies of one another. Add pictures, or set folds to 0."
        )
    objective = plan_objective(
        training,
        labels[positions],
        num_classes=head.output_shape[-1],
        l2=training.head_l2,
        penalised=kernels_of(head) if training.head_l2 else (),
    )
    job = _Folds(head, features, labels, training=training, seed=seed, objective=objective)
    sides = [(positions[fold_of != fold], positions[fold_of == fold]) for fold in range(folds)]
    total = sum(job.count_steps(learned) for learned, _ in sides)
    probabilities = np.zeros((len(positions), head.output_shape[-1]), np.float32)
    done = 0
    for fold, (learned, judged) in enumerate(sides):
        before = done
        job.learn(learned, fold=fold, on_step=lambda step, before=before: on_progress(before + step, total))
        probabilities[fold_of == fold] = job.judge(judged)
        done += job.count_steps(learned)
    return _judged(probabilities, labels[positions], positions=positions, folds=folds)


def _judged(
    probabilities: np.ndarray, labels: np.ndarray, *, positions: np.ndarray, folds: int
) -> FoldsResult:
    # A head that diverged says nothing, and nothing is never right.
    known = np.isfinite(probabilities).all(axis=1)
    correct = known & (probabilities.argmax(axis=1) == labels)
    low, high = wilson_interval(int(correct.sum()), len(correct))
    return FoldsResult(
        folds=folds, positions=positions, correct=correct, probabilities=probabilities, low=low, high=high
    )


def deal_folds(labels: np.ndarray, *, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Deal pictures to folds, whole groups at a time, each class as evenly as can be.

    Args:
        labels: True class indices, int, shape (M,).
        groups: Equal for pictures that stay together, shape (M,).
        folds: How many; fewer where there are fewer groups.
        seed: The same seed deals alike.

    Returns:
        The fold of each picture, from 0, int, shape (M,).
    """
    names, first, member = np.unique(groups, return_index=True, return_inverse=True)
    sizes, classes = np.bincount(member, minlength=len(names)), labels[first]
    folds = min(folds, len(names))
    in_class = np.zeros((int(labels.max(initial=0)) + 1, folds), np.int64)
    in_all, chosen = np.zeros(folds, np.int64), np.zeros(len(names), np.int64)
    shuffled = np.random.default_rng([seed, folds]).permutation(len(names))
    # Class by class, so that what one class leaves uneven the next evens out; large groups first.
    for group in shuffled[np.lexsort((-sizes[shuffled], classes[shuffled]))]:
        fold = np.lexsort((in_all, in_class[classes[group]]))[0]
        chosen[group] = fold
        in_class[classes[group], fold] += sizes[group]
        in_all[fold] += sizes[group]
    return chosen[member]


class _Folds:
    """One head that begins anew for each fold: compiled once, its first values put back."""

    def __init__(
        self,
        head: "keras.Model",
        features: np.ndarray,
        labels: np.ndarray,
        *,
        training: TransferTraining,
        seed: int,
        objective: Objective,
    ) -> None:
        self._features, self._labels = features, labels
        self._training, self._seed = training, seed
        optimizer = build_optimizer(training.optimizer, learning_rate=training.head_learning_rate)
        self._learner = Learner(head, optimizer=optimizer, objective=objective)
        # Weights, the state of dropout, and what the optimizer remembers.
        self._variables = [*head.variables, *optimizer.variables]
        self._first_values = [variable.numpy() for variable in self._variables]

    def count_steps(self, learned: np.ndarray) -> int:
        return self._training.head_epochs * count_batches(len(learned), batch_size=self._training.batch_size)

    def learn(self, learned: np.ndarray, *, fold: int, on_step: Callable[[int], None]) -> None:
        training, step = self._training, 0
        assign(self._variables, self._first_values)
        for epoch in range(training.head_epochs):
            number = fold * training.head_epochs + epoch + 1
            order = order_of_epoch(learned, seed=self._seed, epoch=number)
            for batch in batches(order, batch_size=training.batch_size):
                on_step(step)
                self._learner.set_learning_rate(self._learning_rate(step, learned))
                self._learner.learn(self._features[batch], self._labels[batch])
                step += 1

    def judge(self, judged: np.ndarray) -> np.ndarray:
        return self._learner.probabilities(self._features, judged)

    def _learning_rate(self, step: int, learned: np.ndarray) -> float:
        return learning_rate_at(
            step,
            steps=self.count_steps(learned),
            learning_rate=self._training.head_learning_rate,
            schedule=self._training.schedule,
        )
