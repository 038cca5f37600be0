"""Every row of the table, built small with random weights: blocks, scaling, and a cut that changes no number."""

from collections.abc import Iterator

import numpy as np
import pytest

from cnnlab.models.backbones import BACKBONE_BLOCKS, BACKBONES
from cnnlab.models.classifier import Classifier, build_classifier
from tests.models.reference import enliven, random_pictures, scaled_by_keras, smallest_network

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=BACKBONES)
def classifier(request: pytest.FixtureRequest) -> Iterator[Classifier]:
    """One backbone after the other; each is built once for all tests of this module."""
    import keras

    name = request.param
    built = build_classifier(smallest_network(name), num_classes=3)
    size = built.preprocessing.input_shape[1]
    enliven(built.backbone, scaled_by_keras(name, random_pictures(size, number=32)))
    yield built
    keras.backend.clear_session()


@pytest.fixture
def pictures(classifier: Classifier) -> np.ndarray:
    return random_pictures(classifier.preprocessing.input_shape[1])


def test_it_has_blocks_with_single_tensors_between_them(classifier):
    import keras

    layers, blocks = classifier.backbone.layers, classifier.blocks
    assert len(blocks) >= 2
    assert [block.name for block in blocks] == [
        block.name for block in BACKBONE_BLOCKS[classifier.row.name].blocks
    ]
    assert len({block.name for block in blocks}) == len(blocks)
    assert [layer for block in blocks for layer in block.layers] == layers[1:]
    made = {id(layer.output): position for position, layer in enumerate(layers)}
    for block, before in zip(blocks[1:], blocks, strict=False):
        assert block.starts_at is before.ends_at
        boundary = made[id(block.starts_at)]
        for layer in layers[boundary + 1 :]:
            entering = [made[id(tensor)] for tensor in keras.tree.flatten(layer.input)]
            assert min(entering) >= boundary, f"{layer.name} reads past the boundary of {block.name}"


def test_raw_pictures_reach_it_as_its_authors_scale_them(classifier, pictures):
    scaled = np.asarray(classifier.preprocessing(pictures))
    np.testing.assert_allclose(scaled, scaled_by_keras(classifier.row.name, pictures), rtol=1e-5, atol=2e-5)


def test_its_parameters_are_those_that_pages_show(classifier):
    import keras

    classifier.split_at("everything")
    for block, figures in zip(classifier.blocks, BACKBONE_BLOCKS[classifier.row.name].blocks, strict=True):
        assert sum(layer.count_params() for layer in block.layers) == figures.parameters
        learning = [weight for layer in block.layers for weight in layer.trainable_weights]
        assert sum(np.prod(weight.shape) for weight in learning) == figures.trainable_parameters
        still = [layer for layer in block.layers if isinstance(layer, keras.layers.BatchNormalization)]
        assert not any(layer.trainable for layer in still)


def test_a_cut_changes_no_feature(classifier, pictures):
    features = classifier.split_at("nothing").below(pictures).numpy()
    assert np.isfinite(features).all()
    assert features.std(axis=0).max() > 1e-3
    maps = classifier.backbone(classifier.preprocessing(pictures)).numpy()
    np.testing.assert_allclose(
        features, maps.mean(axis=(1, 2)), rtol=1e-4, atol=1e-5 * np.abs(features).max()
    )
    half = len(classifier.blocks) // 2
    split = classifier.split_at("blocks", half)
    assert split.name == classifier.blocks[-half].name
    again = split.above(split.below(pictures)).numpy()
    np.testing.assert_allclose(again, features, rtol=1e-4, atol=1e-5 * max(1.0, np.abs(features).max()))
