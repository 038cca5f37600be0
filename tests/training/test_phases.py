"""What learns in each phase of a backbone, and what is left of it when an earlier epoch was the best."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab.data.augmentation import augment_picture
from cnnlab.data.packing import PackedPictures
from cnnlab.specs.augmentation import Augmentation
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
        learner.learn(chosen.inputs.batch(np.arange(NUM_PICTURES), epoch=1), labels)


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
        np.testing.assert_allclose(phase.model(np.asarray(phase.inputs.plain)).numpy(), expected, atol=1e-4)


ALTERED = {"augmentation": {"zoom_share": 0.3, "flip": True}}


def of_whole_network(course: TransferCourse, pictures: PackedPictures, *, copies: np.ndarray) -> np.ndarray:
    """What the whole network says of altered training pictures, each in one of its copies."""
    training = pictures.positions("training")
    altered = [
        augment_picture(
            pictures.pictures[number],
            settings=Augmentation(**ALTERED["augmentation"]),
            seed=0,
            number=int(number),
            copy=int(copy),
        )
        for number, copy in zip(training, copies, strict=True)
    ]
    return course.whole_model()(np.stack(altered).astype(np.float32)).numpy()


@pytest.mark.parametrize("unfreeze", ["nothing", "blocks"])
def test_altered_copies_are_kept_and_say_what_the_whole_network_says_of_them(unfreeze, pictures, tmp_path):
    course = plan(pictures, tmp_path, **ALTERED, unfreeze=unfreeze, augmented_copies=2)
    training = pictures.positions("training")
    boundaries = 1 if unfreeze == "nothing" else 2
    assert len(list((tmp_path / "activations").glob("*.npy"))) == 3 * boundaries
    for epoch in (1, 2):
        expected = of_whole_network(course, pictures, copies=(training + epoch) % 2)
        for phase in course.phases:
            answers = phase.model(phase.inputs.batch(training, epoch=epoch)).numpy()
            np.testing.assert_allclose(answers, expected, atol=1e-4)
    plain = plan(pictures, tmp_path, unfreeze=unfreeze)
    assert len(list((tmp_path / "activations").glob("*.npy"))) == 3 * boundaries, "nothing is computed again"
    np.testing.assert_array_equal(course.phases[0].inputs.plain, plain.phases[0].inputs.plain)


def test_a_run_that_needs_more_than_the_limit_keeps_what_it_needs_itself(
    pictures, tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("CNNLAB_CACHE_BYTES", "1000")
    plan(pictures, tmp_path, unfreeze="nothing")
    other = set((tmp_path / "activations").glob("*.npy"))
    plan(pictures, tmp_path, **ALTERED, unfreeze="blocks", augmented_copies=2)
    kept = set((tmp_path / "activations").glob("*.npy"))
    assert len(kept - other) == 6, "plain pictures and two copies, at two boundaries"
    assert not kept & other, "what another run left goes first"
    assert "more than its limit" in caplog.text


@pytest.mark.parametrize("unfreeze", ["nothing", "blocks", "everything"])
def test_pictures_altered_anew_go_through_the_whole_network_in_every_epoch(unfreeze, pictures, tmp_path):
    course = plan(pictures, tmp_path, **ALTERED, unfreeze=unfreeze, augmented_route="fresh")
    training = pictures.positions("training")
    for epoch in (1, 5):
        expected = of_whole_network(course, pictures, copies=np.full(len(training), epoch))
        for phase in course.phases:
            answers = phase.model(phase.inputs.batch(training, epoch=epoch)).numpy()
            np.testing.assert_allclose(answers, expected, atol=1e-4)


def test_deeper_blocks_learn_at_smaller_rates_and_the_head_at_the_whole_one(pictures, tmp_path):
    course = plan(pictures, tmp_path, unfreeze="blocks", unfreeze_blocks=3, block_decay=0.5)
    head, tuned = course.phases
    assert head.rates == ()
    assert [rate.share for rate in tuned.rates] == [1.0, 0.5, 0.25]
    grouped = [id(variable) for rate in tuned.rates for variable in rate.variables]
    trainable = {id(variable) for variable in tuned.model.trainable_variables}
    assert len(grouped) == len(set(grouped))
    assert trainable - set(grouped) == {id(variable) for variable in head.model.trainable_variables}
    # Layers of a backbone are listed from the picture up: the last of them learns most.
    names = [rate.variables[0].path for rate in tuned.rates]
    order = [variable.path for variable in tuned.model.trainable_variables]
    assert [order.index(name) for name in names] == sorted(
        (order.index(name) for name in names), reverse=True
    )


def test_only_kernels_of_the_head_are_penalised(pictures, tmp_path):
    course = plan(pictures, tmp_path, unfreeze="blocks", head_l2=0.01)
    for phase in course.phases:
        assert phase.l2 == 0.01
        assert [variable.path.split("/")[-1] for variable in phase.penalised] == ["kernel"]
    assert plan(pictures, tmp_path, unfreeze="blocks").phases[0].penalised == ()
