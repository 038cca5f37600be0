"""Settings survive JSON, refuse what cannot work in sentences that name the setting, and carry their own help."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cnnlab.errors import SpecError
from cnnlab.specs.base import Spec
from cnnlab.specs.blocks import BLOCKS
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork, Head
from cnnlab.specs.runs import DatasetReference, RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from tests.runs.making import run_spec

SPECS: dict[str, type[Spec]] = {
    spec.__name__: spec
    for spec in (*BLOCKS.values(), BlockNetwork, BackboneNetwork, Head, ScratchTraining, TransferTraining)
}
"""Every spec that a form is made from; all have defaults for everything."""


def test_the_defaults_are_the_lessons():
    scratch, transfer, head = ScratchTraining(), TransferTraining(), Head()
    assert (scratch.epochs, scratch.batch_size, scratch.learning_rate, scratch.optimizer) == (
        20,
        64,
        1e-3,
        "adam",
    )
    assert scratch.early_stopping_patience == transfer.early_stopping_patience == 5
    assert (transfer.head_epochs, transfer.head_learning_rate) == (10, 1e-3)
    assert (transfer.fine_tune_epochs, transfer.fine_tune_learning_rate) == (10, 1e-5)
    assert (head.dropout_before, head.units, head.dropout_after) == (0.3, 256, 0.3)


@pytest.mark.parametrize("name", SPECS)
def test_defaults_survive_json(name):
    spec = SPECS[name]()
    assert type(spec).from_json(spec.to_json()) == spec
    assert json.loads(spec.to_json())


@pytest.mark.parametrize("name", SPECS)
def test_every_setting_says_what_it_is_called_and_what_it_means(name):
    for setting, field in SPECS[name].model_fields.items():
        if setting != "kind":
            assert field.title, f"{name}.{setting} has no title"
            assert (field.description or "").endswith("."), f"{name}.{setting} does not say what it means"


def limits(field: FieldInfo) -> dict[str, float]:
    return {
        bound: getattr(part, bound)
        for part in field.metadata
        for bound in ("ge", "gt", "le", "lt")
        if getattr(part, bound, None) is not None
    }


NUMBERS = [
    pytest.param(spec, setting, id=f"{name}.{setting}")
    for name, spec in SPECS.items()
    for setting, field in spec.model_fields.items()
    if field.annotation in (int, float)
]


@pytest.mark.parametrize(("spec", "setting"), NUMBERS)
def test_every_number_has_both_limits_and_beyond_them_a_sentence(spec, setting):
    field = spec.model_fields[setting]
    found = limits(field)
    assert {"ge", "gt"} & found.keys(), "no lower limit"
    assert {"le", "lt"} & found.keys(), "no upper limit"
    for bound, value in found.items():
        beyond = {"ge": value - 1, "gt": value, "le": value + 1, "lt": value}[bound]
        with pytest.raises(
            SpecError, match=rf"{field.title} is .*; it has to be (at least|more than|at most|less than) "
        ):
            spec.create({setting: beyond})
    for nothing in (float("nan"), float("inf"), "many", None):
        with pytest.raises(SpecError, match=f"^{field.title} is "):
            spec.create({setting: nothing})


@pytest.mark.parametrize(
    ("spec", "values", "sentence"),
    [
        pytest.param(ScratchTraining, {"epochs": 0}, "Epochs is 0; it has to be at least 1.", id="too small"),
        pytest.param(ScratchTraining, {"learning_rate": 2}, "Learning rate is 2; it has to be at most 1.0.", id="too large"),
        pytest.param(ScratchTraining, {"learning_rate": 0}, "Learning rate is 0; it has to be more than 0.0.", id="not above"),
        pytest.param(Head, {"dropout_after": 1}, "Dropout after the hidden layer is 1; it has to be less than 1.0.", id="not below"),
        pytest.param(ScratchTraining, {"optimizer": "sdg"}, "Optimizer is 'sdg'; choose 'adam', 'adamw', 'sgd' or 'rmsprop'.", id="not in the list"),
        pytest.param(ScratchTraining, {"epoch": 5}, "Epoch is not a setting that cnnlab knows. Leave it out.", id="unknown"),
        pytest.param(DatasetReference, {"id": "digits", "name": "Digits"}, "Version is missing. Give it a value.", id="missing"),
        pytest.param(BlockNetwork, {"blocks": [{"kind": "dense", "units": 0}]}, "Units is 0; it has to be at least 1.", id="inside a block"),
        pytest.param(BlockNetwork, {"blocks": [{"kind": "pool"}]}, "Blocks has the kind 'pool'; choose 'convolution', ", id="unknown kind"),
        pytest.param(BlockNetwork, {"blocks": [{"units": 3}]}, "Blocks does not say its kind.", id="without a kind"),
        pytest.param(
            TransferTraining, {"fine_tune_learning_rate": 0.1},
            "The learning rate of fine-tuning (0.1) is above that of feature extraction (0.001); it would destroy the pretrained features. 1e-05 is a good start.",
            id="settings that do not go together",
        ),
        pytest.param(
            ScratchTraining, {"epochs": 0, "batch_size": 0},
            "Batch size is 0; it has to be at least 1. Epochs is 0; it has to be at least 1.", id="several at once",
        ),
    ],
)  # fmt: skip
def test_a_refusal_names_the_setting_what_was_found_and_what_is_right(spec, values, sentence):
    with pytest.raises(SpecError) as caught:
        spec.create(values)
    assert str(caught.value).startswith(sentence)


def test_a_refusal_is_short_whatever_was_put_into_the_field():
    with pytest.raises(SpecError) as caught:
        ScratchTraining.create({"epochs": "x" * 1_000_000})
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '"text"', b"\xff\xfe", "[" * 100_000, '{"epochs": NaN}', '{"epochs": 1e999}'],
    ids=["empty", "cut", "null", "list", "text", "no UTF-8", "deep", "NaN", "infinite"],
)
def test_what_is_no_json_of_a_spec_is_refused_and_never_a_traceback(text):
    with pytest.raises(SpecError):
        ScratchTraining.from_json(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
@settings(max_examples=100, deadline=None)
def test_random_values_are_refused_with_a_sentence(value):
    with pytest.raises(SpecError) as caught:
        RunSpec.create({"name": value, "network": value, "training": {"kind": "scratch", "epochs": value}})
    assert str(caught.value)


def test_a_spec_does_not_change_and_a_changed_copy_is_checked_as_a_whole():
    spec = TransferTraining()
    with pytest.raises(ValueError, match="frozen"):
        spec.batch_size = 8
    assert spec.with_changes(batch_size=8).batch_size == 8
    assert spec.batch_size == 32
    with pytest.raises(SpecError, match="fine-tuning"):
        spec.with_changes(head_learning_rate=1e-6)


@pytest.mark.parametrize(
    ("changes", "fine_tunes"),
    [
        pytest.param({}, True, id="the lesson's"),
        pytest.param({"unfreeze": "nothing"}, False, id="nothing is unfrozen"),
        pytest.param({"fine_tune_epochs": 0}, False, id="no epochs"),
        pytest.param({"unfreeze": "everything"}, True, id="everything"),
    ],
)
def test_there_is_a_second_phase_when_something_is_unfrozen_for_some_epochs(changes, fine_tunes):
    assert TransferTraining(**changes).fine_tunes is fine_tunes


def test_a_run_trains_its_network_as_that_network_trains():
    with pytest.raises(SpecError, match="The network is a backbone, which trains with 'transfer' settings"):
        run_spec().with_changes(network=BackboneNetwork())
    with pytest.raises(SpecError, match="built from blocks, which trains with 'scratch' settings"):
        run_spec().with_changes(training=TransferTraining())


@pytest.mark.parametrize("dataset_id", ["", "../x", "A", "x" * 65, "digits\n", "a/b", "ü"])
def test_an_id_of_a_dataset_is_a_plain_folder_name(dataset_id):
    with pytest.raises(SpecError, match="Dataset is "):
        DatasetReference.create({"id": dataset_id, "version": 1, "name": "x"})


@pytest.mark.parametrize("text", ["null", "[1, 2]", '"text"', "7"])
def test_json_that_is_no_object_is_said_to_be_that(text):
    with pytest.raises(SpecError, match="settings are one JSON object"):
        RunSpec.from_json(text)


def test_a_whole_run_survives_json():
    spec = run_spec(network=BackboneNetwork(), training=TransferTraining(), class_names=("a b", "ü🌸", "<b>"))
    assert RunSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("name", BLOCKS)
def test_every_kind_of_block_has_words_for_the_page(name):
    block = BLOCKS[name]
    assert block.model_fields["kind"].default == name
    assert block.label
    assert block.summary.endswith(".")
    assert isinstance(block().describe(), str)
    assert issubclass(block, BaseModel)
