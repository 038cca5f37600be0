"""Short training for an experiment: a network, some pictures, a few epochs; nothing is kept but the weights in memory.

The steps are those of `training.learner`, so what a claim measures is what a run would do. This module
never decides what a claim means.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.claims.claim import Report
from cnnlab.data.pipeline import batches, count_batches, order_of_epoch
from cnnlab.models.network import build_network
from cnnlab.specs.networks import BlockNetwork
from cnnlab.training.learner import Answers, Learner
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.schedules import learning_rate_at

if TYPE_CHECKING:
    import keras


def prepare(seed: int, *, report: Report) -> None:
    """Load TensorFlow, and make what is random in it follow a seed."""
    report("Loading TensorFlow", 0, 0)
    import keras

    keras.utils.set_random_seed(seed)


def train(
    model: "keras.Model",
    inputs: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    activity: str,
    report: Report,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    schedule: str = "cosine",
    seed: int = 0,
    on_epoch: Callable[[], None] | None = None,
) -> None:
    """Train a network with Adam.

    Args:
        model: Ends in probabilities; its trainable weights learn.
        inputs: Pictures or activations, shape (N, ...); any number type.
        labels: Class indices, int, shape (N,).
        epochs: How often every picture is seen.
        activity: What is said meanwhile.
        report: Hears how far it is.
        batch_size: Pictures in a step.
        learning_rate: The highest of the schedule.
        schedule: Name of a row of `training.schedules`.
        seed: Of the order of the pictures.
        on_epoch: Called after every epoch.
    """
    learner = Learner(model, optimizer=build_optimizer("adam", learning_rate=learning_rate))
    steps = epochs * count_batches(len(labels), batch_size=batch_size)
    step = 0
    for epoch in range(1, epochs + 1):
        order = order_of_epoch(np.arange(len(labels)), seed=seed, epoch=epoch)
        for batch in batches(order, batch_size=batch_size):
            report(activity, step, steps)
            learner.set_learning_rate(
                learning_rate_at(step, steps=steps, learning_rate=learning_rate, schedule=schedule)
            )
            learner.learn(inputs[batch], labels[batch])
            step += 1
        if on_epoch is not None:
            on_epoch()


def train_blocks(
    network: BlockNetwork,
    inputs: np.ndarray,
    labels: np.ndarray,
    *,
    num_classes: int,
    epochs: int,
    activity: str,
    report: Report,
    seed: int = 0,
    learning_rate: float = 1e-3,
) -> "keras.Model":
    """Build a network of blocks and train it on pictures; see `train` for the arguments."""
    model = build_network(network, num_classes=num_classes, seed=seed)
    train(
        model,
        inputs,
        labels,
        epochs=epochs,
        activity=activity,
        report=report,
        seed=seed,
        learning_rate=learning_rate,
    )
    return model


def answer(model: "keras.Model", inputs: np.ndarray) -> np.ndarray:
    """What a network says.

    Returns:
        Class indices, int64, shape (N,).
    """
    return Answers(model).probabilities(inputs, np.arange(len(inputs))).argmax(axis=-1)


def correct(model: "keras.Model", inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether a network is right about each picture, bool, shape (N,)."""
    return answer(model, inputs) == labels
