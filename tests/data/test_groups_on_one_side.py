"""Pictures of one group, near-duplicates and copies stay on one side of the split; folds hold each out once."""

import numpy as np
import pytest

from cnnlab.data.library import change_split, find_dataset
from cnnlab.data.splits import SplitSpec
from tests.data.making import class_files, import_zip, make_dataset, write_zip

GROUPS = 9


def with_table(count, *, first=0):
    pictures = class_files({"all": count}, prefix=f"{first}/", first_seed=first)
    lines = [
        f"{name},{'cat' if place % 2 else 'dog'},patient {place % GROUPS}"
        for place, name in enumerate(pictures)
    ]
    return pictures | {"labels.csv": "\n".join(["file,label,group", *lines]).encode()}


def sides(dataset, column):
    return dataset.table().groupby(column)["split"].nunique()


def test_groups_of_the_table_stay_on_one_side_also_when_pictures_are_added(tmp_path):
    dataset = make_dataset(tmp_path, with_table(72))
    assert (sides(dataset, "group") == 1).all()
    assert len(sides(dataset, "group")) == GROUPS
    assert dataset.num_validation > 0
    assert dataset.num_test > 0
    import_zip(write_zip(tmp_path / "more.zip", with_table(36, first=500)), add_to=dataset.id)
    more = find_dataset(dataset.id)
    assert more.num_pictures == 108
    assert (sides(more, "group") == 1).all()


def test_groups_count_only_where_that_is_wanted(tmp_path):
    dataset = make_dataset(tmp_path, with_table(72))
    changed = change_split(dataset, spec=SplitSpec(use_groups=False))
    assert (sides(changed, "group") > 1).any()


def test_near_duplicates_that_were_found_stay_on_one_side(tmp_path):
    dataset = make_dataset(tmp_path, class_files({"cat": 30, "dog": 30}))
    near = np.arange(60) // 3
    changed = change_split(dataset, spec=SplitSpec(), near=near)
    assert (changed.table().assign(near=near).groupby("near")["split"].nunique() == 1).all()
    apart = change_split(changed, spec=SplitSpec(use_near_duplicates=False), near=near)
    assert (apart.table().assign(near=near).groupby("near")["split"].nunique() > 1).any()


@pytest.mark.parametrize("folds", [2, 5])
def test_every_picture_but_those_of_the_test_is_held_out_in_one_fold(tmp_path, folds):
    dataset = make_dataset(tmp_path, with_table(72))
    held_out, tests = [], set()
    for fold in range(1, folds + 1):
        dataset = change_split(dataset, spec=SplitSpec(folds=folds, held_out_fold=fold))
        table = dataset.table()
        held_out += table.loc[table["split"] == "validation", "picture"].tolist()
        tests.add(tuple(table.loc[table["split"] == "test", "picture"]))
        assert (sides(dataset, "group") == 1).all()
    assert len(tests) == 1
    assert sorted(held_out) == sorted(set(range(72)) - set(tests.pop()))
