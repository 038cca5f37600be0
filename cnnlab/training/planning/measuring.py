"""Times small networks, heads, pictures and the disk, for the calibration of a machine.

Everything here needs TensorFlow and takes some seconds. This module never says what follows from it.
"""

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cnnlab.data.augmentation import augment_picture
from cnnlab.data.images import decode_picture, fit_picture
from cnnlab.data.packing import DECODERS
from cnnlab.models.anatomy import describe_network
from cnnlab.models.backbones import BACKBONE_BLOCKS
from cnnlab.models.presets import PRESETS
from cnnlab.settings import workspace
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.training.checkpoints import CheckpointFolder
from cnnlab.training.extraction import FEWEST_INPUTS, fastest_answer
from cnnlab.training.learner import Learner
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.planning.costs import PictureSpeed
from cnnlab.training.planning.workload import FLOAT_BYTES, Work
from cnnlab.training.progress import Progress

if TYPE_CHECKING:
    import keras

NUM_CLASSES = 10
FEATURES, FEW_UNITS, MANY_UNITS = 1280, 256, 2048
BATCH = 16
ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class NetworkTimes:
    """What one network took, in seconds."""

    work: Work
    build: float
    convert: float
    compile_answer: float
    compile_learn: float
    ask: float
    answers: list[tuple[float, int]]
    """Calls: how long each took, and for how many pictures."""
    steps: list[tuple[float, int]]
    """The same of training steps."""


