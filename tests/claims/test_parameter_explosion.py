"""The lesson's number comes out to the last digit, and both layers take what the networks of blocks say they do."""

import pytest

from cnnlab.claims.parameter_explosion import (
    CLAIM,
    ParameterExplosion,
    convolution,
    dense_layer,
    work_out,
)
from cnnlab.models.anatomy import describe_network
from cnnlab.specs.blocks import Convolution, Dense, Flatten
from cnnlab.specs.networks import BlockNetwork

SETTINGS = [
    pytest.param(ParameterExplosion(), id="the lesson's"),
    pytest.param(ParameterExplosion(image_size=32, neurons=8, filters=64, kernel_size=5), id="small"),
    pytest.param(ParameterExplosion(image_size=64, kernel_size=1), id="a kernel of one pixel"),
]


def test_the_lessons_numbers():
    dense, shared = dense_layer(ParameterExplosion()), convolution(ParameterExplosion())
    assert dense.weights == 38_535_168
    assert dense.parameters == 38_535_424
    assert dense.written_out == "224 × 224 × 3 × 256 = 38,535,168 weights, and 256 biases"
    assert shared.parameters == 896
    assert shared.written_out == "3 × 3 × 3 × 32 = 864 weights, and 32 biases"
    assert dense.num_bytes == 4 * 38_535_424


@pytest.mark.parametrize("settings", SETTINGS)
def test_both_layers_are_counted_as_in_a_network(settings):
    for count, blocks in (
        (dense_layer, (Flatten(), Dense(units=settings.neurons))),
        (
            convolution,
            (Convolution(filters=settings.filters, kernel_size=settings.kernel_size),),
        ),
    ):
        network = BlockNetwork(image_size=settings.image_size, blocks=blocks)
        row = describe_network(network, num_classes=2).rows[len(blocks)]
        counted = count(settings)
        assert (counted.parameters, counted.multiply_adds) == (row.parameters, row.multiply_adds)


def test_a_picture_of_twice_the_side_takes_four_times_the_weights_and_the_same_convolution():
    small, large = ParameterExplosion(image_size=112), ParameterExplosion(image_size=224)
    assert dense_layer(large).weights == 4 * dense_layer(small).weights
    assert convolution(large).parameters == convolution(small).parameters


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_chart_goes_through_the_chosen_size(settings):
    (chart,) = work_out(settings).charts
    assert chart.x_log
    assert chart.y_log
    dense, shared = chart.lines
    at = dense.x.index(settings.image_size)
    assert dense.y[at] == dense_layer(settings).parameters
    assert list(dense.y) == sorted(set(dense.y)), "it grows with the picture"
    assert set(shared.y) == {convolution(settings).parameters}


def test_what_is_said_of_the_lesson_is_what_is_worked_out():
    scores = work_out(ParameterExplosion()).scores
    for figure in (scores["dense weights"], scores["dense parameters"]):
        assert f"{figure:,.0f}" in CLAIM.exactly
    assert f"{scores['convolution multiply-adds'] / 1e6:.1f} million" in CLAIM.exactly
    assert f"{scores['dense multiply-adds'] / 1e6:.1f} million" in CLAIM.exactly
