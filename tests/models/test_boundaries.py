"""Boundaries: where they are found and where not; every row of the table is in `test_every_backbone`."""

import pytest

from cnnlab.models.backbones import BACKBONE_BLOCKS
from cnnlab.models.boundaries import find_blocks
from cnnlab.models.families import FAMILIES, Family


@pytest.mark.parametrize(
    ("name", "last", "kilobytes"),
    [
        pytest.param("mobilenet_v2", "block_16", 31, id="MobileNetV2"),
        pytest.param("efficientnet_v2b0", "block6h", 38, id="EfficientNetV2B0"),
        pytest.param("resnet50", "conv5_block3", 401, id="ResNet50"),
        pytest.param("efficientnet_lite0", "block7a", 38, id="EfficientNet-Lite0"),
    ],
)
def test_the_last_block_starts_where_the_measured_activations_do(name, last, kilobytes):
    before, block = BACKBONE_BLOCKS[name].blocks[-2:]
    height, width, maps = before.output_shape
    assert block.name == last
    assert round(height * width * maps * 4 / 1000) == kilobytes


def _crossed():
    """Two blocks of which the second also reads past the first: no tensor between them is the only way."""
    import keras

    picture = keras.Input((8, 8, 3))
    stem = keras.layers.Conv2D(4, 3, padding="same", name="stem")(picture)
    first = keras.layers.Conv2D(4, 3, padding="same", name="block1_conv")(stem)
    second = keras.layers.Conv2D(4, 3, padding="same", name="block2_conv")(first)
    joined = keras.layers.Add(name="block2_add")([second, stem])
    third = keras.layers.Conv2D(4, 3, padding="same", name="block3_conv")(joined)
    return keras.Model(picture, third)


@pytest.mark.slow
def test_blocks_without_a_single_tensor_between_them_are_one():
    family = Family(**{**vars(FAMILIES["vgg"]), "block_start": r"^(block\d+)_"})
    blocks = find_blocks(_crossed(), family=family)
    assert [[layer.name for layer in block.layers] for block in blocks] == [
        ["stem"],
        ["block1_conv", "block2_conv", "block2_add"],
        ["block3_conv"],
    ]


@pytest.mark.slow
def test_a_tensor_that_is_read_later_again_is_no_boundary():
    family = Family(**{**vars(FAMILIES["vgg"]), "block_start": r"^(block2)_"})
    blocks = find_blocks(_crossed(), family=family)
    assert [block.layers[0].name for block in blocks] == ["stem", "block1_conv"]
