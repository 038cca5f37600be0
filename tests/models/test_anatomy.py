"""The anatomy of a network: its figures are Keras' own, and what cannot work is said in words."""

from math import prod

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnlab.models.anatomy import MAX_PARAMETERS, describe_network
from cnnlab.models.arithmetic import LAYERS
from cnnlab.models.network import build_network
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import (
    BLOCKS,
    AveragePooling,
    Bottleneck,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    GroupNormalization,
    MaxPooling,
    ResidualBlock,
    SeparableConvolution,
    SqueezeExcitation,
)
from cnnlab.specs.networks import BlockNetwork

LESSON = PRESETS["lesson_cnn"].network
WITHOUT_POOLING = LESSON.with_changes(blocks=[b for b in LESSON.blocks if not isinstance(b, MaxPooling)])


def _flattened(network: BlockNetwork) -> BlockNetwork:
    blocks = [Flatten() if isinstance(b, GlobalAveragePooling) else b for b in network.blocks]
    return network.with_changes(blocks=blocks)


def _network(*blocks: object, image_size: int = 32) -> BlockNetwork:
    return BlockNetwork(image_size=image_size, blocks=blocks)


@pytest.mark.parametrize(
    ("network", "parameters"),
    [
        pytest.param(LESSON, 304_810, id="the lesson's CNN"),
        pytest.param(_flattened(LESSON), 550_570, id="with Flatten"),
        pytest.param(WITHOUT_POOLING, 304_810, id="without pooling"),
        pytest.param(_flattened(WITHOUT_POOLING), 17_065_642, id="with Flatten, without pooling"),
        pytest.param(PRESETS["mlp"].network, 820_874, id="dense network"),
        pytest.param(PRESETS["lenet5"].network, 62_006, id="LeNet-5 in colour"),
    ],
)
def test_parameters_are_those_worked_out_by_hand(network, parameters):
    assert describe_network(network, num_classes=10).parameters == parameters


def test_the_lessons_cnn_needs_as_many_multiply_adds_as_worked_out_by_hand():
    assert describe_network(LESSON, num_classes=10).multiply_adds == 38_651_136
    assert round(describe_network(WITHOUT_POOLING, num_classes=10).multiply_adds / 1e6, 1) == 293.5


def test_the_receptive_field_grows_as_worked_out_by_hand():
    anatomy = describe_network(LESSON, num_classes=10)
    assert [row.receptive_field for row in anatomy.rows if row.label == "Convolution"] == [5, 14, 32]
    assert anatomy.receptive_field == 36
    assert anatomy.rows[-1].receptive_field is None


def test_the_lessons_parameters_lie_where_the_lesson_says():
    rows = describe_network(LESSON, num_classes=10).rows
    assert [row.parameters for row in rows if row.parameters] == [
        896 + 9_248,
        18_496 + 36_928,
        73_856 + 147_584,
        16_512,
        1_290,
    ]


def test_a_dense_layer_on_a_whole_photograph_has_the_lessons_38_million():
    photograph = _network(Flatten(), Dense(units=256), image_size=224)
    row = describe_network(photograph, num_classes=2).rows[2]
    assert (row.multiply_adds, row.parameters) == (38_535_168, 38_535_424)
    convolution = _network(Convolution(filters=32), GlobalAveragePooling(), image_size=224)
    assert describe_network(convolution, num_classes=2).rows[1].parameters == 896


def test_rows_run_from_the_picture_to_the_output_and_their_shares_add_up():
    anatomy = describe_network(LESSON, num_classes=10, batch_size=2)
    assert [row.block for row in anatomy.rows] == [None, *range(len(LESSON.blocks)), None]
    assert (anatomy.rows[0].output_shape, anatomy.rows[-1].output_shape) == ((32, 32, 3), (10,))
    for share in ("parameters_share", "multiply_adds_share", "activation_share"):
        assert sum(getattr(row, share) for row in anatomy.rows) == pytest.approx(1)


def test_memory_grows_with_the_batch():
    one, many = (describe_network(LESSON, num_classes=10, batch_size=size) for size in (1, 64))
    assert many.activation_bytes == 64 * one.activation_bytes


TINY = Convolution(kernel_size=8, padding="valid")  # On a picture of 8 pixels one position is left.


