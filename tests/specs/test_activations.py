"""The table of activations: each formula is what is applied, and the choices of a setting are its names."""

import math
from typing import get_args

import pytest

from cnnlab.errors import SpecError
from cnnlab.specs.activations import ACTIVATIONS, Activation
from cnnlab.specs.blocks import BLOCKS, Dense
from cnnlab.specs.networks import Head

VALUES = [step / 4 for step in range(-16, 17)]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_formula_that_is_shown_is_the_one_that_is_applied(name):
    row = ACTIVATIONS[name]
    names = {**vars(math), "max": max, "min": min, "__builtins__": {}}
    for x in VALUES:
        assert row.apply(x) == pytest.approx(eval(row.formula, {**names, "x": x}), abs=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_row_says_what_it_does_when_to_use_it_and_where_it_comes_from(name):
    row = ACTIVATIONS[name]
    assert row.does.endswith(".")
    assert row.when.endswith(".")
    assert row.paper.startswith(("https://", "http://yann.lecun.com/"))
    assert [other.label for other in ACTIVATIONS.values()].count(row.label) == 1


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_only_what_is_flat_at_both_ends_has_a_largest_slope(name):
    row = ACTIVATIONS[name]
    slopes = [(row.apply(x + 1e-4) - row.apply(x - 1e-4)) / 2e-4 for x in [-30, *VALUES, 30]]
    flat = abs(slopes[0]) < 1e-6 and abs(slopes[-1]) < 1e-6
    assert flat == (row.largest_slope is not None)
    if flat:
        assert max(slopes) == pytest.approx(row.largest_slope, rel=1e-3)


def test_the_choices_are_the_names_of_the_table():
    assert get_args(Activation) == tuple(ACTIVATIONS)
    with pytest.raises(SpecError, match="Activation is 'swish'; choose 'relu'"):
        Dense.create({"activation": "swish"})


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("model", [*BLOCKS.values(), Head], ids=lambda model: model.__name__)
def test_every_setting_takes_every_activation(model, name):
    if "activation" in model.model_fields:
        assert model(activation=name).activation == name


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "relu"])
def test_a_block_calls_its_activation_as_the_page_does(name):
    assert Dense(activation=name).describe().endswith(ACTIVATIONS[name].label)
