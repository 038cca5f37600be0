"""Networks of every kind with weights that answer differently for different pictures, for tests of the formats."""

from typing import TYPE_CHECKING

import numpy as np

from cnnlab.export.inference import build_untrained
from cnnlab.specs.blocks import (
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    MaxPooling,
    ResidualBlock,
)
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from tests.runs.making import run_spec

if TYPE_CHECKING:
    import keras

CLASS_NAMES = ("cat", "dog", "snow leopard")
IMAGE_SIZE = 32


def block_spec(*blocks: object, name: str = "Tiny") -> RunSpec:
    """A run of a network of blocks."""
    network = BlockNetwork(name=name, image_size=IMAGE_SIZE, blocks=blocks)
    return run_spec("Three animals", class_names=CLASS_NAMES, network=network, training=ScratchTraining())


def backbone_spec(backbone: str, *, image_size: int = IMAGE_SIZE) -> RunSpec:
    """A run of a backbone with random weights."""
    network = BackboneNetwork(backbone=backbone, weights="random", image_size=image_size)
    return run_spec("Three animals", class_names=CLASS_NAMES, network=network, training=TransferTraining())


NETWORKS: dict[str, RunSpec] = {
    "scratch": block_spec(
        Convolution(filters=8),
        MaxPooling(),
        Convolution(filters=8),
        Dropout(rate=0.5),
        Flatten(),
        Dense(units=16),
    ),
    "scratch, normalized": block_spec(
        Convolution(filters=8, batch_normalization=True),
        MaxPooling(),
        GlobalAveragePooling(),
        Dense(units=16),
    ),
    "residual": block_spec(
        ResidualBlock(filters=8),
        ResidualBlock(filters=16, strides=2),
        GlobalAveragePooling(),
    ),
    "efficientnet_lite0": backbone_spec("efficientnet_lite0"),
    "mobilenet_v2": backbone_spec("mobilenet_v2"),
    "resnet50": backbone_spec("resnet50"),
    "efficientnet_v2b0": backbone_spec("efficientnet_v2b0"),
}


def pictures(count: int = 24, *, seed: int = 0, image_size: int = IMAGE_SIZE) -> np.ndarray:
    """Blots of colour, uint8, shape (count, image_size, image_size, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    return coarse.repeat(image_size // 4, axis=1).repeat(image_size // 4, axis=2)


ENDS_OF_BRANCHES = ("project_bn", "project_BN", "_3_bn")
"""How the last normalization of a residual branch is called."""


def build_lively(spec: RunSpec) -> "keras.Model":
    """Build a network whose answers are far from alike, as if it had been trained.

    Fresh statistics of batch normalization would let everything fade on the way through a deep network, and any
    broken file answered alike. Branches are damped: at random weights, undamped, each block would make more of a
    difference of rounding, as no trained network does.
    """
    import keras

    model = build_untrained(spec)
    examples = pictures(96, seed=1, image_size=spec.network.image_size).astype(np.float32)
    for layer in walk(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable, layer.momentum = True, 0.0
            if layer.name.endswith(ENDS_OF_BRANCHES):
                layer.gamma.assign(0.1 * layer.gamma)
    model(examples, training=True)
    _spread(model, examples)
    return model


def walk(model: "keras.Model"):
    """Every layer, those inside of others too."""
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from walk(layer)


def _spread(model: "keras.Model", examples: np.ndarray) -> None:
    """Scale the last layer so that its classes compete."""
    last = next(layer for layer in walk(model) if layer.name == "probabilities")
    values = np.log(np.clip(np.asarray(model(examples, training=False)), 1e-30, None))
    kernel, bias = last.get_weights()
    scale = 1.0 / values.std(axis=0).mean().clip(1e-6)
    last.set_weights([kernel * scale, (bias - values.mean(axis=0)) * scale])
