"""Every picture is in one split: seeded, stratified, copies on one side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.data.splits import SPLITS, SplitSpec, share_out, split_images
from cnnlab.errors import DatasetError, SpecError

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=200).map(np.array)
SPECS = st.tuples(st.floats(0.01, 0.4), st.floats(0, 0.4), st.integers(0, 99)).map(
    lambda values: SplitSpec(validation_share=values[0], test_share=values[1], seed=values[2])
)


@given(LABELS, SPECS)
def test_every_class_has_the_shares_that_were_asked_for(labels, spec):
    splits = split_images(labels, spec=spec)
    for label in np.unique(labels):
        own = splits[labels == label]
        counts = {split: int((own == split).sum()) for split in SPLITS}
        assert sum(counts.values()) == len(own)
        assert counts["training"] >= 1
        for split, share in (("validation", spec.validation_share), ("test", spec.test_share)):
            assert abs(counts[split] - len(own) * share) <= 1.5
            assert counts[split] >= (share > 0 and len(own) >= 3)


@given(LABELS, SPECS)
def test_the_same_seed_gives_the_same_split(labels, spec):
    assert (split_images(labels, spec=spec) == split_images(labels, spec=spec)).all()


def test_another_seed_gives_another_split():
    labels = np.repeat([0, 1], 50)
    assert (
        split_images(labels, spec=SplitSpec(seed=1)) != split_images(labels, spec=SplitSpec(seed=2))
    ).any()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=150), SPECS)
def test_copies_stay_on_one_side_even_across_classes(pictures, spec):
    labels, groups = (np.array(values) for values in zip(*pictures, strict=True))
    splits = split_images(labels, spec=spec, groups=groups)
    assert np.isin(splits, SPLITS).all()
    for group in np.unique(groups):
        assert len(set(splits[groups == group])) == 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", *SPLITS])), min_size=1, max_size=150).filter(
        lambda pictures: any(split in ("", "training") for _, split in pictures)
    ),
    SPECS,
)
def test_a_given_test_picture_stays_one(pictures, spec):
    labels, wanted = (np.array(values) for values in zip(*pictures, strict=True))
    splits = split_images(labels, spec=spec, given=wanted)
    for split in ("validation", "test"):
        assert (splits[wanted == split] == split).all()
        if (wanted == split).any():
            assert (splits[np.isin(wanted, ["", "training"])] != split).all()


def test_a_missing_validation_split_is_cut_from_training():
    labels = np.tile([0, 1], 100)
    wanted = np.repeat(["training", "test"], [160, 40])
    splits = split_images(labels, spec=SplitSpec(validation_share=0.1), given=wanted)
    assert {split: int((splits == split).sum()) for split in SPLITS} == {
        "training": 144,
        "validation": 16,
        "test": 40,
    }


def test_the_given_split_can_be_left_aside():
    labels = np.zeros(100, int)
    splits = split_images(labels, spec=SplitSpec(use_given=False), given=["test"] * 100)
    assert (splits == "training").sum() == 70


def test_given_folders_that_leave_nothing_to_learn_are_refused():
    with pytest.raises(DatasetError, match="nothing is left for training"):
        split_images(np.zeros(4, int), spec=SplitSpec(), given=["test", "test", "validation", "test"])


@given(LABELS, LABELS, SPECS)
def test_pictures_that_had_a_split_keep_it_when_others_join(old, new, spec):
    before = split_images(old, spec=spec)
    labels = np.concatenate([old, new])
    after = split_images(labels, spec=spec, kept=[*before, *[""] * len(new)])
    assert (after[: len(old)] == before).all()
    assert np.isin(after, SPLITS).all()


def test_a_copy_of_an_old_picture_joins_its_split():
    kept = ["test", "training", "", ""]
    splits = split_images(np.zeros(4, int), spec=SplitSpec(), groups=["a", "b", "a", "b"], kept=kept)
    assert list(splits) == ["test", "training", "test", "training"]


def test_added_pictures_bring_a_class_to_its_shares():
    kept = ["training"] * 10 + [""] * 10
    splits = split_images(np.zeros(20, int), spec=SplitSpec(validation_share=0.2, test_share=0.2), kept=kept)
    assert {split: int((splits == split).sum()) for split in SPLITS} == {
        "training": 12,
        "validation": 4,
        "test": 4,
    }


@pytest.mark.parametrize(
    ("total", "counts"),
    [
        pytest.param(0, (0, 0, 0), id="none"),
        pytest.param(1, (1, 0, 0), id="one is for training"),
        pytest.param(2, (1, 1, 0), id="validation comes before test"),
        pytest.param(3, (1, 1, 1), id="one each"),
        pytest.param(100, (70, 15, 15), id="as asked"),
    ],
)
def test_small_classes_are_shared_out_by_need(total, counts):
    found = share_out(total, shares={"validation": 0.15, "test": 0.15})
    assert (total - sum(found.values()), found["validation"], found["test"]) == counts


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param({"validation_share": 0.5, "test_share": 0.4}, "together keep 90%", id="nothing left"),
        pytest.param({"validation_share": 0.0}, "Validation share is 0.0", id="no validation"),
        pytest.param({"seed": -1}, "Seed of the split is -1", id="negative seed"),
    ],
)
def test_shares_that_cannot_work_are_explained(values, sentence):
    with pytest.raises(SpecError, match=sentence):
        SplitSpec.create(values)


def test_a_hundred_thousand_pictures_are_split_in_a_moment(benchmark_seconds):
    labels = np.arange(100_000) % 100
    with benchmark_seconds(5.0):
        split_images(labels, spec=SplitSpec(), groups=np.arange(100_000).astype(str))
