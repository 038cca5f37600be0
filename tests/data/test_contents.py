"""Pictures are told by what they are: the same ones are found again under other numbers, names and ids."""

import pandas as pd
import pytest

from cnnlab.data.contents import division_of, find_match, list_pictures, numbers_in
from cnnlab.data.library import change_split, freeze
from cnnlab.data.splits import SplitSpec
from tests.data.making import class_files, make_dataset


def pictures(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["picture", "class_name", "split", "sha256"])


LISTED = pictures((0, "cat", "training", "a"), (1, "cat", "test", "b"), (2, "dog", "test", "c"))


@pytest.mark.parametrize(
    ("here", "numbers"),
    [
        pytest.param(LISTED, {0: 0, 1: 1, 2: 2}, id="the same list"),
        pytest.param(
            pictures((7, "dog", "test", "c"), (8, "cat", "test", "b"), (9, "cat", "test", "a")),
            {0: 9, 1: 8, 2: 7},
            id="another order and split",
        ),
        pytest.param(pictures((5, "cat", "test", "b")), {1: 5}, id="a part of it"),
        pytest.param(pictures((5, "dog", "test", "b")), {}, id="under another class"),
    ],
)
def test_pictures_are_found_by_their_hash_and_class(here, numbers):
    assert numbers_in(here, LISTED).to_dict() == numbers


def test_of_copies_the_first_is_the_first():
    twice = pictures((3, "cat", "test", "a"), (4, "cat", "test", "a"))
    assert numbers_in(pictures((9, "cat", "test", "a"), (8, "cat", "test", "a")), twice).to_dict() == {
        3: 8,
        4: 9,
    }


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(LISTED.iloc[::-1].assign(picture=[7, 8, 9]), True, id="other numbers"),
        pytest.param(LISTED.assign(split="test"), False, id="another split"),
        pytest.param(LISTED.assign(class_name="cat"), False, id="another class"),
    ],
)
def test_the_fingerprint_of_a_division_follows_class_and_split(other, same):
    assert (division_of(other) == division_of(LISTED)) is same


def test_the_version_that_is_split_alike_is_found_first(tmp_path):
    first = freeze(make_dataset(tmp_path, class_files({"cat": 8, "dog": 8}), name="Pets"))
    second = change_split(first, spec=SplitSpec(seed=5, test_share=0.3))
    for dataset in (first, second):
        match = find_match(list_pictures(dataset))
        assert (match.dataset.id, match.dataset.version, match.same_numbers) == (
            dataset.id,
            dataset.version,
            True,
        )
    assert find_match(list_pictures(first).iloc[1:]) is None
