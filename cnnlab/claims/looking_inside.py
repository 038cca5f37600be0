"""A trained network opened up: its blocks with the maps that each puts out, and the kernels it begins with.

Takes the model that a finished run kept, or the backbone with its ImageNet weights. This module never trains
and never judges a filter.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.claims.claim import Report
from cnnlab.claims.transferring import LABEL, pretrained
from cnnlab.errors import ClaimError
from cnnlab.models.backbones import find_backbone
from cnnlab.models.boundaries import stages_of_backbone
from cnnlab.models.network import block_outputs, first_kernels
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec

if TYPE_CHECKING:
    import keras

MOST_BLOCKS = 8
"""Of more blocks so many are looked at, spread over the depth, the last one included."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A network whose maps can be looked at."""

    name: str
    """What it is called on the screen. Text of the user's: escape it."""
    model: "keras.Model"
    """From raw RGB pictures, 0..255, to a list of maps, one a block, each (N, height, width, filters)."""
    blocks: tuple[str, ...]
    """What each block is called, from the picture to the output."""
    kernels: np.ndarray
    """Of the first convolution, float32, shape (height, width, channels, filters)."""
    image_size: int
    dataset: str
    """Which pictures it was trained on: the id of a dataset, or 'shapes' where it was none of the workspace's."""


def open_network(run: str, *, report: Report) -> Opened:
    """Open the network of a finished run.

    Args:
        run: Id of the run; '' for EfficientNet-Lite0 with its ImageNet weights.
        report: Hears how far it is.

    Raises:
        ClaimError: The run kept no model, or its network has no maps.
        RunError: There is no such run.
    """
    if not run:
        return _open_backbone(report)
    import keras

    folder = RunFolder.find(run, runs=workspace().runs)
    spec, path = folder.spec(), folder.path / "model.keras"
    if not path.is_file():
        raise ClaimError(f"The run {spec.name!r} has kept no model. Choose one that has finished.")
    report("Loading the model", 0, 0)
    model = keras.models.load_model(path, compile=False)
    if spec.network.kind == "backbone":
        inputs, outputs = stages_of_backbone(model, family=find_backbone(spec.network.backbone).family)
    else:
        inputs, outputs = model.inputs[0], block_outputs(model, spec.network)
    return _opened(inputs, outputs, model=model, spec=spec)


def _opened(
    inputs: object, outputs: list[tuple[str, object]], *, model: "keras.Model", spec: RunSpec
) -> Opened:
    import keras

    if not outputs:
        raise ClaimError(
            f"The network of {spec.name!r} has no convolution, so it has no filters to look at. Choose a CNN."
        )
    chosen = spread(len(outputs))
    return Opened(
        name=spec.name,
        model=keras.Model(inputs, [outputs[place][1] for place in chosen]),
        blocks=tuple(outputs[place][0] for place in chosen),
        kernels=first_kernels(model),
        image_size=spec.network.image_size,
        dataset=spec.dataset.id,
    )


def spread(count: int, *, most: int = MOST_BLOCKS) -> list[int]:
    """Positions spread evenly over so many, the first and the last included; all where there are few."""
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]


def _open_backbone(report: Report) -> Opened:
    import keras

    image_size = 96
    classifier = pretrained(image_size=image_size, num_classes=2, seed=0, report=report)
    chosen = spread(len(classifier.blocks))
    maps = keras.Model(classifier.backbone.inputs[0], [classifier.blocks[place].ends_at for place in chosen])
    picture = keras.Input((image_size, image_size, 3))
    return Opened(
        name=f"{LABEL} with ImageNet weights",
        model=keras.Model(picture, maps(classifier.preprocessing(picture))),
        blocks=tuple(classifier.blocks[place].name for place in chosen),
        kernels=first_kernels(classifier.backbone),
        image_size=image_size,
        dataset="shapes",
    )
