"""Two networks laid against each other: every block is in one pair, and as little as possible differs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.models.anatomy import describe_network
from cnnlab.models.difference import (
    FIGURES,
    LAYERS_DEEP,
    Change,
    Total,
    align_blocks,
    compare_networks,
    depth,
)
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import (
    BLOCKS,
    AveragePooling,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    MaxPooling,
)
from cnnlab.specs.networks import BlockNetwork

SMALL, LARGE = Convolution(filters=16), Convolution(filters=64, kernel_size=5)
SOME = [SMALL, LARGE, MaxPooling(), AveragePooling(), Dropout(), Dropout(rate=0.5), Flatten(), Dense()]


def _told(one, other):
    return [(pair.kind, pair.one, pair.other) for pair in align_blocks(one, other)]


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([SMALL], [SMALL], [("same", 0, 0)], id="the same"),
        pytest.param([SMALL], [LARGE], [("changed", 0, 0)], id="other settings"),
        pytest.param([SMALL], [], [("only_one", 0, None)], id="only here"),
        pytest.param([], [SMALL], [("only_other", None, 0)], id="only there"),
        pytest.param(
            [MaxPooling()],
            [AveragePooling()],
            [("only_one", 0, None), ("only_other", None, 0)],
            id="two kinds are never one block",
        ),
        pytest.param(
            [SMALL, MaxPooling(), Flatten(), Dense()],
            [SMALL, MaxPooling(), Dropout(), Flatten(), Dense()],
            [
                ("same", 0, 0),
                ("same", 1, 1),
                ("only_other", None, 2),
                ("same", 2, 3),
                ("same", 3, 4),
            ],
            id="one put in between",
        ),
        pytest.param(
            [Convolution(filters=64), MaxPooling()],
            [Convolution(filters=8, kernel_size=7), Convolution(filters=32), MaxPooling()],
            [("only_other", None, 0), ("changed", 0, 1), ("same", 1, 2)],
            id="paired with the most similar one",
        ),
    ],
)
def test_blocks_are_paired_so_that_little_differs(one, other, told):
    assert _told(one, other) == told


def test_a_change_names_the_settings_as_the_page_does():
    (pair,) = align_blocks([SMALL], [Convolution(filters=64, activation="elu", batch_normalization=True)])
    assert pair.changes == (
        Change(title="Filters", one="16", other="64"),
        Change(title="Activation", one="ReLU", other="ELU"),
        Change(title="Batch normalization", one="off", other="on"),
    )


@given(one=st.lists(st.sampled_from(SOME), max_size=8), other=st.lists(st.sampled_from(SOME), max_size=8))
@settings(max_examples=60, deadline=None)
def test_every_block_is_in_one_pair_and_order_is_kept(one, other):
    pairs = align_blocks(one, other)
    assert [pair.one for pair in pairs if pair.one is not None] == list(range(len(one)))
    assert [pair.other for pair in pairs if pair.other is not None] == list(range(len(other)))
    for pair in pairs:
        if pair.kind == "same":
            assert one[pair.one] == other[pair.other]
        if pair.kind == "changed":
            assert one[pair.one].kind == other[pair.other].kind
    assert {pair.kind for pair in align_blocks(one, one)} <= {"same"}
    # Seen from the other side as much differs.
    kinds, turned = ([pair.kind for pair in found] for found in (pairs, align_blocks(other, one)))
    for kind, seen in (("same", "same"), ("changed", "changed"), ("only_one", "only_other")):
        assert kinds.count(kind) == turned.count(seen)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        pytest.param("lenet5", 5, id="LeNet-5"),
        pytest.param("resnet_like", 20, id="the 20-layer residual network of the paper"),
        pytest.param("mlp", 3, id="dense"),
        pytest.param("vgg_like", 12, id="convolutions in a row"),
    ],
)
def test_depth_is_counted_as_papers_do(name, layers):
    assert depth(PRESETS[name].network) == layers


@pytest.mark.parametrize("kind", BLOCKS)
def test_depth_knows_every_kind_of_block_that_computes(kind):
    """Whatever multiplies and adds makes a network deeper; squeeze and excitation only weighs maps."""
    blocks = (BLOCKS[kind](),) if kind != "dense" else (GlobalAveragePooling(), Dense())
    anatomy = describe_network(BlockNetwork(blocks=blocks), num_classes=10)
    computes = anatomy.rows[len(blocks)].multiply_adds > 0
    assert (kind in LAYERS_DEEP) == (computes and kind != "squeeze_excitation")


def test_totals_are_those_of_both_networks():
    ours, theirs = PRESETS["lesson_cnn"].network, PRESETS["mlp"].network
    found = compare_networks(ours, theirs, num_classes=10, batch_size=8)
    totals = {total.name: (total.one, total.other) for total in found.totals}
    one, other = (describe_network(network, num_classes=10, batch_size=8) for network in (ours, theirs))
    assert totals.keys() == FIGURES.keys()
    assert totals["parameters"] == (one.parameters, other.parameters) == (304_810, 820_874)
    assert totals["activation_bytes"] == (one.activation_bytes, other.activation_bytes)
    assert totals["depth"] == (8, 3)
    assert totals["image_size"] == (32, 32)


@pytest.mark.parametrize(
    ("name", "one", "other", "words"),
    [
        pytest.param("parameters", 5, 5, "the same", id="equal"),
        pytest.param("parameters", 210, 100, "2.1 times", id="a multiple"),
        pytest.param("parameters", 100, 210, "2.1 times fewer", id="a fraction"),
        pytest.param("multiply_adds", 120, 100, "20 % more", id="a little more"),
        pytest.param("activation_bytes", 80, 100, "20 % less", id="a little less"),
        pytest.param("depth", 3, 4, "25 % shallower", id="with its own word"),
        pytest.param("parameters", 100_001, 100_000, "hardly more", id="next to nothing"),
        pytest.param("parameters", 3_500_000, 1_000, "3,500 times", id="thousands of times"),
        pytest.param("multiply_adds", 7, 0, "more", id="against nothing"),
        pytest.param("multiply_adds", 0, 7, "none", id="nothing"),
    ],
)
def test_a_ratio_is_said_in_words(name, one, other, words):
    assert Total(name=name, one=one, other=other).words == words


def test_a_ratio_to_nothing_is_none():
    assert Total(name="multiply_adds", one=7, other=0).ratio is None
    assert Total(name="multiply_adds", one=7, other=2).ratio == 3.5


@pytest.mark.parametrize(
    ("changes", "nothing"),
    [
        pytest.param({"name": "Another name"}, True, id="name"),
        pytest.param({"image_size": 64}, False, id="image size"),
        pytest.param({"blocks": ()}, False, id="blocks"),
    ],
)
def test_names_make_no_difference_but_sizes_do(changes, nothing):
    network = PRESETS["lenet5"].network
    found = compare_networks(network, network.with_changes(**changes), num_classes=10)
    assert found.nothing_differs is nothing


def test_what_cannot_work_is_compared_all_the_same():
    broken = BlockNetwork(image_size=8, blocks=(*[MaxPooling()] * 5, Dense()))
    found = compare_networks(broken, PRESETS["lenet5"].network, num_classes=10)
    assert not found.one.works
    assert found.count("only_one") + found.count("changed") + found.count("same") == len(broken.blocks)
