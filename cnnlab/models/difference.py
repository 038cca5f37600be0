"""How two networks of blocks differ: their figures side by side, and their lists laid against each other.

Blocks are paired so that as little as possible has changed from one list to the other; names do not
count. This module never judges which network is better.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cnnlab.models.anatomy import Anatomy, describe_network
from cnnlab.specs.activations import ACTIVATIONS
from cnnlab.specs.blocks import Block
from cnnlab.specs.networks import BlockNetwork

LAYERS_DEEP: MappingProxyType[str, Callable[[Any], int]] = MappingProxyType(
    {
        "convolution": lambda block: block.repeats,
        "depthwise_convolution": lambda block: 1,
        "separable_convolution": lambda block: 2,
        "residual": lambda block: 2,
        "bottleneck": lambda block: 3,
        "dense": lambda block: 1,
    }
)
"""Convolutions and dense layers in a row in a block; none in a kind that is missing here. As papers count,
ways around a block and the weighing of maps by squeeze and excitation do not make a network deeper."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure that networks are compared by, and the words for more and less of it."""

    label: str
    more: str
    less: str


FIGURES: MappingProxyType[str, Figure] = MappingProxyType(
    {
        "parameters": Figure(label="Parameters", more="more", less="fewer"),
        "multiply_adds": Figure(label="Multiply-adds", more="more", less="fewer"),
        "activation_bytes": Figure(label="Memory of activations", more="more", less="less"),
        "receptive_field": Figure(label="Receptive field", more="larger", less="smaller"),
        "depth": Figure(label="Depth", more="deeper", less="shallower"),
        "image_size": Figure(label="Image size", more="larger", less="smaller"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Total:
    """One figure of both networks."""

    name: str
    """A key of FIGURES."""
    one: int
    other: int

    @property
    def ratio(self) -> float | None:
        """How many times the other's figure the one's is; None where the other's is nothing."""
        return self.one / self.other if self.other else None

    @property
    def words(self) -> str:
        """Say how the one stands to the other: '4.9 times', '23 % fewer', 'the same'."""
        figure = FIGURES[self.name]
        if self.one == self.other:
            return "the same"
        if not self.one or not self.other:
            return figure.more if self.one else "none"
        larger, smaller = max(self.one, self.other), min(self.one, self.other)
        word = figure.more if self.one > self.other else figure.less
        if larger < 2 * smaller:
            change = abs(self.one - self.other) / self.other
            return f"{change:.0%}".replace("%", f" % {word}") if change >= 0.005 else f"hardly {word}"
        times = larger / smaller
        number = f"{times:.1f}" if times < 10 else f"{times:,.0f}"
        return f"{number} times" if self.one > self.other else f"{number} times {word}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting that differs between two blocks of the same kind."""

    title: str
    one: str
    other: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A block of one network beside the block of the other that it corresponds to, if there is one."""

    one: int | None
    """Position in its network, from 0; None where the other has a block of its own."""
    other: int | None
    changes: tuple[Change, ...] = ()

    @property
    def kind(self) -> str:
        """'same', 'changed', 'only_one' or 'only_other'."""
        if self.other is None:
            return "only_one"
        if self.one is None:
            return "only_other"
        return "changed" if self.changes else "same"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two networks compared."""

    one: Anatomy
    other: Anatomy
    totals: tuple[Total, ...]
    pairs: tuple[Pair, ...]
    """In the order of both lists; every block of each is in exactly one."""

    def count(self, kind: str) -> int:
        """How many pairs are of a kind."""
        return sum(pair.kind == kind for pair in self.pairs)

    @property
    def nothing_differs(self) -> bool:
        """Whether both are the same network but for the name."""
        sizes = next(total for total in self.totals if total.name == "image_size")
        return self.count("same") == len(self.pairs) and sizes.one == sizes.other


def compare_networks(
    one: BlockNetwork, other: BlockNetwork, *, num_classes: int, batch_size: int = 64
) -> Difference:
    """Compare two networks; never raises.

    Args:
        one: The network that is spoken of.
        other: What it is measured by.
        num_classes: Units of both output layers.
        batch_size: Pictures that are in memory together.
    """
    figures = [
        describe_network(network, num_classes=num_classes, batch_size=batch_size) for network in (one, other)
    ]
    ours, theirs = (
        _figures(network, anatomy) for network, anatomy in zip((one, other), figures, strict=True)
    )
    return Difference(
        one=figures[0],
        other=figures[1],
        totals=tuple(Total(name=name, one=ours[name], other=theirs[name]) for name in FIGURES),
        pairs=align_blocks(one.blocks, other.blocks),
    )


def depth(network: BlockNetwork) -> int:
    """Count the layers with weights that a value goes through, the output layer with them."""
    return 1 + sum(LAYERS_DEEP[block.kind](block) for block in network.blocks if block.kind in LAYERS_DEEP)


def align_blocks(one: Sequence[Block], other: Sequence[Block]) -> tuple[Pair, ...]:
    """Pair the blocks of two lists at the least cost (https://doi.org/10.1145/321796.321811).

    A block that only one list has costs 1. Two of a kind with other settings cost less than leaving both
    alone, and the less the fewer settings differ; two of different kinds are never paired.
    """
    changes = {(a, b): _changes(a, b) for a in set(one) for b in set(other) if a.kind == b.kind}
    costs = {
        blocks: len(found) / (2 * len(type(blocks[0]).model_fields)) + (0.5 if found else 0.0)
        for blocks, found in changes.items()
    }
    # cost[i][j]: of the best way to pair what follows the first i blocks of one and the first j of the other.
    cost = [[0.0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one), -1, -1):
        for j in range(len(other), -1, -1):
            steps = _steps(cost, costs, one, other, i, j)
            cost[i][j] = min(steps)[0] if steps else 0.0
    pairs, i, j = [], 0, 0
    while steps := _steps(cost, costs, one, other, i, j):
        _, _, ours, theirs = min(steps)
        paired = changes[one[i], other[j]] if ours and theirs else ()
        pairs.append(Pair(one=i if ours else None, other=j if theirs else None, changes=paired))
        i, j = i + ours, j + theirs
    return tuple(pairs)


def _steps(
    cost: list[list[float]],
    costs: dict[tuple[Block, Block], float],
    one: Sequence[Block],
    other: Sequence[Block],
    i: int,
    j: int,
) -> list[tuple[float, int, int, int]]:
    """What can be done with the next blocks: (cost to the end, preference, taken of one, taken of the other)."""
    steps = []
    if i < len(one) and j < len(other) and (one[i], other[j]) in costs:
        steps.append((cost[i + 1][j + 1] + costs[one[i], other[j]], 0, 1, 1))
    if i < len(one):
        steps.append((cost[i + 1][j] + 1, 1, 1, 0))
    if j < len(other):
        steps.append((cost[i][j + 1] + 1, 2, 0, 1))
    return steps


def _figures(network: BlockNetwork, anatomy: Anatomy) -> dict[str, int]:
    return {
        "parameters": anatomy.parameters,
        "multiply_adds": anatomy.multiply_adds,
        "activation_bytes": anatomy.activation_bytes,
        "receptive_field": anatomy.receptive_field,
        "depth": depth(network),
        "image_size": network.image_size,
    }


def _changes(one: Block, other: Block) -> tuple[Change, ...]:
    return tuple(
        Change(title=field.title or name, one=_said(ours), other=_said(theirs))
        for name, field in type(one).model_fields.items()
        if (ours := getattr(one, name)) != (theirs := getattr(other, name))
    )


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ACTIVATIONS[value].label if value in ACTIVATIONS else str(value)
