"""Labels that were made wrong on purpose are found among real pictures, far more often than by chance."""

import numpy as np
import pytest

from cnnlab.data.corrections import correct_labels
from cnnlab.data.import_records import SourceImport
from cnnlab.data.library import Dataset, find_dataset
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.mislabelled import FOLDS, describe_method, find_search, load_mislabelled
from cnnlab.models.presets import PRESETS
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training.out_of_fold import search
from tests.data.making import carry_import, class_files, make_dataset
from tests.runs.making import make_run, run_spec

FLIPPED = 0.08


def flipped_shapes() -> tuple[Dataset, np.ndarray]:
    """A version of 400 drawn shapes of which a share is under a wrong class, and which pictures these are."""
    wanted = {"num_pictures": 400, "image_size": 32, "noise": 0}
    job = carry_import(SourceImport(source="shapes", settings=wanted))
    right = find_dataset(job.progress().dataset_id)
    random = np.random.default_rng(3)
    flipped = np.sort(random.choice(400, round(FLIPPED * 400), replace=False))
    labels = right.table()["label"].to_numpy()
    wrong = (labels[flipped] + random.integers(1, right.num_classes, len(flipped))) % right.num_classes
    made = correct_labels(
        right, labels=dict(zip(flipped.tolist(), wrong.tolist(), strict=True)), because="a test"
    )
    return made, flipped


@pytest.fixture
def small_dataset(tmp_path) -> Dataset:
    return make_dataset(tmp_path, class_files({"cat": 20, "dog": 20}))


@pytest.mark.slow
def test_labels_flipped_on_purpose_are_found_on_the_features_of_a_backbone():
    dataset, flipped = flipped_shapes()
    training = TransferTraining(
        head_epochs=20, head_learning_rate=3e-3, batch_size=32, fine_tune_epochs=0, deterministic=False
    )
    network = BackboneNetwork(backbone="efficientnet_lite0", image_size=64)
    spec = run_spec(
        dataset=dataset.reference(), class_names=dataset.class_names, network=network, training=training
    )
    run, heard = make_run(1, spec=spec), []
    result = search(run, report=lambda *doing: heard.append(doing))
    table = load_mislabelled(run)
    found = table["picture"][table["mislabelled"]]
    # Found: 0.84 of either; by chance both would be the share of wrong labels, 0.08.
    assert np.isin(found, flipped).mean() > 0.5
    assert np.isin(flipped, found).mean() > 0.5
    assert (result.features, result.folds, result.num_pictures) == ("frozen", FOLDS, 400)
    assert result.num_mislabelled == len(found)
    assert set(table["split"]) == {"training", "validation", "test"}
    assert "which saw none of them" in describe_method(result, spec)
    assert any(activity == f"Training {FOLDS} heads" and total for activity, _, total in heard)


def scratch_spec(dataset: Dataset) -> RunSpec:
    return run_spec(
        dataset=dataset.reference(),
        class_names=dataset.class_names,
        network=PRESETS["lesson_cnn"].network,
        training=ScratchTraining(deterministic=False),
    )


@pytest.mark.slow
def test_a_network_from_scratch_is_asked_for_its_own_features_and_that_is_said(small_dataset):
    from cnnlab.models.network import build_network

    spec = scratch_spec(small_dataset)
    run = make_run(1, spec=spec)
    build_network(spec.network, num_classes=2).save(run.path / "model.keras")
    result = search(run, report=lambda *doing: None)
    assert (result.features, result.num_pictures) == ("learned", small_dataset.num_pictures)
    assert len(load_mislabelled(run)) == small_dataset.num_pictures
    assert "under these very labels" in describe_method(result, spec)


@pytest.mark.slow
def test_a_run_from_scratch_that_kept_no_model_is_refused(small_dataset):
    run = make_run(1, spec=scratch_spec(small_dataset))
    with pytest.raises(EvaluationError, match="has kept no model"):
        search(run, report=lambda *doing: None)
    assert find_search(run) is None
