"""Backbone and head: what learns is what lies above the boundary, and batch normalization stands still."""

from dataclasses import replace

import numpy as np
import pytest

from cnnlab.errors import SpecError
from cnnlab.models.backbones import count_parameters
from cnnlab.models.boundaries import find_blocks
from cnnlab.models.classifier import build_classifier, build_preprocessing
from cnnlab.models.families import PREPROCESSINGS
from cnnlab.models.seeding import seeded
from cnnlab.specs.networks import BackboneNetwork, Head
from tests.models.reference import enliven, random_pictures, scaled_by_keras, smallest_network

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small():
    return build_classifier(smallest_network("mobilenet_v2"), num_classes=3, seed=1)


def _names(variables: list) -> set[str]:
    return {variable.path for variable in variables}


@pytest.mark.parametrize(
    ("unfreeze", "unfreeze_blocks"), [("nothing", 1), ("blocks", 1), ("blocks", 3), ("everything", 1)]
)
def test_what_learns_is_what_was_counted_without_tensorflow(small, unfreeze, unfreeze_blocks):
    split = small.split_at(unfreeze, unfreeze_blocks)
    counts = count_parameters(
        smallest_network("mobilenet_v2"), num_classes=3, unfreeze=unfreeze, unfreeze_blocks=unfreeze_blocks
    )
    head = sum(np.prod(weight.shape) for weight in small.head.trainable_weights)
    above = 0 if split.above is None else sum(np.prod(w.shape) for w in split.above.trainable_weights)
    assert (head, head + above) == (counts.feature_extraction_trainable, counts.fine_tuning_trainable)
    assert small.backbone.count_params() + small.head.count_params() == counts.total
    if split.below is not None:
        assert not split.below.trainable_weights


def test_efficientnet_v2b0_has_the_lessons_counts_in_keras_too():
    classifier = build_classifier(smallest_network("efficientnet_v2b0"), num_classes=5)
    model = classifier.inference_model()
    assert model.count_params() == 6_248_533
    assert sum(np.prod(weight.shape) for weight in model.trainable_weights) == 329_221
    classifier.split_at("everything")
    assert sum(np.prod(weight.shape) for weight in model.trainable_weights) == 6_127_317


def test_unfreezing_less_again_freezes_what_was_unfrozen(small):
    small.split_at("everything")
    split = small.split_at("blocks", 1)
    learning = {path.split("/")[0] for path in _names(split.above.trainable_weights)}
    assert learning == {"block_16_expand", "block_16_depthwise", "block_16_project", "Conv_1"}


def test_more_blocks_than_there_are_cannot_be_unfrozen(small):
    with pytest.raises(SpecError, match="MobileNetV2 has 18 blocks; 19 cannot be unfrozen"):
        small.split_at("blocks", 19)


def test_in_real_training_steps_batch_normalization_stands_still_and_only_what_lies_above_learns(small):
    import keras
    import tensorflow as tf

    split = small.split_at("blocks", 2)
    joined = keras.Model(split.above.inputs[0], small.head(split.above.outputs[0]))
    assert any(isinstance(layer, keras.layers.BatchNormalization) for layer in split.above.layers)
    before = {weight.path: weight.numpy() for weight in small.backbone.weights}
    optimizer = keras.optimizers.Adam(1e-2)
    activations = split.below(random_pictures(32, number=16))
    labels = np.arange(16) % 3
    for _ in range(4):
        with tf.GradientTape() as tape:
            probabilities = joined(activations, training=True)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, probabilities))
        variables = joined.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
    changed = {w.path for w in small.backbone.weights if not np.array_equal(w.numpy(), before[w.path])}
    assert changed == _names(split.above.trainable_weights)
    assert not any("bn" in path.lower() for path in changed)
    assert {path.split("/")[0].rsplit("_", 1)[0] for path in changed} == {"block_15", "block_16", "Conv"}


def test_batch_normalization_inside_a_nested_network_stands_still_too(small):
    import keras

    layers = keras.layers
    inner = keras.Sequential(
        [layers.Conv2D(1280, 3, name="inside"), layers.BatchNormalization()], name="inner"
    )
    picture = keras.Input((32, 32, 3))
    backbone = keras.Model(picture, inner(picture))
    blocks = find_blocks(backbone, family=small.row.family)
    nested = replace(small, backbone=backbone, blocks=blocks)
    above = nested.split_at("everything").above
    assert _names(above.trainable_weights) == _names(inner.get_layer("inside").weights)


