"""Memory and disk that a plan needs, against what this machine has free.

This module never frees anything: it says what does not fit, and what to change.
"""

import shutil

import psutil

from cnnlab.settings import workspace
from cnnlab.training.learner import ANSWER_BATCH_SIZE
from cnnlab.training.planning.presence import Presence
from cnnlab.training.planning.trial_records import TimingResult
from cnnlab.training.planning.workload import FLOAT_BYTES, Plan, Work

SHARE_KEPT = 0.6
"""Of what all layers put out, so much is in memory together in a training step; measured: the rest is freed on the way."""
LAYERS_TOGETHER = 8
"""Answers of about so many layers are in memory together when nothing learns."""
COPIES_OF_WEIGHTS = 5
"""The network, its pretrained weights, its best ones on their way to the disk, and two while it is converted."""
RUNTIME_BYTES, LAYER_BYTES = 200_000_000, 1_600_000
"""What TensorFlow takes once it computes, and for each layer that is compiled and converted; measured over ten runs."""
CHECKPOINTS = 3
"""Two are kept while a third is written."""
SHARE_USABLE = 0.9


def memory_bytes(plan: Plan, *, base_bytes: int, measured: TimingResult | None) -> int:
    """The most memory that a run holds: as a trial found, or worked out.

    Args:
        plan: What is computed.
        base_bytes: Of a process with TensorFlow in it.
        measured: What a trial of this plan found; it may have tried smaller batches.
    """
    steps = [_step_bytes(phase.learns, pictures=plan.batch_size) for phase in plan.phases]
    if measured is not None:
        tried = [
            _step_bytes(phase.learns, pictures=measured.costs.phases[phase.name].tried)
            for phase in plan.phases
        ]
        return measured.peak_bytes + max(max(steps) - max(tried), 0)
    answers = [_answer_bytes(phase.learns) for phase in plan.phases]
    weights = COPIES_OF_WEIGHTS * FLOAT_BYTES * plan.whole.parameters
    compiled = RUNTIME_BYTES + LAYER_BYTES * plan.whole.layers
    return base_bytes + compiled + weights + max([*steps, *answers])


def disk_bytes(plan: Plan, there: Presence) -> int:
    """What a run adds to the disk: what is packed and kept, checkpoints, and the model in two forms."""
    packed = 0 if there.packed else plan.stored * plan.image_size**2 * 3
    kept = 0
    for part in plan.frozen:
        copies = sum(boundary == part.boundary for boundary, _ in there.kept_copies)
        rows = 0 if part.boundary in there.kept else plan.stored
        kept += (rows + (plan.copies - copies) * plan.training) * part.values_out * FLOAT_BYTES
        if part.boundary not in there.converted:
            kept += part.work.parameters * FLOAT_BYTES
    checkpoint = max(phase.learns.parameters + 2 * phase.learns.trainable_parameters for phase in plan.phases)
    models = 2 * plan.whole.parameters
    return packed + kept + FLOAT_BYTES * (CHECKPOINTS * checkpoint + models)


def problems_of(plan: Plan, *, memory: int, disk: int) -> tuple[str, ...]:
    """Sentences on what does not fit, each with a way out."""
    found = []
    free = psutil.virtual_memory().available
    if memory > free * SHARE_USABLE:
        found.append(
            f"This run needs about {_size(memory)} of memory, and {_size(free)} are free. "
            f"Choose a smaller batch than {plan.batch_size}, unfreeze less, or use a smaller image size than {plan.image_size}."
        )
    room = shutil.disk_usage(workspace().cache).free
    if disk > room * SHARE_USABLE:
        way = (
            "fewer augmented copies, another boundary, or a smaller image size"
            if plan.copies
            else "another boundary, or a smaller image size"
        )
        found.append(
            f"This run needs about {_size(disk)} of disk, and {_size(room)} are free where the workspace is. "
            f"Make room by deleting runs or what is cached, or choose {way}."
        )
    return tuple(found)


def _step_bytes(learns: Work, *, pictures: int) -> int:
    gradients = 3 * learns.trainable_parameters
    return int(FLOAT_BYTES * (SHARE_KEPT * learns.values * pictures + gradients))


def _answer_bytes(work: Work) -> int:
    together = work.values / max(work.layers, 1) * LAYERS_TOGETHER
    return int(FLOAT_BYTES * ANSWER_BATCH_SIZE * together)


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
