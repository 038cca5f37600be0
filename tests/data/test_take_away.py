"""A dataset that was taken away comes back as it was: pictures, classes, splits and groups."""

import zipfile

import pytest

from cnnlab.data.library import find_dataset
from cnnlab.data.take_away import file_name, folder_names, write_dataset
from tests.data.making import class_files, import_zip, make_dataset, speckled

COLUMNS = ["class_name", "split", "group", "sha256"]


def there_and_back(dataset, folder):
    path = folder / "away.zip"
    write_dataset(dataset, path)
    job = import_zip(path, name="Back")
    assert job.progress().state == "finished", job.progress().message
    assert job.report().num_refused == 0
    return find_dataset(job.progress().dataset_id)


def content(dataset):
    return dataset.table()[COLUMNS].sort_values(COLUMNS).reset_index(drop=True)


def test_class_folders_come_back_with_their_split(tmp_path):
    dataset = make_dataset(tmp_path, class_files({"dog": 12, "cat": 9}))
    back = there_and_back(dataset, tmp_path)
    assert back.class_names == dataset.class_names
    assert content(back).equals(content(dataset))


def test_names_that_no_folder_may_have_come_back(tmp_path):
    names = ("a/b", "CON", "con", "..", "tr%äd", "<b>", "x" * 200, " ", "cat")
    rows = ["file,label,split,group"]
    files = {}
    for number, name in enumerate(names):
        for copy in range(4):
            file = f"p/{number}-{copy}.png"
            files[file] = speckled(10 * number + copy)
            rows.append(f'{file},"{name}",{"test" if copy == 3 else "train"},garden {copy}')
    dataset = make_dataset(tmp_path, files | {"labels.csv": "\n".join(rows).encode()})
    back = there_and_back(dataset, tmp_path)
    assert back.class_names == dataset.class_names
    assert content(back).equals(content(dataset))
    with zipfile.ZipFile(tmp_path / "away.zip") as archive:
        assert all(".." not in name.split("/") for name in archive.namelist())


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        pytest.param(("cat", "dog"), ["cat", "dog"], id="plain"),
        pytest.param(("Cat", "cat"), ["Cat", "cat-1"], id="alike but for capitals"),
        pytest.param(("..", "nul", "a/b"), ["class-0", "nul-1", "a_b"], id="not allowed"),
    ],
)
def test_every_class_has_a_folder_of_its_own(names, folders):
    assert folder_names(names) == folders


def test_the_file_is_called_after_the_dataset(tmp_path):
    dataset = make_dataset(tmp_path, class_files({"dog": 4, "cat": 4}), name="Blümen <b>2026</b>/..")
    assert file_name(dataset) == "blumen-b-2026-b-v1.zip"
