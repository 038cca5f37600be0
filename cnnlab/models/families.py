"""Table of the families of backbones, and of the ways in which they want their pictures.

What all members of a family share: the paper, the licence, the scaling, and where its blocks begin
or end. Plain data; this module never imports Keras.
"""

from dataclasses import dataclass
from types import MappingProxyType

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SPREAD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """What is done to raw RGB in 0..255 before a backbone: value * scale + offset, per channel."""

    sentence: str
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    reverse_channels: bool = False
    """Whether the channels are turned to blue, green, red first; scale and offset are in the new order."""

    @property
    def changes_nothing(self) -> bool:
        """Whether the backbone takes raw pictures as they are."""
        return self == Preprocessing(sentence=self.sentence)


PREPROCESSINGS: MappingProxyType[str, Preprocessing] = MappingProxyType(
    {
        "minus_one_to_one": Preprocessing(
            sentence="Scaled to -1..1.", scale=(1 / 127.5,) * 3, offset=(-1.0,) * 3
        ),
        "caffe": Preprocessing(
            sentence="Blue, green, red; the mean of ImageNet taken away, not scaled.",
            offset=(-103.939, -116.779, -123.68),
            reverse_channels=True,
        ),
        "imagenet_statistics": Preprocessing(
            sentence="Mean 0 and spread 1 in each channel, by ImageNet's statistics.",
            scale=tuple(1 / 255 / spread for spread in IMAGENET_SPREAD),
            offset=tuple(-mean / spread for mean, spread in zip(IMAGENET_MEAN, IMAGENET_SPREAD, strict=True)),
        ),
        "divide_by_128": Preprocessing(
            sentence="Divided by 128, minus 1.", scale=(1 / 128,) * 3, offset=(-1.0,) * 3
        ),
        "lite": Preprocessing(sentence="(x - 127) / 128.", scale=(1 / 128,) * 3, offset=(-127 / 128,) * 3),
        "inside": Preprocessing(
            sentence="Inside the backbone itself: mean 0 and spread 1 by ImageNet's statistics."
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Family:
    """What all members of a family have in common."""

    label: str
    paper: str
    licence: str
    """Of the pretrained weights, as their authors gave them."""
    preprocessing: str
    """Key of `PREPROCESSINGS`."""
    smallest_image_size: int
    block_start: str = ""
    """Pattern of a layer's name whose group is the block that it belongs to; the first such layer begins the block."""
    block_end: str = ""
    """The same for families that name only the last layer of a block."""
    block_name: str = "{}"
    """How a block is called, from the pattern's group."""


_EFFICIENTNET_BLOCK = r"^(block\d+[a-z])_"
_EFFICIENTNET_V2 = {
    "paper": "https://arxiv.org/abs/2104.00298",
    "licence": "Apache-2.0",
    "smallest_image_size": 32,
    "block_start": _EFFICIENTNET_BLOCK,
}

FAMILIES: MappingProxyType[str, Family] = MappingProxyType(
    {
        "xception": Family(
            label="Xception",
            paper="https://arxiv.org/abs/1610.02357",
            licence="MIT",
            preprocessing="minus_one_to_one",
            smallest_image_size=71,
            block_start=r"^(block\d+)_sepconv",
        ),
        "vgg": Family(
            label="VGG",
            paper="https://arxiv.org/abs/1409.1556",
            licence="CC-BY-4.0",
            preprocessing="caffe",
            smallest_image_size=32,
            block_start=r"^(block\d+)_conv",
        ),
        "resnet": Family(
            label="ResNet",
            paper="https://arxiv.org/abs/1512.03385",
            licence="MIT",
            preprocessing="caffe",
            smallest_image_size=32,
            block_start=r"^(conv\d+_block\d+)_",
        ),
        "resnet_v2": Family(
            label="ResNetV2",
            paper="https://arxiv.org/abs/1603.05027",
            licence="BSD-3-Clause",
            preprocessing="minus_one_to_one",
            smallest_image_size=32,
            block_start=r"^(conv\d+_block\d+)_",
        ),
        "inception_v3": Family(
            label="Inception",
            paper="https://arxiv.org/abs/1512.00567",
            licence="Apache-2.0",
            preprocessing="minus_one_to_one",
            smallest_image_size=75,
            block_end=r"^(mixed\d+)$",
        ),
        "inception_resnet_v2": Family(
            label="Inception-ResNet",
            paper="https://arxiv.org/abs/1602.07261",
            licence="Apache-2.0",
            preprocessing="minus_one_to_one",
            smallest_image_size=75,
            block_end=r"^(mixed_[5-7][ab]|block(?:35|17|8)_\d+(?=_ac)|block8_10(?=_conv))",
        ),
        "mobilenet": Family(
            label="MobileNet",
            paper="https://arxiv.org/abs/1704.04861",
            licence="Apache-2.0",
            preprocessing="minus_one_to_one",
            smallest_image_size=32,
            block_start=r"^conv_(?:pad|dw)_(\d+)$",
            block_name="block_{}",
        ),
        "mobilenet_v2": Family(
            label="MobileNetV2",
            paper="https://arxiv.org/abs/1801.04381",
            licence="Apache-2.0",
            preprocessing="minus_one_to_one",
            smallest_image_size=32,
            block_start=r"^(expanded_conv|block_\d+)_",
        ),
        "densenet": Family(
            label="DenseNet",
            paper="https://arxiv.org/abs/1608.06993",
            licence="BSD-3-Clause",
            preprocessing="imagenet_statistics",
            smallest_image_size=32,
            block_start=r"^conv(\d+)_block\d+_",
            block_name="conv{}",
        ),
        "nasnet": Family(
            label="NASNet",
            paper="https://arxiv.org/abs/1707.07012",
            licence="Apache-2.0",
            preprocessing="minus_one_to_one",
            smallest_image_size=32,
            # Every cell looks at the two before it, so no tensor between two cells is the only way through.
            block_start=r"_(stem)_1$",
            block_name="cells",
        ),
        "efficientnet": Family(
            label="EfficientNet",
            paper="https://arxiv.org/abs/1905.11946",
            licence="Apache-2.0",
            preprocessing="inside",
            smallest_image_size=32,
            block_start=_EFFICIENTNET_BLOCK,
        ),
        "efficientnet_v2_b": Family(
            label="EfficientNetV2", preprocessing="imagenet_statistics", **_EFFICIENTNET_V2
        ),
        "efficientnet_v2": Family(label="EfficientNetV2", preprocessing="divide_by_128", **_EFFICIENTNET_V2),
        "efficientnet_lite": Family(
            label="EfficientNet-Lite",
            paper="https://arxiv.org/abs/1905.11946",
            licence="Apache-2.0",
            preprocessing="lite",
            smallest_image_size=32,
            block_start=_EFFICIENTNET_BLOCK,
        ),
    }
)
