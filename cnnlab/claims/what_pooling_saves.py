"""What pooling saves: the lesson's CNN with and without its poolings, behind either bridge, worked out on paper.

Parameters, multiply-adds, memory and receptive fields come from `models.anatomy`; nothing is trained. This
module never draws.
"""

from pydantic import Field

from cnnlab.claims.answers import Answer, Bar, BarChart, Line, LineChart, Number
from cnnlab.claims.claim import Claim
from cnnlab.models.anatomy import Anatomy, describe_network
from cnnlab.models.presets import PRESETS
from cnnlab.specs.base import Spec
from cnnlab.specs.blocks import Convolution, Flatten, GlobalAveragePooling, MaxPooling
from cnnlab.specs.networks import BlockNetwork

NUM_CLASSES = 10
SIZES = (16, 32, 64, 128, 256)
"""Sizes of pictures that the chart of parameters goes through."""
POOLED, UNPOOLED = "with pooling", "without pooling"
GLOBAL, FLATTEN = "Global average pooling", "Flatten"
VARIANTS = tuple((bridge, pooling) for bridge in (GLOBAL, FLATTEN) for pooling in (POOLED, UNPOOLED))
"""Every network that is compared: what leads from maps to the dense layers, and whether maps are halved before."""


class WhatPoolingSaves(Spec):
    """What is worked out."""

    image_size: int = Field(
        32,
        ge=16,
        le=256,
        title="Picture size",
        description="Height and width of the pictures, in pixels.",
        json_schema_extra={"slider_step": 8},
    )


def network_of(bridge: str, pooling: str, *, image_size: int) -> BlockNetwork:
    """The lesson's CNN, alike in all but its poolings and its bridge."""
    blocks = []
    for block in PRESETS["lesson_cnn"].network.blocks:
        if isinstance(block, MaxPooling) and pooling == UNPOOLED:
            continue
        if isinstance(block, GlobalAveragePooling) and bridge == FLATTEN:
            block = Flatten()
        blocks.append(block)
    return BlockNetwork(name=f"{bridge}, {pooling}", image_size=image_size, blocks=tuple(blocks))


def compare(*, image_size: int) -> dict[tuple[str, str], Anatomy]:
    """The figures of every variant for one picture, in the order of `VARIANTS`."""
    return {
        (bridge, pooling): describe_network(
            network_of(bridge, pooling, image_size=image_size), num_classes=NUM_CLASSES, batch_size=1
        )
        for bridge, pooling in VARIANTS
    }


def receptive_fields(anatomy: Anatomy) -> tuple[int, ...]:
    """Pixels a side that one value sees: of the picture itself, then after each pair of convolutions and its pooling."""
    fields = [1]
    for row in anatomy.rows:
        if row.label == Convolution().label:
            fields.append(row.receptive_field)
        elif row.label == MaxPooling().label:
            fields[-1] = row.receptive_field
    return tuple(fields)


def work_out(settings: WhatPoolingSaves) -> Answer:
    """Count what the poolings change behind either bridge."""
    found = compare(image_size=settings.image_size)
    pooled, unpooled = found[GLOBAL, POOLED], found[GLOBAL, UNPOOLED]
    flat, unpooled_flat = found[FLATTEN, POOLED], found[FLATTEN, UNPOOLED]
    work = unpooled.multiply_adds / pooled.multiply_adds
    return Answer(
        verdict="partly",
        sentence=f"With global average pooling the network takes {pooled.parameters:,} parameters with its poolings and {unpooled.parameters:,} without, "
        f"but {work:.1f} times fewer multiply-adds. With Flatten the poolings save parameters too: {flat.parameters:,} instead of "
        f"{unpooled_flat.parameters:,}.",
        meaning="A convolution has as many weights on a small map as on a large one, so halving maps saves none. It saves work and memory, and lets "
        "every value of the next layers see twice as far. Only what is joined to every place, a dense layer behind Flatten, shrinks "
        "with the map. Strided convolutions save the same.",
        numbers=_numbers(found),
        charts=_charts(found),
        scores={
            f"{figure} {bridge}, {pooling}": getattr(anatomy, figure)
            for (bridge, pooling), anatomy in found.items()
            for figure in ("parameters", "multiply_adds", "receptive_field")
        },
    )


def _numbers(found: dict[tuple[str, str], Anatomy]) -> tuple[Number, ...]:
    pooled, unpooled = found[GLOBAL, POOLED], found[GLOBAL, UNPOOLED]
    work = unpooled.multiply_adds / pooled.multiply_adds
    memory = unpooled.activation_bytes / pooled.activation_bytes
    weights = found[FLATTEN, UNPOOLED].parameters / found[FLATTEN, POOLED].parameters
    return (
        Number(
            label="Multiply-adds",
            value=f"{work:.1f} times fewer",
            sentence=f"{pooled.multiply_adds:,} against {unpooled.multiply_adds:,}, with global average pooling",
        ),
        Number(
            label="Memory of activations",
            value=f"{memory:.1f} times less",
            sentence="what all layers put out for one picture",
        ),
        Number(
            label="Receptive field",
            value=f"{pooled.receptive_field} px",
            sentence=f"of the last map; without pooling {unpooled.receptive_field} px",
        ),
        Number(
            label="Parameters, with Flatten",
            value=f"{weights:.1f} times fewer",
            sentence="with global average pooling just as many",
        ),
    )


def _charts(found: dict[tuple[str, str], Anatomy]) -> tuple[BarChart | LineChart, ...]:
    fields = {pooling: receptive_fields(found[GLOBAL, pooling]) for pooling in (POOLED, UNPOOLED)}
    sizes = {size: compare(image_size=size) for size in SIZES}
    return (
        BarChart(
            title="Multiply-adds for one picture",
            y_label="Multiply-adds",
            bars=tuple(
                Bar(label=bridge, value=anatomy.multiply_adds, group=pooling)
                for (bridge, pooling), anatomy in found.items()
            ),
        ),
        LineChart(
            title="What one value sees, block by block",
            x_label="After block (two convolutions each)",
            y_label="Receptive field (pixels a side)",
            lines=tuple(
                Line(label=pooling, x=tuple(range(len(seen))), y=seen) for pooling, seen in fields.items()
            ),
        ),
        LineChart(
            title="Parameters as pictures grow",
            x_label="Picture size (pixels a side)",
            y_label="Parameters",
            x_log=True,
            y_log=True,
            lines=tuple(
                Line(label=label, x=SIZES, y=tuple(sizes[size][variant].parameters for size in SIZES))
                for label, variant in (
                    (f"{GLOBAL}, with and without pooling", (GLOBAL, POOLED)),
                    (f"{FLATTEN}, {POOLED}", (FLATTEN, POOLED)),
                    (f"{FLATTEN}, {UNPOOLED}", (FLATTEN, UNPOOLED)),
                )
            ),
        ),
    )


CLAIM = Claim(
    id="what_pooling_saves",
    title="What pooling saves, and what it does not",
    says="Pooling halves the maps, which means fewer parameters in the layers that follow.",
    exactly="In the lesson's own CNN it saves none: 304,810 parameters with the poolings and without, because global average pooling follows. It saves "
    "work, 38,651,136 multiply-adds against 293,455,104, and widens what the last map sees from 13 pixels to 36 "
    "(https://distill.pub/2019/computing-receptive-fields). With Flatten it saves parameters: 550,570 against 17,065,642.",
    experiment="Change the size of the pictures, and compare the lesson's CNN with and without its poolings, behind global average pooling and behind Flatten.",
    icon=":material/savings:",
    settings=WhatPoolingSaves,
    measure=None,
)
