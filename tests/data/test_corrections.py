"""A correction makes a new version and touches nothing else; what a run saw stays; there is a way back."""

import threading

import pandas as pd
import pytest

from cnnlab.data.corrections import correct_labels, find_fates, go_back
from cnnlab.data.library import change_split, find_dataset, freeze
from cnnlab.data.manifest import Manifest
from cnnlab.data.packing import pack_pictures
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import DatasetError
from tests.data.making import class_files, import_zip, write_zip

CAT, DOG, EEL = 0, 1, 2
BECAUSE = "looked at by hand"


def rows_of(dataset) -> pd.DataFrame:
    return dataset.table().set_index("picture")[["label", "split", "class_name"]]


def test_a_correction_changes_what_it_names_and_nothing_else(dataset):
    before = rows_of(dataset)
    made = correct_labels(dataset, labels={0: DOG, 25: EEL}, left_out=[3], because=BECAUSE)
    after = rows_of(made)
    assert (made.version, made.frozen, made.class_names) == (2, False, dataset.class_names)
    assert after["label"][[0, 25]].tolist() == [DOG, EEL]
    assert after["class_name"][[0, 25]].tolist() == ["dog", "eel"]
    assert 3 not in after.index
    untouched = before.index.difference([0, 3, 25])
    pd.testing.assert_frame_equal(after.loc[untouched], before.loc[untouched])
    assert after["split"][[0, 25]].tolist() == before["split"][[0, 25]].tolist()


def test_the_version_says_what_changed_and_why_and_counts_again(dataset):
    made = correct_labels(dataset, labels={0: DOG}, left_out=[3, 4], because="blurred beyond use.")
    assert made.change == "1 label corrected ('cat' to 'dog') and 2 pictures left out: blurred beyond use."
    counts = made.counts().set_index("class_name").sum(axis=1).to_dict()
    assert counts == {"cat": 17, "dog": 21, "eel": 10}
    assert made.num_pictures == 48
    assert made.entry.corrected_from == 1
    assert made.entry.content != dataset.entry.content


@pytest.mark.parametrize(
    "frozen", [pytest.param(True, id="seen by a run"), pytest.param(False, id="not yet")]
)
def test_the_version_that_was_looked_at_stays_as_it_was(dataset, frozen):
    seen = freeze(dataset) if frozen else dataset
    before = rows_of(seen)
    correct_labels(seen, labels={0: DOG}, because=BECAUSE)
    again = find_dataset(dataset.id, version=1)
    pd.testing.assert_frame_equal(rows_of(again), before)
    assert (again.frozen, again.newest_version) == (frozen, 2)


def test_a_run_on_the_new_version_sees_the_new_labels_and_needs_nothing_packed_anew(dataset):
    seen = pack_pictures(dataset, image_size=16)
    made = correct_labels(dataset, labels={0: DOG}, left_out=[3], because=BECAUSE)
    now = pack_pictures(made, image_size=16)
    assert now.fingerprint == seen.fingerprint
    assert (now.labels[0], now.labels[3], now.splits[3]) == (DOG, -1, "")
    assert seen.labels[0] == CAT


def test_corrections_are_laid_over_the_newest_version(dataset):
    correct_labels(dataset, labels={0: DOG}, because=BECAUSE)
    made = correct_labels(dataset, labels={1: EEL}, because=BECAUSE)
    assert made.version == 3
    assert rows_of(made)["label"][[0, 1]].tolist() == [DOG, EEL]
    assert made.entry.corrected_from == 2