@pytest.mark.parametrize(
    ("blocks", "position", "sentence"),
    [
        pytest.param(
            [TINY, MaxPooling(), Flatten()],
            1,
            "The map is 1 × 1 here; a 2 × 2 pool needs at least 2 × 2: use padding same or drop a pool.",
            id="pool on one pixel",
        ),
        pytest.param(
            [TINY, Convolution(padding="valid"), Flatten()],
            1,
            "a 3 × 3 filter needs at least 3 × 3: use padding same",
            id="filter larger than the map",
        ),
        pytest.param(
            [Convolution(padding="valid", repeats=4), Flatten()],
            0,
            "The map is 2 × 2 here at convolution 4 of 4",
            id="third of three in a row",
        ),
        pytest.param(
            [Dense(), Dense()],
            0,
            "Put Global average pooling (few weights) or Flatten before it",
            id="dense on maps",
        ),
        pytest.param([Convolution()], None, "The output layer needs one vector", id="output on maps"),
        pytest.param([], None, "The output layer needs one vector", id="no blocks at all"),
        pytest.param(
            [Flatten(), Convolution()],
            1,
            "Convolution needs maps, but a vector of 192 values",
            id="convolution on a vector",
        ),
        pytest.param([Flatten(), AveragePooling()], 1, "Move it above the Flatten", id="pool on a vector"),
        pytest.param(
            [GlobalAveragePooling(), GlobalAveragePooling()], 1, "or leave it out", id="pooled twice"
        ),
        pytest.param(
            [Convolution(filters=2048), Flatten(), Dense(units=8192)],
            2,
            f"cnnlab trains up to {MAX_PARAMETERS:,}",
            id="too many parameters",
        ),
    ],
)
def test_what_cannot_work_is_said_beside_the_block_with_what_to_do(blocks, position, sentence):
    anatomy = describe_network(_network(*blocks, image_size=8), num_classes=3)
    assert not anatomy.works
    assert [problem.block for problem in anatomy.problems] == [position]
    assert sentence in anatomy.problems_of(position)[0].sentence


def test_maps_too_large_for_any_machine_are_a_problem():
    anatomy = describe_network(
        _network(Convolution(filters=1024, repeats=8), GlobalAveragePooling(), image_size=512), num_classes=3
    )
    assert "GB for one picture" in anatomy.problems[0].sentence


def test_below_a_block_that_cannot_work_the_figures_go_on_without_it():
    blocks = (Convolution(filters=4), MaxPooling(pool_size=15), GlobalAveragePooling())
    anatomy = describe_network(_network(*blocks, image_size=8), num_classes=3)
    assert [row.output_shape for row in anatomy.rows] == [(8, 8, 3), (8, 8, 4), (), (4,), (3,)]


def test_flattening_twice_is_harmless():
    assert describe_network(_network(Flatten(), Flatten()), num_classes=3).works


def test_every_kind_of_block_has_its_arithmetic():
    assert set(LAYERS) == set(BLOCKS)


# Random networks against Keras.

ACTIVATIONS = st.sampled_from(["relu", "gelu", "tanh", "linear"])
PADDINGS = st.sampled_from(["same", "valid"])
ON_MAPS = st.one_of(
    st.builds(
        Convolution,
        filters=st.integers(1, 5),
        kernel_size=st.integers(1, 5),
        strides=st.integers(1, 3),
        padding=PADDINGS,
        activation=ACTIVATIONS,
        batch_normalization=st.booleans(),
        bias_before_normalization=st.booleans(),
        repeats=st.integers(1, 3),
    ),
    st.builds(MaxPooling, pool_size=st.integers(1, 4), strides=st.integers(0, 3), padding=PADDINGS),
    st.builds(AveragePooling, pool_size=st.integers(1, 4), strides=st.integers(0, 3), padding=PADDINGS),
    st.builds(Dropout),
    st.builds(SeparableConvolution, filters=st.integers(1, 5), batch_normalization=st.booleans()),
    st.builds(ResidualBlock, filters=st.integers(1, 4), strides=st.integers(1, 3), activation=ACTIVATIONS),
    st.builds(SqueezeExcitation, reduction=st.integers(1, 3)),
)
ON_VECTORS = st.one_of(
    st.builds(Dense, units=st.integers(1, 9), activation=ACTIVATIONS), st.builds(Dropout), st.builds(Flatten)
)
NETWORKS = st.builds(
    lambda size, maps, bridge, vectors: BlockNetwork(image_size=size, blocks=(*maps, bridge, *vectors)),
    st.integers(8, 33),
    st.lists(ON_MAPS, max_size=5),
    st.one_of(st.builds(Flatten), st.builds(GlobalAveragePooling)),
    st.lists(ON_VECTORS, max_size=3),
)


