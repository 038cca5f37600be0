"""The code of a network: it builds the very same model, runs alone, and holds nothing that somebody typed as code."""

import ast
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from cnnlab.errors import SpecError
from cnnlab.models.anatomy import describe_network
from cnnlab.models.code import LINE_LENGTH, OPTIMIZERS, write_code
from cnnlab.models.presets import PRESETS
from cnnlab.specs.activations import ACTIVATIONS
from cnnlab.specs.blocks import (
    Bottleneck,
    Convolution,
    Dense,
    Flatten,
    GlobalAveragePooling,
    GroupNormalization,
    LayerNormalization,
    ResidualBlock,
    SeparableConvolution,
    SpatialDropout,
    SqueezeExcitation,
)
from cnnlab.specs.networks import BlockNetwork
from cnnlab.specs.training import ScratchTraining
from cnnlab.training.optimizers import OPTIMIZERS as OUR_OPTIMIZERS
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.schedules import SCHEDULES as OUR_SCHEDULES
from tests.models.test_anatomy import NETWORKS

ALL_NEW = BlockNetwork(
    image_size=16,
    blocks=(
        *(
            Convolution(filters=8, activation="leaky_relu", strides=2, repeats=2),
            GroupNormalization(groups=4),
        ),
        *(SeparableConvolution(filters=8, activation="gelu"), ResidualBlock(filters=8), SpatialDropout()),
        *(ResidualBlock(filters=6, strides=2), Bottleneck(filters=12, batch_normalization=False)),
        *(SqueezeExcitation(), LayerNormalization(), GlobalAveragePooling(), Dense(units=8)),
    ),
)


def _run(source: str) -> dict:
    names: dict = {"__name__": "written"}
    exec(compile(source, "written.py", "exec"), names)
    return names


def _assert_builds_the_same(network: BlockNetwork) -> None:
    from cnnlab.models.network import build_network

    ours = build_network(network, num_classes=3)
    written = _run(write_code(network))["build_model"](3)
    assert written.count_params() == ours.count_params()
    written.set_weights(ours.get_weights())
    pictures = np.random.default_rng(0).uniform(0, 255, (2, *ours.input_shape[1:])).astype(np.float32)
    assert np.array_equal(written(pictures).numpy(), ours(pictures).numpy())


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_the_code_of_every_preset_builds_the_same_model(name):
    _assert_builds_the_same(PRESETS[name].network)


@pytest.mark.slow
def test_the_code_of_every_kind_of_block_builds_the_same_model():
    _assert_builds_the_same(ALL_NEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_code_of_every_activation_builds_the_same_model(name):
    normalized = Convolution(filters=3, activation=name, batch_normalization=True)
    blocks = (normalized, ResidualBlock(filters=3, activation=name), Flatten(), Dense(activation=name))
    _assert_builds_the_same(BlockNetwork(image_size=8, blocks=blocks))


@pytest.mark.slow
@given(network=NETWORKS.filter(lambda network: describe_network(network, num_classes=3).works))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_code_of_random_networks_builds_the_same_model(network):
    _assert_builds_the_same(network)


EVERYTHING = ScratchTraining(
    schedule="one_cycle",
    balance_classes=True,
    label_smoothing=0.1,
    epochs=1,
    batch_size=4,
    early_stopping_patience=0,
)


@pytest.mark.parametrize("training", [ScratchTraining(), EVERYTHING, ScratchTraining(deterministic=False)])
@pytest.mark.parametrize("network", [ALL_NEW, *(preset.network for preset in PRESETS.values())])
def test_the_code_is_short_lined_python_that_needs_no_cnnlab(network, training):
    source = write_code(network, training=training)
    imported = {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported <= {"math", "sys", "keras", "tensorflow"}
    assert max(len(line) for line in source.splitlines()) <= LINE_LENGTH
    assert not any(line != line.rstrip() or "\t" in line for line in source.splitlines())


@pytest.mark.parametrize("training", [ScratchTraining(), EVERYTHING])
def test_the_code_is_laid_out_as_formatters_do(training, tmp_path):
    path = tmp_path / "network.py"
    path.write_text(write_code(ALL_NEW, training=training), encoding="utf-8")
    for command in (["check", "--isolated", "--select=E,F,W,I"], ["format", "--isolated", "--check"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *command, f"--config=line-length={LINE_LENGTH}", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "name", ['"""\nimport os #', "'; x", "\\", "a\nb", "\u2028", "🌸", "{NAME}", "\ud800"], ids=ascii
)
def test_a_name_is_never_code(name):
    source = write_code(BlockNetwork(blocks=(Flatten(),)).model_copy(update={"name": name}))
    tree = ast.parse(source.encode("utf-8"))
    values = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "NAME"
    ]
    assert values == [name.encode("utf-8", "replace").decode()]


def test_there_is_no_code_for_what_cannot_work():
    with pytest.raises(SpecError, match=r"no code for it\. The output layer needs one vector"):
        write_code(BlockNetwork(blocks=(Convolution(),)))


@pytest.mark.slow
@pytest.mark.parametrize("schedule", [name for name in OUR_SCHEDULES if name != "constant"])
def test_a_schedule_is_written_as_it_trains_here(schedule):
    network = BlockNetwork(blocks=(Flatten(),))
    share = _run(write_code(network, training=ScratchTraining(schedule=schedule)))["share_of_rate"]
    for done in np.linspace(0, 1, 101):
        assert share(done) == pytest.approx(OUR_SCHEDULES[schedule].share(done))


@pytest.mark.slow
@pytest.mark.parametrize("name", OUR_OPTIMIZERS)
def test_an_optimizer_is_written_as_it_trains_here(name):
    import keras

    written = eval(OPTIMIZERS[name], {"keras": keras, "LEARNING_RATE": 0.5}).get_config()
    ours = build_optimizer(name, learning_rate=0.5).get_config()
    assert {**written, "name": ""} == {**ours, "name": ""}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that holds one with two classes of pictures, and is the one where things are."""
    rng = np.random.default_rng(0)
    for name in ("ant", "bee"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(8):
            pixels = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def eagerly():
    """Four steps are done before a graph of them would be made."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", PRESETS)
def test_the_code_of_every_preset_trains_and_saves_a_model(name, folder, monkeypatch):
    import keras

    # Determinism is set for a whole process, which other tests share.
    training = EVERYTHING.with_changes(deterministic=False)
    written = _run(write_code(PRESETS[name].network.with_changes(image_size=16), training=training))
    monkeypatch.setattr(sys, "argv", ["network.py", "pictures"])
    written["main"]()
    saved = keras.models.load_model("model.keras")
    assert saved.count_params() == written["build_model"](2).count_params()
    assert saved(np.zeros((1, 16, 16, 3), np.float32)).numpy().sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_the_file_trains_by_itself_on_a_folder_of_classes(folder):
    (folder / "network.py").write_text(write_code(ALL_NEW, training=EVERYTHING), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        [sys.executable, "network.py", "pictures"],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()[-2000:]
    assert (folder / "model.keras").stat().st_size > 0
