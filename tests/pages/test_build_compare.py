"""The Build page lays another design beside the one that is being built."""

import re

import pytest

from cnnlab.models import difference
from cnnlab.models.architectures import delete_architecture, save_architecture
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import Convolution, Flatten
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui import build_compare, build_drawing

HOSTILE = "![x](http://host/y) <b>*bold*</b>"


@pytest.fixture
def drawn(monkeypatch):
    """Titles and keys of the drawings of the last run, in order."""
    found = []
    monkeypatch.setattr(build_drawing, "_component", lambda *, key, **_: found.append(key))
    return found


def _draft(page):
    return page.session_state["build-draft"]


def _table(page):
    return page.table[0].value


def _said(page):
    return "\n".join(element.value for element in page.markdown)


def test_closed_it_works_nothing_out(open_page, monkeypatch, drawn):
    monkeypatch.setattr(build_compare, "compare_networks", None)
    monkeypatch.setattr(build_compare, "list_designs", None)
    page = open_page("build", network="preset:lesson_cnn")
    assert not page.exception
    assert drawn == [build_drawing.KEY]


def test_an_address_opens_it(open_page, drawn):
    page = open_page("build", network="preset:lesson_cnn", compare="preset:lenet5")
    assert not page.exception
    assert page.selectbox(key=build_compare.CHOICE).value == "preset:lenet5"
    assert "304,810" in _said(page)
    assert "4.9 times" in _said(page)
    assert drawn == [build_drawing.KEY, "network_drawing_one", "network_drawing_other"]
    assert "compare" in page.query_params


def test_what_is_chosen_stands_in_the_address(open_page, drawn):
    page = open_page("build", network="preset:lesson_cnn", compare="preset:lenet5")
    page.selectbox(key=build_compare.CHOICE).set_value("preset:mlp").run()
    assert page.query_params["compare"] in ("preset:mlp", ["preset:mlp"])
    assert "Dense network" in "".join(_table(page).columns)


@pytest.mark.parametrize(
    "address", ["preset:nothing", "backbone:mobilenet_v2", "architecture:../x", HOSTILE, "preset:lenet5 "]
)
def test_an_address_that_names_no_design_gets_a_sentence(open_page, drawn, address):
    page = open_page("build", network="preset:lesson_cnn", compare=address)
    assert not page.exception
    assert "Choose another one below" in page.warning[0].value
    assert len(page.table) == 0
    assert "compare" not in page.query_params


def test_an_edit_is_one_row_that_differs(open_page, drawn):
    page = open_page("build", network="preset:lesson_cnn", compare="preset:lesson_cnn")
    assert "Nothing differs" in _said(page)
    assert page.button(key="build-compare-take").disabled
    page.number_input(key=f"build-block-{_draft(page).selected}-0-filters").set_value(48).run()
    told = _table(page)["Difference"]
    assert ["≠" in row for row in told] == [True] + [False] * 11
    assert "Filters: 48 here, 32 there" in told.iloc[0]
    page.toggle(key="build-compare-brief").set_value(True).run()
    assert len(_table(page)) == 1


def test_blocks_that_only_one_has_are_told_apart_in_words(open_page, drawn):
    saved = save_architecture(
        BlockNetwork(name="Other", blocks=(*PRESETS["lenet5"].network.blocks[1:], Flatten()))
    )
    page = open_page("build", network="preset:lenet5", compare=f"architecture:{saved.id}")
    words = {re.sub(r":\w+\[|[\]*]", "", row) for row in _table(page)["Difference"]}
    assert {"+ only here", "− only there", "= same"} <= words


def test_that_one_is_taken_instead_and_undone(open_page, drawn):
    page = open_page("build", network="preset:lesson_cnn", compare="preset:lenet5")
    before = _draft(page).network
    page.button(key="build-compare-take").click().run()
    assert not page.exception
    assert _draft(page).network.blocks == PRESETS["lenet5"].network.blocks
    assert "Nothing differs" in _said(page)
    page.button(key="build-undo").click().run()
    assert _draft(page).network == before
    assert "4.9 times" in _said(page)


def test_it_is_compared_with_what_was_saved(open_page, drawn):
    saved = save_architecture(PRESETS["lenet5"].network.with_changes(name=HOSTILE))
    page = open_page("build", network=f"architecture:{saved.id}", compare=f"architecture:{saved.id}")
    assert not page.exception
    assert page.selectbox(key=build_compare.CHOICE).options[0] == f"As it was saved: {HOSTILE}"
    _draft(page).remove()
    page.run()
    assert "1 block is only in" in _said(page)
    assert HOSTILE not in _said(page)
    assert not any(HOSTILE in column for column in _table(page).columns)


def test_a_saved_design_that_is_gone_gets_a_sentence(open_page, drawn):
    saved = save_architecture(BlockNetwork(name="Gone soon", blocks=(Flatten(),)))
    page = open_page("build", network="preset:lenet5", compare=f"architecture:{saved.id}")
    assert len(page.table) == 1
    delete_architecture(saved.id)
    page.run()
    assert not page.exception
    assert "Choose another one below" in page.warning[0].value


def test_what_cannot_work_is_said(open_page, drawn):
    saved = save_architecture(BlockNetwork(name="Broken", blocks=(Flatten(), Convolution())))
    page = open_page("build", network="preset:lenet5", compare=f"architecture:{saved.id}")
    assert not page.exception
    assert [warning.value for warning in page.warning if "Broken cannot work" in warning.value]


def test_a_design_may_be_called_like_a_heading(open_page, drawn):
    saved = save_architecture(BlockNetwork(name=build_compare.OURS, blocks=(Flatten(),)))
    page = open_page("build", network="preset:lenet5", compare=f"architecture:{saved.id}")
    assert not page.exception
    assert len(_table(page).columns) == 3
    assert "62,006" in _said(page)
    assert "30,730" in _said(page)


def test_every_figure_can_be_written():
    assert build_compare.UNITS.keys() == difference.FIGURES.keys()
    assert all(build_compare.UNITS[name](1234) for name in difference.FIGURES)