def median_seconds(task: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """How long a task takes as things are, after a first time that does not count."""
    task()
    return statistics.median(seconds_of(task) for _ in range(rounds))


def fastest_seconds(task: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """How long a task takes where nothing else runs: other processes can only make it slower.

    For what is kept for long; a trial, whose run follows soon, takes the machine as it is.
    """
    task()
    return min(seconds_of(task) for _ in range(rounds))


def seconds_of(task: Callable[[], object]) -> float:
    """How long a task takes, this once."""
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def depthwise_network() -> tuple["keras.Model", Work, float]:
    """MobileNetV2 with a head, small and with random weights; what it computes; seconds to build it."""
    import keras

    from cnnlab.models.classifier import build_classifier

    name, size = "mobilenet_v2", 96
    started = time.perf_counter()
    network = BackboneNetwork(backbone=name, weights="random", image_size=size)
    classifier = build_classifier(network, num_classes=NUM_CLASSES)
    above = classifier.split_at("everything").above
    seconds = time.perf_counter() - started
    figures = BACKBONE_BLOCKS[name]
    scale = (size / figures.image_size) ** 2
    work = Work(
        multiply_adds=sum(block.multiply_adds for block in figures.blocks) * scale,
        values=sum(block.activation_values for block in figures.blocks) * scale,
        layers=sum(block.layers for block in figures.blocks),
        parameters=figures.parameters,
    )
    return keras.Model(above.inputs[0], classifier.head(above.outputs[0])), work, seconds


def dense_network() -> tuple["keras.Model", Work, float]:
    """The lesson's CNN at twice its size; what it computes; seconds to build it."""
    from cnnlab.models.network import build_network

    network = PRESETS["lesson_cnn"].network.with_changes(image_size=64)
    anatomy = describe_network(network, num_classes=NUM_CLASSES, batch_size=1)
    started = time.perf_counter()
    model = build_network(network, num_classes=NUM_CLASSES)
    work = Work(
        multiply_adds=anatomy.multiply_adds,
        values=anatomy.activation_bytes / FLOAT_BYTES,
        layers=len(model.layers),
        parameters=anatomy.parameters,
    )
    return model, work, time.perf_counter() - started


def measure_network(model: "keras.Model", work: Work, build: float) -> NetworkTimes:
    """Time a network in every way in which a run uses one."""
    size = model.input_shape[1]
    pictures = np.random.default_rng(0).integers(0, 256, (BATCH, size, size, 3)).astype(np.float32)
    labels, everything = np.zeros(BATCH, np.int32), np.arange(BATCH)
    with tempfile.TemporaryDirectory() as folder:
        many = np.broadcast_to(pictures[:1], (FEWEST_INPUTS, *pictures.shape[1:]))
        started = time.perf_counter()
        answer = fastest_answer(model, many, kept=Path(folder) / "frozen.tflite")
        converted = time.perf_counter() - started
        ask = fastest_seconds(lambda: answer(pictures)) / BATCH
    learner = Learner(model, optimizer=build_optimizer("adam", learning_rate=1e-5))
    first_step = seconds_of(lambda: learner.learn(pictures[:1], labels[:1]))
    first_answer = seconds_of(lambda: learner.probabilities(pictures, everything[:1]))
    # One picture and a batch: what a call costs and what a picture costs can then be told apart.
    steps = [
        (fastest_seconds(partial(learner.learn, pictures[:count], labels[:count])), count)
        for count in (1, BATCH)
    ]
    answers = [
        (fastest_seconds(partial(learner.probabilities, pictures, everything[:count])), count)
        for count in (1, BATCH)
    ]
    return NetworkTimes(
        work=work,
        build=build,
        convert=converted,
        compile_answer=max(first_answer - answers[0][0], 0.0),
        compile_learn=max(first_step - steps[0][0], 0.0),
        ask=ask,
        answers=answers,
        steps=steps,
    )


def measure_heads() -> tuple[float, float, float, float]:
    """Seconds of a step, of a parameter that learns in it, of a checkpoint, and of a byte of it."""
    rows = np.random.default_rng(0).normal(size=(BATCH, FEATURES)).astype(np.float32)
    labels, found = np.zeros(BATCH, np.int32), []
    for units in (FEW_UNITS, MANY_UNITS):
        learner = Learner(_head(units), optimizer=build_optimizer("adam", learning_rate=1e-5))
        step = fastest_seconds(partial(learner.learn, rows, labels), rounds=4 * ROUNDS)
        variables = [*learner.model.variables, *learner.optimizer.variables]
        with tempfile.TemporaryDirectory(dir=workspace().cache) as folder:
            checkpoints = CheckpointFolder(Path(folder))
            save = fastest_seconds(partial(checkpoints.save, variables, progress=Progress()), rounds=3)
        found.append((step, learner.model.count_params(), save))
    (step, few, save), (longer_step, many, longer_save) = found
    update = max(longer_step - step, 0.0) / (many - few)
    # Adam keeps two numbers beside each.
    byte = max(longer_save - save, 0.0) / (3 * FLOAT_BYTES * (many - few))
    return max(step - update * few, 1e-4), update, max(save - byte * 3 * FLOAT_BYTES * few, 1e-3), byte


def measure_packing() -> PictureSpeed:
    """Time decoding and resizing; by the pixels of the original and of the result."""
    found = []
    for side in (32, 288):
        small = np.random.default_rng(0).integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        found.append((_pack_seconds(file.getvalue(), side=side), 2 * side**2))
    return _picture_speed(found)


def measure_altering() -> PictureSpeed:
    """Time augmenting, by the pixels of the picture."""
    chosen, found = Augmentation(flip=True, rotation_degrees=10, zoom_share=0.1, brightness_share=0.1), []
    for side in (32, 224):
        picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
        seconds = fastest_seconds(
            partial(augment_picture, picture, settings=chosen, seed=0, number=1, copy=0)
        )
        found.append((seconds, side**2))
    return _picture_speed(found)


def _pack_seconds(data: bytes, *, side: int) -> float:
    def pack(data: bytes) -> np.ndarray:
        image = decode_picture(data, max_pixels=side**2, max_bytes=len(data))
        return fit_picture(image, image_size=side)

    with ThreadPoolExecutor(DECODERS) as pool:
        return fastest_seconds(lambda: list(pool.map(pack, [data] * BATCH))) / BATCH


def _picture_speed(found: list[tuple[float, int]]) -> PictureSpeed:
    (small, few), (large, many) = found
    pixel = max(large - small, 0.0) / (many - few)
    return PictureSpeed(picture=max(small - pixel * few, 0.0), pixel=pixel)


def _head(units: int) -> "keras.Model":
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((FEATURES,)),
            layers.Dropout(0.3),
            layers.Dense(units, activation="relu"),
            layers.Dense(NUM_CLASSES, activation="softmax"),
        ]
    )
