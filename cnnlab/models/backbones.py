"""Table of pretrained backbones: what was published about each, what each is best for, and how large it is.

A row is a line of `backbones.csv`, together with what its family shares and with what
`python -m cnnlab.models.measure_blocks` found in Keras. Plain data: listing it needs no TensorFlow.
This module never builds a network and never looks for weights.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cnnlab.errors import SpecError, unknown_name
from cnnlab.models.families import FAMILIES, PREPROCESSINGS, Family, Preprocessing
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.training import Unfreeze

TABLE = Path(__file__).with_name("backbones.csv")
BLOCKS = Path(__file__).with_name("backbone_blocks.json")


@dataclass(frozen=True, kw_only=True)
class LessonFigures:
    """What the lesson says about a backbone, and why it differs where it does."""

    size_mb: float
    top1_percent: float
    speed: str
    best_for: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """One row of the comparison table; None where nothing was published."""

    name: str
    label: str
    module: str
    """Module of `keras.applications` whose function is called as the label; empty for what cnnlab builds itself."""
    family: Family
    image_size: int
    """Height and width in pixels that it was trained for."""
    size_mb: float
    top1_percent: float
    top5_percent: float | None
    parameters_millions: float
    """With the 1000-class top, as published."""
    depth: int | None
    cpu_ms_per_step: float | None
    gpu_ms_per_step: float | None
    """A step of 32 pictures, on a 92-core CPU and an A100, as published."""
    source: str
    best_for: str
    lesson: LessonFigures | None

    @property
    def preprocessing(self) -> Preprocessing:
        """What is done to raw pictures before it."""
        return PREPROCESSINGS[self.family.preprocessing]

    @property
    def speed(self) -> str:
        """The published times in words; speed is per device, so this is only a comparison."""
        if self.cpu_ms_per_step is None:
            return "no times published"
        return f"{self.cpu_ms_per_step:g} ms on a 92-core CPU, {self.gpu_ms_per_step:g} ms on an A100, for 32 pictures"


@dataclass(frozen=True, kw_only=True)
class BlockFigures:
    """One block of a backbone, as found in its graph at the backbone's own image size."""

    name: str
    parameters: int
    trainable_parameters: int
    """When unfrozen: all but those of batch normalization, which stays still."""
    multiply_adds: int
    """For one picture."""
    layers: int
    activation_values: int
    """How many values all its layers put out for one picture."""
    output_shape: tuple[int, ...]
    """(height, width, maps) of what the next block gets."""


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """The file with ImageNet weights, without a top, that Keras fetches for a backbone."""

    file: str
    url: str
    md5: str | None


@dataclass(frozen=True, kw_only=True)
class BackboneBlocks:
    """The blocks of a backbone, from the picture to the features."""

    image_size: int
    features: int
    """How many values come out per picture, once the maps are pooled."""
    blocks: tuple[BlockFigures, ...]
    weights: WeightsFile | None

    @property
    def parameters(self) -> int:
        """Of the whole backbone, without a head."""
        return sum(block.parameters for block in self.blocks)


LESSON = {
    "mobilenet_v2": LessonFigures(
        size_mb=14,
        top1_percent=71.8,
        speed="Very fast",
        best_for="Mobile and edge devices",
        note="71.8 % is an older checkpoint's figure; keras.io gives 71.3 % for the weights that are loaded here.",
    ),
    "efficientnet_v2b0": LessonFigures(
        size_mb=29,
        top1_percent=78.7,
        speed="Fast",
        best_for="Balance of accuracy and speed",
        note="Both sources agree on the figures. 'Fast' has no published basis: keras.io gives no times for EfficientNetV2.",
    ),
    "efficientnet_v2l": LessonFigures(
        size_mb=478,
        top1_percent=85.7,
        speed="Slow",
        best_for="Highest accuracy when there is compute",
        note="keras.io gives 479 MB. 85.7 % holds at 480 px, not at the lesson's 224 px. "
        "'Slow' has no published basis: keras.io gives no times for EfficientNetV2.",
    ),
    "resnet50": LessonFigures(
        size_mb=98,
        top1_percent=76.0,
        speed="Medium",
        best_for="Well-studied baseline",
        note="76.0 % is ResNet50V2's row on keras.io; ResNet50 has 74.9 % there.",
    ),
}


def _load_table() -> dict[str, Backbone]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: _backbone(row) for row in csv.DictReader(file)}


