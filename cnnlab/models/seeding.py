"""Makes what Keras builds repeatable: the same seed, the same initial weights.

This module never trains, and leaves Python's own random numbers as it found them.
"""

import importlib
import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let every layer that is built inside draw its seeds from this one.

    Keras takes the seed of an initialiser or a dropout layer that was given none from Python's
    `random`, and `keras.applications` gives none.
    """
    # Importing Keras draws random numbers too; inside, the first network of a process would differ.
    importlib.import_module("keras")
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
