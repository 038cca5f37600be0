"""Settings that several kinds of block have: each a type with its range, its label and what it does.

This module never knows a kind of block.
"""

from typing import Annotated, Literal

from pydantic import Field

from cnnlab.specs.activations import Activation

Padding = Literal["same", "valid"]

Filters = Annotated[int, Field(ge=1, le=2048, title="Filters", description="How many maps come out.")]
KernelSize = Annotated[
    int,
    Field(ge=1, le=15, title="Kernel size", description="Height and width of each filter, in pixels."),
]
Strides = Annotated[
    int,
    Field(ge=1, le=8, title="Strides", description="How far the filter moves at each step, in pixels."),
]
Activated = Annotated[
    Activation,
    Field(
        title="Activation",
        description="Applied to every value that comes out; without one, layers in a row are one.",
    ),
]
Normalized = Annotated[
    bool,
    Field(
        title="Batch normalization",
        description="Keeps every map at mean 0 and spread 1 while training; trains faster.",
    ),
]
Momentum = Annotated[
    float,
    Field(
        ge=0.0,
        lt=1.0,
        title="Batch normalization momentum",
        description="How slowly the running mean follows. Keras' 0.99 needs hundreds of steps before validation can be believed.",
    ),
]
ExtraBias = Annotated[
    bool,
    Field(
        title="Bias before batch normalization",
        description="Keras adds one unless it is told not to; batch normalization takes it away again.",
    ),
]
