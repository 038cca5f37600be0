"""What a network of blocks is made of, worked out on paper: shapes, parameters, multiply-adds, memory, receptive field.

Pure arithmetic, equal to Keras' own figures (a property test holds it), so a page can follow every
edit without TensorFlow. Impossible settings become sentences beside their block, never exceptions.
This module never builds a network.
"""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from cnnlab.models.arithmetic import LAYERS, ImpossibleError, Layer, Output, Signal
from cnnlab.specs.networks import BlockNetwork

CHANNELS = 3
"""Every picture is RGB."""
FLOAT_BYTES = 4
MAX_PARAMETERS = 200_000_000
"""More would take over 2 GB with the optimizer's two copies; nobody trains that here by intention."""
MAX_ACTIVATION_BYTES_PER_PICTURE = 1024**3
"""What all layers put out for one picture; a batch takes as often as much as it has pictures."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a network cannot be built, and what to do about it."""

    block: int | None
    """Position of the block it is about, from 0; None for the network as a whole."""
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One block and what it costs; the picture comes first and the output layer last."""

    block: int | None
    """Position in the network, from 0; None for the picture and the output layer, which are not blocks."""
    label: str
    settings: str
    output_shape: tuple[int, ...]
    """(height, width, maps) or (values,), without the batch; empty where the block cannot work."""
    parameters: int = 0
    trainable_parameters: int = 0
    multiply_adds: int = 0
    """Of convolutions and dense layers, for one picture, biases not counted."""
    activation_bytes: int = 0
    """What the layers of the block put out for a whole batch, as float32; kept until the backward pass."""
    receptive_field: int | None = None
    """Height and width in pixels that one value sees; None once every value sees the whole picture."""
    parameters_share: float = 0.0
    multiply_adds_share: float = 0.0
    activation_share: float = 0.0
    """Shares of the whole network, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """The figures of a network of blocks, row by row and in all."""

    rows: tuple[Row, ...]
    parameters: int
    trainable_parameters: int
    multiply_adds: int
    activation_bytes: int
    receptive_field: int
    """Height and width in pixels that one value of the last map sees; it may exceed the picture. 1 without convolutions."""
    problems: tuple[Problem, ...]

    @property
    def works(self) -> bool:
        """Whether the network can be built as it is."""
        return not self.problems

    def problems_of(self, block: int | None) -> tuple[Problem, ...]:
        """The problems of one block, or with None those of the network as a whole."""
        return tuple(problem for problem in self.problems if problem.block == block)


def describe_network(network: BlockNetwork, *, num_classes: int, batch_size: int = 64) -> Anatomy:
    """Work out every figure of a network; never raises.

    A block that cannot work becomes a problem and has an empty output shape; the rows below it are
    worked out as if it were not there (a dense layer on maps: as if they had been pooled before it).

    Args:
        network: The blocks and the image size.
        num_classes: Units of the output layer.
        batch_size: Pictures that are in memory together.
    """
    size = network.image_size
    signal = Signal(shape=(size, size, CHANNELS), receptive_field=1)
    picture = Row(
        block=None,
        label="Picture",
        settings="RGB, divided by 255",
        output_shape=signal.shape,
        activation_bytes=prod(signal.shape) * FLOAT_BYTES * batch_size,
        receptive_field=1,
    )
    rows, problems, receptive_field = [picture], [], 1
    for position, block in [*enumerate(network.blocks), (None, Output(units=num_classes))]:
        try:
            layers = LAYERS[block.kind](block, signal)
        except ImpossibleError as impossible:
            problems.append(Problem(block=position, sentence=impossible.sentence))
            layers, signal = [], impossible.carry_on
        else:
            signal = layers[-1].output
        rows.append(_row(block, layers, position=position, batch_size=batch_size))
        receptive_field = signal.receptive_field or receptive_field
    return _sum_up(rows, problems, receptive_field=receptive_field, batch_size=batch_size)


def _row(block: Any, layers: list[Layer], *, position: int | None, batch_size: int) -> Row:
    return Row(
        block=position,
        label=block.label,
        settings=block.describe(),
        output_shape=layers[-1].output.shape if layers else (),
        parameters=sum(layer.parameters for layer in layers),
        trainable_parameters=sum(layer.parameters - layer.frozen_parameters for layer in layers),
        multiply_adds=sum(layer.multiply_adds for layer in layers),
        activation_bytes=sum(prod(layer.output.shape) for layer in layers) * FLOAT_BYTES * batch_size,
        receptive_field=layers[-1].output.receptive_field if layers else None,
    )


def _sum_up(rows: list[Row], problems: list[Problem], *, receptive_field: int, batch_size: int) -> Anatomy:
    parameters = sum(row.parameters for row in rows)
    multiply_adds = sum(row.multiply_adds for row in rows)
    activation_bytes = sum(row.activation_bytes for row in rows)
    shared = tuple(
        replace(
            row,
            parameters_share=row.parameters / max(parameters, 1),
            multiply_adds_share=row.multiply_adds / max(multiply_adds, 1),
            activation_share=row.activation_bytes / max(activation_bytes, 1),
        )
        for row in rows
    )
    return Anatomy(
        rows=shared,
        parameters=parameters,
        trainable_parameters=sum(row.trainable_parameters for row in rows),
        multiply_adds=multiply_adds,
        activation_bytes=activation_bytes,
        receptive_field=receptive_field,
        problems=(*problems, *_problems_of_size(shared, activation_bytes // batch_size)),
    )


def _problems_of_size(rows: tuple[Row, ...], bytes_per_picture: int) -> list[Problem]:
    problems = []
    parameters = sum(row.parameters for row in rows)
    if parameters > MAX_PARAMETERS:
        largest = max(rows, key=lambda row: row.parameters)
        problems.append(
            Problem(
                block=largest.block,
                sentence=f"The network has {parameters:,} parameters, {largest.parameters_share:.0%} of them here; "
                f"cnnlab trains up to {MAX_PARAMETERS:,}. Use fewer units or filters, or put Global average "
                f"pooling in the place of Flatten.",
            )
        )
    if bytes_per_picture > MAX_ACTIVATION_BYTES_PER_PICTURE:
        largest = max(rows, key=lambda row: row.activation_bytes)
        problems.append(
            Problem(
                block=largest.block,
                sentence=f"The layers put out {bytes_per_picture / 1024**3:.1f} GB for one picture, "
                f"{largest.activation_share:.0%} of it here; cnnlab trains up to "
                f"{MAX_ACTIVATION_BYTES_PER_PICTURE / 1024**3:.0f} GB. Use fewer filters, pool earlier, or "
                f"choose a smaller image size.",
            )
        )
    return problems
