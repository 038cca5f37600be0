"""Which Keras layers each kind of block becomes, as plain data: one function a kind.

`models.network` builds from it and `models.code` writes it down, so both are the same network. Two
names carry what flows: `x`, and `y` beside it in a block that goes around itself. This module never
imports Keras, and never decides whether blocks fit together: `models.anatomy` does.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cnnlab.specs.blocks import Convolution, Dense, MaxPooling

Steps = list["LayerStep"]


@dataclass(frozen=True, kw_only=True)
class LayerStep:
    """One Keras layer, from where its input comes and where its output goes."""

    layer: str
    """Class in `keras.layers`."""
    settings: dict[str, Any]
    name: str
    inputs: tuple[str, ...] = ("x",)
    output: str = "x"


class Names:
    """Hands out readable layer names: conv_1, conv_2, pool_1."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        """Return a name that was not given yet."""
        self._used[kind] += 1
        return f"{kind}_{self._used[kind]}"


def layer_steps(block: Any, *, maps: int, names: Names) -> Steps:
    """Say which layers a block becomes.

    Args:
        block: One block.
        maps: Maps, or values of the vector, that reach it.
        names: Gives every layer of one network its name.
    """
    return LAYERS[block.kind](block, maps, names)


def _normalized(block: Any, name: str, *, flow: str, activated: bool = True) -> Steps:
    if not block.batch_normalization:
        return []
    momentum = {"momentum": block.batch_normalization_momentum}
    steps = [
        LayerStep(
            layer="BatchNormalization", settings=momentum, name=f"{name}_norm", inputs=(flow,), output=flow
        )
    ]
    return [*steps, *_activated(block, name, flow=flow)] if activated else steps


def _activated(block: Any, name: str, *, flow: str) -> Steps:
    if block.activation == "linear":
        return []
    settings = {"activation": block.activation}
    name = f"{name}_{block.activation}"
    return [LayerStep(layer="Activation", settings=settings, name=name, inputs=(flow,), output=flow)]


def _bias_and_activation(block: Any) -> dict[str, Any]:
    """Batch normalization adds a shift of its own and comes before the activation."""
    if block.batch_normalization:
        return {} if block.has_bias else {"use_bias": False}
    return {} if block.activation == "linear" else {"activation": block.activation}


def _convolution(block: Convolution, maps: int, names: Names) -> Steps:
    steps = []
    for repeat in range(block.repeats):
        name = names.next("conv")
        strides = {"strides": block.strides} if repeat == 0 and block.strides > 1 else {}
        settings = {"filters": block.filters, "kernel_size": block.kernel_size, **strides}
        settings |= {"padding": block.padding, **_bias_and_activation(block)}
        steps += [
            LayerStep(layer="Conv2D", settings=settings, name=name),
            *_normalized(block, name, flow="x"),
        ]
    return steps


def _filtering(block: Any, maps: int, names: Names) -> Steps:
    separable = block.kind == "separable_convolution"
    name = names.next("separable_conv" if separable else "depthwise_conv")
    settings = {"filters": block.filters} if separable else {}
    settings |= {"kernel_size": block.kernel_size, "strides": block.strides, "padding": "same"}
    layer = "SeparableConv2D" if separable else "DepthwiseConv2D"
    step = LayerStep(layer=layer, settings=settings | _bias_and_activation(block), name=name)
    return [step, *_normalized(block, name, flow="x")]


def _residual(block: Any, maps: int, names: Names) -> Steps:
    path = ((block.kernel_size, block.filters), (block.kernel_size, block.filters))
    return _around(block, maps, names, path=path)


def _bottleneck(block: Any, maps: int, names: Names) -> Steps:
    inner = block.inner_filters
    path = ((1, inner), (block.kernel_size, inner), (1, block.filters))
    return _around(block, maps, names, path=path)


def _around(block: Any, maps: int, names: Names, *, path: tuple[tuple[int, int], ...]) -> Steps:
    """Convolutions (size, maps) in a row as `y`, added to `x`; the last but one takes the strides."""
    name = names.next(block.kind)
    steps, flow = [], "x"
    for number, (size, filters) in enumerate(path, start=1):
        last = number == len(path)
        strides = block.strides if number == len(path) - 1 else 1
        steps += _step_aside(
            block, f"{name}_conv_{number}", size, filters, strides, (flow, "y"), activated=not last
        )
        flow = "y"
    if block.strides > 1 or maps != block.filters:
        steps += _step_aside(
            block, f"{name}_shortcut", 1, block.filters, block.strides, ("x", "x"), activated=False
        )
    steps.append(LayerStep(layer="Add", settings={}, name=f"{name}_add", inputs=("y", "x")))
    return [*steps, *_activated(block, name, flow="x")]


def _step_aside(
    block: Any, name: str, size: int, filters: int, strides: int, way: tuple[str, str], *, activated: bool
) -> Steps:
    settings = {"filters": filters, "kernel_size": size, "strides": strides, "padding": "same"}
    if not block.has_bias:
        settings["use_bias"] = False
    elif not block.batch_normalization and activated and block.activation != "linear":
        settings["activation"] = block.activation
    step = LayerStep(layer="Conv2D", settings=settings, name=name, inputs=(way[0],), output=way[1])
    return [step, *_normalized(block, name, flow=way[1], activated=activated)]


def _squeeze_excitation(block: Any, maps: int, names: Names) -> Steps:
    name = names.next("squeeze_excitation")
    inner = {"units": max(1, maps // block.reduction), "activation": "relu"}
    outer = {"units": maps, "activation": "sigmoid"}
    ways = {"inputs": ("y",), "output": "y"}
    return [
        LayerStep(
            layer="GlobalAveragePooling2D", settings={"keepdims": True}, name=f"{name}_squeeze", output="y"
        ),
        LayerStep(layer="Dense", settings=inner, name=f"{name}_inner", **ways),
        LayerStep(layer="Dense", settings=outer, name=f"{name}_weights", **ways),
        LayerStep(layer="Multiply", settings={}, name=f"{name}_scale", inputs=("x", "y")),
    ]


def _pooling(block: Any, maps: int, names: Names) -> Steps:
    layer = "MaxPooling2D" if isinstance(block, MaxPooling) else "AveragePooling2D"
    settings = {"pool_size": block.pool_size, "strides": block.strides or block.pool_size}
    return [LayerStep(layer=layer, settings=settings | {"padding": block.padding}, name=names.next("pool"))]


def _dense(block: Dense, maps: int, names: Names) -> Steps:
    settings = {"units": block.units, "activation": block.activation}
    return [LayerStep(layer="Dense", settings=settings, name=names.next("dense"))]


def _plain(layer: str, name: str, *settings: str) -> Callable[[Any, int, Names], Steps]:
    """A block that is one layer with the same settings."""

    def steps(block: Any, maps: int, names: Names) -> Steps:
        values = {setting: getattr(block, setting) for setting in settings}
        return [LayerStep(layer=layer, settings=values, name=names.next(name))]

    return steps


LAYERS: MappingProxyType[str, Callable[[Any, int, Names], Steps]] = MappingProxyType(
    {
        "convolution": _convolution,
        "max_pooling": _pooling,
        "average_pooling": _pooling,
        "dropout": _plain("Dropout", "dropout", "rate"),
        "flatten": _plain("Flatten", "flatten"),
        "global_average_pooling": _plain("GlobalAveragePooling2D", "global_average_pooling"),
        "dense": _dense,
        "separable_convolution": _filtering,
        "depthwise_convolution": _filtering,
        "residual": _residual,
        "bottleneck": _bottleneck,
        "squeeze_excitation": _squeeze_excitation,
        "spatial_dropout": _plain("SpatialDropout2D", "spatial_dropout", "rate"),
        "layer_normalization": _plain("LayerNormalization", "layer_normalization"),
        "group_normalization": _plain("GroupNormalization", "group_normalization", "groups"),
    }
)
"""The Keras layers of every kind of block in `specs.blocks.BLOCKS`."""