def _assert_equals_keras(network: BlockNetwork, num_classes: int) -> None:
    import keras

    anatomy = describe_network(network, num_classes=num_classes, batch_size=2)
    model = build_network(network, num_classes=num_classes)
    assert anatomy.parameters == model.count_params()
    assert anatomy.trainable_parameters == sum(prod(weight.shape) for weight in model.trainable_weights)
    outputs = [layer.output.shape[1:] for layer in model.layers]
    assert anatomy.activation_bytes == sum(prod(shape) for shape in outputs[1:]) * 4 * 2
    filtering = (
        keras.layers.Conv2D,
        keras.layers.Dense,
        keras.layers.DepthwiseConv2D,
        keras.layers.SeparableConv2D,
    )
    assert anatomy.multiply_adds == sum(
        prod(weight.shape) * prod(layer.output.shape[1:-1])
        for layer in model.layers
        if isinstance(layer, filtering)
        for weight in layer.trainable_weights
        if weight.name != "bias"
    )
    shapes = [row.output_shape for row in anatomy.rows]
    remaining = iter(outputs)
    assert all(shape in remaining for shape in shapes), (shapes, outputs)


EVERY_KIND = {
    "residual": [{"filters": 3, "activation": "gelu"}, {"filters": 8, "strides": 2}, {"batch_normalization": False, "kernel_size": 5}, {"bias_before_normalization": True, "strides": 2}],
    "bottleneck": [{"filters": 3, "reduction": 64}, {"filters": 8, "strides": 3}, {"batch_normalization": False, "activation": "linear"}],
    "separable_convolution": [{"strides": 2}, {"bias_before_normalization": True}, {"batch_normalization": False, "kernel_size": 5}],
    "depthwise_convolution": [{"strides": 2, "activation": "linear"}, {"bias_before_normalization": True}, {"batch_normalization": False, "activation": "leaky_relu"}],
    "squeeze_excitation": [{"reduction": 1}, {"reduction": 64}],
    "group_normalization": [{"groups": 3}],
    "convolution": [{"strides": 2, "repeats": 2, "batch_normalization": True, "activation": "leaky_relu"}],
}  # fmt: skip
"""Settings beside the defaults of a kind that change what is built."""
ALONE = [
    pytest.param(block(**settings), id=f"{kind} {settings}")
    for kind, block in BLOCKS.items()
    for settings in [*([] if kind == "group_normalization" else [{}]), *EVERY_KIND.get(kind, [])]
]


@pytest.mark.slow
@pytest.mark.parametrize("block", ALONE)
def test_the_figures_of_every_kind_of_block_are_those_of_keras(block):
    bridge = () if block.kind in {"flatten", "global_average_pooling"} else (Flatten(),)
    blocks = (Flatten(), block) if block.kind == "dense" else (block, *bridge)
    _assert_equals_keras(_network(*blocks, image_size=13), num_classes=4)


def test_groups_that_do_not_divide_the_maps_are_a_problem_with_a_number_that_does():
    anatomy = describe_network(
        _network(Convolution(filters=12), GroupNormalization(groups=8), Flatten()), num_classes=3
    )
    assert (
        "12 maps cannot be divided evenly into 8 groups. Use 4 groups" in anatomy.problems_of(1)[0].sentence
    )


def test_a_residual_block_sees_as_far_as_its_convolutions():
    rows = describe_network(_network(ResidualBlock(strides=2), Bottleneck(), Flatten()), num_classes=3).rows
    assert [row.receptive_field for row in rows[1:3]] == [7, 11]


def test_a_saved_network_of_the_first_kinds_still_loads():
    text = '{"kind": "blocks", "name": "Old", "image_size": 32, "blocks": [{"kind": "convolution", "filters": 8, "activation": "silu"}, {"kind": "flatten"}]}'
    assert BlockNetwork.from_json(text) == BlockNetwork(
        name="Old", blocks=(Convolution(filters=8, activation="silu"), Flatten())
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_the_figures_of_every_preset_are_those_of_keras(name):
    _assert_equals_keras(PRESETS[name].network, num_classes=10)


@pytest.mark.slow
@given(network=NETWORKS.filter(lambda network: describe_network(network, num_classes=3).works))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_figures_of_random_networks_are_those_of_keras(network):
    _assert_equals_keras(network, num_classes=3)


@pytest.mark.slow
@given(network=NETWORKS.filter(lambda network: describe_network(network, num_classes=7).works))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_figures_of_many_random_networks_are_those_of_keras(network):
    _assert_equals_keras(network, num_classes=7)


@given(network=NETWORKS, num_classes=st.integers(1, 20_000))
@settings(max_examples=200, deadline=None)
def test_describing_never_raises(network, num_classes):
    anatomy = describe_network(network, num_classes=num_classes)
    assert anatomy.works == (not anatomy.problems)


@pytest.mark.slow
@given(network=NETWORKS.filter(lambda network: not describe_network(network, num_classes=3).works))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_anatomy_calls_impossible_keras_refuses_too(network):
    from unittest.mock import patch

    import cnnlab.models.network as room

    fine = describe_network(LESSON, num_classes=3)
    with (
        patch.object(room, "describe_network", lambda *_, **__: fine),
        pytest.raises(ValueError, match="output size would be"),
    ):
        build_network(network, num_classes=3)
