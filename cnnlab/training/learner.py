"""One network that learns: a correction of its weights from one batch, and its answers for many pictures.

The loop over batches is ours, not `fit`: it can stop after any step, and be taken up there to the
last bit. This module never decides when to stop and never writes a file.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data.mixing import Mix
from cnnlab.data.pipeline import batches
from cnnlab.specs.training import Training

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from cnnlab.training.optimizers import GroupedOptimizer

ANSWER_BATCH_SIZE = 64


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What one batch said before the weights were corrected."""

    loss_sum: float
    correct: int
    seen: int


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is made small: cross-entropy, smoothed and weighted by class, and the size of some weights."""

    label_smoothing: float = 0.0
    """Share of certainty that is spread over all classes, 0 to 0.5 (https://arxiv.org/abs/1512.00567)."""
    class_weights: tuple[float, ...] = ()
    """How much a picture of each class counts; empty counts all alike."""
    l2: float = 0.0
    """What the sum of squares of the penalised kernels costs."""
    penalised: "tuple[keras.Variable, ...]" = ()


class Learner:
    """A Keras model with probabilities at its end, its optimizer, and the compiled steps of both.

    What is made small is the objective. What is reported is always the plain cross-entropy, so that
    training and validation, and runs with other objectives, compare.
    """

    def __init__(
        self,
        model: "keras.Model",
        *,
        optimizer: "keras.optimizers.Optimizer | GroupedOptimizer",
        objective: Objective = Objective(),
    ) -> None:
        import tensorflow as tf

        self.model = model
        self.optimizer = optimizer
        optimizer.build(model.trainable_variables)
        self._objective = objective
        self._class_weights = tf.constant(
            objective.class_weights or (1.0,) * model.output_shape[-1], tf.float32
        )
        picture = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        label, share = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None,), tf.float32)
        self._train_step = tf.function(self._step, input_signature=(picture, label), autograph=False)
        # Compiled when it is called first, which a run without mixing never does.
        self._mixed_step = tf.function(
            self._step_on_mixed, input_signature=(picture, label, label, share), autograph=False
        )
        self._answers = Answers(model)

    def _step(self, inputs: "tf.Tensor", labels: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            probabilities = self.model(inputs, training=True)
            losses, aims = self._aims(labels, probabilities)
            loss = self._with_penalties(aims)
        self._correct(tape, loss)
        guesses = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        return tf.reduce_sum(losses), tf.math.count_nonzero(guesses == labels)

    def _step_on_mixed(
        self, inputs: "tf.Tensor", labels: "tf.Tensor", partners: "tf.Tensor", shares: "tf.Tensor"
    ) -> "tuple[tf.Tensor, tf.Tensor]":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            probabilities = self.model(inputs, training=True)
            own, own_aims = self._aims(labels, probabilities)
            others, other_aims = self._aims(partners, probabilities)
            loss = self._with_penalties(shares * own_aims + (1.0 - shares) * other_aims)
        self._correct(tape, loss)
        guesses = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        most_of_it = tf.where(shares >= 0.5, labels, partners)
        losses = shares * own + (1.0 - shares) * others
        return tf.reduce_sum(losses), tf.math.count_nonzero(guesses == most_of_it)

    def _aims(self, labels: "tf.Tensor", probabilities: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
        """Plain cross-entropy of each picture, and what is made small of it."""
        import keras
        import tensorflow as tf

        losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        aims = losses
        if self._objective.label_smoothing:
            aims = keras.losses.categorical_crossentropy(
                tf.one_hot(labels, probabilities.shape[-1]),
                probabilities,
                label_smoothing=self._objective.label_smoothing,
            )
        return losses, aims * tf.gather(self._class_weights, labels)

    def _with_penalties(self, aims: "tf.Tensor") -> "tf.Tensor":
        import tensorflow as tf

        loss = tf.reduce_mean(aims)
        for kernel in self._objective.penalised:
            loss += self._objective.l2 * tf.reduce_sum(tf.square(kernel))
        if self.model.losses:
            loss += tf.add_n(self.model.losses)
        return loss

    def _correct(self, tape: "tf.GradientTape", loss: "tf.Tensor") -> None:
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)

    def set_learning_rate(self, learning_rate: float) -> None:
        """Take steps of this size from now on."""
        self.optimizer.learning_rate = learning_rate

    def learn(self, inputs: np.ndarray, labels: np.ndarray, *, mix: Mix | None = None) -> StepResult:
        """Correct the weights once.

        A mixed picture counts for both of its classes, each by its share; it is answered rightly by that of
        the larger one.

        Args:
            inputs: Pictures or activations of one batch, shape (B, ...); any number type.
            labels: True class indices, int, shape (B,).
            mix: How the pictures were mixed with each other; None where they were not.
        """
        labels = labels.astype(np.int32, copy=False)
        if mix is None:
            loss_sum, correct = self._train_step(_as_float(inputs), labels)
        else:
            loss_sum, correct = self._mixed_step(_as_float(inputs), labels, labels[mix.partners], mix.shares)
        return StepResult(loss_sum=float(loss_sum), correct=int(correct), seen=len(labels))

    def probabilities(self, inputs: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Answer for the inputs at some positions, as `Answers` does."""
        return self._answers.probabilities(inputs, positions)


class Answers:
    """What a network says, compiled once; nothing in it learns."""

    def __init__(self, model: "keras.Model") -> None:
        import tensorflow as tf

        self._num_classes = model.output_shape[-1]
        signature = (tf.TensorSpec((None, *model.input_shape[1:]), tf.float32),)
        self._answer = tf.function(
            lambda inputs: model(inputs, training=False), input_signature=signature, autograph=False
        )

    def probabilities(self, inputs: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Answer for the inputs at some positions.

        Args:
            inputs: Pictures or activations, shape (N, ...); any number type.
            positions: Which of them, int, shape (M,).

        Returns:
            Float32, shape (M, num_classes); each row sums to 1.
        """
        answers = [
            self._answer(_as_float(inputs[batch])).numpy()
            for batch in batches(positions, batch_size=ANSWER_BATCH_SIZE)
        ]
        return np.concatenate(answers) if answers else np.zeros((0, self._num_classes), np.float32)


def plan_objective(
    training: Training,
    labels: np.ndarray,
    *,
    num_classes: int,
    l2: float,
    penalised: "tuple[keras.Variable, ...]",
) -> Objective:
    """What the settings of a run make small.

    Args:
        training: Label smoothing, and whether classes are balanced.
        labels: True class indices of the pictures that are learned from, int, shape (N,).
        num_classes: How many classes there are.
        l2: What the sum of squares of the penalised kernels costs.
        penalised: Those kernels.
    """
    balanced = training.balance_classes
    return Objective(
        label_smoothing=training.label_smoothing,
        class_weights=balanced_class_weights(labels, num_classes=num_classes) if balanced else (),
        l2=l2,
        penalised=penalised,
    )


def kernels_of(head: "keras.Model") -> "tuple[keras.Variable, ...]":
    """The weights of a head that a penalty is for. Biases cost nothing: a class that is common may be likely."""
    return tuple(variable for variable in head.trainable_variables if len(variable.shape) > 1)


def balanced_class_weights(labels: np.ndarray, *, num_classes: int) -> tuple[float, ...]:
    """Weights under which every class counts alike, their mean over the pictures 1.

    Args:
        labels: True class indices of the training pictures, int, shape (N,).
        num_classes: How many classes there are; one without pictures gets 0.
    """
    counts = np.bincount(labels, minlength=num_classes)
    present = np.count_nonzero(counts)
    return tuple(float(len(labels) / (present * count)) if count else 0.0 for count in counts)


def _as_float(inputs: np.ndarray) -> np.ndarray:
    return np.asarray(inputs, dtype=np.float32)
