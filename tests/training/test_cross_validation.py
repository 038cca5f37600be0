"""The same run for every fold: each is a version of its own, and all of them are one group."""

import pytest

from cnnlab.data.library import change_split, find_dataset
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import DatasetError
from cnnlab.runs import queue
from cnnlab.training.cross_validation import folds_of_versions, groups_of_folds, queue_folds
from tests.data.making import class_files, make_dataset
from tests.runs.making import run_spec

FOLDS = 4


@pytest.fixture(autouse=True)
def submitted(monkeypatch):
    """What was put into the queue; nothing is started."""
    specs = []
    monkeypatch.setattr(queue, "submit", lambda spec: specs.append(spec) or spec)
    return specs


@pytest.fixture
def dataset(tmp_path):
    made = make_dataset(tmp_path, class_files({"cat": 20, "dog": 12}), name="Pets")
    return change_split(made, spec=SplitSpec(folds=FOLDS, held_out_fold=2, use_given=False))


@pytest.fixture
def spec(dataset):
    return run_spec("Tiny", dataset=dataset.reference(), class_names=dataset.class_names)


def held_out(dataset_id, version):
    table = find_dataset(dataset_id, version=version).table()
    return set(table.loc[table["split"] == "validation", "picture"]), set(
        table.loc[table["split"] == "test", "picture"]
    )


def test_every_other_fold_is_queued_and_every_picture_is_held_out_once(dataset, spec, submitted):
    queue_folds(spec, done=[2])
    assert [each.name for each in submitted] == [f"Tiny (fold {fold} of 4)" for fold in (1, 3, 4)]
    versions = [dataset.version, *(each.dataset.version for each in submitted)]
    assert len(set(versions)) == FOLDS
    parts = [held_out(dataset.id, version) for version in versions]
    validation = [picture for part, _ in parts for picture in part]
    assert len(validation) == len(set(validation))
    assert all(test == parts[0][1] for _, test in parts)
    assert set(validation) | parts[0][1] == set(range(32))
    newest = find_dataset(dataset.id)
    assert newest.split == dataset.split
    assert newest.table()["split"].equals(dataset.table()["split"])


def test_queueing_again_makes_no_further_versions(dataset, spec, submitted):
    queue_folds(spec, done=[2])
    before = find_dataset(dataset.id).version
    queue_folds(spec, done=[1, 2, 3])
    assert find_dataset(dataset.id).version == before
    assert submitted[-1].dataset.version == submitted[2].dataset.version


def test_runs_of_other_folds_are_one_group_and_others_are_not(dataset, spec, submitted):
    queue_folds(spec, done=[2])
    specs = [(f"run-{number}", each) for number, each in enumerate([spec, *submitted])]
    specs.append(("other seed", spec.with_changes(seed=1)))
    specs.append(("other split", spec.with_changes(dataset=spec.dataset.with_changes(version=99))))
    # Looked at from the newest version, which is another than the one that the first run saw.
    versions = folds_of_versions(find_dataset(dataset.id))
    group, other = groups_of_folds(specs, versions=versions)
    assert group.name == "Tiny"
    assert group.runs == {2: "run-0", 1: "run-1", 3: "run-2", 4: "run-3"}
    assert other.runs == {2: "other seed"}


def test_without_folds_there_is_nothing_to_queue(dataset, spec, submitted):
    change_split(dataset, spec=SplitSpec(use_given=False))
    with pytest.raises(DatasetError, match="has no folds"):
        queue_folds(spec)
    assert folds_of_versions(find_dataset(dataset.id)) == {}
    assert submitted == []
