"""What is being built: blocks keep their number while they move, and there is always a way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cnnlab.errors import SpecError
from cnnlab.specs.blocks import BLOCKS, Convolution, Dense, Dropout
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui.build_draft import MOST_BLOCKS, Draft

THREE = BlockNetwork(name="Three", blocks=(Convolution(filters=8), Dropout(), Dense(units=4)))


def kinds(draft: Draft) -> list[str]:
    return [block.kind for block in draft.network.blocks]


def test_the_first_block_is_selected_at_the_start():
    assert Draft(THREE).position == 0


def test_a_new_block_comes_behind_the_selected_one_and_is_selected():
    draft = Draft(THREE)
    draft.add("max_pooling")
    assert kinds(draft) == ["convolution", "max_pooling", "dropout", "dense"]
    assert draft.position == 1


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_kind_of_block_can_be_the_first(kind):
    draft = Draft(BlockNetwork())
    draft.add(kind)
    assert kinds(draft) == [kind]


def test_a_copy_has_the_same_settings_and_a_number_of_its_own():
    draft = Draft(THREE)
    draft.duplicate()
    assert draft.network.blocks[0] == draft.network.blocks[1]
    assert len(set(draft.numbers)) == 4


@pytest.mark.parametrize(
    ("start", "by", "expected"),
    [
        pytest.param(0, 1, ["dropout", "convolution", "dense"], id="down"),
        pytest.param(2, -1, ["convolution", "dense", "dropout"], id="up"),
        pytest.param(0, -1, ["convolution", "dropout", "dense"], id="up from the top stays"),
        pytest.param(2, 1, ["convolution", "dropout", "dense"], id="down from the end stays"),
    ],
)
def test_the_selected_block_moves(start, by, expected):
    draft = Draft(THREE)
    draft.arrange(draft.numbers, selected=draft.numbers[start])
    draft.move(by)
    assert kinds(draft) == expected


def test_the_neighbour_is_selected_when_a_block_is_removed():
    draft = Draft(THREE)
    draft.arrange(draft.numbers, selected=draft.numbers[2])
    draft.remove()
    assert draft.position == 1
    draft.remove()
    draft.remove()
    assert draft.selected is None
    draft.remove()
    draft.duplicate()
    draft.move(1)
    assert kinds(draft) == []


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([], id="nothing"),
        pytest.param([1, 2], id="one is missing"),
        pytest.param([1, 2, 2], id="one twice"),
        pytest.param([1, 2, 99], id="one that was never there"),
    ],
)
def test_an_order_of_other_blocks_is_ignored(order):
    draft = Draft(THREE)
    draft.arrange(order, selected=99)
    assert kinds(draft) == ["convolution", "dropout", "dense"]
    assert draft.position == 0


def test_selecting_is_no_step_that_undo_takes_back():
    draft = Draft(THREE)
    draft.arrange(draft.numbers, selected=draft.numbers[1])
    assert not draft.can_undo
    assert draft.written == draft.network


def test_opening_something_else_has_another_address_and_undo_leads_back():
    draft = Draft(BlockNetwork(), address={"draft": "0123456789ab"})
    draft.open(THREE, origin="preset:x", address={"network": "preset:x"})
    assert (draft.network, draft.written, draft.address) == (THREE, THREE, {"network": "preset:x"})
    draft.undo()
    assert draft.network == BlockNetwork()
    assert draft.written == THREE


def test_settings_of_the_wrong_range_leave_the_network_as_it_was():
    draft = Draft(THREE)
    with pytest.raises(SpecError, match="Image size"):
        draft.change(image_size=3)
    assert draft.network == THREE


def test_more_blocks_than_allowed_are_refused_in_a_sentence():
    draft = Draft(BlockNetwork(blocks=(Dropout(),) * MOST_BLOCKS))
    with pytest.raises(SpecError, match="at most 100 blocks"):
        draft.add("dense")


STEPS = {
    "add": lambda draft: draft.add("dense"),
    "duplicate": Draft.duplicate,
    "remove": Draft.remove,
    "up": lambda draft: draft.move(-1),
    "down": lambda draft: draft.move(1),
    "edit": lambda draft: draft.replace_block(
        Dense(units=len(draft.numbers) + 1) if draft.selected else Dense()
    ),
    "rename": lambda draft: draft.change(name=f"{len(draft.numbers)} blocks"),
    "start over": lambda draft: draft.start_from(THREE, origin="preset:x"),
}


@given(some.lists(some.sampled_from(sorted(STEPS)), max_size=30))
def test_undo_leads_back_to_the_start_and_redo_to_the_end(names):
    draft = Draft(THREE)
    for name in names:
        STEPS[name](draft)
        assert len(draft.numbers) == len(draft.network.blocks) == len(set(draft.numbers))
    end, numbers = draft.network, draft.numbers
    while draft.can_undo:
        draft.undo()
    assert draft.network == THREE
    while draft.can_redo:
        draft.redo()
    assert (draft.network, draft.numbers) == (end, numbers)
