"""Filters of a network are looked at: its blocks are found, the numbers are right, and deeper ones answer to classes."""

import numpy as np
import pytest
from PIL import Image

from cnnlab.claims.claim import Measuring
from cnnlab.claims.filter_pictures import Seen, exciting_rows, kernel_rows
from cnnlab.claims.looking_inside import MOST_BLOCKS, open_network, spread
from cnnlab.claims.what_filters_see import (
    WhatFiltersSee,
    explained_by_class,
    measure,
    rise_interval,
    strongest_of,
    verdict_of,
)
from cnnlab.errors import ClaimError, RunError
from cnnlab.models.anatomy import describe_network
from cnnlab.models.classifier import build_classifier
from cnnlab.models.network import block_outputs, build_network
from cnnlab.models.presets import PRESETS
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.training import TransferTraining
from tests.runs.making import make_run, run_spec

LABELS = np.arange(200) % 4


def measuring(folder) -> Measuring:
    return Measuring(report=lambda *_: None, folder=folder)


@pytest.mark.parametrize(
    ("count", "places"),
    [
        pytest.param(1, [0], id="one"),
        pytest.param(MOST_BLOCKS, list(range(MOST_BLOCKS)), id="as many as are shown"),
        pytest.param(17, [0, 2, 5, 7, 9, 11, 14, 16], id="first and last of many"),
    ],
)
def test_blocks_are_spread_over_the_depth(count, places):
    assert spread(count) == places


def test_the_strongest_answer_and_its_place_are_those_of_the_map():
    maps = np.zeros((2, 4, 8, 1), np.float32)
    maps[0, 1, 6, 0], maps[1, 3, 0, 0] = 5.0, 7.0
    strongest, places = strongest_of(maps)
    assert strongest.tolist() == [[5.0], [7.0]]
    assert places[:, 0].tolist() == [[1.5 / 4, 6.5 / 8], [3.5 / 4, 0.5 / 8]]


def test_the_class_explains_all_nothing_or_a_part():
    noise = np.random.default_rng(0).normal(size=(200, 500))
    by_class = LABELS[:, None] + np.zeros((200, 3))
    assert explained_by_class(by_class, LABELS) == 1.0
    # The mean of 500 filters of noise: by itself each spreads by about 0.02.
    assert abs(explained_by_class(noise, LABELS)) < 0.005
    # Variance of 0, 1, 2, 3 is 1.25 beside noise of 1.
    assert explained_by_class(by_class[:, :1] + noise, LABELS) == pytest.approx(1.25 / 2.25, abs=0.05)
    assert explained_by_class(np.ones((200, 3)), LABELS) == 0.0, "filters that always say the same"


def test_a_rise_is_told_from_noise():
    random = np.random.default_rng(1)
    noise, other = random.normal(size=(2, 200, 30))
    rise, low, high = rise_interval(noise, LABELS[:, None] + other, LABELS)
    assert low < rise < high
    assert verdict_of(low, high) == "holds"
    assert verdict_of(*rise_interval(LABELS[:, None] + other, noise, LABELS)[1:]) == "fails"
    assert verdict_of(-0.1, 0.1) == "noise"


def test_kernels_of_colours_become_pictures_and_others_do_not(tmp_path):
    (row,) = kernel_rows(np.random.default_rng(0).normal(size=(3, 3, 3, 2)), measuring=measuring(tmp_path))
    assert [(tmp_path / picture.file).is_file() for picture in row.pictures] == [True, True]
    assert kernel_rows(np.zeros((3, 3, 8, 2)), measuring=measuring(tmp_path)) == ()


def test_the_pictures_that_excite_most_come_first(tmp_path):
    seen = Seen(
        strongest=np.array([[1.0], [6.0], [6.0]]),
        average=np.array([[0.5], [2.0], [3.0]]),
        places=np.full((3, 1, 2), 0.99),
        maps=np.zeros((2, 2, 1)),
    )
    pictures = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    (row,) = exciting_rows("conv", seen, pictures, filters=np.array([0]), measuring=measuring(tmp_path))
    assert [picture.caption for picture in row.pictures] == ["answer 6.00", "answer 6.00", "answer 1.00"]
    shown = [np.asarray(Image.open(tmp_path / picture.file))[0, 0, 0] for picture in row.pictures]
    assert shown == [2, 1, 0], "of equal answers the one with more of it comes first"


def test_a_run_that_is_not_there_or_kept_no_model_is_a_sentence(home, tmp_path):
    with pytest.raises(RunError):
        open_network("20260101-000000-abcdef", report=lambda *_: None)
    run = make_run()
    with pytest.raises(ClaimError, match=r"has kept no model\. Choose one that has finished\."):
        open_network(run.id, report=lambda *_: None)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["lesson_cnn", "resnet_like", "strong_small", "mobilenet_like"])
def test_blocks_of_a_network_are_found_with_their_shapes(preset):
    network = PRESETS[preset].network
    found = block_outputs(build_network(network, num_classes=4), network)
    shapes = {row.block: row.output_shape for row in describe_network(network, num_classes=4).rows}
    for label, tensor in found:
        number = int(label.split(",")[0].removeprefix("Block ")) - 1
        assert tuple(tensor.shape[1:]) == shapes[number]
    convolving = [block for block in network.blocks if "conv" in block.kind or "residual" in block.kind]
    assert len(found) >= len(convolving) > 0


@pytest.mark.slow
def test_deeper_filters_of_the_backbone_answer_more_to_classes(home, tmp_path):
    answer = measure(WhatFiltersSee(num_pictures=120, picture=3, block=2), measuring(tmp_path))
    # 200 pictures: 0.5 % in the first block, 31 % in the last.
    assert answer.scores["explained last"] > answer.scores["explained first"] + 0.1
    assert answer.verdict == "holds"
    for row in answer.pictures:
        assert row.pictures
        for picture in row.pictures:
            assert (tmp_path / picture.file).is_file()
    assert any(row.title.startswith("What excites filter") for row in answer.pictures)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["mobilenet_v2", "efficientnet_v2b0"])
def test_the_model_of_a_run_is_opened_with_the_blocks_of_its_backbone(home, backbone):
    network = BackboneNetwork(backbone=backbone, weights="random", image_size=64)
    run = make_run(spec=run_spec(network=network, training=TransferTraining()))
    classifier = build_classifier(network, num_classes=2)
    classifier.inference_model().save(run.path / "model.keras")
    opened = open_network(run.id, report=lambda *_: None)
    names = [block.name for block in classifier.blocks]
    assert opened.blocks == tuple(names[place] for place in spread(len(names)))
    pictures = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype(np.float32)
    maps = classifier.backbone(classifier.preprocessing(pictures)).numpy()
    np.testing.assert_allclose(opened.model(pictures)[-1].numpy(), maps, atol=1e-4 * np.abs(maps).max())
