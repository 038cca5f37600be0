"""A trial is found again by what matters, runs in a child, can be cancelled, and says why it failed."""

import shutil
import time

import pytest

from cnnlab.data.dataset import Dataset
from cnnlab.data.import_records import SourceImport
from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError, TrainingError
from cnnlab.files import write_text
from cnnlab.jobs import folder as job_folder
from cnnlab.models.presets import PRESETS
from cnnlab.runs.machine import describe_machine, machine_id
from cnnlab.settings import workspace
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training.planning.calibration import load_calibration
from cnnlab.training.planning.estimate import estimate_run
from cnnlab.training.planning.trials import Trial, find_trial, start_trial
from tests.data.making import carry_import

SMALL = BackboneNetwork(weights="random", image_size=32)


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    request = SourceImport(name="Shapes", source="shapes", settings={"num_pictures": 300, "image_size": 32})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(home))
        return home, carry_import(request).progress().dataset_id


@pytest.fixture
def dataset(imported, home) -> Dataset:
    """A copy in this test's own workspace, where its trials find it."""
    shutil.copytree(imported[0] / "datasets", home / "datasets")
    return find_dataset(imported[1])


def make_spec(dataset: Dataset, *, network=SMALL, **training) -> RunSpec:
    kind = ScratchTraining if network.kind == "blocks" else TransferTraining
    return RunSpec(
        name="tried",
        dataset=dataset.reference(),
        class_names=dataset.class_names,
        network=network,
        training=kind(**training),
    )


def wait(trial: Trial, *, seconds: float = 600.0) -> Trial:
    deadline = time.monotonic() + seconds
    while trial.state == "running":
        assert time.monotonic() < deadline, trial.progress()
        time.sleep(0.05)
    return trial


@pytest.fixture
def no_worker(monkeypatch):
    """Start nothing, and remember what would have been started."""
    started = []
    monkeypatch.setattr(
        job_folder, "start_detached", lambda module, *arguments, log: started.append(arguments)
    )
    return started


@pytest.mark.parametrize("kind", ["timing", "learning_rates"])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"head_epochs": 3, "fine_tune_epochs": 4}, id="epochs"),
        pytest.param({"head_learning_rate": 0.02, "fine_tune_learning_rate": 2e-5}, id="learning rates"),
        pytest.param({"early_stopping_patience": 0, "schedule": "cosine"}, id="patience and schedule"),
    ],
)
def test_a_trial_is_found_again_after_a_change_that_does_not_matter(dataset, no_worker, changes, kind):
    started = start_trial(make_spec(dataset), kind=kind)
    found = find_trial(make_spec(dataset, **changes).with_changes(name="other", seed=5), kind=kind)
    assert found == started


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"batch_size": 8}, id="batch"),
        pytest.param({"unfreeze_blocks": 2}, id="boundary"),
        pytest.param({"fine_tune_epochs": 0}, id="no second phase"),
        pytest.param({"optimizer": "sgd"}, id="optimizer"),
        pytest.param({"augmentation": Augmentation(flip=True)}, id="augmentation"),
        pytest.param({"network": SMALL.with_changes(image_size=64)}, id="image size"),
    ],
)
def test_a_trial_is_not_found_after_a_change_that_matters(dataset, no_worker, changes):
    start_trial(make_spec(dataset), kind="timing")
    assert find_trial(make_spec(dataset, **changes), kind="timing") is None
    assert find_trial(make_spec(dataset), kind="learning_rates") is None


def test_asking_twice_starts_one_worker(dataset, no_worker):
    first, second = (start_trial(make_spec(dataset), kind="timing") for _ in range(2))
    assert first == second
    assert len(no_worker) == 1


def test_a_newer_trial_ends_the_older(dataset, no_worker):
    older = start_trial(make_spec(dataset), kind="timing")
    start_trial(make_spec(dataset, batch_size=8), kind="timing")
    assert (older.folder / "cancel").exists()


