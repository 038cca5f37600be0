"""The Build page: edit blocks, see what they cost at once, save, and take them to Train."""

import pytest

from cnnlab.models.architectures import (
    architecture_id,
    find_architecture,
    find_draft,
    list_architectures,
    save_architecture,
)
from cnnlab.models.presets import PRESETS
from cnnlab.specs.activations import ACTIVATIONS
from cnnlab.specs.blocks import BLOCKS, Dense, Flatten, MaxPooling
from cnnlab.specs.networks import BlockNetwork
from tests.data.making import class_files, make_dataset

HOSTILE = "![x](http://host/y)"


def _figures(page):
    return {metric.label: metric.value for metric in page.metric}


def _table(page):
    page.session_state["build-table"] = True
    page.run()
    return page.dataframe[0].value.set_index("Block")


def _draft(page):
    return page.session_state["build-draft"]


def _kinds(page):
    return [block.kind for block in _draft(page).network.blocks]


def test_it_starts_with_the_lessons_cnn_and_its_figures(open_page):
    page = open_page("build")
    assert not page.exception
    assert _figures(page)["Parameters"] == "304,810"
    assert _figures(page)["Multiply-adds"] == "38.7 M"
    assert _figures(page)["Receptive field"] == "36 px"
    assert _table(page).loc["Total", "Parameters"] == 304_810
    assert _table(page).loc["1 · Convolution", "Output"] == "32 × 32 × 32"


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_opens_from_an_address_and_works(open_page, name):
    page = open_page("build", network=f"preset:{name}")
    assert not page.exception
    assert _draft(page).network.blocks == PRESETS[name].network.blocks
    assert not page.button(key="build-train").disabled


def test_settings_are_edited_and_the_figures_follow(open_page):
    page = open_page("build", network="preset:mlp")
    draft = _draft(page)
    draft.arrange(draft.numbers, selected=draft.numbers[1])
    page.run()
    page.number_input(key=f"build-block-{draft.selected}-0-units").set_value(512).run()
    assert draft.network.blocks[1] == Dense(units=512)
    assert _table(page).loc["2 · Dense", "Parameters"] == 32 * 32 * 3 * 512 + 512


@pytest.mark.parametrize("kind", BLOCKS)
def test_the_settings_of_every_kind_of_block_can_be_shown(open_page, kind):
    block = BLOCKS[kind]
    saved = save_architecture(BlockNetwork(name="One", image_size=32, blocks=(block(),)))
    page = open_page("build", network=f"architecture:{saved.id}")
    assert not page.exception
    assert any(block.label in element.value for element in page.markdown)


def test_blocks_are_moved_copied_and_removed_by_buttons_and_undone(open_page):
    page = open_page("build", network="preset:mlp")
    assert page.button(key="build-up").disabled
    page.button(key="build-down").click().run()
    assert _kinds(page) == ["dense", "flatten", "dense"]
    page.button(key="build-duplicate").click().run()
    assert _kinds(page) == ["dense", "flatten", "flatten", "dense"]
    page.button(key="build-remove").click().run()
    page.button(key="build-undo").click().run()
    page.button(key="build-undo").click().run()
    page.button(key="build-undo").click().run()
    assert _kinds(page) == ["flatten", "dense", "dense"]
    assert page.button(key="build-undo").disabled
    page.button(key="build-redo").click().run()
    assert _kinds(page) == ["dense", "flatten", "dense"]


def test_undo_gives_a_form_its_old_values_back(open_page):
    page = open_page("build", network="preset:mlp")
    page.number_input(key="build-network-0-image_size").set_value(64).run()
    assert _draft(page).network.image_size == 64
    page.button(key="build-undo").click().run()
    assert page.number_input(key="build-network-1-image_size").value == 32
    assert _draft(page).network.image_size == 32


def test_an_empty_network_can_be_built_up(open_page):
    saved = save_architecture(BlockNetwork(name="Nothing"))
    page = open_page("build", network=f"architecture:{saved.id}")
    assert not page.exception
    assert "Nothing selected" in "\n".join(element.value for element in page.markdown)
    _draft(page).add("flatten")
    page.run()
    assert _kinds(page) == ["flatten"]


def test_what_cannot_work_is_explained_and_cannot_be_trained(open_page):
    pools = BlockNetwork(name="Pools", image_size=8, blocks=(*[MaxPooling()] * 4, Flatten()))
    page = open_page("build", network=f"architecture:{save_architecture(pools).id}")
    assert not page.exception
    draft = _draft(page)
    draft.arrange(draft.numbers, selected=draft.numbers[3])
    page.run()
    assert "The map is 1 × 1 here" in page.error[0].value
    assert page.button(key="build-train").disabled


def test_memory_is_for_the_batch_size_that_is_set_and_kept_on_other_pages(open_page):
    page = open_page("build")
    before = _table(page).loc["Total", "Memory"]
    page.number_input(key="build-for-batch_size").set_value(128).run()
    assert _table(page).loc["Total", "Memory"] == pytest.approx(2 * before)
    page.switch_page("../../pages/backbones.py").run()
    page.switch_page("../../pages/build.py").run()
    assert _table(page).loc["Total", "Memory"] == pytest.approx(2 * before)


def test_a_batch_size_out_of_range_never_reaches_the_figures(open_page):
    page = open_page("build")
    before = _table(page).loc["Total", "Memory"]
    page.number_input(key="build-for-batch_size").set_value(0).run()
    assert not page.exception
    assert _table(page).loc["Total", "Memory"] == before


