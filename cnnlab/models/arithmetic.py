"""What each kind of block does to what reaches it: the arithmetic of its Keras layers, one function a kind.

Adding a kind of block is adding a row to `LAYERS`. This module never sees a whole network:
`models.anatomy` does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import gcd, prod
from types import MappingProxyType
from typing import Any

from cnnlab.specs.blocks import (
    AveragePooling,
    Block,
    Bottleneck,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    GroupNormalization,
    LayerNormalization,
    MaxPooling,
    ResidualBlock,
    SeparableConvolution,
    SpatialDropout,
    SqueezeExcitation,
)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What flows from one layer to the next: maps, or a vector."""

    shape: tuple[int, ...]
    receptive_field: int | None
    jump: int = 1
    """Pixels of the picture between two neighbours of the map."""

    @property
    def is_map(self) -> bool:
        return len(self.shape) == 3


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One Keras layer that a block becomes."""

    output: Signal
    parameters: int = 0
    frozen_parameters: int = 0
    """Those that are counted but never trained: running means and variances."""
    multiply_adds: int = 0


@dataclass(frozen=True, kw_only=True)
class Output:
    """The layer that every network ends in; nobody lists it, so it is no block of its own."""

    units: int
    kind: str = "dense"
    label: str = "Output"

    def describe(self) -> str:
        return f"{self.units} classes · softmax"


class ImpossibleError(Exception):
    """A block cannot work on what reaches it; carries the sentence, and what to carry on with below it."""

    def __init__(self, sentence: str, *, carry_on: Signal) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.carry_on = carry_on


# What each kind of block becomes, layer by layer. Shapes are Keras': 'same' starts a window at every
# step, 'valid' uses whole windows only.


def _convolution(block: Convolution, signal: Signal) -> list[Layer]:
    _require_map(block, signal)
    layers: list[Layer] = []
    reached = signal
    for repeat in range(block.repeats):
        if not _fits(reached, size=block.kernel_size, padding=block.padding):
            where = f" at convolution {repeat + 1} of {block.repeats}" if block.repeats > 1 else ""
            raise ImpossibleError(
                f"The map is {_size(reached)} here{where}; a {_window(block.kernel_size)} filter needs at least "
                f"{_window(block.kernel_size)}: use padding same, a smaller kernel, or drop a pool.",
                carry_on=signal,
            )
        weights = block.kernel_size**2 * reached.shape[-1] * block.filters
        strides = block.strides if repeat == 0 else 1
        reached = _slide(
            reached, size=block.kernel_size, strides=strides, padding=block.padding, maps=block.filters
        )
        biases = block.filters if block.has_bias else 0
        multiply_adds = prod(reached.shape[:2]) * weights
        layers.append(Layer(output=reached, parameters=weights + biases, multiply_adds=multiply_adds))
        if block.batch_normalization:
            statistics = 2 * block.filters
            layers.append(Layer(output=reached, parameters=4 * block.filters, frozen_parameters=statistics))
            if block.activation != "linear":
                layers.append(Layer(output=reached))
    return layers


def _pooling(block: MaxPooling | AveragePooling, signal: Signal) -> list[Layer]:
    _require_map(block, signal)
    if not _fits(signal, size=block.pool_size, padding=block.padding):
        raise ImpossibleError(
            f"The map is {_size(signal)} here; a {_window(block.pool_size)} pool needs at least "
            f"{_window(block.pool_size)}: use padding same or drop a pool.",
            carry_on=signal,
        )
    strides = block.strides or block.pool_size
    pooled = _slide(
        signal, size=block.pool_size, strides=strides, padding=block.padding, maps=signal.shape[-1]
    )
    return [Layer(output=pooled)]


def _global_average_pooling(block: GlobalAveragePooling, signal: Signal) -> list[Layer]:
    _require_map(block, signal)
    return [Layer(output=_vector(signal.shape[-1]))]


def _flatten(block: Flatten, signal: Signal) -> list[Layer]:
    return [Layer(output=_vector(prod(signal.shape)))]


def _dropout(block: Dropout, signal: Signal) -> list[Layer]:
    return [Layer(output=signal)]


def _dense(block: Dense | Output, signal: Signal) -> list[Layer]:
    if signal.is_map:
        name = "The output layer" if isinstance(block, Output) else "A dense layer"
        raise ImpossibleError(
            f"{name} needs one vector, but {signal.shape[-1]} maps of {_size(signal)} reach it. "
            f"Put Global average pooling (few weights) or Flatten before it.",
            carry_on=_vector(block.units),
        )
    weights = signal.shape[0] * block.units
    return [Layer(output=_vector(block.units), parameters=weights + block.units, multiply_adds=weights)]


def _separable_convolution(block: SeparableConvolution, signal: Signal) -> list[Layer]:
    _require_map(block, signal)
    maps = signal.shape[-1]
    weights = block.kernel_size**2 * maps + maps * block.filters
    return _filtered(block, signal, maps=block.filters, weights=weights)


def _depthwise_convolution(block: DepthwiseConvolution, signal: Signal) -> list[Layer]:
    _require_map(block, signal)
    maps = signal.shape[-1]
    return _filtered(block, signal, maps=maps, weights=block.kernel_size**2 * maps)


def _filtered(block: Any, signal: Signal, *, maps: int, weights: int) -> list[Layer]:
    reached = _slide(signal, size=block.kernel_size, strides=block.strides, padding="same", maps=maps)
    biases = maps if block.has_bias else 0
    filters = Layer(
        output=reached, parameters=weights + biases, multiply_adds=prod(reached.shape[:2]) * weights
    )
    return [filters, *_normalized(block, reached, activated=True)]


def _normalized(block: Any, reached: Signal, *, activated: bool) -> list[Layer]:
    """Batch normalization where the block has it, and the activation that then follows as a layer."""
    if not block.batch_normalization:
        return []
    maps = reached.shape[-1]
    layers = [Layer(output=reached, parameters=4 * maps, frozen_parameters=2 * maps)]
    return [*layers, *_activated(block, reached)] if activated else layers


def _activated(block: Any, reached: Signal) -> list[Layer]:
    return [Layer(output=reached)] if block.activation != "linear" else []


def _residual(block: ResidualBlock, signal: Signal) -> list[Layer]:
    return _around(
        block, signal, path=((block.kernel_size, block.filters), (block.kernel_size, block.filters))
    )


def _bottleneck(block: Bottleneck, signal: Signal) -> list[Layer]:
    inner = block.inner_filters
    return _around(block, signal, path=((1, inner), (block.kernel_size, inner), (1, block.filters)))


def _around(block: Any, signal: Signal, *, path: tuple[tuple[int, int], ...]) -> list[Layer]:
    """Convolutions (size, maps) in a row, and a way around them; the last but one takes the strides."""
    _require_map(block, signal)
    layers, reached, strides = [], signal, block.strides
    for number, (size, maps) in enumerate(path, start=1):
        here = strides if number == len(path) - 1 else 1
        last = number == len(path)
        layers += _convolved(block, reached, size=size, strides=here, maps=maps, activated=not last)
        reached = layers[-1].output
    if signal.shape != reached.shape:
        layers += _convolved(block, signal, size=1, strides=strides, maps=path[-1][1], activated=False)
    return [*layers, Layer(output=reached), *_activated(block, reached)]


def _convolved(
    block: Any, signal: Signal, *, size: int, strides: int, maps: int, activated: bool
) -> list[Layer]:
    weights = size**2 * signal.shape[-1] * maps
    reached = _slide(signal, size=size, strides=strides, padding="same", maps=maps)
    biases = maps if block.has_bias else 0
    convolution = Layer(
        output=reached, parameters=weights + biases, multiply_adds=prod(reached.shape[:2]) * weights
    )
    return [convolution, *_normalized(block, reached, activated=activated)]


def _squeeze_excitation(block: SqueezeExcitation, signal: Signal) -> list[Layer]:
    _require_map(block, signal)
    maps = signal.shape[-1]
    inner = max(1, maps // block.reduction)
    # The weights of maps come from the whole picture, but what a value sees of its shapes stays a patch.
    squeezed, narrow = replace(signal, shape=(1, 1, maps)), replace(signal, shape=(1, 1, inner))
    return [
        Layer(output=squeezed),
        Layer(output=narrow, parameters=maps * inner + inner, multiply_adds=maps * inner),
        Layer(output=squeezed, parameters=inner * maps + maps, multiply_adds=inner * maps),
        Layer(output=signal),
    ]


def _spatial_dropout(block: SpatialDropout, signal: Signal) -> list[Layer]:
    _require_map(block, signal)
    return [Layer(output=signal)]


def _layer_normalization(block: LayerNormalization, signal: Signal) -> list[Layer]:
    return [Layer(output=signal, parameters=2 * signal.shape[-1])]


def _group_normalization(block: GroupNormalization, signal: Signal) -> list[Layer]:
    maps = signal.shape[-1]
    if maps % block.groups:
        raise ImpossibleError(
            f"{maps} maps cannot be divided evenly into {block.groups} groups. "
            f"Use {gcd(maps, block.groups)} groups, or another number of filters above.",
            carry_on=signal,
        )
    return [Layer(output=signal, parameters=2 * maps)]


LAYERS: MappingProxyType[str, Callable[[Any, Signal], list[Layer]]] = MappingProxyType(
    {
        "convolution": _convolution,
        "max_pooling": _pooling,
        "average_pooling": _pooling,
        "dropout": _dropout,
        "flatten": _flatten,
        "global_average_pooling": _global_average_pooling,
        "dense": _dense,
        "separable_convolution": _separable_convolution,
        "depthwise_convolution": _depthwise_convolution,
        "residual": _residual,
        "bottleneck": _bottleneck,
        "squeeze_excitation": _squeeze_excitation,
        "spatial_dropout": _spatial_dropout,
        "layer_normalization": _layer_normalization,
        "group_normalization": _group_normalization,
    }
)
"""The arithmetic of every kind of block in `specs.blocks.BLOCKS`."""


def _require_map(block: Block, signal: Signal) -> None:
    if not signal.is_map:
        raise ImpossibleError(
            f"{block.label} needs maps, but a vector of {signal.shape[0]:,} values reaches it. "
            f"Move it above the Flatten or Global average pooling, or leave it out.",
            carry_on=signal,
        )


def _fits(signal: Signal, *, size: int, padding: str) -> bool:
    return padding == "same" or size <= signal.shape[0]


def _slide(signal: Signal, *, size: int, strides: int, padding: str, maps: int) -> Signal:
    """Move a square window over the maps (https://distill.pub/2019/computing-receptive-fields/)."""
    length = signal.shape[0] if padding == "same" else signal.shape[0] - size + 1
    steps = -(-length // strides)
    return Signal(
        shape=(steps, steps, maps),
        receptive_field=signal.receptive_field + (size - 1) * signal.jump,
        jump=signal.jump * strides,
    )


def _vector(length: int) -> Signal:
    return Signal(shape=(length,), receptive_field=None)


def _size(signal: Signal) -> str:
    return f"{signal.shape[0]} × {signal.shape[1]}"


def _window(size: int) -> str:
    return f"{size} × {size}"