def test_a_click_while_the_cancelled_one_is_still_ending_is_not_lost_without_a_word(dataset, no_worker):
    start_trial(make_spec(dataset), kind="timing").cancel()
    with pytest.raises(TrainingError, match="still ending"):
        start_trial(make_spec(dataset), kind="timing")


def test_a_worker_that_never_came_is_not_waited_for_for_ever(dataset, no_worker, monkeypatch):
    trial = start_trial(make_spec(dataset), kind="timing")
    assert trial.state == "running"
    monkeypatch.setattr(job_folder, "LAUNCH_GRACE_SECONDS", 0.0)
    write_text(trial.folder / "worker.log", "Killed\n")
    assert trial.state == "failed"
    assert "ended without a word" in trial.message
    assert "Killed" in trial.message
    with pytest.raises(TrainingError, match="no result: it is failed"):
        trial.result()


def test_a_dataset_that_cannot_be_trained_on_is_not_tried(dataset, no_worker):
    spec = make_spec(dataset)
    shutil.rmtree(dataset.folder)
    with pytest.raises(DatasetError, match="There is no dataset"):
        start_trial(spec, kind="timing")


def test_the_machine_has_one_name_and_one_id():
    assert "cores" in describe_machine()
    assert machine_id() == machine_id() != ""


@pytest.mark.slow
def test_a_timing_trial_measures_the_plan_and_the_machine(dataset):
    spec = make_spec(dataset)
    trial = wait(start_trial(spec, kind="timing"))
    assert trial.state == "finished", trial.message
    costs = trial.result().costs
    plan_of = estimate_run(spec, dataset)
    assert plan_of.basis == "measured"
    # The trial converted the frozen parts into the very files that the run will look for.
    assert next(part for part in plan_of.parts if part.name == "converting").already_there
    assert set(costs.phases) == {"feature_extraction", "fine_tuning"}
    assert all(each.ask > 0.0 for each in costs.frozen.values())
    assert costs.phases["fine_tuning"].learn > 0.0
    assert plan_of.memory_bytes > 500_000_000
    # Nothing was packed or extracted for it, and what is known of the machine serves other plans.
    assert not list(workspace().cache.glob("packed/*/*/pictures.npy"))
    assert not list(workspace().cache.glob("activations/*.npy"))
    assert load_calibration().machine_id == machine_id()
    assert estimate_run(make_spec(dataset, unfreeze="nothing"), dataset).basis == "calibrated"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "phases"),
    [
        pytest.param(SMALL, ["feature_extraction", "fine_tuning"], id="a backbone"),
        pytest.param(PRESETS["lenet5"].network, ["training"], id="a network from blocks"),
    ],
)
def test_a_range_test_has_a_curve_for_every_phase(dataset, network, phases):
    trial = wait(start_trial(make_spec(dataset, network=network), kind="learning_rates"))
    assert trial.state == "finished", trial.message
    found = trial.result().phases
    assert [curve.phase for curve in found] == phases
    for curve in found:
        assert len(curve.losses) == len(curve.learning_rates) > 10
        assert list(curve.learning_rates) == sorted(curve.learning_rates)
        assert curve.sentence.endswith(".")
    # LeNet learns shapes; a frozen backbone with random weights tells nothing apart.
    if network.kind == "blocks":
        assert 1e-5 < found[0].suggestion < 0.1


@pytest.mark.slow
def test_a_cancelled_trial_ends_and_says_so(dataset):
    trial = start_trial(make_spec(dataset), kind="timing")
    trial.cancel()
    wait(trial)
    assert trial.state == "cancelled"
    assert trial.message == ""
    # It says how it ended first and lets go of its lock then; in between, it is still held.
    deadline = time.monotonic() + 600.0
    while trial.is_held():
        assert time.monotonic() < deadline, "the worker holds on to a cancelled trial"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_trial_that_cannot_be_says_why(dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    network = BackboneNetwork(backbone="mobilenet_v2", image_size=32)
    trial = wait(start_trial(make_spec(dataset, network=network), kind="timing"))
    assert trial.state == "failed"
    assert "weights of MobileNetV2" in trial.message
