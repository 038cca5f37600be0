"""Table of known networks as block settings: something to start from, and to compare with.

This module never builds a network.
"""

from dataclasses import dataclass
from types import MappingProxyType

from cnnlab.specs.blocks import (
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    MaxPooling,
    ResidualBlock,
    SqueezeExcitation,
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


def _normalized(filters: int, *, kernel_size: int = 3, strides: int = 1) -> Convolution:
    return Convolution(filters=filters, kernel_size=kernel_size, strides=strides, batch_normalization=True)


def _separated(filters: int, *, strides: int = 1) -> tuple[DepthwiseConvolution, Convolution]:
    """A depthwise convolution and the 1 × 1 one that mixes its maps, each normalized."""
    return DepthwiseConvolution(strides=strides), _normalized(filters, kernel_size=1)


PRESETS: MappingProxyType[str, Preset] = MappingProxyType(
    {
        "lesson_cnn": Preset(
            label="The lesson's CNN",
            summary="Three times two convolutions and a pool, then global average pooling. Without batch normalization it "
            "starts slowly: from a thousand pictures it stays at chance for several epochs.",
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
        "resnet_like": Preset(
            label="ResNet-like, small",
            summary="The 20-layer residual network of the paper's own CIFAR-10 experiments "
            "(https://arxiv.org/abs/1512.03385): deep, with few weights.",
            network=_network(
                "ResNet-like, small",
                _normalized(16),
                *(ResidualBlock(filters=16),) * 3,
                *(ResidualBlock(filters=32, strides=2), *(ResidualBlock(filters=32),) * 2),
                *(ResidualBlock(filters=64, strides=2), *(ResidualBlock(filters=64),) * 2),
                GlobalAveragePooling(),
                image_size=32,
            ),
        ),
        "mobilenet_like": Preset(
            label="MobileNet-like, small",
            summary="Depthwise and 1 × 1 convolutions in turn, as in MobileNet "
            "(https://arxiv.org/abs/1704.04861): few multiply-adds, made for telephones.",
            network=_network(
                "MobileNet-like, small",
                *(_normalized(32, strides=2), *_separated(64)),
                *(*_separated(128, strides=2), *_separated(128)),
                *(*_separated(256, strides=2), *_separated(256), *_separated(256), *_separated(256)),
                *(GlobalAveragePooling(), Dropout(rate=0.2)),
                image_size=64,
            ),
        ),
        "all_cnn": Preset(
            label="All-CNN",
            summary="No pool and no hidden dense layer: strided convolutions do it all, as in All-CNN-C "
            "(https://arxiv.org/abs/1412.6806), here with batch normalization.",
            network=_network(
                "All-CNN",
                *(_normalized(96), _normalized(96), _normalized(96, strides=2), Dropout(rate=0.5)),
                *(_normalized(192), _normalized(192), _normalized(192, strides=2), Dropout(rate=0.5)),
                *(_normalized(192), _normalized(192, kernel_size=1), GlobalAveragePooling()),
                image_size=32,
            ),
        ),
        "strong_small": Preset(
            label="Strong small CNN",
            summary="For CIFAR-10 and its like: residual blocks between stages of convolutions, after ResNet-9 "
            "(https://myrtle.ai/learn/how-to-train-your-resnet), at half its width, with squeeze and excitation "
            "(https://arxiv.org/abs/1709.01507).",
            network=_network(
                "Strong small CNN",
                *(_normalized(32), _normalized(64), MaxPooling(), ResidualBlock(filters=64)),
                *(_normalized(128), MaxPooling(), SqueezeExcitation()),
                *(_normalized(256), MaxPooling(), ResidualBlock(filters=256), SqueezeExcitation()),
                *(GlobalAveragePooling(), Dropout(rate=0.3)),
                image_size=32,
            ),
        ),
    }
)
