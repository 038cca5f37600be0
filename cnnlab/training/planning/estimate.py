"""Time, memory and disk that a run will take, before it starts, and what other plans would take.

The best that is known is used: a trial of this very plan, else what was measured on this machine, else
rough rates, and it says which. All epochs are counted; early stopping may end a run sooner. Needs no
TensorFlow. This module never measures anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from cnnlab.data.dataset import Dataset
from cnnlab.errors import DatasetError
from cnnlab.models.backbones import BACKBONE_BLOCKS
from cnnlab.runs.records import PHASE_LABELS
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import TransferTraining
from cnnlab.training.checkpoints import SECONDS_BETWEEN_EPOCHS_KEPT
from cnnlab.training.planning.calibration import load_calibration
from cnnlab.training.planning.costs import Costs, Rates, converts, corrected, rough_rates, work_out
from cnnlab.training.planning.needs import disk_bytes, memory_bytes, problems_of
from cnnlab.training.planning.presence import Presence, look_up
from cnnlab.training.planning.trials import find_timing
from cnnlab.training.planning.workload import FEATURES, FrozenPart, PhaseWork, Plan, lay_out

Basis = Literal["measured", "calibrated", "rough"]
"""A trial of this very plan on this machine; what was measured on this machine; neither: built-in rates."""
ORIGINAL_PIXELS = 320 * 240
"""Of a picture of a dataset that was not tried; only decoding depends on it."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a run, in the order in which they come."""

    name: str
    """'start', 'packing', 'converting', a boundary, a phase, 'folds' or 'finishing'."""
    label: str
    seconds: float
    already_there: bool = False
    """Whether it was made before, so that it takes no time."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a run will take, with all its epochs."""

    parts: tuple[Part, ...]
    seconds: float
    memory_bytes: int
    disk_bytes: int
    """What it adds to what is on the disk."""
    basis: Basis
    problems: tuple[str, ...] = ()
    """What does not fit into memory or onto the disk, as sentences with a way out."""


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another plan for the same dataset and network."""

    label: str
    changes: dict[str, Any]
    """Fields of `TransferTraining` and their values."""
    estimate: Estimate
    chosen: bool
    """Whether it is the plan as it is set."""


def estimate_run(spec: RunSpec, dataset: Dataset) -> Estimate:
    """Say what a run will take.

    Raises:
        SpecError: The network cannot be built as it was asked for.
        DatasetError: The dataset is damaged.
    """
    return _estimate(spec, dataset, rates=_known_rates())


def list_alternatives(spec: RunSpec, dataset: Dataset) -> tuple[Alternative, ...]:
    """What other boundaries would take, and other routes of augmentation where there is any; () for a CNN from blocks.

    What a trial of the plan found about the network is used for the others too.

    Raises:
        SpecError: The network cannot be built as it was asked for.
    """
    if spec.training.kind != "transfer":
        return ()
    rates = _known_rates()
    plan = lay_out(spec, dataset)
    if (measured := find_timing(spec)) is not None:
        rates = corrected(rates, plan=plan, measured=measured.costs)
    found = []
    blocks = len(BACKBONE_BLOCKS[spec.network.backbone].blocks)
    for label, changes in _choices(spec, blocks=blocks):
        training = spec.training.with_changes(**changes)
        found.append(
            Alternative(
                label=label,
                changes=changes,
                estimate=_estimate(spec.with_changes(training=training.model_dump()), dataset, rates=rates),
                chosen=_effective(training, blocks=blocks) == _effective(spec.training, blocks=blocks),
            )
        )
    return tuple(found)


def seconds_left(estimate: Estimate, *, part: str, of_part: float) -> float:
    """How long a run still takes while one of its parts is under way.

    Args:
        estimate: As it was when the run started.
        part: Name of the part under way; a phase has its own name.
        of_part: Seconds that this part still takes, as measured while it runs.
    """
    names = [each.name for each in estimate.parts]
    after = estimate.parts[names.index(part) + 1 :] if part in names else ()
    return of_part + sum(each.seconds for each in after)


def add_up(plan: Plan, costs: Costs, there: Presence) -> tuple[Part, ...]:
    """The parts of a plan at these costs, leaving out what is there already."""
    pack = 0.0 if there.packed else plan.stored * costs.pack
    parts = [
        Part(name="start", label="Loading TensorFlow and the network", seconds=costs.load + costs.build),
        Part(name="packing", label="Packing the pictures", seconds=pack, already_there=there.packed),
        *_frozen_parts(plan, costs, there),
        *(_phase_part(phase, plan, costs) for phase in plan.phases),
    ]
    if plan.folds:
        label = f"{plan.folds} folds of cross-validation"
        parts.append(Part(name="folds", label=label, seconds=_folds_seconds(plan, costs)))
    scored = (plan.validation + plan.test) * costs.phases[plan.phases[-1].name].answer
    parts.append(Part(name="finishing", label="Scoring, converting, saving", seconds=scored + costs.finish))
    return tuple(parts)


def _known_rates() -> Rates | None:
    calibration = load_calibration()
    return calibration.rates if calibration is not None else None


def _estimate(spec: RunSpec, dataset: Dataset, *, rates: Rates | None) -> Estimate:
    plan = lay_out(spec, dataset)
    known = rates or rough_rates()
    measured = find_timing(spec)
    costs = measured.costs if measured else work_out(plan, known, original_pixels=ORIGINAL_PIXELS)
    there = _there(spec, dataset, plan)
    parts = add_up(plan, costs, there)
    memory = memory_bytes(plan, base_bytes=known.base_bytes, measured=measured)
    disk = disk_bytes(plan, there)
    return Estimate(
        parts=parts,
        seconds=sum(part.seconds for part in parts),
        memory_bytes=memory,
        disk_bytes=disk,
        basis="measured" if measured else "calibrated" if rates else "rough",
        problems=problems_of(plan, memory=memory, disk=disk),
    )


def _there(spec: RunSpec, dataset: Dataset, plan: Plan) -> Presence:
    try:
        return look_up(spec, dataset, plan)
    except OSError as error:
        raise DatasetError(
            f"The table of pictures of {dataset.name!r} cannot be read ({error.strerror or error}). "
            f"Import the dataset again."
        ) from error


def _frozen_parts(plan: Plan, costs: Costs, there: Presence) -> Iterator[Part]:
    missing = {part.boundary: _missing(part, plan, there) for part in plan.frozen}
    asked_anew = {part.boundary for phase in plan.phases for part in phase.through}
    needed = [part.boundary for part in plan.frozen if missing[part.boundary] or part.boundary in asked_anew]
    if plan.frozen:
        converting = [name for name in needed if name not in there.converted or not converts(plan)]
        yield Part(
            name="converting",
            label="Converting the frozen part",
            seconds=sum(costs.frozen[name].convert for name in converting),
            already_there=not converting,
        )
    for position, part in enumerate(plan.frozen):
        seconds = missing[part.boundary] * costs.frozen[part.boundary].ask
        if position == 0:
            seconds += (plan.copies - _copies_there(part, there)) * plan.training * costs.alter
        yield Part(
            name=part.boundary,
            label="Features" if part.boundary == FEATURES else f"Activations below {part.boundary}",
            seconds=seconds,
            already_there=not missing[part.boundary],
        )


def _missing(part: FrozenPart, plan: Plan, there: Presence) -> int:
    """How many pictures a frozen part has to be asked about."""
    plain = 0 if part.boundary in there.kept else plan.stored
    return plain + (plan.copies - _copies_there(part, there)) * plan.training


def _copies_there(part: FrozenPart, there: Presence) -> int:
    return sum(boundary == part.boundary for boundary, _ in there.kept_copies)


def _phase_part(phase: PhaseWork, plan: Plan, costs: Costs) -> Part:
    cost = costs.phases[phase.name]
    epoch = (
        plan.training * (cost.prepare + cost.learn)
        + plan.steps_per_epoch * cost.step
        + plan.validation * cost.answer
    )
    # Epochs that follow each other quickly share a checkpoint.
    epoch += cost.save * min(1.0, epoch / SECONDS_BETWEEN_EPOCHS_KEPT)
    # A second phase begins by scoring what it starts from, and each begins with a checkpoint.
    begin = cost.compile + cost.save + (plan.validation * cost.answer if phase is not plan.phases[0] else 0.0)
    return Part(name=phase.name, label=PHASE_LABELS[phase.name], seconds=begin + phase.epochs * epoch)


def _folds_seconds(plan: Plan, costs: Costs) -> float:
    """Each fold's head learns from all pictures but the test split, less the fold that judges it."""
    head, pictures = costs.phases[plan.phases[0].name], plan.training + plan.validation
    learned = (plan.folds - 1) * plan.phases[0].epochs
    return head.compile + learned * (pictures * head.learn + pictures / plan.batch_size * head.step)


