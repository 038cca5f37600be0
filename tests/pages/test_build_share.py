"""A network leaves the Build page and comes back: by file, by text, by link, by reload; nothing is lost on the way."""

import pytest

from cnnlab.models.architectures import find_draft
from cnnlab.models.exchange import pack_network, write_network
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import Convolution, Flatten
from cnnlab.specs.networks import BlockNetwork

HOSTILE = "![x](http://host/y)"
OURS = BlockNetwork(name=HOSTILE, image_size=48, blocks=(Convolution(filters=5), Flatten()))


def _draft(page):
    return page.session_state["build-draft"]


def _upload(page, content, *, name="network.json"):
    page.file_uploader(key=f"build-file-{_draft(page).generation}").upload(name, content).run()
    assert not page.exception


def _paste(page, content):
    page.text_area(key=f"build-pasted-{_draft(page).generation}").set_value(content).run()
    assert not page.exception


def _link(page):
    (link,) = [element.value for element in page.code if "design=" in element.value]
    return link


def _opens_and_undoes(page, network):
    before = _draft(page).network
    assert all(HOSTILE not in element.value for element in page.markdown)
    page.button(key="build-bring-in").click().run()
    assert not page.exception
    assert _draft(page).network == network
    assert find_draft(page.query_params["draft"]) == network
    page.button(key="build-undo").click().run()
    assert _draft(page).network == before


def test_an_exported_file_is_opened_in_one_step_that_undo_takes_back(open_page):
    page = open_page("build")
    _upload(page, write_network(OURS).encode())
    _opens_and_undoes(page, OURS)


def test_pasted_text_is_opened_like_a_file(open_page):
    page = open_page("build")
    _paste(page, write_network(OURS))
    _opens_and_undoes(page, OURS)


def test_a_pasted_link_is_opened_like_a_file(open_page):
    page = open_page("build")
    _paste(page, f"http://localhost:1234/build?dataset=x&design={pack_network(OURS)}")
    _opens_and_undoes(page, OURS)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"\x89PNG\r\n", "no text in UTF", id="a picture"),
        pytest.param(write_network(OURS).encode()[:-30], "breaks off", id="cut short"),
        pytest.param(b'{"blocks": [{"kind": "attention"}]}', "no kind of block", id="unknown block"),
        pytest.param(bytes(2_000_000), "2.0 MB", id="too large"),
    ],
)
def test_a_file_that_is_no_network_is_a_sentence_and_changes_nothing(open_page, content, sentence):
    page = open_page("build", network="preset:lenet5")
    page.button(key="build-duplicate").click().run()
    before = _draft(page).network
    _upload(page, content)
    shown = page.error[0].value.replace("\\", "")
    assert sentence in shown
    assert "stays as it is" in shown
    assert "build-bring-in" not in [button.key for button in page.button]
    assert _draft(page).network == before


@pytest.mark.parametrize(
    "link", ["https://host/x.json", "http://[", "http://localhost/build?design=a&design=b"]
)
def test_a_pasted_link_without_a_network_is_a_sentence(open_page, link):
    page = open_page("build")
    _paste(page, link)
    assert "This link holds no network" in page.error[0].value


def test_the_shown_link_opens_the_same_network_in_another_tab(open_page):
    page = open_page("build", network="preset:lenet5")
    page.button(key="build-duplicate").click().run()
    letters = _link(page).partition("design=")[2]
    other = open_page("build", design=letters)
    assert not other.exception
    assert _draft(other).network == _draft(page).network
    assert other.query_params["design"] == letters


def test_a_broken_link_is_a_sentence_and_the_page_goes_on(open_page):
    page = open_page("build", design=pack_network(OURS)[:-4])
    assert not page.exception
    assert "design in this link is damaged" in page.warning[0].value
    assert "design" not in page.query_params
    assert _draft(page).network.name == "My lesson's CNN"


def test_a_preset_that_nobody_changed_survives_a_reload(open_page):
    page = open_page("build", network="preset:lenet5")
    again = open_page("build", **{name: page.query_params[name] for name in page.query_params})
    assert _draft(again).network.blocks == PRESETS["lenet5"].network.blocks


def test_going_back_to_the_preset_and_forward_again_finds_the_changes(open_page):
    page = open_page("build", network="preset:mlp")
    page.button(key="build-duplicate").click().run()
    changed, forward = _draft(page).network, page.query_params["draft"]
    page.query_params.clear()
    page.query_params["network"] = "preset:mlp"
    page.run()
    assert _draft(page).network.blocks == PRESETS["mlp"].network.blocks
    assert "draft" not in page.query_params
    page.query_params.clear()
    page.query_params["draft"] = forward
    page.run()
    assert _draft(page).network == changed


def test_two_tabs_that_change_one_draft_never_overwrite_each_other(open_page):
    first = open_page("build", network="preset:mlp")
    first.button(key="build-duplicate").click().run()
    second = open_page("build", draft=first.query_params["draft"])
    second.button(key="build-remove").click().run()
    assert second.query_params["draft"] == first.query_params["draft"]
    first.button(key="build-duplicate").click().run()
    assert first.query_params["draft"] != second.query_params["draft"]
    for page in (first, second):
        assert find_draft(page.query_params["draft"]) == _draft(page).network
