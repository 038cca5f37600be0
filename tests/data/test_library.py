"""Datasets of the workspace: what is in them, versions that never change once seen."""

import hashlib
import json
import threading

import pytest

from cnnlab.data.library import (
    change_split,
    delete_dataset,
    find_dataset,
    freeze,
    list_damaged,
    list_datasets,
    rename_dataset,
)
from cnnlab.data.packing import pack_pictures
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import DatasetError
from cnnlab.settings import workspace
from tests.data.making import class_files, make_dataset

OTHER = SplitSpec(validation_share=0.3, test_share=0.3, seed=5)


def test_an_empty_workspace_has_no_datasets():
    assert list_datasets() == []


def test_a_dataset_says_what_is_in_it_without_opening_its_pictures(dataset):
    (dataset.folder / "pictures.parquet").unlink()
    (dataset.folder / "versions" / "1.parquet").unlink()
    found = list_datasets()[0]
    assert found == dataset
    assert (found.class_names, found.num_pictures) == (("cat", "dog", "eel"), 50)
    assert found.counts().to_dict("list") == {
        "class_name": ["cat", "dog", "eel"],
        "training": [14, 14, 6],
        "validation": [3, 3, 2],
        "test": [3, 3, 2],
    }
    assert found.problems() == ()
    assert (found.reference().id, found.reference().version) == (found.id, 1)


def test_the_table_agrees_with_the_counts_and_the_bytes(dataset):
    table = dataset.table()
    assert list(table["picture"]) == list(range(50))
    assert table["class_name"].tolist() == [dataset.class_names[label] for label in table["label"]]
    counted = table.groupby(["class_name", "split"]).size()
    for row in dataset.counts().itertuples():
        assert [row.training, row.validation, row.test] == [
            counted[row.class_name][s] for s in ("training", "validation", "test")
        ]
    for picture, data in zip(table["picture"], dataset.read_pictures(table["picture"]), strict=True):
        assert hashlib.sha256(data).hexdigest() == table["sha256"][picture]
    assert table["name"][0] == "cat/000.png"
    assert set(table.columns) >= {"width", "height", "format", "num_bytes", "given_split"}


@pytest.mark.parametrize("picture", [-1, 50, 10**9])
def test_a_picture_that_is_not_there_is_a_sentence(dataset, picture):
    with pytest.raises(DatasetError, match="has no picture"):
        dataset.read_picture(picture)


def test_a_damaged_file_of_pictures_is_a_sentence(dataset):
    with (dataset.folder / "pictures.bin").open("r+b") as file:
        file.truncate(100)
    with pytest.raises(DatasetError, match="its end is missing"):
        dataset.read_picture(49)
    (dataset.folder / "pictures.bin").unlink()
    with pytest.raises(DatasetError, match="cannot be read"):
        dataset.read_picture(0)


@pytest.mark.parametrize("wrong", ["nothing-123", "../datasets", "", "A", "a" * 65, "cat/../x"])
def test_an_id_that_is_not_ours_is_never_a_path(dataset, wrong):
    with pytest.raises(DatasetError, match="There is no dataset"):
        find_dataset(wrong)


def test_the_split_is_changed_in_place_until_a_run_has_seen_it(dataset):
    changed = change_split(dataset, spec=OTHER)
    assert (changed.version, changed.split, changed.num_test) == (1, OTHER, 15)
    assert find_dataset(dataset.id) == changed
    assert (changed.table()["split"] == "test").sum() == 15


def test_a_frozen_version_never_changes(dataset):
    frozen = freeze(dataset)
    before = frozen.table()
    changed = change_split(frozen, spec=OTHER)
    assert (frozen.frozen, changed.version, changed.frozen) == (True, 2, False)
    assert find_dataset(dataset.id).version == 2
    again = find_dataset(dataset.id, version=1)
    assert again.table().equals(before)
    assert (again.frozen, again.newest_version) == (True, 2)
    assert change_split(changed, spec=SplitSpec()).version == 2


def test_freezing_twice_is_freezing_once(dataset):
    assert freeze(freeze(dataset)) == freeze(dataset)


def test_changing_and_freezing_at_once_never_lose_a_version(dataset):
    def change(seed):
        freeze(change_split(find_dataset(dataset.id), spec=SplitSpec(seed=seed)))

    threads = [threading.Thread(target=change, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = range(1, find_dataset(dataset.id).newest_version + 1)
    for number in numbers:
        version = find_dataset(dataset.id, version=number)
        counted = version.table()["split"].value_counts()
        assert counted["test"] == version.num_test


def test_a_version_that_is_not_there_is_a_sentence(dataset):
    with pytest.raises(DatasetError, match="no version 7; it has 1"):
        find_dataset(dataset.id, version=7)


def test_a_dataset_is_renamed_and_its_id_stays(dataset):
    renamed = rename_dataset(dataset, name="  **Pets**\n ")
    assert (renamed.name, renamed.id) == ("**Pets**", dataset.id)
    with pytest.raises(DatasetError, match="needs a name"):
        rename_dataset(dataset, name="  ")


def test_deleting_frees_the_pictures_and_what_was_packed(dataset):
    pack_pictures(dataset, image_size=16)
    taken = find_dataset(dataset.id).bytes_on_disk()
    assert taken > 50 * 16 * 16 * 3
    assert delete_dataset(dataset) == taken
    assert list_datasets() == []
    left = [file for file in workspace().home.rglob("*") if file.is_file()]
    assert [file.name for file in left] == ["room.lock"]
    with pytest.raises(DatasetError, match="There is no dataset"):
        delete_dataset(dataset)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"id": "x"}',
        json.dumps({"format": 99, "id": "x", "name": "x", "source": "", "created_at": 0, "versions": []}),
    ],
)
def test_a_damaged_dataset_is_named_and_can_be_deleted_while_others_work(dataset, text):
    broken = workspace().datasets / "broken-1"
    broken.mkdir()
    (broken / "manifest.json").write_text(text)
    assert list_datasets() == [dataset]
    assert list(list_damaged()) == ["broken-1"]
    with pytest.raises(DatasetError):
        find_dataset("broken-1")
    delete_dataset("broken-1")
    assert not list_damaged()


def test_what_keeps_a_dataset_from_training_is_said(tmp_path):
    alone = make_dataset(tmp_path, class_files({"cat": 5}))
    assert "only the class 'cat'" in alone.problems()[0]
    few = make_dataset(tmp_path, class_files({"cat": 12, "dog": 1}))
    assert few.problems() == ()
    assert few.warnings() == (
        "The validation split has no picture of 'dog', so what is measured there says nothing about that. "
        "Add pictures, or change the split.",
        "The test split has no picture of 'dog', so what is measured there says nothing about that. "
        "Add pictures, or change the split.",
        "There are fewer than 10 pictures of 'dog'. Add some: so few are learned by heart.",
    )
    many = make_dataset(tmp_path, class_files({f"class {number}": 3 for number in range(8)}))
    assert "'class 4' and 3 more classes" in many.warnings()[0]
    none_apart = make_dataset(tmp_path, class_files({"cat": 1, "dog": 1}))
    assert "No picture is left for validation" in none_apart.problems()[0]


def test_two_hundred_datasets_are_listed_in_a_moment(dataset, benchmark_seconds):
    text = (dataset.folder / "manifest.json").read_text()
    for number in range(200):
        folder = workspace().datasets / f"copy-{number}"
        folder.mkdir()
        (folder / "manifest.json").write_text(text.replace(dataset.id, folder.name))
    with benchmark_seconds(0.5):
        assert len(list_datasets()) == 201
