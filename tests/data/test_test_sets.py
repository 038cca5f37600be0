"""Pictures whose classes somebody told become a dataset of test pictures, whatever the classes are called."""

from dataclasses import dataclass

import numpy as np
import pytest

from cnnlab.data.library import change_split, find_dataset
from cnnlab.data.splits import SplitSpec
from cnnlab.data.test_sets import stage_test_set
from cnnlab.errors import DatasetError
from tests.data.making import carry_import, speckled


@dataclass
class Told:
    """A picture with its class."""

    name: str
    truth: str
    data: bytes


CLASSES = ("cat", "a/b", 'x, "y"', "=1+1", "<b>dog</b>", "träd")


def test_classes_of_any_name_come_back_and_every_picture_is_for_the_test():
    known = [Told(f"f/{place}.png", name, speckled(place)) for place, name in enumerate(CLASSES)]
    job = carry_import(stage_test_set(known, name=" Mine "))
    assert job.progress().state == "finished", job.progress().message
    dataset = find_dataset(job.progress().dataset_id)
    assert dataset.name == "Mine"
    assert sorted(dataset.class_names) == sorted(CLASSES)
    table = dataset.table().set_index("name")
    assert set(table["split"]) == {"test"}
    assert len(dataset.problems()) == 1
    assert "is a test set" in dataset.problems()[0]
    for number, each in enumerate(known, start=1):
        row = table.loc[f"{number:05}/{number - 1}.png"]
        assert (row["class_name"], dataset.read_picture(row["picture"])) == (each.truth, each.data)


def test_pictures_added_to_a_test_set_are_test_pictures_and_it_can_be_turned_into_a_dataset_again():
    first = carry_import(stage_test_set([Told("a.png", "cat", speckled(1))], name="Mine"))
    request = stage_test_set([Told(f"{n}.png", "dog", speckled(n)) for n in range(2, 9)], name="More")
    more = carry_import(request.with_changes(add_to=first.progress().dataset_id))
    assert more.progress().state == "finished", more.progress().message
    dataset = find_dataset(more.progress().dataset_id)
    assert (dataset.num_test, dataset.num_pictures) == (8, 8)
    back = change_split(dataset, spec=dataset.split.with_changes(test_only=False, use_given=False))
    assert back.num_training > 0
    assert np.isin(back.table()["split"], ("training", "validation", "test")).all()
    assert change_split(back, spec=SplitSpec(test_only=True)).num_training == 0


def test_a_picture_that_is_gone_is_a_sentence():
    class Gone(Told):
        @property
        def data(self):
            raise FileNotFoundError(2, "No such file")

        @data.setter
        def data(self, _):
            pass

    with pytest.raises(DatasetError, match="Ask about them again"):
        stage_test_set([Gone("a.png", "cat", b"")], name="Mine")
