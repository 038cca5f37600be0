"""A copy has everything, and from then on neither notices what becomes of the other."""

import pytest

from cnnlab.data.copies import copy_dataset
from cnnlab.data.corrections import correct_labels
from cnnlab.data.library import delete_dataset, find_dataset, freeze, list_datasets
from cnnlab.errors import DatasetError
from cnnlab.settings import workspace
from tests.data.making import class_files, make_dataset


@pytest.fixture
def dataset(tmp_path):
    return freeze(make_dataset(tmp_path, class_files({"dog": 6, "cat": 6}), name="Pets"))


def test_a_copy_has_all_pictures_and_versions_and_is_its_own(dataset):
    corrected = correct_labels(dataset, labels={0: 1}, because="looked at by hand")
    copy = copy_dataset(corrected, name="Pets, mine")
    assert (copy.name, copy.version, copy.source) == ("Pets, mine", 2, "a copy of Pets")
    assert copy.table().equals(corrected.table())
    assert not find_dataset(copy.id, version=1).frozen
    correct_labels(copy, labels={1: 1}, because="looked at by hand")
    assert find_dataset(dataset.id).version == 2
    delete_dataset(dataset)
    assert len(find_dataset(copy.id).read_picture(3)) > 0


@pytest.mark.parametrize("name", ["", "  ", "\n"])
def test_a_copy_without_a_name_is_none(dataset, name):
    with pytest.raises(DatasetError, match="needs a name"):
        copy_dataset(dataset, name=name)
    assert [each.id for each in list_datasets()] == [dataset.id]


def test_a_copy_that_fails_leaves_nothing(dataset, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cnnlab.data.copies.shutil.copytree", full)
    with pytest.raises(DatasetError, match="No space left"):
        copy_dataset(dataset, name="Again")
    assert [folder.name for folder in workspace().datasets.iterdir()] == [dataset.id]
