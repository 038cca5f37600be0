"""Table of optimizers: how a gradient becomes a step.

This module never chooses a learning rate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnlab.errors import SpecError, unknown_name

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class OptimizerRow:
    """One optimizer as Keras builds it, with what cnnlab sets beside the learning rate."""

    label: str
    class_name: str
    settings: dict[str, Any]
    paper: str


OPTIMIZERS: dict[str, OptimizerRow] = {
    "adam": OptimizerRow(
        label="Adam", class_name="Adam", settings={}, paper="https://arxiv.org/abs/1412.6980"
    ),
    "adamw": OptimizerRow(
        label="AdamW",
        class_name="AdamW",
        settings={"weight_decay": 1e-4},
        paper="https://arxiv.org/abs/1711.05101",
    ),
    "sgd": OptimizerRow(
        label="SGD with momentum",
        class_name="SGD",
        settings={"momentum": 0.9},
        paper="https://proceedings.mlr.press/v28/sutskever13.html",
    ),
    "rmsprop": OptimizerRow(
        label="RMSprop",
        class_name="RMSprop",
        settings={},
        paper="https://www.cs.toronto.edu/~hinton/coursera/lecture6/lec6.pdf",
    ),
}


def build_optimizer(name: str, *, learning_rate: float) -> "keras.optimizers.Optimizer":
    """Build an optimizer of the table.

    Raises:
        SpecError: There is no such row.
    """
    import keras

    if name not in OPTIMIZERS:
        raise SpecError(unknown_name("optimizer", name, OPTIMIZERS))
    row = OPTIMIZERS[name]
    build: Callable[..., keras.optimizers.Optimizer] = getattr(keras.optimizers, row.class_name)
    return build(learning_rate=learning_rate, **row.settings)