def _backbone(row: dict[str, str]) -> Backbone:
    numbers: dict[str, Any] = {
        "image_size": int(row["image_size"]),
        "depth": int(row["depth"]) if row["depth"] else None,
    }
    measured = (
        "size_mb",
        "top1_percent",
        "top5_percent",
        "parameters_millions",
        "cpu_ms_per_step",
        "gpu_ms_per_step",
    )
    numbers |= {column: float(row[column]) if row[column] else None for column in measured}
    words = {column: row[column] for column in ("name", "label", "module", "source", "best_for")}
    return Backbone(**words, **numbers, family=FAMILIES[row["family"]], lesson=LESSON.get(row["name"]))


def _load_blocks() -> dict[str, BackboneBlocks]:
    found = json.loads(BLOCKS.read_text(encoding="utf-8"))
    return {
        name: BackboneBlocks(
            image_size=row["image_size"],
            features=row["features"],
            weights=WeightsFile(**row["weights"]) if row["weights"] else None,
            blocks=tuple(
                BlockFigures(**{**block, "output_shape": tuple(block["output_shape"])})
                for block in row["blocks"]
            ),
        )
        for name, row in found.items()
    }


BACKBONES: Mapping[str, Backbone] = MappingProxyType(_load_table())
BACKBONE_BLOCKS: Mapping[str, BackboneBlocks] = MappingProxyType(_load_blocks())


def find_backbone(name: str) -> Backbone:
    """Return the row of a backbone.

    Raises:
        SpecError: There is none of this name; the message lists those there are.
    """
    try:
        return BACKBONES[name]
    except KeyError:
        raise SpecError(unknown_name("backbone", name, BACKBONES)) from None


def check_image_size(row: Backbone, *, image_size: int) -> None:
    """Refuse pictures that a backbone would shrink to nothing.

    Raises:
        SpecError: They are too small; the message says what it takes.
    """
    if image_size < row.family.smallest_image_size:
        raise SpecError(
            f"{row.label} cannot take pictures of {image_size} × {image_size} pixels; it needs at least "
            f"{row.family.smallest_image_size}. {row.image_size} is what it was trained for."
        )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many parameters learn in each phase, of how many."""

    head: int
    backbone: int
    feature_extraction_trainable: int
    fine_tuning_trainable: int
    boundary: str
    """Name of the first block that is unfrozen; empty when none is."""

    @property
    def total(self) -> int:
        """Head and backbone together."""
        return self.head + self.backbone

    @property
    def feature_extraction_frozen(self) -> int:
        """What stays as it is in the first phase."""
        return self.total - self.feature_extraction_trainable

    @property
    def fine_tuning_frozen(self) -> int:
        """What stays as it is in the second phase, batch normalization included."""
        return self.total - self.fine_tuning_trainable


def count_parameters(
    network: BackboneNetwork, *, num_classes: int, unfreeze: Unfreeze, unfreeze_blocks: int = 1
) -> Counts:
    """Count what learns in both phases, without TensorFlow.

    Raises:
        SpecError: There is no such backbone, the image size is too small for it, or it has fewer
            blocks than are to be unfrozen.
    """
    check_image_size(find_backbone(network.backbone), image_size=network.image_size)
    figures = BACKBONE_BLOCKS[network.backbone]
    names = [block.name for block in figures.blocks]
    first = first_unfrozen(network.backbone, names, unfreeze=unfreeze, unfreeze_blocks=unfreeze_blocks)
    widths = [figures.features, *([network.head.units] if network.head.units else []), num_classes]
    head = sum(inputs * units + units for inputs, units in pairwise(widths))
    return Counts(
        head=head,
        backbone=figures.parameters,
        feature_extraction_trainable=head,
        fine_tuning_trainable=head + sum(block.trainable_parameters for block in figures.blocks[first:]),
        boundary=names[first] if first < len(names) else "",
    )


def first_unfrozen(backbone: str, blocks: list[str], *, unfreeze: Unfreeze, unfreeze_blocks: int) -> int:
    """Return the position of the first block that learns in the second phase; `len(blocks)` when none does.

    Raises:
        SpecError: The backbone has fewer blocks than are to be unfrozen.
    """
    if unfreeze == "nothing":
        return len(blocks)
    if unfreeze == "everything":
        return 0
    if not 1 <= unfreeze_blocks <= len(blocks):
        raise SpecError(
            f"{find_backbone(backbone).label} has {len(blocks)} blocks; {unfreeze_blocks} cannot be unfrozen. "
            f"Choose 1 to {len(blocks)}, or unfreeze everything."
        )
    return len(blocks) - unfreeze_blocks