def _effective(training: TransferTraining, *, blocks: int) -> TransferTraining:
    """The same settings where what is unfrozen says what is done: nothing without a second phase, everything if all blocks are."""
    if not training.fine_tunes:
        return training.with_changes(unfreeze="nothing")
    if training.unfreeze == "blocks" and training.unfreeze_blocks >= blocks:
        return training.with_changes(unfreeze="everything")
    return training


def _choices(spec: RunSpec, *, blocks: int) -> Iterator[tuple[str, dict[str, Any]]]:
    training: TransferTraining = spec.training
    numbers = {1, 3}
    if training.unfreeze == "blocks":
        numbers.add(training.unfreeze_blocks)
    yield "Nothing unfrozen", {"unfreeze": "nothing"}
    # Without a second phase whatever is unfrozen makes no difference.
    if training.fine_tune_epochs:
        for number in sorted(number for number in numbers if number < blocks):
            label = "Last block" if number == 1 else f"Last {number} blocks"
            yield label, {"unfreeze": "blocks", "unfreeze_blocks": number}
        yield "Everything unfrozen", {"unfreeze": "everything"}
    if training.augmentation.active:
        # Mixed pictures cannot be kept as copies.
        if not training.augmentation.mixes:
            yield f"Augmented copies: {training.augmented_copies}", {"augmented_route": "copies"}
        yield "Fresh augmentation", {"augmented_route": "fresh"}