def test_two_who_correct_at_once_lose_nothing(dataset):
    threads = [
        threading.Thread(
            target=correct_labels, args=(dataset,), kwargs={"labels": {n: DOG}, "because": BECAUSE}
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = find_dataset(dataset.id)
    assert made.version == 5
    assert set(rows_of(made)["label"][:4]) == {DOG}


def test_a_class_is_found_by_its_name_where_a_newer_version_has_more(dataset, tmp_path):
    more = write_zip(tmp_path / "more.zip", class_files({"ant": 10}, first_seed=900))
    job = import_zip(more, add_to=dataset.id)
    assert job.progress().state == "finished", job.progress().message
    made = correct_labels(dataset, labels={0: DOG}, because=BECAUSE)
    assert made.class_names == ("ant", "cat", "dog", "eel")
    assert rows_of(made)["class_name"][0] == "dog"
    assert find_fates(dataset, newer=made).keys() == {0}


def test_a_picture_that_was_left_out_is_put_back_where_it_was(dataset):
    without = correct_labels(dataset, labels={}, left_out=[0], because=BECAUSE)
    assert find_fates(dataset, newer=without)[0].class_name is None
    made = correct_labels(dataset, labels={0: CAT}, because="it is one after all")
    assert made.change.startswith("1 picture put back: ")
    pd.testing.assert_frame_equal(rows_of(made), rows_of(dataset))


def test_going_back_makes_a_version_that_is_equal_to_the_old_one(dataset):
    correct_labels(dataset, labels={0: DOG}, left_out=[3], because=BECAUSE)
    back = go_back(dataset, version=1)
    assert (back.version, back.change, back.entry.corrected_from) == (3, "Taken back to version 1.", None)
    pd.testing.assert_frame_equal(rows_of(back), rows_of(dataset))
    assert (back.entry.content, back.entry.counts) == (dataset.entry.content, dataset.entry.counts)
    with pytest.raises(DatasetError, match="equal to version 1 already"):
        go_back(back, version=1)


def test_what_became_of_each_picture_is_known(dataset):
    made = correct_labels(dataset, labels={0: DOG}, left_out=[3], because=BECAUSE)
    fates = find_fates(dataset, newer=made)
    assert {picture: fate.class_name for picture, fate in fates.items()} == {0: "dog", 3: None}
    assert find_fates(made, newer=made) == {}


@pytest.mark.parametrize("seen", [pytest.param(True, id="seen by a run"), pytest.param(False, id="not yet")])
def test_another_split_leaves_the_record_of_a_correction_and_is_none_itself(dataset, seen):
    made = correct_labels(dataset, labels={0: DOG}, because=BECAUSE)
    again = change_split(freeze(made) if seen else made, spec=SplitSpec(seed=3))
    assert (again.version, again.entry.corrected_from) == (3, None)
    assert rows_of(again)["label"][0] == DOG
    assert find_dataset(dataset.id, version=2).change == made.change


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        pytest.param({"labels": {}}, "Nothing would change", id="nothing at all"),
        pytest.param({"labels": {0: CAT}}, "Nothing would change", id="the class it is under already"),
        pytest.param({"labels": {50: DOG}}, "no picture 50", id="no such picture"),
        pytest.param({"labels": {}, "left_out": [-1]}, "no picture -1", id="no such picture to leave out"),
        pytest.param({"labels": {0: 3}}, "3 classes, counted from 0", id="no such class"),
        pytest.param({"labels": {0: -1}}, "counted from 0", id="a class below the first"),
        pytest.param({"labels": {0: DOG}, "left_out": [0]}, "at once", id="both at once"),
        pytest.param({"labels": {0: DOG}, "because": " "}, "needs a reason", id="no reason"),
        pytest.param(
            {"labels": {}, "left_out": range(40, 50)}, "learn 'eel' from", id="nothing left to learn"
        ),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence_and_leaves_no_version(dataset, wanted, says):
    with pytest.raises(DatasetError, match=says):
        correct_labels(dataset, **{"because": BECAUSE, **wanted})
    assert Manifest.read(dataset.folder).versions[-1].number == 1
    assert sorted(path.name for path in (dataset.folder / "versions").iterdir()) == ["1.parquet"]


def test_at_least_one_picture_stays_for_validation(dataset):
    rows = rows_of(dataset)
    with pytest.raises(DatasetError, match="left for validation"):
        correct_labels(
            dataset, labels={}, left_out=rows.index[rows["split"] == "validation"], because=BECAUSE
        )
