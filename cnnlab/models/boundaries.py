"""Finds the blocks of a built backbone, and the single tensors between them.

Between two blocks lies a boundary: one tensor through which everything from below reaches what is
above, so that what is below can be computed once and kept. Where a family has none at a place, the
blocks on both sides are one. This module never builds a backbone and never changes one.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnlab.models.families import Family

if TYPE_CHECKING:
    import keras

STEM = "stem"
"""What comes before the first named block."""


@dataclass(frozen=True, kw_only=True)
class BackboneBlock:
    """Some layers of a backbone that are frozen or unfrozen together."""

    name: str
    starts_at: Any
    """The symbolic tensor that it starts from; nothing else from below reaches it or what is above it."""
    ends_at: Any
    layers: "tuple[keras.Layer, ...]"


def find_blocks(backbone: "keras.Model", *, family: Family) -> tuple[BackboneBlock, ...]:
    """Name the blocks of a backbone by its family's pattern; what follows the last one belongs to it.

    Args:
        backbone: Freshly built, from one picture to one tensor of maps.
        family: Says how its layers are named.

    Returns:
        At least one block, in order; together they hold every layer but the input, each once.
    """
    layers = backbone.layers
    cuts = _single_tensor_cuts(backbone)
    starts = _starts(layers, cuts, family=family)
    blocks = []
    for (first, name), (after, _) in zip(starts, [*starts[1:], (len(layers), "")], strict=True):
        blocks.append(
            BackboneBlock(
                name=name,
                starts_at=layers[first - 1].output,
                ends_at=layers[after - 1].output,
                layers=tuple(layers[first:after]),
            )
        )
    return tuple(blocks)


def stages_of_backbone(model: "keras.Model", *, family: Family) -> tuple[Any, list[tuple[str, Any]]]:
    """Find what each block of the backbone inside a whole network puts out.

    Args:
        model: From raw pictures to probabilities, as a run keeps it: preprocessing, backbone and head.
        family: Of the backbone.

    Returns:
        A symbolic raw picture, and for each block its name and a symbolic tensor, shape (N, height, width, maps).
    """
    import keras

    parts = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    backbone = max(parts, key=lambda part: len(part.layers))
    blocks = find_blocks(backbone, family=family)
    picture = keras.Input(model.input_shape[1:])
    scaled = picture
    for part in parts[: parts.index(backbone)]:
        scaled = part(scaled)
    maps = keras.Model(backbone.inputs[0], [block.ends_at for block in blocks])(scaled)
    maps = maps if isinstance(maps, list) else [maps]
    return picture, list(zip([block.name for block in blocks], maps, strict=True))


def _single_tensor_cuts(backbone: "keras.Model") -> list[int]:
    """Positions of the layers whose output every way from the picture to the features passes through.

    The layers come in an order in which none precedes what it needs. In such an order a layer's
    output is such a cut if no connection leads from before it to after it.
    """
    import keras

    position = {id(layer.output): index for index, layer in enumerate(backbone.layers)}
    furthest_reader = [0] * len(backbone.layers)
    for index, layer in enumerate(backbone.layers[1:], start=1):
        for entering in keras.tree.flatten(layer.input):
            source = position[id(entering)]
            furthest_reader[source] = max(furthest_reader[source], index)
    cuts, reach = [], 0
    for index, reader in enumerate(furthest_reader):
        if reach <= index:
            cuts.append(index)
        # Only connections that begin below a layer can lead past it.
        reach = max(reach, reader)
    return cuts


def _starts(layers: "list[keras.Layer]", cuts: list[int], *, family: Family) -> list[tuple[int, str]]:
    """Position of the first layer and name of every block; two that would start at the same place are one."""
    named = _first_layers(layers, cuts, family=family)
    starts = {1: STEM}
    for first, name in named:
        cut = max(cut for cut in cuts if cut < first)
        starts[cut + 1] = name
    return sorted(starts.items())


def _first_layers(layers: "list[keras.Layer]", cuts: list[int], *, family: Family) -> list[tuple[int, str]]:
    pattern = re.compile(family.block_start or family.block_end)
    found = [(index, match) for index, layer in enumerate(layers) if (match := pattern.search(layer.name))]
    names = [(index, family.block_name.format(match.group(1))) for index, match in found]
    if family.block_start:
        first: dict[str, int] = {}
        for index, name in names:
            first.setdefault(name, index)
        return [(index, name) for name, index in first.items()]
    # A block that is named at its end begins after the end of the one before it.
    ends = [index for index, _ in names]
    return [(end + 1, name) for end, (_, name) in zip(ends, names[1:], strict=False)]
