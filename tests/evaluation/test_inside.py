"""A picture is followed through every kind of network; what each block saw equals what the tape says."""

import numpy as np
import pytest

from cnnlab.errors import EvaluationError
from cnnlab.evaluation import inside
from cnnlab.evaluation.explanations import grad_cam
from cnnlab.evaluation.heads import head_of, load_head
from cnnlab.evaluation.inside import (
    find_inside,
    inside_path,
    load_inside,
    picture_request,
    pixels_of,
    start_inside,
)
from cnnlab.evaluation.opening import classes_to_ask, main, stages, stretched, strongest
from cnnlab.jobs import folder as jobs_folder
from cnnlab.specs.blocks import (
    Convolution,
    Dense,
    Flatten,
    MaxPooling,
    ResidualBlock,
)
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork
from tests.runs.making import make_run, run_spec

CLASSES = ("a", "b", "c", "d")
NETWORK = BlockNetwork(
    name="Tiny",
    image_size=16,
    blocks=(
        Convolution(filters=5, batch_normalization=True),
        MaxPooling(),
        ResidualBlock(filters=6, strides=2),
        Flatten(),
        Dense(units=8),
    ),
)
PICTURE = np.random.default_rng(5).integers(0, 256, (16, 16, 3), dtype=np.uint8)


@pytest.fixture
def started(monkeypatch) -> list[tuple[str, ...]]:
    """What would have been started; no process is."""
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: calls.append(what))
    return calls


def run_with_model(network: BlockNetwork = NETWORK):
    """A run that kept its network, with random weights."""
    from cnnlab.models.network import build_network

    run = make_run(1, spec=run_spec(class_names=CLASSES, network=network))
    build_network(network, num_classes=len(CLASSES)).save(run.path / "model.keras")
    return run


def tape_heat(model, output, *, label: int) -> np.ndarray:
    """Grad-CAM at one layer in TensorFlow alone: of the score before the softmax."""
    import keras
    import tensorflow as tf

    last = model.layers[-1]
    opened = keras.Model(model.inputs[0], [output, last.input])
    with tf.GradientTape() as tape:
        entered = tf.constant(PICTURE[np.newaxis].astype(np.float32))
        tape.watch(entered)
        maps, values = opened(entered, training=False)
        score = (values @ last.kernel + last.bias)[0, label]
    gradient = tape.gradient(score, maps)[0].numpy()
    heat = np.maximum((maps[0].numpy() * gradient.mean(axis=(0, 1))).sum(axis=-1), 0.0)
    return heat / heat.max() if heat.max() > 0 else heat


@pytest.mark.slow
def test_grad_cam_at_every_block_is_that_of_the_tape():
    from cnnlab.models.network import block_outputs, build_network

    model = build_network(NETWORK, num_classes=len(CLASSES))
    names, maps, heats = stages(model, NETWORK, head_of(model), picture=PICTURE, labels=(0, 2, 3))
    outputs = block_outputs(model, NETWORK)
    assert names == [name for name, _ in outputs] == ["Block 1, Convolution", "Block 3, Residual block"]
    for (_, output), each, heat in zip(outputs, maps, heats, strict=True):
        assert each.shape == tuple(output.shape[1:])
        assert heat.shape == (3, *output.shape[1:3])
        for place, label in enumerate((0, 2, 3)):
            assert heat[place] == pytest.approx(tape_heat(model, output, label=label), abs=1e-3)


@pytest.mark.slow
def test_every_block_of_a_backbone_is_looked_at_and_the_last_as_the_server_does():
    from cnnlab.models.classifier import build_classifier

    network = BackboneNetwork(backbone="mobilenet_v2", weights="random", image_size=64)
    classifier = build_classifier(network, num_classes=len(CLASSES))
    model = classifier.inference_model()
    head = head_of(model)
    picture = np.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    names, maps, heats = stages(model, network, head, picture=picture, labels=(1,))
    assert names == [block.name for block in classifier.blocks]
    assert [each.shape for each in maps] == [tuple(block.ends_at.shape[1:]) for block in classifier.blocks]
    assert heats[-1][0] == pytest.approx(grad_cam(maps[-1], head.gradient(maps[-1], label=1)), abs=1e-3)
    assert all(np.isfinite(heat).all() for heat in heats)


