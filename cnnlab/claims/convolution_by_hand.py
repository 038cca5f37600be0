"""Convolution by hand: one kernel of 3 x 3 weights slides over a small picture, with every product written out.

What frameworks call convolution: the kernel is not flipped (Goodfellow et al. 2016, section 9.1,
https://www.deeplearningbook.org/contents/convnets.html). This module never draws.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from cnnlab.claims.claim import Claim
from cnnlab.claims.small_pictures import PATTERNS, SIDE, PictureText, write_picture
from cnnlab.claims.windows import Padding, Sliding
from cnnlab.errors import SpecError
from cnnlab.specs.base import Spec

KERNEL_SIDE = 3
WEIGHT = re.compile(r"[-+]?(\d{1,3}(\.\d{1,3})?|\.\d{1,3})(/[1-9]\d{0,2})?")
"""A weight as it is typed: '-1', '0.5', '1/9'. Bounded, so that no number of a thousand digits is worked out."""


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """A kernel that is well known."""

    label: str
    weights: tuple[str, ...]
    """Nine, row by row."""
    finds: str
    """What it does to a picture, as a sentence."""


KERNELS: MappingProxyType[str, Kernel] = MappingProxyType(
    {
        "identity": Kernel(
            label="Identity",
            weights=("0", "0", "0", "0", "1", "0", "0", "0", "0"),
            finds="Copies the picture: only the pixel in the middle counts.",
        ),
        "vertical_edges": Kernel(
            label="Vertical edges (Sobel)",
            weights=("-1", "0", "1", "-2", "0", "2", "-1", "0", "1"),
            finds="Positive where it gets brighter to the right, negative where it gets darker, 0 on what is flat.",
        ),
        "horizontal_edges": Kernel(
            label="Horizontal edges (Sobel)",
            weights=("-1", "-2", "-1", "0", "0", "0", "1", "2", "1"),
            finds="Positive where it gets brighter downwards, negative where it gets darker, 0 on what is flat.",
        ),
        "laplacian": Kernel(
            label="Edges of all directions (Laplacian)",
            weights=("-1", "-1", "-1", "-1", "8", "-1", "-1", "-1", "-1"),
            finds="Compares each pixel with its eight neighbours: 0 where all are alike.",
        ),
        "blur": Kernel(
            label="Blur",
            weights=("1/9",) * 9,
            finds="Averages nine pixels: edges grow soft, grain goes away.",
        ),
        "sharpen": Kernel(
            label="Sharpen",
            weights=("0", "-1", "0", "-1", "5", "-1", "0", "-1", "0"),
            finds="The picture plus its edges: differences grow, flat areas stay as they are.",
        ),
        "emboss": Kernel(
            label="Emboss",
            weights=("-2", "-1", "0", "-1", "1", "1", "0", "1", "2"),
            finds="As if light came from the lower right: edges that face it grow bright, those behind dark.",
        ),
    }
)


class ConvolutionByHand(Spec):
    """What is worked out: a picture, a kernel, and how it slides."""

    picture: PictureText = Field(
        write_picture(PATTERNS["square"]),
        title="Picture",
        description=f"{SIDE} × {SIDE} pixels, one digit each: 0 is black, 9 is white.",
    )
    kernel: tuple[str, ...] = Field(
        KERNELS["vertical_edges"].weights, title="Kernel", description="Nine weights, row by row."
    )
    stride: Literal[1, 2, 3] = Field(
        1, title="Stride", description="How many pixels the kernel moves from one place to the next."
    )
    padding: Padding = Field(
        "valid",
        title="Padding",
        description="'valid' stays inside the picture; 'same' puts zeros around it, so that stride 1 keeps its size.",
    )
    relu: bool = Field(
        False,
        title="ReLU",
        description="Cuts off what is negative, as the activation after a convolution does.",
    )

    @field_validator("kernel")
    @classmethod
    def _has_nine_weights(cls, kernel: tuple[str, ...]) -> tuple[str, ...]:
        if len(kernel) != KERNEL_SIDE**2:
            raise ValueError(f"The kernel has {len(kernel)} weights; expected are nine, row by row.")
        try:
            for weight in kernel:
                read_weight(weight)
        except SpecError as error:
            raise ValueError(str(error)) from None
        return kernel

    @property
    def sliding(self) -> Sliding:
        """How the kernel slides over the picture."""
        return Sliding(side=SIDE, window=KERNEL_SIDE, stride=self.stride, padding=self.padding)

    @property
    def weights(self) -> np.ndarray:
        """The kernel as numbers, float64, shape (3, 3)."""
        numbers = [float(read_weight(weight)) for weight in self.kernel]
        return np.array(numbers).reshape(KERNEL_SIDE, KERNEL_SIDE)


def read_weight(text: str) -> Fraction:
    """Read a weight as it is typed: '-1', '0.5', '1/9'.

    Raises:
        SpecError: It is no number between -999.999 and 999.999, and no fraction of such.
    """
    written = text.strip().replace("−", "-")
    if not WEIGHT.fullmatch(written):
        raise SpecError(
            f"The weight {text[:20]!r} is no number that can be worked with. Write one like -1, 0.5 or 1/9."
        )
    number, _, divisor = written.partition("/")
    return Fraction(number) / int(divisor or 1)


def products(picture: np.ndarray, weights: np.ndarray, *, sliding: Sliding) -> np.ndarray:
    """Multiply what the kernel covers with its weights, at each of its places.

    Args:
        picture: Shape (side, side).
        weights: Float, shape (3, 3).
        sliding: How the kernel slides.

    Returns:
        Float64, shape (output_side, output_side, 3, 3); the sum over the last two axes is the convolution.
    """
    return sliding.windows(picture) * weights


def convolve(picture: np.ndarray, weights: np.ndarray, *, sliding: Sliding, relu: bool = False) -> np.ndarray:
    """Convolve a picture of one channel, without a bias; see `products` for the arguments.

    Returns:
        The map, float64, shape (output_side, output_side).
    """
    sums = products(picture, weights, sliding=sliding).sum(axis=(-2, -1))
    return np.maximum(sums, 0.0) if relu else sums


CLAIM = Claim(
    id="convolution_by_hand",
    title="A convolution, worked by hand",
    says="A convolution slides a small filter over the picture; each filter finds one pattern, wherever it is.",
    exactly="'same' padding keeps the size with stride 1 only: with stride s the map has ⌈n / s⌉ pixels a side. Where the "
    "zeros cannot be shared evenly, TensorFlow puts the odd one at the lower right "
    "(https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2); symmetric padding, as in PyTorch, moves "
    "every window by a pixel there. And mathematics calls this a cross-correlation: the kernel is not flipped.",
    experiment="Draw a picture or choose one, change the nine weights, the stride and the padding, and follow each sum of "
    "nine products to its pixel in the map.",
    icon=":material/filter_center_focus:",
    settings=ConvolutionByHand,
    measure=None,
)
