"""The list of blocks in the browser: what it is told, and what of its answers is believed."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnnlab.models.anatomy import describe_network
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import BLOCKS, Flatten, MaxPooling
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui import block_list
from cnnlab.ui.build_draft import Draft


@pytest.fixture
def browser(monkeypatch):
    """Stands in for Streamlit: what the component was given, and what the browser says."""
    given = {}
    state = SimpleNamespace(session_state={block_list.KEY: {}})
    monkeypatch.setattr(block_list, "st", state)
    monkeypatch.setattr(block_list, "_component", lambda **arguments: given.update(arguments))

    def say(**event):
        state.session_state[block_list.KEY] = event
        for name in event:
            given[f"on_{name}_change"]()

    return SimpleNamespace(given=given, say=say)


def _drawn(network):
    draft = Draft(network)
    block_list.draw(draft, anatomy=describe_network(network, num_classes=10))
    return draft


def test_every_block_comes_with_its_figures_and_its_share_of_each(browser):
    _drawn(PRESETS["lesson_cnn"].network)
    rows, output = browser.given["data"]["rows"], browser.given["data"]["output"]
    assert [row["figures"]["parameters"] for row in rows if row["figures"]["parameters"]] == [
        "10,144",
        "55,424",
        "221,440",
        "16,512",
    ]
    assert rows[0]["shape"] == "32 × 32 × 32"
    assert rows[0]["figures"] == {
        "parameters": "10,144",
        "multiply_adds": "10.3 M",
        "memory": "16.8 MB",
        "field": "5 px",
    }
    assert (output["shape"], output["figures"]["parameters"], output["figures"]["field"]) == (
        "10",
        "1,290",
        "all",
    )
    for measure in ("parameters", "multiply_adds", "memory"):
        shares = [row["shares"][measure] for row in (browser.given["data"]["input"], *rows, output)]
        assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (999_999, "999,999"), (38_651_136, "38.7 M"), (2_500_000_000, "2,500.0 M")],
)
def test_a_large_number_is_written_in_few_letters(number, words):
    assert block_list.amount(number) == words


def test_every_measure_of_the_script_is_one_that_rows_have_a_share_of(browser):
    _drawn(PRESETS["mlp"].network)
    script = (block_list.ASSETS / "block_list.js").read_text(encoding="utf-8")
    measures = re.findall(r'"(\w+)"', re.search(r"const MEASURES = (.*)", script)[1])
    assert measures == list(browser.given["data"]["rows"][0]["shares"])
    assert all(f'<button type="button" data-measure="{measure}">' in block_list.HTML for measure in measures)


def test_what_cannot_work_is_explained_in_its_row(browser):
    _drawn(BlockNetwork(image_size=8, blocks=(*[MaxPooling()] * 4, Flatten())))
    *fine, broken, last = browser.given["data"]["rows"]
    assert "The map is 1 × 1 here" in broken["problem"]
    assert broken["shape"] == "–"
    assert not any(row["problem"] for row in (*fine, last))


def test_blocks_are_arranged_and_removed_as_the_browser_says(browser):
    draft = _drawn(PRESETS["mlp"].network)
    first, second, third = draft.numbers
    browser.say(arrange={"order": [second, first, third], "selected": third})
    assert (draft.numbers, draft.selected) == ((second, first, third), third)
    browser.say(remove=first)
    assert draft.numbers == (second, third)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"arrange": None}, id="nothing"),
        pytest.param({"arrange": {"order": "123"}}, id="text for an order"),
        pytest.param({"arrange": {"order": [1, "2", None]}}, id="numbers that are none"),
        pytest.param({"arrange": {"order": [1, 2], "selected": 1}}, id="a block is missing"),
        pytest.param({"arrange": {"order": [1, 2, 3], "selected": {"a": 1}}}, id="nonsense selected"),
        pytest.param({"remove": "1"}, id="text for a number"),
        pytest.param({"remove": 99}, id="a block that is not there"),
    ],
)
def test_what_makes_no_sense_changes_nothing(browser, event):
    draft = _drawn(PRESETS["mlp"].network)
    browser.say(**event)
    assert draft.network == PRESETS["mlp"].network
    assert draft.position == 0


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_kind_of_block_has_a_drawing_of_its_own(kind):
    script = (Path(block_list.__file__).parent / "assets" / "block_list.js").read_text(encoding="utf-8")
    drawings = dict(re.findall(r"^  (\w+): (.+?),$(?=\n  \w+:|\n})", script, re.MULTILINE | re.DOTALL))
    assert len(drawings[kind]) > 20
    assert list(drawings.values()).count(drawings[kind]) == 1
