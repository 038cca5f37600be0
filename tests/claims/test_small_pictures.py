"""Pictures of 12 x 12 pixels in ten levels of grey: made, written as text and read again."""

import numpy as np
import pytest

from cnnlab.claims.small_pictures import (
    PATTERNS,
    SIDE,
    load_small_picture,
    read_picture,
    subjects,
    to_levels,
    write_picture,
)
from cnnlab.errors import ClaimError, DatasetError
from tests.data.making import class_files, make_dataset


@pytest.mark.parametrize("source", ["patterns", "shapes", "digits"])
def test_every_picture_that_is_always_here_can_be_worked_on(source: str):
    for subject in range(len(subjects(source))):
        levels = load_small_picture(source, subject, number=0)
        assert levels.shape == (SIDE, SIDE)
        assert levels.min() == 0
        assert levels.max() == (0 if subjects(source)[subject] == "empty" else 9)
        assert (read_picture(write_picture(levels)) == levels).all()


@pytest.mark.parametrize("source", ["shapes", "digits"])
def test_another_one_is_another_picture(source: str):
    first, second = (load_small_picture(source, 3, number=number) for number in (0, 1))
    assert (first != second).any()


def test_a_pattern_is_never_changed_by_who_paints_over_it():
    load_small_picture("patterns", 0, number=0)[:] = 5
    assert set(np.unique(next(iter(PATTERNS.values())))) == {0, 9}


def test_a_large_picture_keeps_what_is_bright_and_where():
    pixels = np.full((48, 48, 3), 40, np.uint8)
    pixels[:, 24:] = 200
    levels = to_levels(pixels)
    assert (levels[:, : SIDE // 2] == 0).all()
    assert (levels[:, SIDE // 2 :] == 9).all()


def test_a_picture_of_one_colour_is_black():
    assert not to_levels(np.full((30, 20), 133, np.uint8)).any()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("0" * 143, id="one too few"),
        pytest.param("0" * 145, id="one too many"),
        pytest.param("0" * 143 + "a", id="a letter"),
        pytest.param("0" * 143 + "٣", id="a digit of another script"),
        pytest.param("0" * 144 + "\n", id="a line break"),
    ],
)
def test_what_is_no_picture_is_refused(text: str):
    with pytest.raises(ClaimError, match="144 digits"):
        read_picture(text)


def test_a_picture_of_a_dataset_is_read_and_goes_round(tmp_path):
    dataset = make_dataset(tmp_path, class_files({"cat": 3, "dog": 3}))
    assert subjects(dataset.id) == ("cat", "dog")
    shown = [write_picture(load_small_picture(dataset.id, 1, number=number)) for number in range(4)]
    assert len(set(shown[:3])) == 3
    assert shown[3] == shown[0]


def test_a_dataset_that_is_gone_is_said():
    with pytest.raises(DatasetError):
        load_small_picture("gone-123456", 0, number=0)
