"""Networks as files and links: what is written is read back equal, and whatever else arrives is one sentence."""

import base64
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.errors import SpecError
from cnnlab.models.exchange import (
    FORMAT,
    MOST_BYTES,
    MOST_LINK_CHARACTERS,
    VERSION,
    pack_network,
    read_network,
    unpack_network,
    write_network,
)
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import Convolution, Flatten
from cnnlab.specs.networks import MOST_BLOCKS, BlockNetwork
from tests.models.test_lint import ANY_BLOCK

LESSON = PRESETS["lesson_cnn"].network
WRITTEN = write_network(LESSON)
ANY_NAME = st.text(min_size=1, max_size=80).filter(lambda name: name.isprintable())
ANY_LIST = st.builds(
    BlockNetwork, name=ANY_NAME, image_size=st.integers(8, 512), blocks=st.lists(ANY_BLOCK, max_size=12)
)


def _letters(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content)).rstrip(b"=").decode()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_comes_back_equal_from_a_file_and_from_a_link(name):
    network = PRESETS[name].network
    assert read_network(write_network(network).encode()) == network
    assert unpack_network(pack_network(network)) == network


@given(network=ANY_LIST)
@settings(max_examples=100, deadline=None)
def test_any_list_of_blocks_comes_back_equal_from_a_file_and_from_a_link(network):
    assert read_network(write_network(network)) == network
    assert unpack_network(pack_network(network)) == network


@given(blocks=st.lists(ANY_BLOCK, min_size=MOST_BLOCKS, max_size=MOST_BLOCKS))
@settings(max_examples=10, deadline=None)
def test_the_longest_network_fits_into_a_file_and_a_link(blocks):
    network = BlockNetwork(name="🌸" * 80, blocks=blocks)
    assert unpack_network(pack_network(network)) == network
    assert len(write_network(network)) < MOST_BYTES / 10


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(WRITTEN.encode("utf-8-sig"), id="with a mark of UTF-8"),
        pytest.param(WRITTEN.encode("utf-16"), id="in UTF-16"),
        pytest.param(f"\n\ufeff {WRITTEN}\n".strip(), id="pasted with a mark"),
        pytest.param(LESSON.to_json(), id="as a workspace keeps it"),
        pytest.param(WRITTEN.replace("\n", "\r\n"), id="with line ends of another system"),
    ],
)
def test_the_same_network_written_in_another_way_is_read_too(content):
    assert read_network(content) == LESSON


def _with(**changes: object) -> str:
    return json.dumps({**json.loads(WRITTEN), **changes})