def test_unfreezing_everything_leaves_nothing_below_and_changes_no_feature(small):
    pictures = random_pictures(32)
    features = small.split_at("nothing").below(pictures).numpy()
    split = small.split_at("everything")
    assert (split.name, split.below) == ("pictures", None)
    np.testing.assert_allclose(split.above(pictures), features, rtol=1e-4, atol=1e-5)


def test_the_whole_network_leads_from_raw_pictures_to_probabilities(small):
    pictures = random_pictures(32)
    probabilities = small.inference_model()(pictures).numpy()
    assert probabilities.shape == (4, 3)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    by_parts = small.head(small.split_at("nothing").below(pictures)).numpy()
    assert probabilities == pytest.approx(by_parts, abs=1e-6)


def test_the_explaining_model_also_answers_with_the_last_feature_map(small):
    pictures = random_pictures(32)
    probabilities, maps = small.explaining_model()(pictures)
    assert maps.shape == (4, 1, 1, 1280)
    assert probabilities.numpy() == pytest.approx(
        small.head(maps.numpy().mean(axis=(1, 2))).numpy(), abs=1e-6
    )


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    first, again, other = (
        build_classifier(smallest_network("mobilenet_v2"), num_classes=3, seed=seed)
        .inference_model()
        .get_weights()
        for seed in (3, 3, 4)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_the_first_network_of_a_process_is_built_from_the_same_seed():
    """Importing Keras draws random numbers; they must not count."""
    import random
    import subprocess
    import sys

    program = "from cnnlab.models.seeding import seeded\nimport random\nwith seeded(3): import keras; print(random.random())"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    with seeded(3):
        assert float(found.stdout) == random.random()


def test_a_head_may_have_no_hidden_layer():
    classifier = build_classifier(smallest_network("mobilenet_v2", head=Head(units=0)), num_classes=3)
    assert [layer.name for layer in classifier.head.layers] == [
        "features",
        "head_dropout_before",
        "probabilities",
    ]


def test_pictures_that_are_too_small_for_a_backbone_are_refused_in_a_sentence():
    network = BackboneNetwork(backbone="inception_v3", weights="random", image_size=64)
    with pytest.raises(
        SpecError, match="InceptionV3 cannot take pictures of 64 × 64 pixels; it needs at least 75"
    ):
        build_classifier(network, num_classes=3)


def test_an_unknown_backbone_is_refused_in_a_sentence():
    with pytest.raises(SpecError, match="There is no backbone named 'alexnet'"):
        build_classifier(BackboneNetwork(backbone="alexnet"), num_classes=3)


def _lite_answer(model, pictures: np.ndarray) -> np.ndarray:
    """What the model's LiteRT form says to the first picture."""
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=tf.lite.TFLiteConverter.from_keras_model(model).convert())
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pictures[:1])
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize("name", PREPROCESSINGS)
def test_every_preprocessing_survives_saving_and_conversion(name, tmp_path):
    """Reversed channels and scales per channel are what formats stumble over."""
    import keras

    model = build_preprocessing(PREPROCESSINGS[name], image_size=8)
    pictures = random_pictures(8)
    expected = np.asarray(model(pictures))
    model.save(tmp_path / "model.keras")
    again = np.asarray(keras.models.load_model(tmp_path / "model.keras")(pictures))
    np.testing.assert_allclose(again, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(_lite_answer(model, pictures), expected[:1], rtol=1e-5, atol=1e-5)


def _assert_same_answers(found, expected, pictures: np.ndarray) -> None:
    """The same to the last digits, which threads may add up in another order; the weights to the bit."""
    assert all(np.array_equal(a, b) for a, b in zip(found.get_weights(), expected.get_weights(), strict=True))
    np.testing.assert_allclose(found(pictures).numpy(), expected(pictures).numpy(), rtol=1e-5, atol=1e-6)


def test_a_saved_network_answers_the_same(small, tmp_path):
    import keras

    pictures = random_pictures(32)
    enliven(small.backbone, scaled_by_keras("mobilenet_v2", random_pictures(32, number=32)))
    model = small.inference_model()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    _assert_same_answers(again, model, pictures)
