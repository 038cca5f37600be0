"""The generated figures of every backbone are Keras' own, to the last digit."""

import json

import pytest

from cnnlab.models.backbones import BACKBONES, BLOCKS
from cnnlab.models.measure_blocks import measure, weights_file

FAST = ("mobilenet_v2", "efficientnet_lite0")
ROWS = [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in BACKBONES]
WRITTEN = json.loads(BLOCKS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ROWS)
def test_the_figures_in_the_file_are_those_of_keras(name):
    written = {key: value for key, value in WRITTEN[name].items() if key != "weights"}
    assert measure(name) == written


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v2",
        "efficientnet_lite0",
        # One of every way in which Keras makes up the file's name.
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("vgg16", "xception", "resnet50", "inception_v3", "densenet121", "nasnet_mobile")
        ),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("mobilenet", "efficientnet_b0", "efficientnet_v2b0", "inception_resnet_v2")
        ),
    ],
)
def test_the_file_of_weights_is_the_one_that_keras_would_fetch(name):
    assert weights_file(name) == WRITTEN[name]["weights"]
