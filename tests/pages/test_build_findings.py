"""The Build page says what could be better in a network, mends it at a click, and gives its code away."""

import pytest

from cnnlab.models.architectures import save_architecture
from cnnlab.models.code import write_code
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import Convolution, Dense, Dropout, Flatten, MaxPooling
from cnnlab.specs.networks import BlockNetwork
from cnnlab.specs.training import ScratchTraining


def _page(open_page, *blocks):
    saved = save_architecture(BlockNetwork(name="Ours", image_size=32, blocks=blocks))
    return open_page("build", network=f"architecture:{saved.id}")


def _network(page):
    return page.session_state["build-draft"].network


def _fixes(page):
    return {button.label: button for button in page.button if str(button.key).startswith("build-fix-")}


def _python(page):
    page.session_state["build-code"] = True
    page.run()
    assert not page.exception
    return [element.value for element in page.code if element.language == "python"]


@pytest.mark.parametrize(
    ("blocks", "label", "kinds"),
    [
        pytest.param(
            (Convolution(), MaxPooling(), Flatten(), Dense(units=256)),
            "Global average pooling for Flatten",
            ["convolution", "max_pooling", "global_average_pooling", "dense"],
            id="warning",
        ),
        pytest.param(
            (Convolution(), Dense()),
            "Put Global average pooling before it",
            ["convolution", "global_average_pooling", "dense"],
            id="error",
        ),
        pytest.param((Flatten(), Flatten()), "Remove this block", ["flatten"], id="hint"),
    ],
)
def test_a_finding_is_mended_at_a_click_and_undone_at_another(open_page, blocks, label, kinds):
    page = _page(open_page, *blocks)
    assert not page.exception
    before = _network(page)
    _fixes(page)[label].click().run()
    assert not page.exception
    assert [block.kind for block in _network(page).blocks] == kinds
    assert label not in _fixes(page)
    page.button(key="build-undo").click().run()
    assert _network(page) == before
    assert label in _fixes(page)


def test_a_network_without_faults_is_not_criticized(open_page):
    page = open_page("build", network="preset:resnet_like")
    assert _fixes(page) == {}
    assert "What could be better" not in "\n".join(element.value for element in page.markdown)


def test_the_code_is_that_of_the_network(open_page):
    page = open_page("build", network="preset:lenet5")
    network = PRESETS["lenet5"].network.with_changes(name="My LeNet-5")
    assert _python(page) == [write_code(network).strip()]


def test_the_code_has_the_recipe_and_the_batch_size_that_are_set(open_page):
    page = open_page("build", network="preset:lenet5")
    page.session_state["build-code"] = True
    page.run()
    page.number_input(key="build-for-batch_size").set_value(16).run()
    page.number_input(key="build-recipe-epochs").set_value(3).run()
    page.selectbox(key="build-recipe-schedule").set_value("one_cycle").run()
    page.toggle(key="build-recipe-balance_classes").set_value(True).run()
    recipe = ScratchTraining(batch_size=16, epochs=3, schedule="one_cycle", balance_classes=True)
    network = PRESETS["lenet5"].network.with_changes(name="My LeNet-5")
    assert _python(page) == [write_code(network, training=recipe).strip()]


def test_what_cannot_work_has_no_code_yet(open_page):
    page = _page(open_page, Dropout(), Dense())
    assert _python(page) == []
