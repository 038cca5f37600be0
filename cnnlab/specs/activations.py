"""Table of activations: what each makes of a value, what it is good for, and where it comes from.

Names are those of Keras, which builds them. The choices of a setting, their labels, the lint and the
page's explanation all come from here: adding an activation is adding a row. This module never applies
one to a picture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, exp, sqrt, tanh
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ActivationRow:
    """One activation."""

    label: str
    formula: str
    """As one would write it in Python, with the functions of `math`."""
    apply: Callable[[float], float]
    """The formula; a test holds both to each other and to Keras."""
    does: str
    """What becomes of a value, in a sentence."""
    when: str
    """What it is chosen for, in a sentence."""
    paper: str
    largest_slope: float | None = None
    """Of one that is flat at both ends, where gradients shrink; None for all others."""


ACTIVATIONS: MappingProxyType[str, ActivationRow] = MappingProxyType(
    {
        "relu": ActivationRow(
            label="ReLU",
            formula="max(0, x)",
            apply=lambda x: max(0.0, x),
            does="Keeps what is positive, else gives 0.",
            when="The usual choice: quick, and gradients pass.",
            paper="https://proceedings.mlr.press/v15/glorot11a.html",
        ),
        "gelu": ActivationRow(
            label="GELU",
            formula="x * (1 + erf(x / sqrt(2))) / 2",
            apply=lambda x: x * (1 + erf(x / sqrt(2))) / 2,
            does="ReLU with a round corner.",
            when="In transformers and ConvNeXt; slower than ReLU.",
            paper="https://arxiv.org/abs/1606.08415",
        ),
        "silu": ActivationRow(
            label="SiLU",
            formula="x / (1 + exp(-x))",
            apply=lambda x: x / (1 + exp(-x)),
            does="The value times its own sigmoid.",
            when="In EfficientNet, where it is called swish.",
            paper="https://arxiv.org/abs/1710.05941",
        ),
        "hard_silu": ActivationRow(
            label="Hard SiLU",
            formula="x * min(max(x + 3, 0), 6) / 6",
            apply=lambda x: x * min(max(x + 3, 0), 6) / 6,
            does="SiLU without an exponential.",
            when="In MobileNetV3, for telephones.",
            paper="https://arxiv.org/abs/1905.02244",
        ),
        "elu": ActivationRow(
            label="ELU",
            formula="x if x > 0 else exp(x) - 1",
            apply=lambda x: x if x > 0 else exp(x) - 1,
            does="Negative values level off at -1.",
            when="Without batch normalization: means stay near 0.",
            paper="https://arxiv.org/abs/1511.07289",
        ),
        "leaky_relu": ActivationRow(
            label="Leaky ReLU",
            formula="max(0.2 * x, x)",
            apply=lambda x: max(0.2 * x, x),
            does="Keeps a fifth of what is negative.",
            when="When many maps are 0 everywhere.",
            paper="https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf",
        ),
        "tanh": ActivationRow(
            label="Tanh",
            formula="tanh(x)",
            apply=tanh,
            does="Presses values between -1 and 1.",
            when="In LeNet-5; gradients fade in deep networks.",
            paper="http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf",
            largest_slope=1.0,
        ),
        "sigmoid": ActivationRow(
            label="Sigmoid",
            formula="1 / (1 + exp(-x))",
            apply=lambda x: 1 / (1 + exp(-x)),
            does="Presses values between 0 and 1.",
            when="As a gate; gradients fade in deep networks.",
            paper="https://proceedings.mlr.press/v9/glorot10a.html",
            largest_slope=0.25,
        ),
        "linear": ActivationRow(
            label="Linear",
            formula="x",
            apply=lambda x: x,
            does="Changes nothing.",
            when="Where two layers are meant to be one.",
            paper="https://arxiv.org/abs/1801.04381",
        ),
    }
)

Activation = Literal[tuple(ACTIVATIONS)]
"""The choices of a setting: the names of the table, in its order."""
