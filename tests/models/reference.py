"""What the tests of this room compare with: Keras' own scaling, and random weights that say something."""

from functools import cache
from typing import Any

import numpy as np

from cnnlab.models.backbones import BACKBONES
from cnnlab.specs.networks import BackboneNetwork


def smallest_network(name: str, **changes: object) -> BackboneNetwork:
    """A backbone with random weights for the smallest pictures that it takes."""
    size = BACKBONES[name].family.smallest_image_size
    return BackboneNetwork(backbone=name, weights="random", image_size=size, **changes)


def random_pictures(size: int, *, number: int = 4) -> np.ndarray:
    """Raw pictures: whole numbers 0..255 as float32, shape (number, size, size, 3)."""
    return np.random.default_rng(1).integers(0, 256, (number, size, size, 3)).astype(np.float32)


def scaled_by_keras(name: str, pictures: np.ndarray) -> np.ndarray:
    """Scale raw pictures as the backbone's own authors do, by Keras' functions and layers."""
    import keras

    row = BACKBONES[name]
    match row.module:
        case "":
            return (pictures - 127) / 128
        case "efficientnet":
            # Keras' network scales inside, and ours is Keras'.
            return pictures
        case "efficientnet_v2":
            member = "EfficientNetV2B0" if "V2B" in row.label else "EfficientNetV2S"
            return _scaling_inside(member, pictures.shape[1])(pictures).numpy()
        case module:
            return getattr(keras.applications, module).preprocess_input(pictures.copy())


@cache
def _scaling_inside(label: str, size: int) -> Any:
    import keras

    network = getattr(keras.applications, label)(weights=None, include_top=False, input_shape=(size, size, 3))
    return keras.Model(network.inputs[0], network.get_layer("stem_conv").input)


def enliven(backbone: Any, scaled: np.ndarray) -> None:
    """Give a backbone with random weights the statistics of one batch.

    Without them its features are the same for every picture, to 1e-12: anything would equal anything.
    """
    import keras

    layers = [layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization)]
    usual = [(layer.momentum, layer.trainable) for layer in layers]
    for layer in layers:
        layer.momentum, layer.trainable = 0.0, True
    backbone(scaled, training=True)
    for layer, (momentum, trainable) in zip(layers, usual, strict=True):
        layer.momentum, layer.trainable = momentum, trainable
