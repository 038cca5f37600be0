"""Heads in NumPy against Keras: scores, gradients by `tf.GradientTape`, and Grad-CAM for every kind of network."""

import numpy as np
import pytest

from cnnlab.errors import EvaluationError
from cnnlab.evaluation.explanations import colour_bar, coloured, enlarge, explain, grad_cam, overlay
from cnnlab.evaluation.heads import FILE, SLOPES, Head, Layer, head_of, load_head, save_head
from cnnlab.specs.activations import ACTIVATIONS
from cnnlab.specs.blocks import (
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    GroupNormalization,
    LayerNormalization,
    MaxPooling,
    ResidualBlock,
    SpatialDropout,
    SqueezeExcitation,
)
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork
from cnnlab.specs.networks import Head as HeadSpec

CLASSES, LABEL = 4, 2
NETWORKS = [
    pytest.param((Convolution(filters=6), MaxPooling(), Flatten(), Dense(units=12)), id="flatten"),
    pytest.param(
        (Convolution(filters=6), MaxPooling(), GlobalAveragePooling(), Dense(units=12, activation="silu")),
        id="global pooling",
    ),
    pytest.param(
        (Convolution(filters=6, batch_normalization=True), GlobalAveragePooling(), Dropout(), Dense(units=9)),
        id="batch normalization",
    ),
    pytest.param(
        (ResidualBlock(filters=6), SqueezeExcitation(reduction=2), SpatialDropout(), GlobalAveragePooling()),
        id="residual",
    ),
    pytest.param(
        (
            Convolution(filters=6, strides=2),
            Flatten(),
            Dense(units=12, activation="gelu"),
            LayerNormalization(),
            Dense(units=8, activation="hard_silu"),
            GroupNormalization(groups=2),
        ),
        id="normalization of a vector",
    ),
]
BACKBONES = [
    pytest.param("efficientnet_lite0", id="Lite0"),
    pytest.param("mobilenet_v2", id="MobileNetV2"),
    pytest.param("resnet50", id="ResNet50"),
    pytest.param("efficientnet_v2b0", id="EfficientNetV2B0"),
]


def picture_of(size: int) -> np.ndarray:
    """A random picture, uint8."""
    return np.random.default_rng(3).integers(0, 256, (size, size, 3), dtype=np.uint8)


def tape_answers(explaining, whole, picture):
    """Maps, score and gradient of a class by the tape: the softmax is taken off the last layer."""
    import keras
    import tensorflow as tf

    last = whole.layers[-1]
    last = last.layers[-1] if hasattr(last, "layers") else last
    last.activation = keras.activations.linear
    with tf.GradientTape() as tape:
        entered = tf.constant(picture[np.newaxis].astype(np.float32))
        tape.watch(entered)
        scores, maps = explaining(entered, training=False)
        score = scores[0, LABEL]
    gradient = tape.gradient(score, maps)
    return maps.numpy()[0], scores.numpy()[0], gradient.numpy()[0]


def see_something(classifier) -> None:
    """Let batch normalization take over what it meets: with untouched statistics random features are all nothing."""
    import keras

    for layer in classifier.backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable, layer.momentum = True, 0.0
    pictures = np.stack([picture_of(64), picture_of(64)[::-1], picture_of(64)[:, ::-1]]).astype(np.float32)
    classifier.backbone(classifier.preprocessing(pictures), training=True)


