"""Builds a network of blocks with Keras.

Its input is the raw picture and its output one probability a class; the scaling is inside, so that
nobody can forget it. This module never decides whether blocks fit together: `models.anatomy` does.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.errors import SpecError
from cnnlab.models.anatomy import CHANNELS, describe_network
from cnnlab.models.layers import Names, layer_steps
from cnnlab.models.seeding import seeded
from cnnlab.specs.networks import BlockNetwork

if TYPE_CHECKING:
    import keras


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
    names = Names()
    with seeded(seed):
        picture = keras.Input((network.image_size, network.image_size, CHANNELS), name="picture")
        reached = keras.layers.Rescaling(1 / 255, name="rescale")(picture)
        for block in network.blocks:
            reached = _apply(block, reached, names=names)
        probabilities = keras.layers.Dense(num_classes, activation="softmax", name="probabilities")(reached)
    return keras.Model(picture, probabilities, name="network")


def block_outputs(model: "keras.Model", network: BlockNetwork) -> list[tuple[str, Any]]:
    """Find what each block of a built network puts out, as far as these are maps.

    Args:
        model: As `build_network` built it, or the same read from a file.
        network: Its blocks.

    Returns:
        Name of the block ('Block 3, Convolution') and symbolic tensor of shape (N, height, width, maps), in
        order; blocks that only drop or pool what another one made are left out.
    """
    names, found = Names(), []
    reached = model.get_layer("rescale").output
    for number, block in enumerate(network.blocks, 1):
        steps = layer_steps(block, maps=reached.shape[-1], names=names)
        if not steps:
            continue
        reached = model.get_layer(steps[-1].name).output
        if len(reached.shape) == 4 and any("Conv" in step.layer for step in steps):
            found.append((f"Block {number}, {block.label}", reached))
    return found


def first_kernels(model: "keras.Model") -> np.ndarray:
    """Take the kernels of the first convolution out of a network, be it of blocks or around a backbone.

    Returns:
        Float32, shape (height, width, channels, filters); empty where there is none.
    """
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            kernels = first_kernels(layer)
            if kernels.size:
                return kernels
        # A depthwise convolution has one kernel a map; those of the first full one see colours.
        elif isinstance(layer, keras.layers.Conv2D):
            return layer.kernel.numpy()
    return np.zeros((0, 0, 0, 0), np.float32)


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


def _apply(block: Any, reached: Any, *, names: Names) -> Any:
    import keras

    flows = {"x": reached}
    for step in layer_steps(block, maps=reached.shape[-1], names=names):
        layer = getattr(keras.layers, step.layer)(**step.settings, name=step.name)
        inputs = [flows[name] for name in step.inputs]
        flows[step.output] = layer(inputs[0] if len(inputs) == 1 else inputs)
    return flows["x"]


def _with_block(network: BlockNetwork, problem: Any) -> str:
    if problem.block is None:
        return problem.sentence
    return f"Block {problem.block + 1} ({network.blocks[problem.block].label}): {problem.sentence}"
