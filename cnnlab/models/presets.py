"""Table of known networks as block settings: something to start from, and to compare with.

This module never builds a network.
"""

from dataclasses import dataclass
from types import MappingProxyType

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


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A network to start from."""

    label: str
    summary: str
    network: BlockNetwork


def _network(name: str, *blocks: object, image_size: int) -> BlockNetwork:
    return BlockNetwork(name=name, image_size=image_size, blocks=blocks)


def _stage(filters: int, *, repeats: int) -> tuple[Convolution, MaxPooling]:
    """Several 3 × 3 convolutions with batch normalization, then a pool."""
    return Convolution(filters=filters, repeats=repeats, batch_normalization=True), MaxPooling()


PRESETS: MappingProxyType[str, Preset] = MappingProxyType(
    {
        "lesson_cnn": Preset(
            label="The lesson's CNN",
            summary="Three times two convolutions and a pool, then global average pooling. A good first network.",
            network=_network(
                "The lesson's CNN",
                *(Convolution(filters=32, repeats=2), MaxPooling(), Dropout(rate=0.25)),
                *(Convolution(filters=64, repeats=2), MaxPooling(), Dropout(rate=0.25)),
                *(Convolution(filters=128, repeats=2), MaxPooling(), Dropout(rate=0.25)),
                *(GlobalAveragePooling(), Dense(units=128), Dropout(rate=0.5)),
                image_size=32,
            ),
        ),
        "lenet5": Preset(
            label="LeNet-5",
            summary="The classic of 1998 (http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf): small, tanh, "
            "average pooling. Enough for digits.",
            network=_network(
                "LeNet-5",
                Convolution(filters=6, kernel_size=5, padding="valid", activation="tanh"),
                AveragePooling(),
                Convolution(filters=16, kernel_size=5, padding="valid", activation="tanh"),
                AveragePooling(),
                *(Flatten(), Dense(units=120, activation="tanh"), Dense(units=84, activation="tanh")),
                image_size=32,
            ),
        ),
        "mlp": Preset(
            label="Dense network",
            summary="No convolution at all: every pixel joined to every unit. Why not dense? Train it beside a "
            "CNN on objects that move, and see.",
            network=_network("Dense network", Flatten(), Dense(units=256), Dense(units=128), image_size=32),
        ),
        "vgg_like": Preset(
            label="VGG-like",
            summary="Deeper: four stages of 3 × 3 convolutions that double their filters, as in VGG "
            "(https://arxiv.org/abs/1409.1556), with batch normalization. Slower, and stronger with many pictures.",
            network=_network(
                "VGG-like",
                *_stage(32, repeats=2),
                *_stage(64, repeats=2),
                *_stage(128, repeats=3),
                *_stage(256, repeats=3),
                *(GlobalAveragePooling(), Dense(units=256), Dropout(rate=0.5)),
                image_size=64,
            ),
        ),
    }
)
