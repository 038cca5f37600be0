"""Networks of blocks as Keras builds them: scaling inside, the same seed the same weights, readable names."""

import numpy as np
import pytest

from cnnlab.errors import SpecError
from cnnlab.models.layers import LAYERS
from cnnlab.models.network import build_network, explaining_model
from cnnlab.models.presets import PRESETS
from cnnlab.specs.activations import ACTIVATIONS
from cnnlab.specs.blocks import (
    BLOCKS,
    AveragePooling,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    MaxPooling,
)
from cnnlab.specs.networks import BlockNetwork

pytestmark = pytest.mark.slow

SMALL = BlockNetwork(
    image_size=16,
    blocks=(
        Convolution(
            filters=4, repeats=2, batch_normalization=True, batch_normalization_momentum=0.8, strides=2
        ),
        MaxPooling(),
        Dropout(),
        GlobalAveragePooling(),
        Dense(units=5, activation="gelu"),
    ),
)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype(np.float32)


def test_raw_pictures_become_probabilities(pictures):
    probabilities = build_network(SMALL, num_classes=7)(pictures).numpy()
    assert probabilities.shape == (3, 7)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_pictures_are_divided_by_255_inside(pictures):
    import keras

    model = build_network(SMALL, num_classes=7)
    after_scaling = keras.Model(model.get_layer("rescale").output, model.output)
    assert model(pictures).numpy() == pytest.approx(after_scaling(pictures / 255).numpy(), abs=1e-6)


def test_layers_are_named_for_people():
    names = [layer.name for layer in build_network(SMALL, num_classes=7).layers]
    assert names == [
        *(
            "picture",
            "rescale",
            "conv_1",
            "conv_1_norm",
            "conv_1_relu",
            "conv_2",
            "conv_2_norm",
            "conv_2_relu",
        ),
        *("pool_1", "dropout_1", "global_average_pooling_1", "dense_1", "probabilities"),
    ]


def test_batch_normalization_stands_between_a_convolution_without_bias_and_its_activation():
    model = build_network(SMALL, num_classes=7)
    assert not model.get_layer("conv_1").use_bias
    assert model.get_layer("conv_1").activation.__name__ == "linear"
    assert model.get_layer("conv_1_norm").momentum == 0.8


def test_only_the_first_of_several_convolutions_in_a_row_takes_strides():
    model = build_network(SMALL, num_classes=7)
    assert [model.get_layer(name).strides for name in ("conv_1", "conv_2")] == [(2, 2), (1, 1)]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, again, other = (build_network(SMALL, num_classes=7, seed=seed).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_building_leaves_pythons_random_numbers_alone():
    import random

    random.seed(1)
    expected = random.random()
    random.seed(1)
    build_network(SMALL, num_classes=7, seed=5)
    assert random.random() == expected


def test_blocks_that_do_not_fit_are_refused_with_the_sentence_of_the_anatomy():
    network = BlockNetwork(name="Broken", blocks=(Convolution(), Dense(), Dense()))
    with pytest.raises(SpecError, match=r"'Broken' cannot be built. Block 2 \(Dense\): .* Flatten before it"):
        build_network(network, num_classes=3)


def test_the_explaining_model_also_answers_with_the_maps_before_the_pooling(pictures):
    model = build_network(SMALL, num_classes=7)
    probabilities, maps = explaining_model(model)(pictures)
    assert maps.shape == (3, 4, 4, 4)
    np.testing.assert_allclose(probabilities.numpy(), model(pictures).numpy(), rtol=1e-5, atol=1e-6)
    pooled = model.get_layer("dense_1")(maps.numpy().mean(axis=(1, 2)))
    assert model.get_layer("probabilities")(pooled).numpy() == pytest.approx(probabilities.numpy(), abs=1e-5)


def test_a_dense_network_has_no_feature_map_to_explain_with():
    model = build_network(PRESETS["mlp"].network, num_classes=3)
    assert len(explaining_model(model).outputs) == 1


def test_every_kind_of_block_has_its_layers():
    assert set(LAYERS) == set(BLOCKS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_built_as_its_formula_says(name):
    import keras

    network = BlockNetwork(
        image_size=8,
        blocks=(
            Convolution(kernel_size=1, activation=name, batch_normalization=True),
            Flatten(),
            Dense(activation=name),
        ),
    )
    model = build_network(network, num_classes=2)
    xs = np.linspace(-4, 4, 33, dtype=np.float32)
    expected = pytest.approx([ACTIVATIONS[name].apply(float(x)) for x in xs], rel=1e-5, abs=1e-5)
    applied = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)]
    assert len(applied) == (0 if name == "linear" else 1)
    for layer in applied:
        assert np.asarray(layer(xs)) == expected
    assert np.asarray(model.get_layer("dense_1").activation(xs)) == expected


def test_a_saved_network_answers_the_same(pictures, tmp_path):
    import keras

    network = BlockNetwork(
        image_size=16, blocks=(Convolution(), AveragePooling(padding="same"), Flatten(), Dense())
    )
    model = build_network(network, num_classes=4)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), model.get_weights(), strict=True))
    np.testing.assert_allclose(again(pictures).numpy(), model(pictures).numpy(), rtol=1e-5, atol=1e-6)
