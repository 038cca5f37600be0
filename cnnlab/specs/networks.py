"""The two kinds of network: a CNN from blocks, and a pretrained backbone with a new head.

Both take raw RGB pictures, 0..255, and end in one probability a class; the output layer and the
preprocessing are added when the network is built, never listed here.
"""

from typing import Annotated, Literal

from pydantic import Field

from cnnlab.specs.activations import Activation
from cnnlab.specs.base import Spec
from cnnlab.specs.blocks import Block

MOST_BLOCKS = 100


class BlockNetwork(Spec):
    """A CNN from scratch: blocks in order, then a softmax over the classes."""

    kind: Literal["blocks"] = "blocks"
    name: str = Field(
        "My CNN", min_length=1, max_length=80, title="Name", description="How this network is called."
    )
    image_size: int = Field(
        32,
        ge=8,
        le=512,
        title="Image size",
        description="Height and width that every picture is brought to, in pixels.",
    )
    blocks: tuple[Block, ...] = Field(
        (), max_length=MOST_BLOCKS, title="Blocks", description="From the picture to the output."
    )


class Head(Spec):
    """What is put on a backbone: pooled features -> dropout -> dense -> dropout -> softmax."""

    dropout_before: float = Field(
        0.3,
        ge=0.0,
        lt=1.0,
        title="Dropout on the features",
        description="Share of the features silenced in training.",
    )
    units: int = Field(
        256, ge=0, le=4096, title="Units of the hidden layer", description="0 leaves the hidden layer out."
    )
    activation: Activation = Field(
        "relu", title="Activation of the hidden layer", description="Applied to every unit."
    )
    dropout_after: float = Field(
        0.3,
        ge=0.0,
        lt=1.0,
        title="Dropout after the hidden layer",
        description="Share of its units silenced in training.",
    )


class BackboneNetwork(Spec):
    """A backbone from the table of `models.backbones`, with a head of its own."""

    kind: Literal["backbone"] = "backbone"
    backbone: str = Field(
        "efficientnet_lite0", title="Backbone", description="Which pretrained network to start from."
    )
    weights: Literal["imagenet", "random"] = Field(
        "imagenet",
        title="Weights",
        description="'random' starts from nothing: only for trying things out, and frozen random features tell classes apart badly.",
    )
    image_size: int = Field(
        224,
        ge=32,
        le=800,
        title="Image size",
        description="Height and width that every picture is brought to, in pixels.",
    )
    head: Head = Field(Head(), title="Head", description="The layers that are put on the backbone.")


Network = Annotated[BlockNetwork | BackboneNetwork, Field(discriminator="kind")]
