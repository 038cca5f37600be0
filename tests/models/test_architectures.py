"""Saved networks: a name becomes a safe file, and nothing is replaced that was not meant."""

import os

import pytest

from cnnlab.errors import SpecError
from cnnlab.models.architectures import (
    ARCHITECTURE_ID,
    KEPT_DRAFTS,
    architecture_id,
    delete_architecture,
    find_architecture,
    find_draft,
    keep_architecture,
    list_architectures,
    save_architecture,
    save_draft,
)
from cnnlab.settings import workspace
from cnnlab.specs.blocks import Convolution, Dense, Flatten
from cnnlab.specs.networks import BlockNetwork

SMALL = BlockNetwork(name="Small", blocks=(Convolution(filters=4), Flatten(), Dense(units=8)))


def test_a_saved_network_comes_back_equal():
    saved = save_architecture(SMALL)
    assert find_architecture(saved.id).network == SMALL


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("../../etc/passwd", id="climbs out"),
        pytest.param("C:\\windows\\x", id="backslashes"),
        pytest.param("网络", id="no ascii at all"),
        pytest.param("a" * 80, id="long"),
        pytest.param("![x](http://example.com/x.png)", id="markdown picture"),
        pytest.param("nul", id="reserved on another system"),
        pytest.param("\udcff", id="a surrogate"),
        pytest.param("  ", id="blank"),
    ],
)
def test_every_name_becomes_a_safe_id(name):
    assert ARCHITECTURE_ID.match(architecture_id(name))
    assert len(architecture_id(name)) < 60


def test_names_that_look_alike_once_cleaned_do_not_share_a_file():
    assert architecture_id("net!") != architecture_id("net?")
    assert architecture_id("网") != architecture_id("络")


def test_saving_again_replaces_and_lists_once():
    save_architecture(SMALL)
    bigger = SMALL.with_changes(image_size=64)
    save_architecture(bigger)
    assert [saved.network for saved in list_architectures()] == [bigger]


def test_keeping_never_replaces_another_network():
    first = keep_architecture(SMALL)
    other = keep_architecture(SMALL.with_changes(image_size=64))
    assert other.network.name == "Small 2"
    assert find_architecture(first.id).network == SMALL


def test_keeping_the_same_network_twice_makes_one_file():
    assert keep_architecture(SMALL).id == keep_architecture(SMALL).id
    assert len(list_architectures()) == 1


@pytest.mark.parametrize("id", ["", "../runs/x-12345678", "small", "small-00000000"])
def test_an_unknown_id_is_a_sentence_and_never_a_path(id):
    with pytest.raises(SpecError, match="There is no saved network"):
        find_architecture(id)


def test_a_damaged_file_is_named_and_does_not_hide_the_others():
    good = save_architecture(SMALL)
    damaged = save_architecture(SMALL.with_changes(name="Other"))
    (workspace().architectures / f"{damaged.id}.json").write_text("{")
    with pytest.raises(SpecError, match="cannot be read"):
        find_architecture(damaged.id)
    assert [saved.id for saved in list_architectures()] == [good.id]


def test_a_deleted_network_is_gone_and_deleting_twice_is_fine():
    saved = save_architecture(SMALL)
    delete_architecture(saved.id)
    delete_architecture(saved.id)
    assert list_architectures() == []


def test_a_draft_is_rewritten_in_place_and_never_listed_as_saved():
    id = save_draft(SMALL)
    bigger = SMALL.with_changes(image_size=64)
    assert save_draft(bigger, id=id) == id
    assert find_draft(id) == bigger
    assert list_architectures() == []


def test_old_drafts_make_room_for_new_ones():
    first = save_draft(SMALL)
    os.utime(workspace().architectures / "drafts" / f"{first}.json", (1, 1))
    others = [save_draft(SMALL) for _ in range(KEPT_DRAFTS)]
    assert len(list((workspace().architectures / "drafts").iterdir())) == KEPT_DRAFTS
    assert find_draft(others[-1]) == SMALL
    with pytest.raises(SpecError, match="no draft"):
        find_draft(first)


@pytest.mark.parametrize("id", ["", "../small-12345678", "0123456789ab"])
def test_an_unknown_draft_is_a_sentence_and_never_a_path(id):
    with pytest.raises(SpecError, match="There is no draft"):
        find_draft(id)
