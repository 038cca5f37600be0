"""Table of optimizers: how a gradient becomes a step; with a learning rate for each part of a network if need be.

This module never chooses a learning rate.
"""

from collections.abc import Callable, Sequence
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


@dataclass(frozen=True, kw_only=True)
class RateShare:
    """Variables that learn at a share of the learning rate."""

    share: float
    variables: "tuple[keras.Variable, ...]"


class GroupedOptimizer:
    """One optimizer a group of variables, each at its share of the learning rate; used like a single one.

    Discriminative learning rates (https://arxiv.org/abs/1801.06146). Scaling gradients would do nothing:
    Adam divides every gradient by its own size.
    """

    def __init__(self, name: str, *, learning_rate: float, rates: Sequence[RateShare]) -> None:
        self._group_of = {
            id(variable): place for place, rate in enumerate(rates, 1) for variable in rate.variables
        }
        self._shares = [1.0, *(rate.share for rate in rates)]
        self._optimizers = [build_optimizer(name, learning_rate=learning_rate) for _ in self._shares]
        self.learning_rate = learning_rate

    @property
    def learning_rate(self) -> float:
        """The rate of variables that are in no group."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._learning_rate = rate
        for share, optimizer in zip(self._shares, self._optimizers, strict=True):
            optimizer.learning_rate = rate * share

    @property
    def variables(self) -> "list[keras.Variable]":
        """What the optimizers remember between steps."""
        return [variable for optimizer in self._optimizers for variable in optimizer.variables]

    def build(self, variables: "Sequence[keras.Variable]") -> None:
        """Make room for what is remembered of each variable."""
        for optimizer, members in zip(self._optimizers, self._members(variables), strict=True):
            optimizer.build([variables[place] for place in members])

    def apply(self, gradients: Sequence[Any], variables: "Sequence[keras.Variable]") -> None:
        """Take one step."""
        for optimizer, members in zip(self._optimizers, self._members(variables), strict=True):
            if members:
                optimizer.apply(
                    [gradients[place] for place in members], [variables[place] for place in members]
                )

    def _members(self, variables: "Sequence[keras.Variable]") -> list[list[int]]:
        members: list[list[int]] = [[] for _ in self._optimizers]
        for place, variable in enumerate(variables):
            members[self._group_of.get(id(variable), 0)].append(place)
        return members


def build_optimizer(
    name: str, *, learning_rate: float, rates: Sequence[RateShare] = ()
) -> "keras.optimizers.Optimizer | GroupedOptimizer":
    """Build an optimizer of the table.

    Args:
        name: Of the row.
        learning_rate: Of every variable that is in no group.
        rates: Groups of variables with a rate of their own.

    Raises:
        SpecError: There is no such row.
    """
    import keras

    if name not in OPTIMIZERS:
        raise SpecError(unknown_name("optimizer", name, OPTIMIZERS))
    if rates:
        return GroupedOptimizer(name, learning_rate=learning_rate, rates=rates)
    row = OPTIMIZERS[name]
    build: Callable[..., keras.optimizers.Optimizer] = getattr(keras.optimizers, row.class_name)
    return build(learning_rate=learning_rate, **row.settings)
