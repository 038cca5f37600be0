"""One network that learns: a correction of its weights from one batch, and its answers for many pictures.

The loop over batches is ours, not `fit`: it can stop after any step, and be taken up there to the
last bit. This module never decides when to stop and never writes a file.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data.pipeline import batches

if TYPE_CHECKING:
    import keras

SMALLEST_PROBABILITY = 1e-7
"""Keras' own limit under which a probability is not taken to a logarithm."""
ANSWER_BATCH_SIZE = 64


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What one batch said before the weights were corrected."""

    loss_sum: float
    correct: int
    seen: int


class Learner:
    """A Keras model with probabilities at its end, its optimizer, and the compiled steps of both."""

    def __init__(self, model: "keras.Model", *, optimizer: "keras.optimizers.Optimizer") -> None:
        import keras
        import tensorflow as tf

        self.model = model
        self.optimizer = optimizer
        optimizer.build(model.trainable_variables)
        variables = model.trainable_variables
        cross_entropy = keras.losses.sparse_categorical_crossentropy
        picture = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        label = tf.TensorSpec((None,), tf.int32)

        @tf.function(input_signature=(picture, label), autograph=False)
        def train_step(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                probabilities = model(inputs, training=True)
                losses = cross_entropy(labels, probabilities)
                loss = tf.reduce_mean(losses)
                if model.losses:
                    loss += tf.add_n(model.losses)
            optimizer.apply(tape.gradient(loss, variables), variables)
            guesses = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
            return tf.reduce_sum(losses), tf.math.count_nonzero(guesses == labels)

        self._train_step = train_step
        self._answers = Answers(model)

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


def mean_cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log(probability of the true class), as Keras' sparse categorical cross-entropy.

    Args:
        probabilities: Float, shape (N, num_classes).
        labels: True class indices, int, shape (N,).
    """
    if not len(labels):
        return float("nan")
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)).mean())


def _as_float(inputs: np.ndarray) -> np.ndarray:
    return np.asarray(inputs, dtype=np.float32)
