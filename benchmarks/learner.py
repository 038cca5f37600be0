"""One epoch of the lesson's CNN on 4,000 pictures of 32 x 32: cnnlab's loop beside Keras' `fit`, taken in turn."""

import statistics
import time

import numpy as np
import pandas as pd

from cnnlab.data.pipeline import batches, order_of_epoch
from cnnlab.models.network import build_network
from cnnlab.models.presets import PRESETS
from cnnlab.training.learner import Learner
from cnnlab.training.optimizers import build_optimizer

PICTURES, BATCH_SIZE, ROUNDS = 4000, 64, 5


def run() -> pd.DataFrame:
    """Time both, in turn, after one epoch of each that does not count."""
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (PICTURES, 32, 32, 3), dtype=np.uint8)
    labels = random.integers(0, 10, PICTURES).astype(np.int32)
    learner = Learner(_network(), optimizer=build_optimizer("adam", learning_rate=1e-3))
    fitted = _network()
    fitted.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    ours, theirs = [], []
    for epoch in range(ROUNDS + 1):
        started = time.perf_counter()
        order = order_of_epoch(np.arange(PICTURES), seed=0, epoch=epoch)
        for batch in batches(order, batch_size=BATCH_SIZE):
            learner.learn(pictures[batch], labels[batch])
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        fitted.fit(pictures, labels, batch_size=BATCH_SIZE, verbose=0)
        theirs.append(time.perf_counter() - started)
    ratio = statistics.median(b / a for a, b in zip(ours[1:], theirs[1:], strict=True))
    return pd.DataFrame(
        {
            "loop": ["cnnlab", "Keras fit"],
            "median seconds": [
                round(statistics.median(ours[1:]), 2),
                round(statistics.median(theirs[1:]), 2),
            ],
            "pictures a second": [round(PICTURES / statistics.median(each[1:])) for each in (ours, theirs)],
            "fit over cnnlab": [round(ratio, 2), ""],
        }
    )


def _network():
    return build_network(PRESETS["lesson_cnn"].network, num_classes=10)
