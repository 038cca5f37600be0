"""One network that learns: a correction of its weights from one batch, and its answers for many pictures.

The loop over batches is ours, not `fit`: it can stop after any step, and be taken up there to the
last bit. This module never decides when to stop and never writes a file.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data.pipeline import batches
from cnnlab.specs.training import Training

if TYPE_CHECKING:
    import keras

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
        import keras
        import tensorflow as tf

        self.model = model
        self.optimizer = optimizer
        optimizer.build(model.trainable_variables)
        variables = model.trainable_variables
        num_classes = model.output_shape[-1]
        cross_entropy = keras.losses.sparse_categorical_crossentropy
        class_weights = tf.constant(objective.class_weights or (1.0,) * num_classes, tf.float32)
        picture = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        label = tf.TensorSpec((None,), tf.int32)

        @tf.function(input_signature=(picture, label), autograph=False)
        def train_step(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                probabilities = model(inputs, training=True)
                losses = cross_entropy(labels, probabilities)
                aims = losses
                if objective.label_smoothing:
                    aims = keras.losses.categorical_crossentropy(
                        tf.one_hot(labels, num_classes),
                        probabilities,
                        label_smoothing=objective.label_smoothing,
                    )
                loss = tf.reduce_mean(aims * tf.gather(class_weights, labels))
                for kernel in objective.penalised:
                    loss += objective.l2 * tf.reduce_sum(tf.square(kernel))
                if model.losses:
                    loss += tf.add_n(model.losses)
            optimizer.apply(tape.gradient(loss, variables), variables)
            guesses = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
            return tf.reduce_sum(losses), tf.math.count_nonzero(guesses == labels)

        self._train_step = train_step
        self._answers = Answers(model)

    def set_learning_rate(self, learning_rate: float) -> None:
        """Take steps of this size from now on."""
        self.optimizer.learning_rate = learning_rate

    def learn(self, inputs: np.ndarray, labels: np.ndarray) -> StepResult:
        """Correct the weights once.

        Args:
            inputs: Pictures or activations of one batch, shape (B, ...); any number type.
            labels: True class indices, int, shape (B,).
        """
        loss_sum, correct = self._train_step(_as_float(inputs), labels.astype(np.int32, copy=False))
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
