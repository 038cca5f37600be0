"""What learns in each phase of a backbone, and what is left of it when an earlier epoch was the best."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab.data.packing import PackedPictures
from cnnlab.specs.networks import BackboneNetwork, Head
from cnnlab.specs.runs import DatasetReference, RunSpec
from cnnlab.specs.training import TransferTraining
from cnnlab.training.learner import Learner
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.phases import TransferCourse, plan_course

pytestmark = pytest.mark.slow

NUM_PICTURES = 8


@pytest.fixture(scope="module")
def pictures() -> PackedPictures:
    pixels = np.random.default_rng(0).integers(0, 256, (NUM_PICTURES, 32, 32, 3), dtype=np.uint8)
    return PackedPictures(
        pictures=pixels,
        labels=np.arange(NUM_PICTURES, dtype=np.int32) % 2,
        splits=np.array(["training", "validation"] * (NUM_PICTURES // 2)),
        picture_numbers=np.arange(NUM_PICTURES),
        fingerprint="pixels",
    )


def plan(pictures: PackedPictures, cache: Path, **training: object) -> TransferCourse:
    spec = RunSpec(
        name="A run",
        dataset=DatasetReference(id="few", version=1, name="Few"),
        class_names=("cat", "dog"),
        network=BackboneNetwork(backbone="efficientnet_lite0", image_size=32, head=Head(units=0)),
        training=TransferTraining(**training),
    )
    return plan_course(spec, pictures, cache=cache, on_progress=lambda activity, done, total: None)


def learn(course: TransferCourse, phase: int, labels: np.ndarray) -> None:
    chosen = course.phases[phase]
    learner = Learner(chosen.model, optimizer=build_optimizer("sgd", learning_rate=0.1))
    for _ in range(2):
        learner.learn(np.asarray(chosen.inputs), labels)


def values(model) -> dict[str, np.ndarray]:
    return {variable.path: variable.numpy() for variable in model.variables}


def moved(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> set[str]:
    return {path for path in before if (before[path] != after[path]).any() and "seed" not in path}


def batch_normalization_of(network) -> set[str]:
    import keras

    layers = list(network.layers)
    for layer in layers:
        layers.extend(getattr(layer, "layers", ()))
    found = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert found, "the backbone has some"
    return {variable.path for layer in found for variable in layer.variables}


def test_batch_normalization_stands_still_in_both_phases_and_below_the_boundary_nothing_moves(
    pictures, tmp_path
):
    course = plan(pictures, tmp_path, unfreeze="blocks", unfreeze_blocks=2)
    network = course.explaining_model()
    before = values(network)
    learn(course, 0, pictures.labels)
    extracted = values(network)
    assert moved(before, extracted), "the head learns"
    head = {variable.path for variable in course.phases[0].model.variables}
    assert moved(before, extracted) <= head, "the backbone is frozen"
    learn(course, 1, pictures.labels)
    tuned = moved(extracted, values(network))
    assert tuned - head, "the last blocks learn"
    assert tuned <= {variable.path for variable in course.phases[1].model.trainable_variables}
    assert tuned.isdisjoint(batch_normalization_of(network))


def test_when_the_first_phase_was_best_the_backbone_is_as_pretrained(pictures, tmp_path):
    course = plan(pictures, tmp_path, unfreeze="blocks", unfreeze_blocks=1)
    network = course.whole_model()
    learn(course, 0, pictures.labels)
    best_of_head = [variable.numpy() for variable in course.phases[0].model.variables]
    kept = values(network)
    learn(course, 1, pictures.labels)
    assert moved(kept, values(network))
    course.adopt("feature_extraction", best_of_head)
    assert moved(kept, values(network)) == set()


@pytest.mark.parametrize(
    ("training", "phases", "files"),
    [
        pytest.param({"unfreeze": "nothing"}, ["feature_extraction"], 1, id="nothing"),
        pytest.param({"fine_tune_epochs": 0}, ["feature_extraction"], 1, id="no epochs of fine-tuning"),
        pytest.param({"unfreeze": "blocks"}, ["feature_extraction", "fine_tuning"], 2, id="last block"),
        pytest.param({"unfreeze": "everything"}, ["feature_extraction", "fine_tuning"], 1, id="everything"),
    ],
)
def test_what_is_unfrozen_says_which_phases_there_are_and_what_is_kept(
    training, phases, files, pictures, tmp_path
):
    course = plan(pictures, tmp_path, **training)
    assert [phase.name for phase in course.phases] == phases
    assert len(list((tmp_path / "activations").glob("*.npy"))) == files
    # Whatever is computed once, the answers are those of the whole network on raw pictures.
    expected = course.whole_model()(pictures.pictures.astype(np.float32)).numpy()
    for phase in course.phases:
        np.testing.assert_allclose(phase.model(np.asarray(phase.inputs)).numpy(), expected, atol=1e-4)
