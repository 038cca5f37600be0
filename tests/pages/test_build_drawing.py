"""The drawing on the Build page follows every edit, says what is wrong, and selects what is clicked."""

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import streamlit

from cnnlab.charts.network_looks import KINDS
from cnnlab.models.anatomy import describe_network
from cnnlab.models.architectures import save_architecture
from cnnlab.models.lint import lint
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import BLOCKS, Convolution, Dense, Dropout, MaxPooling
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui import build_drawing

HOSTILE = "<script>alert(1)</script> ![x](http://host/y)"


@pytest.fixture
def browser(monkeypatch):
    """Stands in for the browser: what it was given last for each drawing, and what it says."""
    given = {}
    monkeypatch.setattr(
        build_drawing, "_component", lambda *, key, **arguments: given.update({key: arguments})
    )

    def click(said):
        with monkeypatch.context() as patch:
            state = {build_drawing.KEY: {"select": said}}
            patch.setattr(build_drawing, "st", SimpleNamespace(session_state=state))
            given[build_drawing.KEY]["on_select_change"]()

    return SimpleNamespace(given=given, click=click, svg=lambda: given[build_drawing.KEY]["data"]["svg"])


def _boxes(network):
    anatomy = describe_network(network, num_classes=10)
    found = lint(network, num_classes=10, anatomy=anatomy)
    return build_drawing.network_boxes(network, anatomy=anatomy, findings=found)


def _keys(svg):
    return [int(key) for key in re.findall(r'data-key="(\d+)"', svg)]


def test_it_follows_an_edit(open_page, browser):
    page = open_page("build", network="preset:lenet5")
    assert not page.exception
    before = browser.svg()
    draft = page.session_state["build-draft"]
    assert _keys(before) == list(draft.numbers)
    page.button(key="build-duplicate").click().run()
    assert _keys(browser.svg()) == list(draft.numbers)
    assert len(_keys(browser.svg())) == len(_keys(before)) + 1


def test_a_click_on_a_box_selects_its_block(open_page, browser):
    page = open_page("build", network="preset:lenet5")
    draft = page.session_state["build-draft"]
    wanted = draft.numbers[2]
    assert browser.given[build_drawing.KEY]["data"]["chooses"]
    browser.click(wanted)
    page.run()
    assert draft.position == 2
    assert browser.given[build_drawing.KEY]["data"]["selected"] == wanted


@pytest.mark.parametrize("said", [None, "2", 2.5, True, 10_000, {"key": 1}], ids=repr)
def test_a_click_that_means_no_block_changes_nothing(open_page, browser, said):
    page = open_page("build", network="preset:lenet5")
    draft = page.session_state["build-draft"]
    draft.arrange(draft.numbers, selected=draft.numbers[3])
    browser.click(said)
    assert draft.position == 3


def test_a_hostile_name_is_text_in_the_drawing(open_page, browser):
    saved = save_architecture(BlockNetwork(name=HOSTILE, blocks=(Convolution(),)))
    page = open_page("build", network=f"architecture:{saved.id}")
    assert not page.exception
    assert "<script" not in browser.svg()
    assert "&lt;script&gt;" in browser.svg()


@pytest.mark.parametrize("name", PRESETS)
def test_every_block_of_a_preset_has_its_box(name):
    network = PRESETS[name].network
    first, *boxes, last = _boxes(network)
    assert (first.kind, last.kind) == ("picture", "output")
    assert [box.kind for box in boxes] == [block.kind for block in network.blocks]
    assert [box.number for box in boxes] == list(range(1, len(boxes) + 1))


@pytest.mark.parametrize(
    ("blocks", "marks"),
    [
        pytest.param((Convolution(), Dense()), {2: "error"}, id="a block that cannot work"),
        pytest.param((Convolution(),), {2: "error"}, id="the output"),
        pytest.param(
            (Dropout(), *PRESETS["resnet_like"].network.blocks), {1: "warning"}, id="one that could be better"
        ),
        pytest.param(PRESETS["resnet_like"].network.blocks, {}, id="nothing"),
    ],
)
def test_what_is_found_is_marked_and_said_at_its_block(blocks, marks):
    boxes = _boxes(BlockNetwork(image_size=32, blocks=blocks))
    assert {position: box.mark for position, box in enumerate(boxes) if box.mark} == marks
    for position in marks:
        assert any(word in boxes[position].words for word in build_drawing.SAID.values())


def test_blocks_in_a_row_are_slices():
    boxes = _boxes(BlockNetwork(blocks=(Convolution(repeats=3), MaxPooling())))
    assert [box.slices for box in boxes] == [1, 3, 1, 1]


def test_the_file_shows_the_network_and_not_what_could_be_better(open_page, browser, monkeypatch):
    given = {}
    monkeypatch.setattr(
        streamlit, "download_button", lambda label, data, *_, key, **__: given.update({key: data})
    )
    blocks = (Dropout(), *PRESETS["resnet_like"].network.blocks)
    saved = save_architecture(BlockNetwork(name=HOSTILE, image_size=32, blocks=blocks))
    open_page("build", network=f"architecture:{saved.id}")
    assert build_drawing.SAID["warning"] in browser.svg()
    file = given["build-svg"]()
    assert build_drawing.SAID["warning"] not in file
    assert "var(" not in file
    assert _keys(file) == []
    assert ElementTree.fromstring(file)[0].text == f"Drawing of {HOSTILE}"


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_kind_of_block_has_the_colour_it_has_in_the_list(kind):
    css = (build_drawing.ASSETS / "block_list.css").read_text(encoding="utf-8")
    usual = re.search(r"\.row \{\s*--kind: (#\w+)", css)[1]
    own = re.search(rf"^[^\n]*\.row\.{kind}\b[^\n]*--kind: (#\w+)", css, re.MULTILINE)
    assert KINDS[kind].color == (own[1] if own else usual)
