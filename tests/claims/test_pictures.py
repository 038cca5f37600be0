"""Pictures to learn from and to judge by are never the same ones, classes are even, and a seed decides which."""

import numpy as np
import pytest

from cnnlab.claims.pictures import READY_MADE, choose_evenly, count_classes, load_pictures
from cnnlab.data.dataset import Dataset
from cnnlab.data.import_records import SourceImport
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import PackedPictures
from cnnlab.errors import ClaimError, DatasetError
from tests.data.making import carry_import

SIZE = 16


def load(source: str, **changes):
    wanted = {"image_size": SIZE, "num_training": 80, "num_test": 40, "seed": 0} | changes
    return load_pictures(source, report=lambda *_: None, **wanted)


def as_set(pictures: np.ndarray) -> set[bytes]:
    return {picture.tobytes() for picture in pictures}


@pytest.fixture
def own() -> Dataset:
    """A dataset of the user's, in this test's workspace."""
    request = SourceImport(name="Own", source="shapes", settings={"num_pictures": 160, "image_size": SIZE})
    return find_dataset(carry_import(request).progress().dataset_id)


def test_an_own_dataset_keeps_its_splits_apart(own):
    pictures = load(own.id)
    assert pictures.name == "Own"
    assert pictures.class_names == own.class_names
    assert pictures.training.shape == (80, SIZE, SIZE, 3)
    assert pictures.training.dtype == pictures.test.dtype == np.uint8
    assert not as_set(pictures.training) & as_set(pictures.test)
    # What is learned from is of the training split only: the rest is fewer than was asked for, and stays so.
    counts = own.counts()
    assert len(load(own.id, num_training=10_000).training) == counts["training"].sum()
    assert len(load(own.id, num_test=10_000).test) == counts["test"].sum() + counts["validation"].sum()
    assert count_classes(own.id) == own.num_classes


def test_a_dataset_with_nothing_kept_apart_is_refused(own, monkeypatch):
    everything = np.arange(own.num_pictures)
    monkeypatch.setattr(
        PackedPictures,
        "positions",
        lambda self, split: everything if split == "training" else everything[:0],
    )
    with pytest.raises(ClaimError, match=r"'Own' has 160 pictures for training and 0 kept apart.*Shapes"):
        load(own.id)


def test_a_dataset_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(DatasetError, match="There is no dataset"):
        load("20200101-000000-abcdef")


@pytest.mark.parametrize("source", READY_MADE)
def test_ready_made_pictures_never_share_a_picture_between_learning_and_judging(source):
    pictures = load(source)
    assert pictures.training.shape == (80, SIZE, SIZE, 3)
    assert pictures.test.shape == (40, SIZE, SIZE, 3)
    assert len(pictures.training_labels) == 80
    assert len(pictures.test_labels) == 40
    assert not as_set(pictures.training) & as_set(pictures.test)


@pytest.mark.parametrize("source", READY_MADE)
def test_ready_made_pictures_have_even_classes(source):
    pictures = load(source)
    for labels, asked in ((pictures.training_labels, 80), (pictures.test_labels, 40)):
        counts = np.bincount(labels, minlength=pictures.num_classes)
        assert (counts == asked // pictures.num_classes).all()
    assert pictures.num_classes == count_classes(source)
    assert pictures.chance == 1 / pictures.num_classes


@pytest.mark.parametrize("source", READY_MADE)
def test_the_seed_decides_which_pictures(source):
    first, again, other = load(source), load(source), load(source, seed=1)
    assert (first.training == again.training).all()
    assert (first.test == again.test).all()
    assert as_set(first.training) != as_set(other.training)


def test_more_digits_than_there_are_is_all_but_those_judged_by():
    pictures = load("digits", num_training=10_000, num_test=10_000)
    assert len(pictures.training) + len(pictures.test) == 1797
    assert len(pictures.test) == 1797 // 3


def test_shapes_without_movement_lie_in_the_middle():
    def offset(movement: float) -> float:
        """How far the pixels that stand out lie from the middle on average, as a share of the side."""
        pictures = load("shapes", num_training=64, image_size=32, movement=movement).training.astype(float)
        border = np.median(pictures[:, [0, -1]].reshape(len(pictures), -1, 3), axis=1)
        distance = np.abs(pictures - border[:, None, None]).sum(axis=-1)
        places = np.arange(32) - 15.5
        middles = [
            (distance.sum(axis=axis) * places).sum(axis=-1) / distance.sum(axis=(1, 2)) for axis in (1, 2)
        ]
        return float(np.hypot(*middles).mean()) / 32

    assert offset(0.0) < offset(1.0)


@pytest.mark.parametrize(
    ("labels", "count", "expected"),
    [
        pytest.param([0] * 10 + [1] * 10, 6, [3, 3], id="even"),
        pytest.param([0] * 10 + [1] * 2, 6, [4, 2], id="a class with few gives all"),
        pytest.param([0, 1], 10, [1, 1], id="more than there are"),
        pytest.param([0] * 5 + [1] * 5, 0, [0, 0], id="none"),
        pytest.param([1] * 5 + [0] * 5, 3, None, id="an odd number"),
    ],
)
def test_choosing_is_as_even_as_can_be(labels, count, expected):
    labels = np.array(labels)
    chosen = choose_evenly(labels, count, seed=0)
    assert len(set(chosen.tolist())) == len(chosen) == min(count, len(labels))
    assert (np.diff(chosen) > 0).all()
    counts = np.bincount(labels[chosen], minlength=2)
    assert sorted(counts) == sorted(expected or [1, 2])
    assert (choose_evenly(labels, count, seed=0) == chosen).all()


def test_drawing_says_how_far_it_is():
    said = []
    load_pictures(
        "shapes", image_size=16, num_training=60, num_test=10, seed=0, report=lambda *args: said.append(args)
    )
    assert said == [("Drawing shapes", 0, 70), ("Drawing shapes", 50, 70)]
