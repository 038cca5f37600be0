"""One picture of 224 x 224 through a frozen backbone, random weights: by `tf.function` in batches of 32, and by LiteRT.

'Converting' includes comparing the two; 'pays from' is the number of pictures from which LiteRT is faster even when its form
is never needed again.
"""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from cnnlab.models.classifier import build_classifier
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.training.extraction import FEWEST_INPUTS, fastest_answer

BACKBONES = ("efficientnet_lite0", "mobilenet_v2", "efficientnet_v2b0", "resnet50")
BATCH_SIZE, REPEATS = 32, 5


def run() -> pd.DataFrame:
    """Ask every backbone both ways, in turn."""
    return pd.DataFrame([_row(name) for name in BACKBONES])


def _row(name: str) -> dict[str, object]:
    pictures = np.random.default_rng(0).integers(0, 256, (FEWEST_INPUTS, 224, 224, 3), dtype=np.uint8)
    network = BackboneNetwork(backbone=name, weights="random")
    below = build_classifier(network, num_classes=5, seed=0).split_at("nothing").below
    with TemporaryDirectory() as folder:
        kept = Path(folder) / "below.tflite"
        started = time.perf_counter()
        lite = fastest_answer(below, pictures, kept=kept)
        converting = time.perf_counter() - started
        tensorflow = fastest_answer(below, pictures[:1], kept=kept)
        batch = pictures[:BATCH_SIZE].astype(np.float32)
        started = time.perf_counter()
        tensorflow(batch)
        tracing = time.perf_counter() - started
        seconds = np.median(
            [(_seconds(tensorflow, batch), _seconds(lite, batch)) for _ in range(REPEATS)], axis=0
        )
    slow, fast = seconds / BATCH_SIZE
    return {
        "backbone": name,
        "tf.function, ms": round(slow * 1000, 1),
        "LiteRT, ms": round(fast * 1000, 1),
        "ratio": round(slow / fast, 1),
        "converting, s": round(converting, 1),
        "pays from, pictures": max(0, round((converting - tracing) / (slow - fast)))
        if slow > fast
        else "never",
    }


def _seconds(answer: Callable[[np.ndarray], np.ndarray], batch: np.ndarray) -> float:
    started = time.perf_counter()
    answer(batch)
    return time.perf_counter() - started
