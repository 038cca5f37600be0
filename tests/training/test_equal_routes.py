"""Whatever way frozen layers are asked, and whether their answers come from the cache: the predictions are the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from cnnlab.models.classifier import Classifier, build_classifier
from cnnlab.training import extraction
from cnnlab.training.activations import Origin, compute_activations
from tests.models.reference import enliven, random_pictures, scaled_by_keras, smallest_network

pytestmark = pytest.mark.slow

LARGEST_DIFFERENCE = 3e-4
"""Measured with several kernels: 4e-5 at most."""
LEAST_SPREAD = 1e-2
"""How much the probability of some class differs between pictures, at least: equal answers would prove nothing."""
SMALLEST_IMAGE_SIZE = 64
"""Below, the last maps are single numbers: their random statistics make a thousand roundings of one."""
ROUTES = {"lite": 1, "tensorflow": 10**9}
"""From how many pictures on LiteRT is asked: always, and never."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One backbone with pictures, and what the whole network says about them."""

    classifier: Classifier
    pictures: np.ndarray
    expected: np.ndarray


@pytest.fixture(
    scope="module",
    params=[
        "efficientnet_lite0",
        "efficientnet_v2b0",
        "mobilenet_v2",
        "resnet50",
        "densenet121",
        "xception",
    ],
)
def case(request) -> Iterator[Case]:
    """One backbone of each family after the other, with random weights that tell pictures apart."""
    import keras

    network = smallest_network(request.param)
    size = max(network.image_size, SMALLEST_IMAGE_SIZE)
    built = build_classifier(network.model_copy(update={"image_size": size}), num_classes=4)
    enliven(built.backbone, scaled_by_keras(request.param, random_pictures(size, number=32)))
    # Noise of different contrast and colour.
    contrast = np.random.default_rng(2).uniform(0.2, 1.0, (6, 1, 1, 3))
    pictures = (random_pictures(size, number=6) * contrast).astype(np.uint8)
    expected = built.inference_model()(pictures.astype(np.float32)).numpy()
    assert np.ptp(expected, axis=0).max() > LEAST_SPREAD
    yield Case(classifier=built, pictures=pictures, expected=expected)
    keras.backend.clear_session()


@pytest.mark.parametrize("boundary", ["last block", "half of the blocks"])
def test_cached_activations_predict_what_the_whole_network_does(boundary, case, tmp_path, monkeypatch):
    classifier, pictures = case.classifier, case.pictures
    # What lies below half of the blocks is part of what lies below the last one, where both ways are asked.
    blocks, routes = (
        (1, list(ROUTES)) if boundary == "last block" else (len(classifier.blocks) // 2, ["lite"])
    )
    split = classifier.split_at("blocks", blocks)
    origin = Origin(
        pictures="p",
        backbone=classifier.row.name,
        weights="w",
        image_size=pictures.shape[1],
        boundary=split.name,
    )
    found = {}
    for route in routes:
        monkeypatch.setattr(extraction, "FEWEST_INPUTS", ROUTES[route])
        found[route] = compute_activations(
            split.below, pictures, origin=origin, cache=tmp_path / route, on_progress=lambda done, total: None
        )
        probabilities = classifier.head(split.above(found[route])).numpy()
        np.testing.assert_allclose(probabilities, case.expected, rtol=0, atol=LARGEST_DIFFERENCE)
    (kept,) = (tmp_path / "lite" / "frozen").glob("*.tflite")
    assert kept.stat().st_size > extraction.CHECKSUM_BYTES, "LiteRT was asked"
    assert not (tmp_path / "tensorflow" / "frozen").exists(), "TensorFlow was asked"
    largest = np.abs(found["lite"]).max()
    assert np.ptp(found["lite"], axis=0).max() > LEAST_SPREAD * largest
    for activations in found.values():
        np.testing.assert_allclose(activations, found["lite"], rtol=0, atol=LARGEST_DIFFERENCE * largest)
