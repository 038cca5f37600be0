"""A form comes from the fields of a spec: inputs, limits, help, and sentences for what is wrong."""

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.blocks import BLOCKS
from cnnlab.specs.networks import Head
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.ui.forms import choice_label, label_of

pytestmark = pytest.mark.usefixtures("frozen_heap")

PAGE_SECONDS = 180.0

EVERY_SPEC = [*BLOCKS.values(), Head, ScratchTraining, TransferTraining]


def _form(model):
    """A page that is one form; what it says is kept in the session."""

    def script(module: str, name: str) -> None:
        import importlib

        import streamlit as st

        from cnnlab.ui import forms

        st.session_state["edited"] = forms.edit(getattr(importlib.import_module(module), name), key="f")

    return AppTest.from_function(
        script, default_timeout=PAGE_SECONDS, kwargs={"module": model.__module__, "name": model.__name__}
    )


@pytest.mark.parametrize("model", EVERY_SPEC, ids=lambda model: model.__name__)
def test_an_untouched_form_gives_the_defaults(model):
    page = _form(model).run()
    assert not page.exception
    assert page.session_state["edited"].spec == model()


def test_label_help_and_limits_come_from_the_field():
    epochs = _form(ScratchTraining).run().number_input(key="f-epochs")
    assert (epochs.label, epochs.min, epochs.max, epochs.value) == ("Epochs", 1, 1000, 20)
    assert epochs.help == "How often every training picture is seen, at most."


def test_learning_rates_are_written_scientifically_and_step_at_their_own_size():
    rate = _form(TransferTraining).run().number_input(key="f-fine_tune_learning_rate")
    assert rate.proto.format == "%.2e"
    assert rate.step == pytest.approx(1e-6)


@pytest.mark.parametrize(
    ("model", "name", "step"),
    [
        pytest.param(Augmentation, "rotation_degrees", 1.0, id="degrees"),
        pytest.param(Augmentation, "shift_share", 0.05, id="shares"),
        pytest.param(TransferTraining, "head_l2", 1e-4, id="at most a tenth"),
    ],
)
def test_a_step_suits_the_range_of_the_number(model, name, step):
    assert _form(model).run().number_input(key=f"f-{name}").step == pytest.approx(step)


def test_what_is_typed_is_what_comes_back():
    page = _form(ScratchTraining).run()
    page.number_input(key="f-epochs").set_value(7)
    page.segmented_control(key="f-optimizer").set_value("sgd")
    page.toggle(key="f-deterministic").set_value(False)
    spec = page.run().session_state["edited"].spec
    assert (spec.epochs, spec.optimizer, spec.deterministic) == (7, "sgd", False)


def test_a_value_beyond_the_browsers_limits_is_refused_with_a_sentence():
    page = _form(ScratchTraining).run()
    page.number_input(key="f-learning_rate").set_value(0.0)
    page.run()
    edited = page.session_state["edited"]
    assert edited.spec is None
    assert "Learning rate is 0.0; it has to be more than 0" in edited.problems[0]
    assert any("Learning rate is 0.0" in element.value for element in page.markdown)


def test_a_fault_of_the_whole_is_shown_too():
    page = _form(TransferTraining).run()
    page.number_input(key="f-fine_tune_learning_rate").set_value(0.5)
    page.run()
    assert page.session_state["edited"].spec is None
    assert any("would destroy the pretrained features" in element.value for element in page.markdown)


def test_choices_are_called_as_people_call_them():
    assert choice_label("rmsprop") == "RMSprop"
    assert choice_label("nothing") == "nothing"


def test_a_setting_without_title_is_called_by_its_name():
    assert label_of(ScratchTraining, "batch_size") == "Batch size"


def _form_with_a_button():
    """A form whose button takes other values, and whose choices are called as a table says."""

    def script() -> None:
        import streamlit as st

        from cnnlab.specs.training import TransferTraining
        from cnnlab.ui import forms

        form = forms.Form(TransferTraining, key="f")
        form.draw(["unfreeze"])
        if form.values["unfreeze"] == "blocks":
            form.draw(["unfreeze_blocks"])
        form.draw(["schedule"], explain=True, labels={"steps": "Three steps"})
        for unfreeze, changes in (
            ("all", {"unfreeze": "everything"}),
            ("three", {"unfreeze": "blocks", "unfreeze_blocks": 3}),
        ):
            st.button(unfreeze, key=unfreeze, on_click=forms.take, args=("f", changes))
        st.session_state["edited"] = form.result()

    return AppTest.from_function(script, default_timeout=PAGE_SECONDS)


def test_a_button_puts_values_into_a_form_also_where_an_input_was_not_drawn():
    page = _form_with_a_button().run()
    page.button(key="all").click()
    page = page.run()
    assert page.session_state["edited"].spec.unfreeze == "everything"
    assert "f-unfreeze_blocks" not in [element.key for element in page.number_input]
    page.button(key="three").click()
    page = page.run()
    assert not page.exception
    assert page.number_input(key="f-unfreeze_blocks").value == 3
    assert page.session_state["edited"].spec == TransferTraining(unfreeze_blocks=3)


def test_a_setting_may_be_explained_below_its_input():
    page = _form_with_a_button().run()
    sentence = TransferTraining.model_fields["schedule"].description
    assert [element.value for element in page.caption] == [sentence]
    assert not page.selectbox(key="f-schedule").help


def test_choices_are_called_as_their_table_says():
    options = _form_with_a_button().run().selectbox(key="f-schedule").options
    assert options == ["constant", "cosine", "warm up cosine", "one cycle", "Three steps"]