@pytest.mark.parametrize("measure", ["parameters", "multiply-adds", "memory"])
def test_the_table_says_the_share_of_each_block_in_the_whole(open_page, measure):
    shares = _table(open_page("build"))[f"Share of {measure}"]
    assert shares["Total"] == 1
    assert shares.drop("Total").sum() == pytest.approx(1)


def test_every_activation_is_explained_once_one_asks(open_page):
    page = open_page("build")
    page.session_state["build-activations"] = True
    page.run()
    assert not page.exception
    table = page.dataframe[0].value
    assert list(table["Activation"]) == [row.label for row in ACTIVATIONS.values()]
    assert table["Curve"].map(len).min() > 20


def test_an_empty_name_is_a_sentence_and_changes_nothing(open_page):
    page = open_page("build", network="preset:mlp")
    page.text_input(key="build-network-0-name").set_value("").run()
    assert not page.exception
    assert any(":material/error: Name is" in element.value for element in page.markdown)
    assert _draft(page).network.name == "My Dense network"


def test_an_image_size_out_of_range_never_reaches_the_network(open_page):
    page = open_page("build")
    page.number_input(key="build-network-0-image_size").set_value(4).run()
    assert not page.exception
    assert _draft(page).network.image_size == 32


def test_a_change_is_kept_in_a_draft_that_the_address_names(open_page):
    page = open_page("build", network="preset:mlp")
    assert "draft" not in page.query_params
    page.button(key="build-duplicate").click().run()
    id = page.query_params["draft"]
    assert find_draft(id) == _draft(page).network
    again = open_page("build", draft=id)
    assert _draft(again).network == _draft(page).network


def test_a_page_switch_keeps_what_was_built(open_page):
    page = open_page("build", network="preset:mlp")
    page.button(key="build-duplicate").click().run()
    page.switch_page("../../pages/backbones.py").run()
    page.switch_page("../../pages/build.py").run()
    assert _kinds(page) == ["flatten", "flatten", "dense", "dense"]
    assert page.query_params["draft"] == _draft(page).address["draft"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        pytest.param({"draft": "../../../etc/passwd"}, "no draft", id="a draft that is a path"),
        pytest.param({"network": "preset:resnet"}, "no preset", id="no such preset"),
        pytest.param({"network": "architecture:x-00000000"}, "no saved network", id="a deleted network"),
        pytest.param({"network": "backbone:resnet50"}, "is a backbone", id="a backbone"),
        pytest.param({"network": HOSTILE}, "names no network", id="nonsense"),
    ],
)
def test_an_address_that_leads_nowhere_is_a_sentence(open_page, query, sentence):
    page = open_page("build", **query)
    assert not page.exception
    assert sentence in page.warning[0].value.replace("\\", "")
    assert HOSTILE not in page.warning[0].value
    assert _figures(page)["Parameters"] == "304,810"


def test_an_untouched_preset_is_trained_by_its_name(open_page, dataset):
    page = open_page("build", network="preset:lenet5", dataset=dataset.id)
    page.button(key="build-train").click().run()
    assert page.title[0].value == "Train"
    assert page.query_params["network"] == "preset:lenet5"
    assert page.query_params["dataset"] == dataset.id
    assert list_architectures() == []


def test_a_changed_network_is_saved_before_it_is_trained(open_page, dataset):
    page = open_page("build", network="preset:lenet5")
    page.button(key="build-duplicate").click().run()
    built = _draft(page).network
    page.button(key="build-train").click().run()
    family, _, id = page.query_params["network"].partition(":")
    assert family == "architecture"
    assert find_architecture(id).network == built


def test_saving_keeps_the_network_under_its_name(open_page):
    page = open_page("build", network="preset:mlp")
    page.text_input(key="build-network-0-name").set_value(HOSTILE).run()
    page.button(key="build-save").click().run()
    assert not page.exception
    assert find_architecture(architecture_id(HOSTILE)).network == _draft(page).network
    assert all(HOSTILE not in toast.value for toast in page.toast)


def test_saving_never_replaces_another_network_without_asking(open_page):
    other = save_architecture(BlockNetwork(name="Mine", blocks=(Flatten(),)))
    page = open_page("build", network="preset:mlp")
    page.text_input(key="build-network-0-name").set_value("Mine").run()
    page.button(key="build-save").click().run()
    assert find_architecture(other.id).network == other.network
    assert page.button(key="build-replace").label == "Replace it"


def test_saving_again_what_was_opened_asks_nothing(open_page):
    saved = save_architecture(BlockNetwork(name="Mine", blocks=(Flatten(),)))
    page = open_page("build", network=f"architecture:{saved.id}")
    page.button(key="build-duplicate").click().run()
    page.button(key="build-save").click().run()
    assert len(find_architecture(saved.id).network.blocks) == 2


def test_the_dataset_says_how_many_classes_there_are(open_page, dataset):
    page = open_page("build", network="preset:lenet5", dataset=dataset.id)
    assert _table(page).loc["Output", "Output"] == str(dataset.num_classes)


def test_a_link_with_a_dataset_wins_over_what_was_chosen_before(open_page, dataset, tmp_path):
    three = make_dataset(tmp_path, class_files({"ant": 4, "bee": 4, "fly": 4}), name="Insects")
    page = open_page("build", dataset=dataset.id)
    page.switch_page("../../pages/backbones.py").run()
    page.switch_page("../../pages/build.py").run()
    assert page.query_params["dataset"] == dataset.id
    page.switch_page("../../pages/backbones.py").run()
    page.query_params["dataset"] = three.id
    page.switch_page("../../pages/build.py").run()
    assert _table(page).loc["Output", "Output"] == "3"
