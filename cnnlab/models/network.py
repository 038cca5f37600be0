"""Builds a network of blocks with Keras.

Its input is the raw picture and its output one probability a class; the scaling is inside, so that
nobody can forget it. This module never decides whether blocks fit together: `models.anatomy` does.
"""

from collections import Counter
from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cnnlab.errors import SpecError
from cnnlab.models.anatomy import CHANNELS, describe_network
from cnnlab.models.seeding import seeded
from cnnlab.specs.blocks import (
    AveragePooling,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    MaxPooling,
)
from cnnlab.specs.networks import BlockNetwork

if TYPE_CHECKING:
    import keras


class _Names:
    """Hands out readable layer names: conv_1, conv_2, pool_1."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        self._used[kind] += 1
        return f"{kind}_{self._used[kind]}"


def build_network(network: BlockNetwork, *, num_classes: int, seed: int = 0) -> "keras.Model":
    """Build a network of blocks with random weights.

    Args:
        network: The blocks and the image size.
        num_classes: How many probabilities come out.
        seed: The same seed gives the same weights.

    Returns:
        From float32 RGB in 0..255, shape (N, image_size, image_size, 3), to probabilities, shape
        (N, num_classes).

    Raises:
        SpecError: The blocks do not fit together; the message says what to change.
    """
    import keras

    problems = describe_network(network, num_classes=num_classes, batch_size=1).problems
    if problems:
        raise SpecError(f"{network.name!r} cannot be built. {_with_block(network, problems[0])}")
    names = _Names()
    with seeded(seed):
        picture = keras.Input((network.image_size, network.image_size, CHANNELS), name="picture")
        reached = keras.layers.Rescaling(1 / 255, name="rescale")(picture)
        for block in network.blocks:
            for layer in LAYERS[block.kind](block, names):
                reached = layer(reached)
        probabilities = keras.layers.Dense(num_classes, activation="softmax", name="probabilities")(reached)
    return keras.Model(picture, probabilities, name="network")


def last_feature_map(model: "keras.Model") -> Any | None:
    """Find the maps that are pooled or flattened at the end of a network of blocks.

    Returns:
        A symbolic tensor of shape (N, height, width, maps), or None for a network without maps of
        its own, such as a dense one.
    """
    import keras

    for layer in reversed(model.layers):
        if isinstance(layer, keras.layers.Rescaling | keras.layers.InputLayer):
            return None
        if len(layer.output.shape) == 4:
            return layer.output
    return None


def explaining_model(model: "keras.Model") -> "keras.Model":
    """Return the same network with its last feature map as a second output, where there is one.

    Returns:
        Outputs [probabilities, feature map], or [probabilities] alone; the layers are shared.
    """
    import keras

    feature_map = last_feature_map(model)
    outputs = [model.outputs[0]] if feature_map is None else [model.outputs[0], feature_map]
    return keras.Model(model.inputs[0], outputs, name="explaining")


def _with_block(network: BlockNetwork, problem: Any) -> str:
    if problem.block is None:
        return problem.sentence
    return f"Block {problem.block + 1} ({network.blocks[problem.block].label}): {problem.sentence}"


# The layers of every kind of block.


def _convolution(block: Convolution, names: _Names) -> "list[keras.Layer]":
    import keras

    layers: list[keras.Layer] = []
    for repeat in range(block.repeats):
        name = names.next("conv")
        layers.append(
            keras.layers.Conv2D(
                block.filters,
                block.kernel_size,
                strides=block.strides if repeat == 0 else 1,
                padding=block.padding,
                # Batch normalization adds a shift of its own and comes before the activation.
                use_bias=not block.batch_normalization,
                activation=None if block.batch_normalization else block.activation,
                name=name,
            )
        )
        if block.batch_normalization:
            momentum = block.batch_normalization_momentum
            layers.append(keras.layers.BatchNormalization(momentum=momentum, name=f"{name}_norm"))
            if block.activation != "linear":
                layers.append(keras.layers.Activation(block.activation, name=f"{name}_{block.activation}"))
    return layers


def _pooling(block: MaxPooling | AveragePooling, names: _Names) -> "list[keras.Layer]":
    import keras

    kind = keras.layers.MaxPooling2D if isinstance(block, MaxPooling) else keras.layers.AveragePooling2D
    strides = block.strides or block.pool_size
    return [kind(block.pool_size, strides=strides, padding=block.padding, name=names.next("pool"))]


def _dropout(block: Dropout, names: _Names) -> "list[keras.Layer]":
    import keras

    return [keras.layers.Dropout(block.rate, name=names.next("dropout"))]


def _flatten(block: Flatten, names: _Names) -> "list[keras.Layer]":
    import keras

    return [keras.layers.Flatten(name=names.next("flatten"))]


def _global_average_pooling(block: GlobalAveragePooling, names: _Names) -> "list[keras.Layer]":
    import keras

    return [keras.layers.GlobalAveragePooling2D(name=names.next("global_average_pooling"))]


def _dense(block: Dense, names: _Names) -> "list[keras.Layer]":
    import keras

    return [keras.layers.Dense(block.units, activation=block.activation, name=names.next("dense"))]


LAYERS: MappingProxyType[str, Callable[[Any, _Names], "list[keras.Layer]"]] = MappingProxyType(
    {
        "convolution": _convolution,
        "max_pooling": _pooling,
        "average_pooling": _pooling,
        "dropout": _dropout,
        "flatten": _flatten,
        "global_average_pooling": _global_average_pooling,
        "dense": _dense,
    }
)
"""The Keras layers of every kind of block in `specs.blocks.BLOCKS`."""
