"""A race is ordinary runs with the same settings; which belong together is known after a restart too."""

import json
import threading
import time

import pytest

from cnnlab.data.library import Dataset, find_dataset
from cnnlab.errors import DatasetError, SpecError, WeightsError
from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Status
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from cnnlab.specs.training import TransferTraining
from cnnlab.training import race
from cnnlab.training.launch import start_run
from cnnlab.training.race import RACE_TRAINING, is_racing, list_racing, plan_race, start_race
from tests.data.making import class_files, make_dataset

RANDOM = {"mobilenet_v2": "random", "resnet50": "random"}


@pytest.fixture(autouse=True)
def nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs stay in the queue, so that no worker has to load TensorFlow."""
    monkeypatch.setattr(queue, "advance", lambda: None)


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return make_dataset(tmp_path, class_files({"cat": 8, "dog": 8}), name="Pets")


def end(runs):
    """Let runs be over."""
    for run in runs:
        run.write_status(Status(state=State.FINISHED))


def test_a_race_is_one_queued_run_a_backbone_with_the_same_settings_and_seed(dataset):
    runs = start_race(dataset, ["mobilenet_v2", "resnet50", "mobilenet_v2"], weights=RANDOM, seed=7)
    specs = [run.spec() for run in runs]
    assert [spec.network.backbone for spec in specs] == ["mobilenet_v2", "resnet50"]
    assert [spec.name for spec in specs] == [
        "Race: MobileNetV2 (random weights) on Pets",
        "Race: ResNet50 (random weights) on Pets",
    ]
    assert {spec.training for spec in specs} == {RACE_TRAINING}
    assert RACE_TRAINING.folds == 5
    assert {spec.seed for spec in specs} == {7}
    assert find_dataset(dataset.id).frozen
    assert [run.id for run in list_racing(dataset.id)] == [run.id for run in runs]


def test_the_newest_race_is_listed_without_runs_that_were_deleted(dataset):
    first = start_race(dataset, ["mobilenet_v2", "resnet50"], weights=RANDOM)
    end(first)
    second = start_race(dataset, ["resnet50", "mobilenet_v2"], weights=RANDOM)
    assert [run.id for run in list_racing(dataset.id)] == [run.id for run in second]
    second[0].delete()
    assert [run.id for run in list_racing(dataset.id)] == [second[1].id]
    assert list_racing("another") == []
    assert len(list(RunFolder.list_all(workspace().runs))) == len(first) + 1


def test_a_race_that_is_asked_for_twice_at_once_is_started_once(dataset, monkeypatch):
    found, failures = [], []

    def start_slowly(spec):
        time.sleep(0.05)
        return start_run(spec)

    def ask():
        try:
            found.append(start_race(dataset, ["mobilenet_v2", "resnet50"], weights=RANDOM))
        except Exception as error:
            failures.append(error)

    monkeypatch.setattr(race, "start_run", start_slowly)
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    started = [run.id for run in RunFolder.list_all(workspace().runs)]
    assert len(started) == 2
    assert [sorted(run.id for run in runs) for runs in found] == [started] * 3


@pytest.mark.parametrize(
    ("state", "racing"),
    [
        pytest.param(None, True, id="queued"),
        pytest.param(State.PAUSED, False, id="paused"),
        pytest.param(State.FINISHED, False, id="finished"),
        pytest.param(State.FAILED, False, id="failed"),
    ],
)
def test_a_race_is_under_way_until_no_run_of_it_goes_on_by_itself(dataset, state, racing):
    assert not is_racing(dataset.id)
    done, run = start_race(dataset, ["mobilenet_v2", "resnet50"], weights=RANDOM)
    end([done])
    if state:
        run.write_status(Status(state=state))
    assert is_racing(dataset.id) is racing
    (run.path / "control.json").write_text("{")
    assert not is_racing(dataset.id)


@pytest.mark.parametrize(
    ("backbones", "weights", "error", "words"),
    [
        pytest.param([], {}, SpecError, "No backbone was chosen", id="none"),
        pytest.param(["mobilenet_v2", "nope"], RANDOM, SpecError, "'nope'", id="unknown"),
        pytest.param(
            ["mobilenet_v2", "resnet50"],
            {"mobilenet_v2": "random"},
            WeightsError,
            "ResNet50 cannot race with ImageNet weights. Not here yet",
            id="weights are not here",
        ),
    ],
)
def test_what_cannot_race_is_a_sentence_and_nothing_is_started(
    backbones, weights, error, words, dataset, monkeypatch
):
    monkeypatch.setenv("CNNLAB_KERAS_HOME", str(workspace().home / "keras"))
    with pytest.raises(error, match=words):
        start_race(dataset, backbones, weights=weights)
    assert list(RunFolder.list_all(workspace().runs)) == []
    assert list_racing(dataset.id) == []
    assert not find_dataset(dataset.id).frozen


def test_a_dataset_that_nothing_can_be_learned_from_does_not_race(tmp_path):
    lone = make_dataset(tmp_path, class_files({"cat": 1, "dog": 1}))
    with pytest.raises(DatasetError, match="validation"):
        plan_race(lone, ["mobilenet_v2"], weights=RANDOM)


def test_settings_of_the_form_are_those_of_the_runs(dataset):
    training = TransferTraining(folds=0, head_epochs=2, unfreeze="nothing")
    (run,) = start_race(dataset, ["mobilenet_v2"], training=training, weights=RANDOM)
    assert run.spec().training == training


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda values: values.update(format=2), id="a newer cnnlab's"),
        pytest.param(lambda values: values.update(run_ids=7), id="no list"),
        pytest.param(
            lambda values: values.update(run_ids=["../../etc", "x" * 5000]), id="ids that are no ids"
        ),
        pytest.param(lambda values: values.clear(), id="empty"),
    ],
)
def test_a_damaged_race_is_no_race(change, dataset):
    start_race(dataset, ["mobilenet_v2"], weights=RANDOM)
    (path,) = workspace().races.glob("*.json")
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    assert list_racing(dataset.id) == []
