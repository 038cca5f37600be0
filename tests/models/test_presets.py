"""Presets: every one works as it is, and the lesson's is exactly the lesson's."""

import pytest

from cnnlab.models.anatomy import describe_network
from cnnlab.models.presets import PRESETS
from cnnlab.specs.networks import BlockNetwork


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("num_classes", [2, 100])
def test_every_preset_works_and_survives_json(name, num_classes):
    network = PRESETS[name].network
    assert describe_network(network, num_classes=num_classes).works
    assert BlockNetwork.from_json(network.to_json()) == network


def test_the_lessons_cnn_is_the_lessons():
    kinds = [(block.label, block.describe()) for block in PRESETS["lesson_cnn"].network.blocks]
    stages = [
        [
            ("Convolution", f"{filters} filters · 3 × 3 · 2 in a row"),
            ("Max pooling", "2 × 2"),
            ("Dropout", "25%"),
        ]
        for filters in (32, 64, 128)
    ]
    head = [("Global average pooling", ""), ("Dense", "128 units"), ("Dropout", "50%")]
    assert kinds == [*stages[0], *stages[1], *stages[2], *head]


def test_the_dense_network_has_no_convolution():
    assert all(block.kind in {"flatten", "dense"} for block in PRESETS["mlp"].network.blocks)


@pytest.mark.parametrize(
    ("name", "layers"), [("resnet_like", 20), ("mobilenet_like", 16), ("all_cnn", 9), ("strong_small", 9)]
)
def test_a_network_after_a_paper_is_as_deep_as_it_says(name, layers):
    """Layers with weights on the way, the output included; the ways around are not counted."""
    deep = {"convolution": 1, "depthwise_convolution": 1, "residual": 2}
    assert 1 + sum(deep.get(block.kind, 0) for block in PRESETS[name].network.blocks) == layers


def test_depth_costs_few_weights_when_it_is_residual_or_separated():
    figures = {name: describe_network(PRESETS[name].network, num_classes=10) for name in PRESETS}
    assert figures["resnet_like"].parameters < figures["lesson_cnn"].parameters
    assert figures["mobilenet_like"].multiply_adds < figures["lesson_cnn"].multiply_adds
