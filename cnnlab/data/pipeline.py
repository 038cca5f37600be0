"""In which order pictures are seen, and batches of them.

The order is a function of the seed and the epoch alone, so that a resumed run sees what the
undisturbed one would have seen. (Measured: after `keras.utils.set_random_seed`, `fit(shuffle=True)`
repeats one permutation in every epoch, and the state of `tf.data.shuffle` is lost with its process.)
This module never decodes a picture and never imports TensorFlow: batches are plain NumPy arrays cut
from memory-mapped ones, which takes under 1 % of a training step.
"""

from collections.abc import Iterator

import numpy as np


def order_of_epoch(positions: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """Shuffle positions for one epoch.

    Args:
        positions: What to shuffle, shape (N,); it is left as it is.
        seed: The run's seed.
        epoch: From 1, counted over the whole run.

    Returns:
        The same positions in another order, the same for equal arguments on every machine.
    """
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(positions)


def batches(order: np.ndarray, *, batch_size: int, first: int = 0) -> Iterator[np.ndarray]:
    """Cut an order into batches of positions; the last may be smaller.

    Args:
        order: Positions, shape (N,).
        batch_size: Most positions in a batch.
        first: How many batches to pass over, for a run that takes up in the middle of an epoch.
    """
    for start in range(first * batch_size, len(order), batch_size):
        yield order[start : start + batch_size]


def count_batches(num_positions: int, *, batch_size: int) -> int:
    """How many batches `batches` cuts."""
    return -(-num_positions // batch_size)
