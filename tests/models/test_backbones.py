"""The table of backbones: complete, with sources, and its counts known without TensorFlow."""

import subprocess
import sys

import pytest

from cnnlab.errors import SpecError
from cnnlab.models.backbones import BACKBONE_BLOCKS, BACKBONES, count_parameters, find_backbone
from cnnlab.models.families import FAMILIES, PREPROCESSINGS
from cnnlab.specs.networks import BackboneNetwork, Head
from cnnlab.specs.training import TransferTraining

V2B0 = BackboneNetwork(backbone="efficientnet_v2b0")


def test_all_34_backbones_are_there_with_their_blocks():
    assert len(BACKBONES) == 34
    assert set(BACKBONE_BLOCKS) == set(BACKBONES)
    assert len({row.label for row in BACKBONES.values()}) == 34


@pytest.mark.parametrize("name", BACKBONES)
def test_every_row_is_complete(name):
    row = find_backbone(name)
    assert row.name == name
    assert name.isidentifier()
    assert name == name.lower()
    assert row.source
    assert row.best_for.endswith(".")
    assert row.family.paper.startswith("https://arxiv.org/abs/")
    assert row.family.licence
    assert row.image_size == BACKBONE_BLOCKS[name].image_size >= row.family.smallest_image_size
    assert 50 < row.top1_percent < 100
    assert (row.cpu_ms_per_step is None) == (row.gpu_ms_per_step is None)
    # Published figures include the 1000-class top; VGG's is larger than the rest of it.
    assert BACKBONE_BLOCKS[name].parameters < row.parameters_millions * 1e6


@pytest.mark.parametrize(
    ("name", "size_mb", "top1_percent", "lesson_size_mb", "lesson_top1_percent"),
    [
        ("mobilenet_v2", 14, 71.3, 14, 71.8),
        ("efficientnet_v2b0", 29, 78.7, 29, 78.7),
        ("efficientnet_v2l", 479, 85.7, 478, 85.7),
        ("resnet50", 98, 74.9, 98, 76.0),
    ],
)
def test_the_lessons_four_carry_both_figures(
    name, size_mb, top1_percent, lesson_size_mb, lesson_top1_percent
):
    row = find_backbone(name)
    assert (row.size_mb, row.top1_percent) == (size_mb, top1_percent)
    assert (row.lesson.size_mb, row.lesson.top1_percent) == (lesson_size_mb, lesson_top1_percent)
    assert "keras.io" in row.lesson.note


def test_only_the_lessons_four_are_marked():
    assert {name for name, row in BACKBONES.items() if row.lesson} == {
        *("mobilenet_v2", "efficientnet_v2b0", "efficientnet_v2l", "resnet50")
    }


def test_speed_is_only_said_where_times_were_published():
    assert find_backbone("efficientnet_v2b0").speed == "no times published"
    assert "25.9 ms" in find_backbone("mobilenet_v2").speed


def test_every_family_is_used_and_knows_its_preprocessing():
    assert {row.family.label for row in BACKBONES.values()} == {family.label for family in FAMILIES.values()}
    assert {family.preprocessing for family in FAMILIES.values()} == set(PREPROCESSINGS)
    assert all(bool(family.block_start) != bool(family.block_end) for family in FAMILIES.values())


def test_a_backbone_that_is_not_there_lists_those_that_are():
    with pytest.raises(SpecError, match=r"There is no backbone named 'alexnet'\. .*efficientnet_lite0"):
        find_backbone("alexnet")


@pytest.mark.parametrize(
    ("unfreeze", "unfreeze_blocks", "fine_tuning", "boundary"),
    [
        pytest.param("nothing", 1, 329_221, "", id="nothing"),
        pytest.param("blocks", 1, 329_221 + 810_288, "block6h", id="the last block"),
        pytest.param("everything", 1, 6_127_317, "stem", id="everything but batch normalization"),
        pytest.param("blocks", 22, 6_127_317, "stem", id="all blocks"),
    ],
)
def test_parameters_of_both_phases_are_those_worked_out_by_hand(
    unfreeze, unfreeze_blocks, fine_tuning, boundary
):
    counts = count_parameters(V2B0, num_classes=5, unfreeze=unfreeze, unfreeze_blocks=unfreeze_blocks)
    assert (counts.backbone, counts.total) == (5_919_312, 6_248_533)
    assert counts.feature_extraction_trainable == 329_221
    assert counts.feature_extraction_frozen == 5_919_312
    assert counts.fine_tuning_trainable == fine_tuning
    assert counts.fine_tuning_frozen == 6_248_533 - fine_tuning
    assert counts.boundary == boundary


def test_a_head_without_a_hidden_layer_is_one_dense_layer():
    counts = count_parameters(V2B0.with_changes(head=Head(units=0)), num_classes=5, unfreeze="nothing")
    assert counts.head == 1280 * 5 + 5


def test_more_blocks_than_there_are_cannot_be_unfrozen():
    with pytest.raises(
        SpecError, match=r"EfficientNetV2B0 has 22 blocks; 23 cannot be unfrozen\. Choose 1 to 22"
    ):
        count_parameters(V2B0, num_classes=5, unfreeze="blocks", unfreeze_blocks=23)


def test_pictures_that_are_too_small_are_refused_before_anything_is_built():
    network = BackboneNetwork(backbone="xception", image_size=64)
    with pytest.raises(
        SpecError, match="Xception cannot take pictures of 64 × 64 pixels; it needs at least 71"
    ):
        count_parameters(network, num_classes=5, unfreeze="nothing")


def test_as_many_blocks_may_be_asked_for_as_the_largest_backbone_has():
    most = max(len(figures.blocks) for figures in BACKBONE_BLOCKS.values())
    assert TransferTraining(unfreeze_blocks=most).unfreeze_blocks == most


def test_what_pages_import_of_this_room_imports_no_tensorflow():
    rooms = "anatomy, presets, backbones, weights, recommendation, network, classifier, boundaries"
    program = f"import sys; from cnnlab.models import {rooms}; "
    program += "print(sorted({'tensorflow', 'keras', 'h5py', 'torch'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
