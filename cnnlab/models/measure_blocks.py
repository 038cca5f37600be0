"""Writes `backbone_blocks.json`: what Keras says about the blocks of every backbone.

    python -m cnnlab.models.measure_blocks

Run it after adding a row to `backbones.csv`, or when Keras changes a network; a test compares the
file with Keras. Pages read the file, so none of them needs TensorFlow. Nothing is ever downloaded.
"""

import json
from math import prod
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from cnnlab.files import write_text
from cnnlab.models.backbones import BACKBONES, BLOCKS
from cnnlab.models.boundaries import BackboneBlock, find_blocks
from cnnlab.models.classifier import build_backbone

if TYPE_CHECKING:
    import keras


class _AskedError(Exception):
    """Keras asked for a file of weights; it gets none."""


def measure(name: str) -> dict[str, Any]:
    """Build one backbone at its own image size and describe its blocks.

    Returns:
        What `backbones.BackboneBlocks` is made of, as JSON, but for the file of weights.
    """
    import keras

    row = BACKBONES[name]
    backbone = build_backbone(name, image_size=row.image_size)
    figures = {
        "image_size": row.image_size,
        "features": backbone.output_shape[-1],
        "blocks": [_figures(block) for block in find_blocks(backbone, family=row.family)],
    }
    keras.backend.clear_session()
    return figures


def weights_file(name: str) -> dict[str, str | None] | None:
    """Listen to which file Keras would fetch for a backbone; None for one that cnnlab builds itself."""
    import keras

    row = BACKBONES[name]
    if not row.module:
        return None
    asked: dict[str, str | None] = {}

    def listen(file: str, url: str, *, file_hash: str | None = None, **_: Any) -> None:
        asked.update(file=file, url=url, md5=file_hash)
        raise _AskedError

    # There is no public way to ask for the name of the file without fetching it.
    with patch("keras.src.utils.file_utils.get_file", listen):
        try:
            shape = (row.image_size, row.image_size, 3)
            getattr(keras.applications, row.label)(weights="imagenet", include_top=False, input_shape=shape)
        except _AskedError:
            return asked
    raise AssertionError(f"Keras built {row.label} without asking for its weights")


def _figures(block: BackboneBlock) -> dict[str, Any]:
    import keras

    learning = [
        weight
        for layer in block.layers
        if not isinstance(layer, keras.layers.BatchNormalization)
        for weight in layer.trainable_weights
    ]
    return {
        "name": block.name,
        "parameters": sum(layer.count_params() for layer in block.layers),
        "trainable_parameters": sum(prod(weight.shape) for weight in learning),
        "multiply_adds": sum(_multiply_adds(layer) for layer in block.layers),
        "layers": len(block.layers),
        "activation_values": sum(prod(layer.output.shape[1:]) for layer in block.layers),
        "output_shape": list(block.ends_at.shape[1:]),
    }


def _multiply_adds(layer: "keras.Layer") -> int:
    """Of one picture; every kernel is laid at every position of the output, biases are not counted."""
    import keras

    if isinstance(layer, keras.layers.BatchNormalization | keras.layers.Normalization):
        return 0
    kernels = sum(prod(weight.shape) for weight in layer.weights if len(weight.shape) >= 2)
    return prod(layer.output.shape[1:-1]) * kernels


def main() -> None:
    """Measure every backbone and write the file, one block a line."""
    rows = []
    for name in BACKBONES:
        figures = measure(name)
        blocks = ",\n".join(f"      {json.dumps(block)}" for block in figures.pop("blocks"))
        head = json.dumps(figures | {"weights": weights_file(name)})[1:-1]
        rows.append(f'  "{name}": {{\n    {head},\n    "blocks": [\n{blocks}\n    ]\n  }}')
    write_text(BLOCKS, "{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
