"""A search is asked for once, found again by its run, and its table says what was found of each picture."""

import numpy as np
import pytest

from cnnlab.data.packing import PackedPictures
from cnnlab.errors import DatasetError, EvaluationError
from cnnlab.evaluation import mislabelled
from cnnlab.evaluation.confident_learning import find_mislabelled
from cnnlab.evaluation.mislabelled import (
    SearchRequest,
    SearchResult,
    describe_method,
    find_search,
    load_mislabelled,
    mislabelled_table,
    save_mislabelled,
    start_search,
    table_path,
)
from cnnlab.jobs import folder as jobs_folder
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.training import TransferTraining
from tests.data.making import class_files, make_dataset
from tests.runs.making import make_run, run_spec

RESULT = SearchResult(
    features="frozen",
    folds=5,
    num_pictures=40,
    num_mislabelled=2,
    accuracy=0.9,
    accuracy_low=0.8,
    accuracy_high=0.95,
    wrong_share=0.05,
    attempt=1,
)


@pytest.fixture
def started(monkeypatch) -> list[tuple[str, ...]]:
    """What would have been started; no process is."""
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: calls.append(what))
    return calls


@pytest.fixture
def run(tmp_path):
    dataset = make_dataset(tmp_path, class_files({"cat": 5, "dog": 5}))
    return make_run(1, spec=run_spec(dataset=dataset.reference(), class_names=dataset.class_names))


def test_a_search_is_started_once_and_found_again_by_its_run(run, started):
    assert find_search(run) is None
    search = start_search(run)
    assert start_search(run) == search == find_search(run)
    assert started == [("cnnlab.training.out_of_fold", str(search.folder))]
    assert search.folder.is_relative_to(run.path)
    assert search.read("request.json", SearchRequest).run == run.id
    assert search.result() is None


def test_a_cancelled_search_that_still_ends_is_not_started_again(run, started):
    start_search(run).cancel()
    with pytest.raises(EvaluationError, match="still ending"):
        start_search(run)


def test_without_its_dataset_a_run_cannot_be_searched(started):
    with pytest.raises(DatasetError, match="no dataset"):
        start_search(make_run(1))
    assert not started


def test_a_result_counts_once_the_search_has_finished_and_only_of_this_recipe(run, started, monkeypatch):
    search = start_search(run)
    (search.folder / "result.json").write_text(RESULT.model_dump_json())
    (search.folder / "progress.json").write_text('{"state": "finished"}')
    assert search.result() == RESULT
    monkeypatch.setattr(mislabelled, "RECIPE", mislabelled.RECIPE + 1)
    assert search.result() is None


def test_the_table_has_every_picture_the_likeliest_wrong_label_first(run):
    probabilities = np.array(
        [[0.9, 0.1], [0.2, 0.8], [0.05, 0.95], [0.1, 0.9], [0.7, 0.3], [np.nan, np.nan]], np.float32
    )
    labels = np.array([0, 0, 0, 1, 0, 1], np.int32)
    pictures = PackedPictures(
        pictures=np.zeros((7, 1, 1, 3), np.uint8),
        labels=np.array([-1, *labels], np.int32),
        splits=np.array(["", *["training"] * 3, "validation", "test", "test"]),
        picture_numbers=np.arange(7),
        fingerprint="",
    )
    found = find_mislabelled(probabilities, labels)
    table = mislabelled_table(pictures, np.arange(1, 7), probabilities=probabilities, findings=found)
    save_mislabelled(table, run=run)
    read = load_mislabelled(run)
    assert read["picture"].tolist()[:2] == [3, 2]
    assert read["picture"].tolist()[-1] == 6, "of which nothing is known"
    first = read.iloc[0]
    assert (first["split"], first["label"], first["likely"], first["mislabelled"]) == ("training", 0, 1, True)
    assert (first["own"], first["other"]) == (pytest.approx(0.05), pytest.approx(0.95))
    assert read["mislabelled"].sum() == len(found.mislabelled)


@pytest.mark.parametrize("damaged", [pytest.param(False, id="missing"), pytest.param(True, id="damaged")])
def test_a_table_that_cannot_be_read_is_a_sentence(run, damaged):
    if damaged:
        table_path(run).parent.mkdir()
        table_path(run).write_bytes(b"PAR1 and no more")
    with pytest.raises(EvaluationError, match="Search again"):
        load_mislabelled(run)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({}, "EfficientNet-Lite0 as pretrained, which saw none of them", id="frozen features"),
        pytest.param({"features": "learned"}, "some wrong labels look right and are missed", id="its own"),
        pytest.param({"accuracy": 0.4}, "agree with only 40 % of the labels", id="heads that know little"),
    ],
)
def test_the_method_is_said_with_its_weakness(changes, says):
    network = BackboneNetwork(backbone="efficientnet_lite0")
    spec = run_spec(network=network, training=TransferTraining())
    sentence = describe_method(RESULT.model_copy(update=changes), spec)
    assert says in sentence
    assert ("may be hard" in sentence) == ("accuracy" in changes)
