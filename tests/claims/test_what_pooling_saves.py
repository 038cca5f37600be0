"""With global average pooling the poolings save work and no parameter; with Flatten they save both."""

import pytest

from cnnlab.claims.what_pooling_saves import (
    CLAIM,
    FLATTEN,
    GLOBAL,
    POOLED,
    UNPOOLED,
    VARIANTS,
    WhatPoolingSaves,
    compare,
    network_of,
    receptive_fields,
    work_out,
)
from cnnlab.models.presets import PRESETS


def test_one_of_the_networks_is_the_lessons_own():
    lesson = PRESETS["lesson_cnn"].network
    assert network_of(GLOBAL, POOLED, image_size=lesson.image_size).blocks == lesson.blocks


@pytest.mark.parametrize(
    ("variant", "parameters", "multiply_adds", "receptive_field"),
    [
        pytest.param((GLOBAL, POOLED), 304_810, 38_651_136, 36, id="the lesson's"),
        pytest.param((GLOBAL, UNPOOLED), 304_810, 293_455_104, 13, id="not pooled"),
        pytest.param((FLATTEN, POOLED), 550_570, 38_896_896, 36, id="Flatten"),
        pytest.param((FLATTEN, UNPOOLED), 17_065_642, 310_215_936, 13, id="Flatten, not pooled"),
    ],
)
def test_the_figures_at_32_pixels(variant, parameters, multiply_adds, receptive_field):
    anatomy = compare(image_size=32)[variant]
    assert anatomy.parameters == parameters
    assert anatomy.multiply_adds == multiply_adds
    assert anatomy.receptive_field == receptive_field


@pytest.mark.parametrize("image_size", [16, 40, 256])
def test_at_every_size_pooling_saves_work_always_and_parameters_with_flatten_only(image_size):
    found = compare(image_size=image_size)
    assert tuple(found) == VARIANTS
    assert found[GLOBAL, POOLED].parameters == found[GLOBAL, UNPOOLED].parameters
    assert found[FLATTEN, POOLED].parameters < found[FLATTEN, UNPOOLED].parameters
    for bridge in (GLOBAL, FLATTEN):
        assert found[bridge, POOLED].multiply_adds < found[bridge, UNPOOLED].multiply_adds
        assert found[bridge, POOLED].activation_bytes < found[bridge, UNPOOLED].activation_bytes


def test_what_one_value_sees_grows_twice_as_fast_behind_every_pooling():
    found = compare(image_size=32)
    assert receptive_fields(found[GLOBAL, POOLED]) == (1, 6, 16, 36)
    assert receptive_fields(found[GLOBAL, UNPOOLED]) == (1, 5, 9, 13)


def test_what_is_said_of_the_lesson_is_what_is_worked_out():
    answer = work_out(WhatPoolingSaves())
    for name, figure in answer.scores.items():
        if name.startswith("parameters") or (GLOBAL in name and name.startswith("multiply_adds")):
            assert f"{figure:,.0f}" in CLAIM.exactly
    assert "7.6 times fewer multiply-adds" in answer.sentence
    assert len(answer.charts) == 3
