"""Table of the blocks that a CNN is built from, each with its settings.

A block kind is a class; adding one is adding a class to `BLOCKS` (and its arithmetic in
`models.arithmetic`, its layers in `models.layers`). Names and defaults are those of Keras where Keras
has one. This module never says whether blocks fit together: `models.anatomy` does.
"""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from cnnlab.specs.activations import ACTIVATIONS
from cnnlab.specs.base import Spec
from cnnlab.specs.block_settings import (
    Activated,
    ExtraBias,
    Filters,
    KernelSize,
    Momentum,
    Normalized,
    Padding,
    Strides,
)


class _Block(Spec):
    """What all blocks share: a label and a sentence for the page."""

    label: ClassVar[str]
    summary: ClassVar[str]

    def describe(self) -> str:
        """Say the settings in a few words, for one line of a list."""
        return ""


class _Convolving(_Block):
    """What all blocks of convolutions share: batch normalization makes their biases needless."""

    @property
    def has_bias(self) -> bool:
        """Whether its convolutions add a number to each map that comes out."""
        return not self.batch_normalization or self.bias_before_normalization


class Convolution(_Convolving):
    """Small filters that slide over the maps; the same weights at every position."""

    label: ClassVar[str] = "Convolution"
    summary: ClassVar[str] = "Finds the same small pattern at every position, with few weights."

    kind: Literal["convolution"] = "convolution"
    filters: Annotated[Filters, Field(description="How many patterns to look for.")] = 32
    kernel_size: KernelSize = 3
    strides: Annotated[
        Strides,
        Field(description="How far the filter moves at each step, in pixels; the first in a row only."),
    ] = 1
    padding: Padding = Field(
        "same",
        title="Padding",
        description="'same' keeps height and width; 'valid' uses only whole windows and shrinks them.",
    )
    activation: Activated = "relu"
    batch_normalization: Normalized = False
    batch_normalization_momentum: Momentum = 0.9
    bias_before_normalization: ExtraBias = False
    repeats: int = Field(
        1, ge=1, le=8, title="In a row", description="How many such convolutions follow each other."
    )

    def describe(self) -> str:
        parts = [f"{self.filters} filters", f"{self.kernel_size} × {self.kernel_size}"]
        if self.strides > 1:
            parts.append(f"stride {self.strides}")
        if self.padding == "valid":
            parts.append("valid")
        if self.batch_normalization:
            parts.append("batch norm")
        if self.activation != "relu":
            parts.append(ACTIVATIONS[self.activation].label)
        if self.repeats > 1:
            parts.append(f"{self.repeats} in a row")
        return " · ".join(parts)


class _Pooling(_Block):
    pool_size: int = Field(
        2, ge=1, le=15, title="Pool size", description="Height and width of each window, in pixels."
    )
    strides: int = Field(
        0,
        ge=0,
        le=15,
        title="Strides",
        description="How far the window moves, in pixels; 0 means as far as it is wide.",
    )
    padding: Padding = Field(
        "valid", title="Padding", description="'valid' drops what does not fill a window; 'same' keeps it."
    )

    def describe(self) -> str:
        parts = [f"{self.pool_size} × {self.pool_size}"]
        if self.strides not in (0, self.pool_size):
            parts.append(f"stride {self.strides}")
        if self.padding == "same":
            parts.append("same")
        return " · ".join(parts)


class MaxPooling(_Pooling):
    """The largest value of each window."""

    label: ClassVar[str] = "Max pooling"
    summary: ClassVar[str] = "Keeps the strongest answer of each window and halves the map."
    kind: Literal["max_pooling"] = "max_pooling"


class AveragePooling(_Pooling):
    """The mean of each window."""

    label: ClassVar[str] = "Average pooling"
    summary: ClassVar[str] = "Keeps the mean of each window and halves the map."
    kind: Literal["average_pooling"] = "average_pooling"


class Dropout(_Block):
    """Silences a random share of the values in training (https://jmlr.org/papers/v15/srivastava14a.html)."""

    label: ClassVar[str] = "Dropout"
    summary: ClassVar[str] = "Silences a random share of values while training, against overfitting."
    kind: Literal["dropout"] = "dropout"
    rate: float = Field(
        0.25, ge=0.0, lt=1.0, title="Rate", description="Share of the values that is silenced, 0 to 1."
    )

    def describe(self) -> str:
        return f"{self.rate:.0%}"


class Flatten(_Block):
    """Every value of every map, one after the other."""

    label: ClassVar[str] = "Flatten"
    summary: ClassVar[str] = "Lays all maps out as one long vector; the next dense layer grows with it."
    kind: Literal["flatten"] = "flatten"


class GlobalAveragePooling(_Block):
    """The mean of each map (https://arxiv.org/abs/1312.4400)."""

    label: ClassVar[str] = "Global average pooling"
    summary: ClassVar[str] = "One number a map: its mean. Few weights follow, and position no longer matters."
    kind: Literal["global_average_pooling"] = "global_average_pooling"


class Dense(_Block):
    """Every input joined to every unit."""

    label: ClassVar[str] = "Dense"
    summary: ClassVar[str] = "Joins every input to every unit; the output layer is added by itself."
    kind: Literal["dense"] = "dense"
    units: int = Field(128, ge=1, le=8192, title="Units", description="How many values come out.")
    activation: Activated = "relu"

    def describe(self) -> str:
        return f"{self.units} units" + (
            "" if self.activation == "relu" else f" · {ACTIVATIONS[self.activation].label}"
        )