BROKEN = [
    pytest.param(b"", "There is nothing in it", id="empty"),
    pytest.param("  \n", "There is nothing in it", id="blank"),
    pytest.param("conv, pool, dense", r"no JSON: line 1, column 1: Expecting value", id="prose"),
    pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(40), r"no text in UTF-8: byte 1 is 0x89", id="a picture"),
    pytest.param('{"name": "Gr\u00fc\u00dfe"}'.encode("latin-1"), r"byte 13 is 0xfc", id="another encoding"),
    pytest.param(WRITTEN[: len(WRITTEN) // 2], "breaks off in line .* as a whole", id="cut short"),
    pytest.param(WRITTEN[: WRITTEN.index("lesson")], "breaks off in line 4", id="cut within a word"),
    pytest.param(WRITTEN.replace(",", ";", 1), "line 2, column .* delimiter", id="a wrong comma"),
    pytest.param(b" " * (MOST_BYTES + 1), r"This has 1\.0 MB; .* less than 1 MB", id="too large"),
    pytest.param("[" * 100_000, "so deep or so long", id="nested without end"),
    pytest.param('{"blocks": [' + "9" * 9_000 + "]}", "so deep or so long", id="a number of 9,000 digits"),
    pytest.param("[1, 2]", r"no network: it holds \[1, 2\]", id="a list"),
    pytest.param("null", "it holds None", id="nothing at all"),
    pytest.param('{"epochs": 5}', "no list of blocks. Found: 'epochs'", id="settings of something else"),
    pytest.param("{}", "Found: nothing", id="an empty object"),
    pytest.param(_with(**{FORMAT: VERSION + 1}), "newer cnnlab, in version 2 .* Update cnnlab", id="newer"),
    pytest.param(_with(**{FORMAT: "one"}), "version of its format is 'one'", id="a version that is none"),
    pytest.param('{"kind": "backbone", "backbone": "resnet50"}', "Backbones page", id="a backbone"),
    pytest.param(_with(kind="tree"), "Kind is 'tree'; choose 'blocks'", id="another kind of network"),
    pytest.param(_with(blocks="conv"), "no list of blocks", id="blocks that are no list"),
    pytest.param(_with(blocks=[{"kind": "flatten"}, 7]), "Block 2 is 7; it has to name its kind", id="a number"),
    pytest.param(_with(blocks=[{"kind": ["x"]}]), "Block 1 is .* has to name its kind", id="a list for a kind"),
    pytest.param(_with(blocks=[{"kind": "transformer"}]), "Block 1: There is no kind of block named 'transformer'. Choose one of: average_pooling", id="unknown kind"),
    pytest.param(_with(blocks=[{"kind": "convolution", "filters": 0}]), "Block 1: Filters is 0; it has to be at least 1", id="out of range"),
    pytest.param(_with(blocks=[{"kind": "convolution", "repeats": 99}]), "Block 1: In a row is 99; it has to be at most 8", id="named as the page does"),
    pytest.param(_with(blocks=[{"kind": "dropout", "rate": float("nan")}]), "Block 1: Rate is nan", id="not a number"),
    pytest.param(_with(blocks=[{"kind": "dense", "relu": True}]), "Block 1: Relu is not a setting", id="unknown setting"),
    pytest.param(_with(blocks=[{"kind": "flatten"}] * 101), "101 blocks; a network has at most 100", id="too many"),
    pytest.param(_with(image_size=100_000), "Image size is 100000; it has to be at most 512", id="huge picture"),
    pytest.param(_with(name=""), "Name is ''", id="no name"),
    pytest.param(_with(name="x" * 81), "Name is 'x+\\.\\.\\.x+'", id="a long name"),
    pytest.param(_with(name="\ud800"), "Name is .* unicode", id="half a letter"),
    pytest.param(_with(name={"a": 1}), "Name is what was given", id="an object for a name"),
    pytest.param(_with(password="1"), "Password is not a setting", id="something on top"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "sentence"), BROKEN)
def test_whatever_is_no_network_is_a_sentence_that_names_what_was_found(content, sentence):
    with pytest.raises(SpecError, match=sentence) as refused:
        read_network(content)
    assert str(refused.value).endswith(".")


BROKEN_LINKS = [
    pytest.param("", "damaged", id="empty"),
    pytest.param("../../etc/passwd", "damaged", id="a path"),
    pytest.param("<script>", "damaged", id="markup"),
    pytest.param("网络", "damaged", id="other letters"),
    pytest.param(pack_network(LESSON)[:-9], "damaged", id="cut short"),
    pytest.param(pack_network(LESSON).swapcase(), "damaged", id="changed on the way"),
    pytest.param("A" * (MOST_LINK_CHARACTERS + 1), "16,001 letters", id="too long"),
    pytest.param(_letters(bytes(5_000_000)), "damaged", id="blown up a thousand times"),
    pytest.param(_letters(b"[" * 100_000), "so deep or so long", id="nested without end"),
    pytest.param(_letters(b'{"blocks": 1}'), "no list of blocks", id="no network in it"),
]


@pytest.mark.parametrize(("letters", "sentence"), BROKEN_LINKS)
def test_a_link_that_holds_no_network_is_a_sentence(letters, sentence):
    with pytest.raises(SpecError, match=sentence):
        unpack_network(letters)


@given(letters=st.text(max_size=200) | st.binary(max_size=200).map(_letters))
@settings(max_examples=200, deadline=None)
def test_no_letters_at_all_do_more_harm_than_a_sentence(letters):
    with pytest.raises(SpecError):
        unpack_network(letters)


@given(content=st.binary(max_size=200) | st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_file_at_all_does_more_harm_than_a_sentence(content):
    with pytest.raises(SpecError):
        read_network(content)


def test_a_name_with_markup_stays_a_name():
    network = BlockNetwork(name="![x](http://host/y)<b>", blocks=(Convolution(), Flatten()))
    assert read_network(write_network(network)).name == network.name
