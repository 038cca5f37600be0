"""A run starts on a frozen version, and not at all on a dataset that nothing can be learned from."""

from pathlib import Path

import pytest

from cnnlab.data.library import Dataset, change_split, find_dataset
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import DatasetError
from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.networks import BlockNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining
from cnnlab.training.launch import start_run
from tests.data.making import class_files, make_dataset


@pytest.fixture(autouse=True)
def nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs stay in the queue, so that no worker has to load TensorFlow."""
    monkeypatch.setattr(queue, "advance", lambda: None)


def spec_for(dataset: Dataset) -> RunSpec:
    return RunSpec(
        name="A run",
        dataset=dataset.reference(),
        class_names=dataset.class_names if dataset.num_classes > 1 else (*dataset.class_names, "other"),
        network=BlockNetwork(),
        training=ScratchTraining(),
    )


def test_the_version_that_a_run_sees_is_frozen_and_a_later_change_makes_another(tmp_path: Path):
    dataset = make_dataset(tmp_path, class_files({"cat": 8, "dog": 8}))
    run = start_run(spec_for(dataset))
    assert [each.id for each in RunFolder.list_all(workspace().runs)] == [run.id]
    seen = find_dataset(dataset.id, version=run.spec().dataset.version)
    assert seen.frozen
    changed = change_split(seen, spec=SplitSpec(seed=1))
    assert changed.version == seen.version + 1
    assert find_dataset(dataset.id, version=seen.version).split == dataset.split


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        pytest.param({"cat": 8}, "only the class 'cat'", id="one class"),
        pytest.param({"cat": 1, "dog": 1}, "No picture is left for validation", id="no validation split"),
    ],
)
def test_what_cannot_be_learned_from_is_said_and_nothing_is_queued_or_frozen(files, sentence, tmp_path: Path):
    dataset = make_dataset(tmp_path, class_files(files), split=SplitSpec())
    with pytest.raises(DatasetError, match=sentence):
        start_run(spec_for(dataset))
    assert list(RunFolder.list_all(workspace().runs)) == []
    assert not find_dataset(dataset.id).frozen


def test_a_dataset_that_is_gone_is_a_sentence(tmp_path: Path):
    dataset = make_dataset(tmp_path, class_files({"cat": 8, "dog": 8}))
    spec = spec_for(dataset).with_changes(dataset=dataset.reference().with_changes(version=7))
    with pytest.raises(DatasetError, match="7"):
        start_run(spec)
