"""The worker as a process: a run from pictures to a model, interrupted in every way, ends as if it had not been."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cnnlab.data.import_records import SourceImport
from cnnlab.data.library import Dataset, find_dataset
from cnnlab.data.splits import SplitSpec
from cnnlab.evaluation.heads import load_head
from cnnlab.evaluation.predictions import load_predictions, probabilities_of
from cnnlab.prediction.predictor import load_predictor
from cnnlab.runs.environment import read_environments
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.measurements import list_measurements
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.records import Control, Epoch
from cnnlab.runs.states import State, Wanted
from cnnlab.specs.blocks import Convolution, Dropout, GlobalAveragePooling, MaxPooling
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork, Head
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training.checkpoints import load_arrays
from tests.data.making import carry_import, class_files, make_dataset

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 600.0
"""Never waited for but where something is broken: TensorFlow alone takes 40 s to start on a busy machine."""
NETWORK = BlockNetwork(
    name="Small",
    image_size=16,
    blocks=(
        Convolution(filters=8, batch_normalization=True),
        MaxPooling(),
        Dropout(rate=0.2),
        Convolution(filters=16),
        GlobalAveragePooling(),
    ),
)


@pytest.fixture
def dataset() -> Dataset:
    request = SourceImport(name="Shapes", source="shapes", settings={"num_pictures": 160, "image_size": 16})
    return find_dataset(carry_import(request).progress().dataset_id)


def make_run(dataset: Dataset, home: Path, name: str, **changes) -> RunFolder:
    settings = {
        "network": NETWORK,
        "training": ScratchTraining(epochs=3, batch_size=16, early_stopping_patience=0),
    }
    spec = RunSpec(
        name=name,
        dataset=dataset.reference(),
        class_names=dataset.class_names,
        seed=3,
        **(settings | changes),
    )
    folder = RunFolder(home / "runs" / f"20261122-1901{len(name):02d}-a1b2c3")
    folder.path.mkdir(parents=True)
    (folder.path / "spec.json").write_text(spec.to_json())
    folder.write_control(Control(queued_at=time.time()))
    return folder


def start(folder: RunFolder) -> subprocess.Popen:
    log = (folder.path / "worker.log").open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", "cnnlab.training.worker", str(folder.path)],
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
    )


def carry(folder: RunFolder) -> None:
    assert start(folder).wait(timeout=PATIENCE_SECONDS) == 0, (folder.path / "worker.log").read_text()[-2000:]


def wait_for(condition, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, "the worker ended before it was disturbed"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ask(folder: RunFolder, want: Wanted, *, again: bool = False) -> None:
    control = folder.control()
    folder.write_control(control.model_copy(update={"want": want, "attempt": control.attempt + again}))


def epochs(folder: RunFolder) -> dict[int, tuple]:
    return {
        event.epoch: (event.loss, event.accuracy, event.val_loss, event.val_accuracy)
        for event in folder.read_events()[0]
        if isinstance(event, Epoch)
    }


def last_checkpoint(folder: RunFolder) -> list[np.ndarray]:
    return load_arrays(sorted((folder.path / "checkpoints").glob("step-*.npz"))[-1])


def assert_ended_alike(folder: RunFolder, reference: RunFolder) -> None:
    assert folder.state() is reference.state() is State.FINISHED
    assert epochs(folder) == epochs(reference)
    for mine, theirs in zip(last_checkpoint(folder), last_checkpoint(reference), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    mine, theirs = (probabilities_of(load_predictions(each.path)) for each in (folder, reference))
    np.testing.assert_array_equal(mine, theirs)


def test_a_run_ends_with_a_model_in_two_forms_that_say_the_same(dataset, home):
    import keras

    folder = make_run(dataset, home, "whole")
    carry(folder)
    assert folder.state() is State.FINISHED
    report, table = folder.report(), load_predictions(folder.path)
    assert report.lite_largest_difference < 1e-4
    assert report.num_test_pictures == dataset.num_test == (table["split"] == "test").sum()
    assert report.test_accuracy_low <= report.test_accuracy <= report.test_accuracy_high
    assert ModelRecord.load(folder.path).class_names == dataset.class_names
    # The Keras file and the LiteRT one, asked about raw pictures, both say what the table says.
    whole, predictor = keras.models.load_model(folder.path / "model.keras"), load_predictor(folder.path)
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.float32)
    np.testing.assert_allclose(whole(picture[np.newaxis])[0], predictor.predict(picture), atol=1e-5)
    # So does the head that is kept beside them, of the maps that LiteRT puts out.
    said, maps = predictor.explain(picture)
    raised = np.exp(load_head(folder.path).scores(maps))
    np.testing.assert_allclose(raised / raised.sum(), said, atol=1e-4)
    assert report.test_accuracy == pytest.approx(
        (
            probabilities_of(table)[table["split"] == "test"].argmax(1)
            == table.loc[table["split"] == "test", "label"]
        ).mean()
    )
    json.loads(
        (folder.path / "report.json").read_text(), parse_constant=lambda word: pytest.fail(f"{word} in JSON")
    )
    (environment,) = read_environments(folder.path)
    assert environment.packages["tensorflow"] == report.versions["tensorflow"]
    assert environment.dataset.content == dataset.entry.content
    assert len(list((folder.path / "tensorboard").glob("*.ended"))) == 1


def test_paused_and_killed_it_ends_as_if_it_never_had_been(dataset, home):
    training = ScratchTraining(epochs=60, batch_size=16, early_stopping_patience=0)
    reference = make_run(dataset, home, "undisturbed", training=training)
    carry(reference)

    folder = make_run(dataset, home, "disturbed", training=training)
    process = start(folder)
    wait_for(lambda: folder.status() and folder.status().step >= 4, process)
    ask(folder, Wanted.PAUSE)
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert folder.state() is State.PAUSED

    ask(folder, Wanted.RUN, again=True)
    process = start(folder)
    wait_for(
        lambda: any(event.attempt == 2 and isinstance(event, Epoch) for event in folder.read_events()[0]),
        process,
    )
    process.kill()
    process.wait()
    assert folder.state() is State.LOST

    ask(folder, Wanted.RUN, again=True)
    carry(folder)
    assert_ended_alike(folder, reference)
    assert [each.attempt for each in read_environments(folder.path)] == [1, 2, 3]


def test_a_machine_that_shuts_down_pauses_the_run(dataset, home):
    training = ScratchTraining(epochs=500, batch_size=16, early_stopping_patience=0)
    folder = make_run(dataset, home, "terminated", training=training)
    process = start(folder)
    wait_for(lambda: folder.status() and folder.status().step >= 2, process)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert folder.state() is State.PAUSED


def test_stopped_it_keeps_the_best_model_so_far(dataset, home):
    folder = make_run(
        dataset,
        home,
        "stopped",
        training=ScratchTraining(epochs=500, batch_size=16, early_stopping_patience=0),
    )
    process = start(folder)
    wait_for(lambda: epochs(folder).get(2), process)
    ask(folder, Wanted.STOP)
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert folder.state() is State.STOPPED
    report = folder.report()
    best = min(epochs(folder).items(), key=lambda item: item[1][2])
    assert (report.best_epoch, report.val_loss) == (best[0], best[1][2])
    assert report.stopped_early
    assert load_predictor(folder.path).record.run == folder.id


def test_paused_then_stopped_it_keeps_the_best_model_so_far(dataset, home):
    training = ScratchTraining(epochs=500, batch_size=16, early_stopping_patience=0)
    folder = make_run(dataset, home, "paused-stopped", training=training)
    process = start(folder)
    wait_for(lambda: epochs(folder).get(2), process)
    ask(folder, Wanted.PAUSE)
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert folder.state() is State.PAUSED
    ask(folder, Wanted.STOP, again=True)
    carry(folder)
    assert folder.state() is State.STOPPED
    assert folder.report().best_epoch == min(epochs(folder).items(), key=lambda item: item[1][2])[0]
    assert load_predictor(folder.path).record.run == folder.id


def test_stopped_before_it_began_there_is_no_model_and_a_sentence_says_so(dataset, home):
    folder = make_run(dataset, home, "never-began")
    ask(folder, Wanted.STOP)
    carry(folder)
    assert folder.state() is State.STOPPED
    assert "no model to keep" in folder.status().message
    assert folder.report() is None


def test_few_pictures_in_one_large_batch_without_a_test_split_are_enough(tmp_path, home):
    files = class_files({"cat": 4, "dog": 4})
    few = make_dataset(tmp_path, files, split=SplitSpec(test_share=0.0))
    folder = make_run(few, home, "few", training=ScratchTraining(epochs=2, batch_size=1024))
    carry(folder)
    report = folder.report()
    assert (report.num_test_pictures, report.test_accuracy, report.test_loss) == (0, None, None)
    assert report.lite_largest_difference < 1e-4, "compared on the validation split"
    assert set(load_predictions(folder.path)["split"]) == {"validation"}


def test_a_split_that_leaves_nothing_to_validate_on_is_a_sentence(tmp_path, home):
    lone = make_dataset(tmp_path, class_files({"cat": 1, "dog": 1}))
    folder = make_run(lone, home, "lone")
    assert start(folder).wait(timeout=PATIENCE_SECONDS) == 1
    assert folder.state() is State.FAILED
    assert "validation" in folder.status().message


def test_a_second_worker_on_the_same_run_refuses(dataset, home):
    folder = make_run(dataset, home, "twice")
    with folder.lock():
        assert start(folder).wait(timeout=PATIENCE_SECONDS) == 2
    assert folder.status() is None


def test_random_weights_go_through_both_phases_and_the_cache_changes_nothing(dataset, home):
    spec = {
        "network": BackboneNetwork(
            backbone="mobilenet_v2", weights="random", image_size=32, head=Head(units=8)
        ),
        "training": TransferTraining(
            head_epochs=2,
            fine_tune_epochs=2,
            batch_size=16,
            unfreeze="blocks",
            unfreeze_blocks=2,
            fine_tune_learning_rate=1e-3,
            folds=3,
        ),
    }
    first = make_run(dataset, home, "cold", **spec)
    carry(first)
    cached = list((home / "cache" / "activations").glob("*.npy"))
    assert len(cached) == 2, "activations at the boundary, and features"
    second = make_run(dataset, home, "warm-cache", **spec)
    carry(second)
    assert_ended_alike(second, first)
    assert first.report().lite_largest_difference < 1e-4
    drifts = [event.drift for event in first.read_events()[0] if isinstance(event, Epoch)]
    assert drifts[:2] == [{}, {}], "frozen blocks do not move"
    assert [len(drift) for drift in drifts[2:]] == [2, 2]
    assert all(0 < drifts[2][name] < drifts[3][name] for name in drifts[2])
    assert_measured(first, second, dataset=dataset)


def assert_measured(first: RunFolder, second: RunFolder, *, dataset: Dataset) -> None:
    """Both runs left the same answers of heads on frozen features, and figures of their own."""
    report, whole = first.report(), second.report()
    (kept,) = list_measurements(dataset_id=dataset.id)
    assert kept.run_id == second.id, "the newer of two that measured the same"
    first.delete()
    second.delete()
    (kept,) = list_measurements(dataset_id=dataset.id)
    assert (kept.method, kept.weights, kept.num_pictures) == (
        "3 folds",
        "random",
        dataset.num_training + dataset.num_validation,
    )
    table = dataset.table()
    judged = table.loc[table["split"] != "test", "picture"]
    np.testing.assert_array_equal(kept.answers()[0], np.sort(judged))
    assert (report.folds, report.folds_accuracy, report.num_folds_pictures) == (
        3,
        pytest.approx(kept.accuracy),
        kept.num_pictures,
    )
    assert (report.measuring_message, report.lite_bytes) == ("", kept.lite_bytes)
    assert 0 < report.latency_p50_ms <= report.latency_p95_ms
    assert min(kept.feature_extraction_seconds, kept.fine_tuning_seconds) > 0
    parts = kept.preparation_seconds + kept.feature_extraction_seconds + kept.fine_tuning_seconds
    assert parts == pytest.approx(whole.seconds), "in seconds, and all of them"
    assert kept.training_peak_bytes > kept.predict_peak_bytes > 10_000_000, "the worker has TensorFlow"


def test_a_dataset_that_is_gone_is_a_sentence(dataset, home):
    folder = make_run(dataset, home, "orphan")
    shutil.rmtree(dataset.folder)
    assert start(folder).wait(timeout=PATIENCE_SECONDS) == 1
    assert folder.state() is State.FAILED
    assert "Traceback" not in folder.status().message
    assert "dataset" in folder.status().message.lower()
