"""The generated figures of every backbone are Keras' own, to the last digit."""

import json

import pytest

from cnnlab.models.backbones import BACKBONES, BLOCKS
from cnnlab.models.measure_blocks import measure, weights_file

pytestmark = pytest.mark.slow

ROWS = (
    "mobilenet_v2",
    "efficientnet_lite0",
    "xception",
    "vgg16",
    "resnet50",
    "resnet50_v2",
    "inception_v3",
    "inception_resnet_v2",
    "mobilenet",
    "densenet121",
    "nasnet_mobile",
    "efficientnet_b0",
    "efficientnet_v2b0",
    "efficientnet_v2s",
)
"""One of every family at its own image size; the parameters of every row are in `test_every_backbone`."""
WRITTEN = json.loads(BLOCKS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ROWS)
def test_the_figures_in_the_file_are_those_of_keras(name):
    written = {key: value for key, value in WRITTEN[name].items() if key != "weights"}
    assert measure(name) == written


@pytest.mark.parametrize("name", ROWS)
def test_the_file_of_weights_is_the_one_that_keras_would_fetch(name):
    assert weights_file(name) == WRITTEN[name]["weights"]


def test_one_of_every_family_is_measured():
    assert {id(BACKBONES[name].family) for name in ROWS} == {id(row.family) for row in BACKBONES.values()}
