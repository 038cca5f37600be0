"""What a run has to compute, worked out on paper: how much goes through which part of a network, how often.

From the table of backbones or the anatomy of a CNN, so that a page can weigh plans against each other
without TensorFlow. This module never says how long anything takes: `costs` does.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from cnnlab.data.dataset import Dataset
from cnnlab.models.anatomy import describe_network
from cnnlab.models.backbones import BACKBONE_BLOCKS, BlockFigures, first_unfrozen
from cnnlab.runs.records import PhaseName
from cnnlab.specs.networks import BackboneNetwork, Head
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import TransferTraining

FEATURES = "features"
"""Name of the boundary above which only the head is."""
FLOAT_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Work:
    """Some layers of a network, for one picture."""

    multiply_adds: float = 0.0
    values: float = 0.0
    """How many numbers all its layers put out."""
    layers: int = 0
    parameters: int = 0
    trainable_parameters: int = 0
    """Those that learn once it is unfrozen."""

    def __add__(self, other: "Work") -> "Work":
        return Work(
            multiply_adds=self.multiply_adds + other.multiply_adds,
            values=self.values + other.values,
            layers=self.layers + other.layers,
            parameters=self.parameters + other.parameters,
            trainable_parameters=self.trainable_parameters + other.trainable_parameters,
        )


@dataclass(frozen=True, kw_only=True)
class FrozenPart:
    """Layers that say the same in every epoch, so they are asked once about each picture."""

    boundary: str
    """What comes next: the first unfrozen block, or 'features' for the head."""
    work: Work
    values_out: int
    """Numbers that it puts out for one picture, and that are kept."""


@dataclass(frozen=True, kw_only=True)
class PhaseWork:
    """One phase: what learns in it, and what each picture goes through before."""

    name: PhaseName
    epochs: int
    learns: Work
    altered: bool = False
    """Whether each training picture is altered anew in every epoch."""
    through: tuple[FrozenPart, ...] = ()
    """Frozen parts that each training picture goes through in every epoch, because it is altered anew."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that a run computes."""

    image_size: int
    stored: int
    """Pictures that are packed, and go through every frozen part once."""
    training: int
    validation: int
    test: int
    batch_size: int
    copies: int
    """Altered copies of each training picture that go through every frozen part once."""
    folds: int
    whole: Work
    frozen: tuple[FrozenPart, ...]
    phases: tuple[PhaseWork, ...]

    @property
    def steps_per_epoch(self) -> int:
        """Batches of the training split."""
        return ceil(self.training / self.batch_size)


def lay_out(spec: RunSpec, dataset: Dataset) -> Plan:
    """Work out what a run has to compute.

    Raises:
        SpecError: There is no such backbone, or it has fewer blocks than are to be unfrozen.
    """
    if spec.network.kind == "blocks":
        whole, frozen, phases = _from_scratch(spec)
    else:
        whole, frozen, phases = _in_two_phases(spec)
    training = spec.training
    copied = frozen and training.augmentation.active and training.augmented_route == "copies"
    return Plan(
        image_size=spec.network.image_size,
        stored=dataset.entry.stored_pictures,
        training=dataset.num_training,
        validation=dataset.num_validation,
        test=dataset.num_test,
        batch_size=training.batch_size,
        copies=training.augmented_copies if copied else 0,
        folds=training.folds if training.kind == "transfer" and training.folds > 1 else 0,
        whole=whole,
        frozen=frozen,
        phases=phases,
    )


def _from_scratch(spec: RunSpec) -> tuple[Work, tuple[FrozenPart, ...], tuple[PhaseWork, ...]]:
    anatomy = describe_network(spec.network, num_classes=len(spec.class_names), batch_size=1)
    whole = Work(
        multiply_adds=anatomy.multiply_adds,
        values=anatomy.activation_bytes / FLOAT_BYTES,
        layers=2 + sum(getattr(block, "repeats", 1) for block in spec.network.blocks),
        parameters=anatomy.parameters,
        trainable_parameters=anatomy.trainable_parameters,
    )
    training = spec.training
    phase = PhaseWork(
        name="training", epochs=training.epochs, learns=whole, altered=training.augmentation.active
    )
    return whole, (), (phase,)


def _in_two_phases(spec: RunSpec) -> tuple[Work, tuple[FrozenPart, ...], tuple[PhaseWork, ...]]:
    network, training = spec.network, spec.training
    figures = BACKBONE_BLOCKS[network.backbone]
    # A network does its work at every position of the picture.
    scale = (network.image_size / figures.image_size) ** 2
    first = _boundary(network, training, figures.blocks)
    below = sum((_work(block, scale) for block in figures.blocks[:first]), Work())
    above = sum((_work(block, scale) for block in figures.blocks[first:]), Work())
    head = _head(network.head, features=figures.features, num_classes=len(spec.class_names))
    frozen = []
    if 0 < first < len(figures.blocks):
        name = figures.blocks[first].name
        frozen.append(
            FrozenPart(boundary=name, work=below, values_out=_values_at(figures.blocks[first - 1], network))
        )
    to_features = below if first == len(figures.blocks) else above
    frozen.append(FrozenPart(boundary=FEATURES, work=to_features, values_out=figures.features))
    return below + above + head, tuple(frozen), _phases(training, tuple(frozen), above=above, head=head)


def _phases(
    training: TransferTraining, frozen: tuple[FrozenPart, ...], *, above: Work, head: Work
) -> tuple[PhaseWork, ...]:
    fresh = training.augmentation.active and training.augmented_route == "fresh"
    feature_extraction = PhaseWork(
        name="feature_extraction",
        epochs=training.head_epochs,
        learns=head,
        altered=fresh,
        through=frozen if fresh else (),
    )
    if not training.fine_tunes:
        return (feature_extraction,)
    from_pictures = len(frozen) == 1
    fine_tuning = PhaseWork(
        name="fine_tuning",
        epochs=training.fine_tune_epochs,
        learns=above + head,
        # With nothing frozen nothing would be kept: copies are made anew there, too.
        altered=fresh or (from_pictures and training.augmentation.active),
        through=frozen[:-1] if fresh else (),
    )
    return feature_extraction, fine_tuning


def _boundary(network: BackboneNetwork, training: TransferTraining, blocks: tuple[BlockFigures, ...]) -> int:
    return first_unfrozen(
        network.backbone,
        [block.name for block in blocks],
        unfreeze=training.unfreeze if training.fine_tunes else "nothing",
        unfreeze_blocks=training.unfreeze_blocks,
    )


def _work(block: BlockFigures, scale: float) -> Work:
    return Work(
        multiply_adds=block.multiply_adds * scale,
        values=block.activation_values * scale,
        layers=block.layers,
        parameters=block.parameters,
        trainable_parameters=block.trainable_parameters,
    )


def _head(head: Head, *, features: int, num_classes: int) -> Work:
    widths = [features, *([head.units] if head.units else []), num_classes]
    kernels = sum(inputs * units for inputs, units in pairwise(widths))
    parameters = kernels + sum(widths[1:])
    return Work(
        multiply_adds=kernels,
        values=2 * sum(widths),
        layers=2 * len(widths) - 2,
        parameters=parameters,
        trainable_parameters=parameters,
    )


def _values_at(block: BlockFigures, network: BackboneNetwork) -> int:
    height, width, maps = block.output_shape
    share = network.image_size / BACKBONE_BLOCKS[network.backbone].image_size
    return ceil(height * share) * ceil(width * share) * maps