def assert_same(head: Head, maps: np.ndarray, scores: np.ndarray, gradient: np.ndarray) -> None:
    found = head.gradient(maps, label=LABEL)
    assert head.scores(maps) == pytest.approx(scores, rel=1e-3, abs=1e-3 * float(np.abs(scores).max()))
    assert found == pytest.approx(gradient, rel=1e-3, abs=1e-3 * float(np.abs(gradient).max()))
    assert grad_cam(maps, found) == pytest.approx(grad_cam(maps, gradient), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("blocks", NETWORKS)
def test_a_network_of_blocks_is_explained_as_the_tape_does(blocks, tmp_path):
    from cnnlab.models.network import build_network, explaining_model

    whole = build_network(BlockNetwork(image_size=16, blocks=blocks), num_classes=CLASSES)
    save_head(head_of(whole), folder=tmp_path)
    head = load_head(tmp_path)
    assert_same(head, *tape_answers(explaining_model(whole), whole, picture_of(16)))


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_is_explained_as_the_tape_does(name):
    import keras

    from cnnlab.models.classifier import build_classifier

    network = BackboneNetwork(
        backbone=name, weights="random", image_size=64, head=HeadSpec(units=16, activation="elu")
    )
    classifier = build_classifier(network, num_classes=CLASSES)
    see_something(classifier)
    whole, explaining = classifier.inference_model(), classifier.explaining_model()
    head = head_of(whole)
    maps, scores, gradient = tape_answers(explaining, whole, picture_of(64))
    assert_same(head, maps, scores, gradient)
    assert head.gradient(maps, label=LABEL).shape == tuple(explaining.output_shape[1][1:])
    keras.backend.clear_session()


@pytest.mark.slow
def test_a_network_without_maps_has_no_head_to_explain_with():
    from cnnlab.models.network import build_network

    network = BlockNetwork(image_size=16, blocks=(Flatten(), Dense(units=8)))
    assert head_of(build_network(network, num_classes=CLASSES)) is None


@pytest.mark.slow
def test_batch_normalization_of_a_vector_is_a_factor_and_a_shift():
    import keras

    picture = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3)(keras.layers.Rescaling(1 / 255)(picture))
    reached = keras.layers.BatchNormalization()(keras.layers.GlobalAveragePooling2D()(maps))
    reached = keras.layers.Activation("tanh")(reached)
    whole = keras.Model(picture, keras.layers.Dense(CLASSES, activation="softmax")(reached))
    norm = whole.layers[-3]
    norm.moving_mean.assign([0.5, -1.0, 2.0, 0.0])
    norm.moving_variance.assign([4.0, 1.0, 0.25, 9.0])
    head, explaining = head_of(whole), keras.Model(picture, [whole.output, maps])
    assert_same(head, *tape_answers(explaining, whole, picture_of(8)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_slope_are_those_of_keras(name):
    import keras
    import tensorflow as tf

    x = np.linspace(-6.03, 6.03, 101)
    with tf.GradientTape() as tape:
        entered = tf.constant(x)
        tape.watch(entered)
        left = keras.activations.get(name)(entered)
    assert keras.activations.get(name).__name__ == name
    value, slope = SLOPES[name]
    assert value(x) == pytest.approx(left.numpy(), abs=1e-6)
    assert slope(x) == pytest.approx(tape.gradient(left, entered).numpy(), abs=1e-6)


def test_a_damaged_head_is_said_to_be(tmp_path):
    assert load_head(tmp_path) is None
    (tmp_path / FILE).write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(EvaluationError, match="damaged"):
        load_head(tmp_path)


class Seeing:
    """A model that puts out the maps that it is given."""

    def __init__(self, maps: np.ndarray | None) -> None:
        self.record = type("Record", (), {"name": "A run", "class_names": ("a", "b")})
        self.maps = maps

    def explain(self, picture):
        return np.array([0.5, 0.5], np.float32), self.maps


TWO_MAPS = np.zeros((2, 2, 2), np.float32)
TWO_MAPS[0, 0, 0] = TWO_MAPS[1, 1, 1] = 3.0
ONE_MAP_A_CLASS = Head(
    pooling="mean", layers=(Layer(kind="dense", arrays={"kernel": np.eye(2), "bias": np.zeros(2)}),)
)


@pytest.mark.parametrize(
    ("label", "hot"), [pytest.param(0, (0, 0), id="first"), pytest.param(1, (7, 7), id="second")]
)
def test_the_heat_lies_where_the_map_of_the_class_is_strong(label, hot):
    heat = explain(Seeing(TWO_MAPS), head=ONE_MAP_A_CLASS, picture=np.zeros((8, 8, 3), np.uint8), label=label)
    assert heat.shape == (8, 8)
    assert heat.dtype == np.float32
    assert heat[hot] == heat.max()
    assert heat[7 - hot[0], 7 - hot[1]] < 0.1


def test_where_nothing_speaks_for_a_class_nothing_is_hot():
    assert not grad_cam(TWO_MAPS, -np.ones_like(TWO_MAPS)).any()


@pytest.mark.parametrize(
    ("maps", "label"), [pytest.param(None, 0, id="no maps"), pytest.param(TWO_MAPS, 2, id="no such class")]
)
def test_what_cannot_be_explained_is_said(maps, label):
    with pytest.raises(EvaluationError, match="where it looks"):
        explain(Seeing(maps), head=ONE_MAP_A_CLASS, picture=np.zeros((8, 8, 3), np.uint8), label=label)


def test_a_head_of_another_run_is_noticed():
    with pytest.raises(EvaluationError, match="do not fit"):
        explain(
            Seeing(np.ones((2, 2, 5), np.float32)),
            head=ONE_MAP_A_CLASS,
            picture=np.zeros((8, 8, 3), np.uint8),
            label=0,
        )


def test_cold_places_leave_the_picture_as_it_is_and_hot_ones_cover_it():
    picture = np.full((6, 6, 3), 90, np.uint8)
    assert (overlay(picture, np.zeros((2, 2)), opacity=1.0) == picture).all()
    assert (overlay(picture, np.ones((2, 2)), opacity=0.0) == picture).all()
    assert (overlay(picture, np.ones((2, 2)), opacity=1.0) == coloured(np.ones((6, 6)))).all()


def test_the_scale_grows_lighter_from_cold_to_hot():
    light = colour_bar(height=1, width=64)[0].astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()


def test_a_heat_map_is_enlarged_to_any_size():
    assert enlarge(np.eye(3), size=(5, 9)).shape == (5, 9)