class _Filtering(_Convolving):
    """What blocks of convolutions with batch normalization share."""

    kernel_size: KernelSize = 3
    strides: Strides = 1
    activation: Activated = "relu"
    batch_normalization: Normalized = True
    batch_normalization_momentum: Momentum = 0.9
    bias_before_normalization: ExtraBias = False

    def describe(self) -> str:
        parts = [f"{self.filters} filters"] if hasattr(self, "filters") else []
        parts.append(f"{self.kernel_size} × {self.kernel_size}")
        if self.strides > 1:
            parts.append(f"stride {self.strides}")
        if not self.batch_normalization:
            parts.append("no batch norm")
        if self.activation != "relu":
            parts.append(ACTIVATIONS[self.activation].label)
        return " · ".join(parts)


class SeparableConvolution(_Filtering):
    """Each map filtered by itself, then mixed by 1 × 1 filters (https://arxiv.org/abs/1610.02357)."""

    label: ClassVar[str] = "Separable convolution"
    summary: ClassVar[str] = (
        "Looks within each map, then mixes maps: a convolution for a fraction of the weights."
    )
    kind: Literal["separable_convolution"] = "separable_convolution"
    filters: Filters = 32


class DepthwiseConvolution(_Filtering):
    """One filter a map and nothing mixed; a 1 × 1 convolution usually follows (https://arxiv.org/abs/1704.04861)."""

    label: ClassVar[str] = "Depthwise convolution"
    summary: ClassVar[str] = "One filter for each map; put a 1 × 1 convolution behind it to mix the maps."
    kind: Literal["depthwise_convolution"] = "depthwise_convolution"


class ResidualBlock(_Filtering):
    """Two convolutions and a way around them (https://arxiv.org/abs/1512.03385)."""

    label: ClassVar[str] = "Residual block"
    summary: ClassVar[str] = (
        "Adds to its input what two convolutions find, so that deep networks still learn."
    )
    kind: Literal["residual"] = "residual"
    filters: Filters = 32


class Bottleneck(_Filtering):
    """A residual block that looks through fewer maps: 1 × 1, k × k, 1 × 1 (https://arxiv.org/abs/1512.03385)."""

    label: ClassVar[str] = "Bottleneck"
    summary: ClassVar[str] = (
        "A residual block that squeezes the maps before it looks: deep, with few weights."
    )
    kind: Literal["bottleneck"] = "bottleneck"
    filters: Filters = 64
    reduction: int = Field(
        4,
        ge=1,
        le=64,
        title="Reduction",
        description="How many times fewer maps there are inside; at least 1.",
    )

    @property
    def inner_filters(self) -> int:
        """Maps between the two 1 × 1 convolutions."""
        return max(1, self.filters // self.reduction)


class SqueezeExcitation(_Block):
    """Every map times a weight worked out from the means of all (https://arxiv.org/abs/1709.01507)."""

    label: ClassVar[str] = "Squeeze and excitation"
    summary: ClassVar[str] = "Turns maps up or down, from what the whole picture shows."
    kind: Literal["squeeze_excitation"] = "squeeze_excitation"
    reduction: int = Field(
        8, ge=1, le=64, title="Reduction", description="How many times fewer values there are in between."
    )

    def describe(self) -> str:
        return f"reduction {self.reduction}"


class SpatialDropout(_Block):
    """Silences whole maps in training (https://arxiv.org/abs/1411.4280)."""

    label: ClassVar[str] = "Spatial dropout"
    summary: ClassVar[str] = (
        "Silences whole maps: neighbours in a map say the same, so single values are no loss."
    )
    kind: Literal["spatial_dropout"] = "spatial_dropout"
    rate: float = Field(
        0.1, ge=0.0, lt=1.0, title="Rate", description="Share of the maps that is silenced, 0 to 1."
    )

    def describe(self) -> str:
        return f"{self.rate:.0%}"


class LayerNormalization(_Block):
    """Mean 0 and spread 1 over the maps at each position (https://arxiv.org/abs/1607.06450)."""

    label: ClassVar[str] = "Layer normalization"
    summary: ClassVar[str] = (
        "Normalizes each picture by itself: the same in training and afterwards, for any batch."
    )
    kind: Literal["layer_normalization"] = "layer_normalization"


class GroupNormalization(_Block):
    """Mean 0 and spread 1 over groups of maps of one picture (https://arxiv.org/abs/1803.08494)."""

    label: ClassVar[str] = "Group normalization"
    summary: ClassVar[str] = "Batch normalization without the batch: good where batches are small."
    kind: Literal["group_normalization"] = "group_normalization"
    groups: int = Field(
        8, ge=1, le=256, title="Groups", description="How many groups the maps are divided into, evenly."
    )

    def describe(self) -> str:
        return f"{self.groups} groups"


Block = Annotated[
    Convolution
    | MaxPooling
    | AveragePooling
    | Dropout
    | Flatten
    | GlobalAveragePooling
    | Dense
    | SeparableConvolution
    | DepthwiseConvolution
    | ResidualBlock
    | Bottleneck
    | SqueezeExcitation
    | SpatialDropout
    | LayerNormalization
    | GroupNormalization,
    Field(discriminator="kind"),
]

BLOCKS: dict[str, type[_Block]] = {
    block.model_fields["kind"].default: block for block in get_args(get_args(Block)[0])
}