@pytest.mark.slow
def test_a_look_is_kept_with_its_pictures_and_leaves_the_head_to_the_run(started):
    run = run_with_model()
    request = picture_request(run, PICTURE, label=1)
    job = start_inside(run, request)
    assert load_inside(job) is None
    assert main(str(job.folder)) == 0
    found = load_inside(find_inside(run, request))
    assert (found.picture == PICTURE).all()
    assert found.result.probabilities[0] == max(found.result.probabilities)
    assert 1 in found.result.labels
    assert [stage.filters for stage in found.result.stages] == [5, 6]
    assert [maps.shape for maps in found.maps] == [(5, 16, 16), (6, 4, 4)]
    assert [heat.shape[1:] for heat in found.heats] == [(16, 16), (4, 4)]
    assert found.kernels.shape == (5, 3, 3, 3)
    assert load_head(run.path) is not None
    inside_path(job.folder).write_bytes(b"PK")
    with pytest.raises(EvaluationError, match="Look again"):
        load_inside(job)


@pytest.mark.slow
def test_a_network_without_maps_says_so(started):
    run = run_with_model(BlockNetwork(name="Dense", image_size=16, blocks=(Flatten(), Dense(units=4))))
    job = start_inside(run, picture_request(run, PICTURE))
    assert main(str(job.folder)) == 1
    assert "no maps of its own" in job.message


def test_a_look_is_asked_for_once_and_found_by_its_picture(started):
    run = make_run(1)
    request = picture_request(run, PICTURE, label=1)
    assert (pixels_of(request) == PICTURE).all()
    with pytest.raises(EvaluationError, match="kept no Keras model"):
        start_inside(run, request)
    (run.path / "model.keras").touch()
    assert find_inside(run, request) is None
    job = start_inside(run, request)
    assert find_inside(run, request) == job
    assert find_inside(run, picture_request(run, PICTURE, label=2)) is None
    assert find_inside(run, picture_request(run, 255 - PICTURE, label=1)) is None
    assert started == [("cnnlab.evaluation.opening", str(job.folder))]


def test_the_oldest_looks_are_forgotten(started, monkeypatch):
    monkeypatch.setattr(inside, "KEPT", 3)
    run = make_run(1)
    (run.path / "model.keras").touch()
    for brightness in range(5):
        job = start_inside(run, picture_request(run, np.full((4, 4, 3), brightness, np.uint8)))
        (job.folder / "progress.json").write_text('{"state": "finished"}')
    kept = [path for path in (run.path / "evaluation" / "inside").iterdir() if path.is_dir()]
    assert len(kept) == 3
    assert job.folder in kept


@pytest.mark.parametrize(
    ("also", "expected"),
    [
        pytest.param(-1, (3, 1, 2), id="none"),
        pytest.param(1, (3, 1, 2), id="a likely one"),
        pytest.param(0, (3, 1, 2, 0), id="an unlikely one"),
        pytest.param(9, (3, 1, 2), id="none of the network's"),
    ],
)
def test_the_likeliest_classes_are_asked_about_and_one_more(also, expected):
    assert classes_to_ask(np.array([0.05, 0.3, 0.25, 0.4]), also=also) == expected


def test_the_strongest_maps_come_first():
    maps = np.stack([np.full((2, 2), value) for value in (1.0, 5.0, 3.0)], axis=-1)
    assert strongest(maps) == (1, 2, 0)


def test_a_map_is_stretched_to_black_and_white_and_a_flat_one_is_black():
    assert stretched(np.array([[-2.0, 0.0], [2.0, 1.0]])).tolist() == [[0, 128], [255, 191]]
    assert not stretched(np.ones((2, 2))).any()
