"""What the lint's rules are made of: a network walked from the picture to the output, and changes to it.

This module knows no rule.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cnnlab.models.anatomy import Anatomy, Row
from cnnlab.specs.blocks import Block
from cnnlab.specs.networks import BlockNetwork

CONVOLUTIONS = frozenset(
    {"convolution", "separable_convolution", "depthwise_convolution", "residual", "bottleneck"}
)
AROUND = frozenset({"residual", "bottleneck"})
"""Blocks with an activation inside and a way around them: never one linear layer."""
POOLS = frozenset({"max_pooling", "average_pooling"})
DROPOUTS = frozenset({"dropout", "spatial_dropout"})
BRIDGES = frozenset({"flatten", "global_average_pooling"})
"""Blocks after which there are no maps any more."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A way to mend something: the blocks as they would be."""

    label: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing that a rule noticed."""

    block: int | None
    sentence: str
    changes: Iterable[Change] = ()
    """Ways to mend it, the best first; the first that works is offered."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the table of rules."""

    severity: str
    find: Callable[[BlockNetwork, Anatomy], Iterator[Found]]


@dataclass(frozen=True, kw_only=True)
class Place:
    """One block where it stands."""

    at: int
    block: Any
    row: Row
    reached_by: tuple[int, ...]
    """Shape of what reaches it, without the batch."""

    @property
    def on_maps(self) -> bool:
        """Whether maps reach it, and not a vector."""
        return len(self.reached_by) == 3

    @property
    def has_weights(self) -> bool:
        """Whether it multiplies what reaches it by weights: a convolution or a dense layer."""
        return self.block.kind in CONVOLUTIONS or self.block.kind == "dense"


def places(network: BlockNetwork, anatomy: Anatomy) -> list[Place]:
    """Walk a network from the picture to the output."""
    shape, found = anatomy.rows[0].output_shape, []
    for at, (block, row) in enumerate(zip(network.blocks, anatomy.rows[1:-1], strict=True)):
        found.append(Place(at=at, block=block, row=row, reached_by=shape))
        shape = row.output_shape or shape
    return found


def insert(network: BlockNetwork, at: int, *blocks: Block, label: str) -> Change:
    """Put blocks in before one."""
    return Change(label=label, blocks=network.blocks[:at] + blocks + network.blocks[at:])


def remove(network: BlockNetwork, at: int, *, label: str) -> Change:
    """Leave one block out."""
    return Change(label=label, blocks=network.blocks[:at] + network.blocks[at + 1 :])


def exchange(network: BlockNetwork, at: int, block: Block, *, label: str) -> Change:
    """Put another block in the place of one."""
    return Change(label=label, blocks=(*network.blocks[:at], block, *network.blocks[at + 1 :]))


def use(network: BlockNetwork, *at: int, label: str, **settings: Any) -> Change:
    """Give one block or several other settings."""
    blocks = tuple(
        block.with_changes(**settings) if place in at else block for place, block in enumerate(network.blocks)
    )
    return Change(label=label, blocks=blocks)


def size(shape: tuple[int, ...]) -> str:
    """Write height and width: '16 × 16'."""
    return f"{shape[0]} × {shape[1]}"
