"""Presets: every one works as it is, and the lesson's is exactly the lesson's."""

import numpy as np
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


def _stripes(number: int, *, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Stripes that lie, that stand, that lean left and that lean right, in any two colours: four classes in turn."""
    random = np.random.default_rng(0)
    down, right = np.mgrid[:size, :size]
    labels = np.arange(number) % 4
    pictures = []
    for label in labels:
        way = [down, right, down + right, down - right][label]
        stripes = ((way + random.integers(4)) // 2 % 2)[..., None]
        dark, light = random.integers(0, 100, 3), random.integers(156, 256, 3)
        pictures.append(np.where(stripes, light, dark))
    return np.stack(pictures).astype(np.float32), labels


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"), [("resnet_like", 16), ("mobilenet_like", 32), ("all_cnn", 16), ("strong_small", 16)]
)
def test_a_network_after_a_paper_learns(name, size):
    import keras

    from cnnlab.models.network import build_network

    pictures, labels = _stripes(64, size=size)
    model = build_network(PRESETS[name].network.with_changes(image_size=size), num_classes=4)
    # A few dozen steps are done before a graph of them would be made.
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", run_eagerly=True)
    for _ in range(40):
        model.fit(pictures, labels, batch_size=16, epochs=1, verbose=0)
        accuracy = np.mean(np.argmax(model(pictures), axis=1) == labels)
        if accuracy > 0.8:
            break
    # Guessing is right in a quarter of all cases.
    assert accuracy > 0.6
