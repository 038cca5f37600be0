"""Finds a learning rate: the rate rises from far too small to far too large, and the loss says where it helps.

The range test of Smith (https://arxiv.org/abs/1506.01186), with exponentially rising rates. What is
suggested is a tenth of the rate at which the smoothed loss was lowest: there it still fell, while at
the lowest point steps are already so large that falling and climbing are even, and the running mean
comes late besides. (The rule "minimum"
of fastai, https://docs.fast.ai/callback.schedule.html. The point of steepest descent is the other
common choice; it lies where two noisy losses happen to differ most, and jumps from test to test.)
What was learned is thrown away. This module never changes a setting.
"""

import itertools
import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from cnnlab.data.dataset import Dataset
from cnnlab.data.packing import PackedPictures
from cnnlab.data.pipeline import batches, order_of_epoch
from cnnlab.runs.records import PHASE_LABELS
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.training.checkpoints import assign
from cnnlab.training.learner import Learner, plan_objective
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.phases import Phase, plan_course
from cnnlab.training.planning.costs import Costs
from cnnlab.training.planning.trial_inputs import begin_trial, real_pictures
from cnnlab.training.planning.trial_records import RangeCurve

OnProgress = Callable[[str, int, int], None]

FEWEST_PICTURES = 48
MOST_SECONDS_READING, MOST_SECONDS_ASKING = 5.0, 15.0
MOST_SECONDS_A_PHASE = 20.0
FEWEST_IN_A_BATCH, PROBED = 4, 8
MOST_TIMED, ENOUGH_SECONDS_TIMED = 5, 0.5
"""Steps that are timed before a batch is chosen: short ones several times, as the machine may be busy in between."""


@dataclass(frozen=True, kw_only=True)
class Range:
    """What is tried in a phase."""

    lowest: float
    highest: float
    steps: int
    """As many as that where there is time."""
    fewest: int
    """Rather than fewer steps, batches are smaller."""
    pictures: int


RANGES = {
    # From random values a network takes its time before the loss moves at all.
    "training": Range(lowest=1e-5, highest=1.0, steps=300, fewest=200, pictures=4096),
    "feature_extraction": Range(lowest=1e-6, highest=1.0, steps=100, fewest=40, pictures=640),
    "fine_tuning": Range(lowest=1e-8, highest=0.1, steps=100, fewest=40, pictures=640),
}
SMOOTHING = 0.9
"""Share of the past in the running mean of the loss: it looks back about ten steps."""
CLIMBS = 0.5
"""Above its lowest point by as much as where it started, and by so much at least, the loss has diverged."""
FALLS = 0.02
"""The loss has to fall by this share of where it started before a rate is suggested."""
TOO_SOON = 1 / 3
"""A loss that diverged before this share of the steps says nothing: it was noise."""
BELOW_THE_LOWEST = 0.1
NEVER_MOVED = (
    "The loss hardly fell at any rate, so there is nothing to suggest: from random values, a network may need more steps "
    "than this test takes before its loss moves at all. Keep the rate as it is; with batch normalization the test sees more."
)
HEAD_STEPS, HEAD_RATE = 50, 1e-3
"""How the head is trained before fine-tuning is tried; at its own suggestion where there is one."""


def try_learning_rates(
    spec: RunSpec, dataset: Dataset, *, expected: Costs, on_progress: OnProgress
) -> tuple[RangeCurve, ...]:
    """Try rising learning rates in every phase of a plan.

    Args:
        spec: The run as it would be started; its own learning rates play no part.
        dataset: Its dataset; some of its training pictures are used.
        expected: What pieces of the plan cost; it decides how many pictures are used.
        on_progress: Hears what is done; may raise to interrupt.

    Raises:
        SpecError: The network cannot be built as it was asked for.
        WeightsError: The pretrained weights are not here.
        DatasetError: The dataset is damaged.
    """
    asking = sum(each.ask for each in expected.frozen.values())
    affordable = min(MOST_SECONDS_ASKING / max(asking, 1e-9), MOST_SECONDS_READING / max(expected.pack, 1e-9))
    most = RANGES["training" if spec.network.kind == "blocks" else "feature_extraction"].pictures
    count = int(np.clip(affordable, FEWEST_PICTURES, most))
    pictures = real_pictures(
        dataset, count=count, image_size=spec.network.image_size, seed=spec.seed, on_progress=on_progress
    )
    begin = partial(begin_trial, stored=dataset.entry.stored_pictures, asked={})
    course = plan_course(spec, pictures, cache=workspace().cache, on_progress=on_progress, begin=begin)
    everything = np.arange(len(pictures.labels))
    # The head that fine-tuning starts from learns from one half, fine-tuning is tried on the other: on
    # pictures that the head knows by heart nothing is left to learn.
    halves = everything[::2], everything[1::2]
    curves: list[RangeCurve] = []
    for phase in course.phases:
        start = [variable.numpy() for variable in phase.model.variables]
        tried = _Tried(phase, spec, pictures, halves[1] if curves else everything)
        curves.append(tried.curve(on_progress))
        assign(phase.model.variables, start)
        if phase is not course.phases[-1]:
            rate = curves[0].suggestion or HEAD_RATE
            _Tried(phase, spec, pictures, halves[0]).learn(steps=HEAD_STEPS, rate=rate)
    return tuple(curves)


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The smoothed loss at every rate that was tried."""

    learning_rates: tuple[float, ...]
    losses: tuple[float, ...]
    steps: int
    """How many would have been taken, had nothing diverged."""


def sweep_rates(take_step: Callable[[float], float], *, lowest: float, highest: float, steps: int) -> Sweep:
    """Take steps at exponentially rising rates until the loss has diverged.

    Args:
        take_step: Takes one step at a rate, and returns the loss before it.
        lowest: First rate.
        highest: Rate of the last step.
        steps: How many, if nothing diverges; 2 at least.
    """
    rates, losses, mean, least = [], [], 0.0, math.inf
    for step in range(steps):
        rate = lowest * (highest / lowest) ** (step / (steps - 1))
        loss = take_step(rate)
        if not math.isfinite(loss):
            break
        mean = SMOOTHING * mean + (1.0 - SMOOTHING) * loss
        # The mean starts at zero, and would be far too low for the first ten steps.
        smoothed = mean / (1.0 - SMOOTHING ** (step + 1))
        rates.append(rate)
        losses.append(smoothed)
        least = min(least, smoothed)
        if smoothed > least + max(losses[0], CLIMBS):
            break
    return Sweep(learning_rates=tuple(rates), losses=tuple(losses), steps=steps)


def suggest_rate(sweep: Sweep) -> float | None:
    """A tenth of the rate at the lowest smoothed loss; None where the loss hardly fell, or diverged at once."""
    if len(sweep.losses) < sweep.steps * TOO_SOON:
        return None
    lowest = int(np.argmin(sweep.losses))
    start = float(np.mean(sweep.losses[: max(1, len(sweep.losses) // 10)]))
    if lowest == 0 or sweep.losses[lowest] > start * (1.0 - FALLS):
        return None
    return float(f"{sweep.learning_rates[lowest] * BELOW_THE_LOWEST:.1e}")


class _Tried:
    """One phase that learns from a few pictures."""

    def __init__(self, phase: Phase, spec: RunSpec, pictures: PackedPictures, positions: np.ndarray) -> None:
        self._phase, self._spec, self._labels, self._positions = phase, spec, pictures.labels, positions
        training = spec.training
        self._learner = Learner(
            phase.model,
            optimizer=build_optimizer(
                training.optimizer, learning_rate=phase.learning_rate, rates=phase.rates
            ),
            objective=plan_objective(
                training,
                self._labels,
                num_classes=len(spec.class_names),
                l2=phase.l2,
                penalised=phase.penalised,
            ),
        )

    def curve(self, on_progress: OnProgress) -> RangeCurve:
        """Raise the learning rate until the loss diverges."""
        chosen = RANGES[self._phase.name]
        what = f"Trying learning rates: {PHASE_LABELS[self._phase.name].lower()}"
        on_progress(what, 0, chosen.steps)
        batch_size, steps = self._affordable(chosen)
        endless = self._batches(batch_size)
        taken = 0

        def take_step(rate: float) -> float:
            nonlocal taken
            on_progress(what, taken, steps)
            taken += 1
            return self._step(next(endless), rate=rate)

        sweep = sweep_rates(take_step, lowest=chosen.lowest, highest=chosen.highest, steps=steps)
        return RangeCurve(
            phase=self._phase.name,
            learning_rates=sweep.learning_rates,
            losses=sweep.losses,
            suggestion=suggest_rate(sweep),
            sentence=describe_sweep(sweep, batch_size=batch_size, wanted=self._spec.training.batch_size)
            if self._phase.name != "training" or suggest_rate(sweep) is not None
            else NEVER_MOVED,
        )

    def learn(self, *, steps: int, rate: float) -> None:
        """Take some steps at one rate."""
        endless = self._batches(self._spec.training.batch_size)
        for _ in range(steps):
            self._step(next(endless), rate=rate)

    def _affordable(self, chosen: Range) -> tuple[int, int]:
        """How many pictures a batch and how many steps fit into the time that there is."""
        few = self._step_seconds(PROBED) / PROBED
        affordable = int(MOST_SECONDS_A_PHASE / chosen.fewest / max(few, 1e-9))
        batch_size = min(
            max(affordable, FEWEST_IN_A_BATCH), self._spec.training.batch_size, len(self._positions)
        )
        steps = MOST_SECONDS_A_PHASE / max(self._step_seconds(batch_size), 1e-9)
        return batch_size, int(np.clip(steps, chosen.fewest, chosen.steps))

    def _step_seconds(self, batch_size: int) -> float:
        # At a rate of nothing no step learns: the first compiles, and the quickest of the others tells the time.
        self._step(self._positions[:batch_size], rate=0.0)
        taken: list[float] = []
        while not taken or (len(taken) < MOST_TIMED and sum(taken) < ENOUGH_SECONDS_TIMED):
            started = time.perf_counter()
            self._step(self._positions[:batch_size], rate=0.0)
            taken.append(time.perf_counter() - started)
        return min(taken)

    def _batches(self, batch_size: int) -> Iterator[np.ndarray]:
        for epoch in itertools.count(1):
            order = order_of_epoch(self._positions, seed=self._spec.seed, epoch=epoch)
            yield from batches(order, batch_size=batch_size)

    def _step(self, positions: np.ndarray, *, rate: float) -> float:
        self._learner.set_learning_rate(rate)
        inputs = self._phase.inputs.batch(positions, epoch=1)
        mix = self._phase.inputs.mix(positions, epoch=1)
        result = self._learner.learn(inputs, self._labels[positions], mix=mix)
        return result.loss_sum / result.seen


def describe_sweep(sweep: Sweep, *, batch_size: int, wanted: int) -> str:
    """Say what was found, and what it was found with where that is not what was wanted."""
    suggestion = suggest_rate(sweep)
    if len(sweep.losses) < sweep.steps * TOO_SOON:
        return (
            "The loss climbed before anything was learned, so there is nothing to suggest. Keep the rate as it is, "
            "or try a larger batch."
        )
    if suggestion is None:
        return (
            "The loss hardly fell at any rate, so there is nothing to suggest. Keep the rate as it is: "
            "there may be little left to learn here."
        )
    lowest = sweep.learning_rates[int(np.argmin(sweep.losses))]
    said = (
        f"The loss was lowest at {_text(lowest)}; a tenth of that, {_text(suggestion)}, still learns fast and leaves "
        f"room. Tried in {len(sweep.losses)} of {sweep.steps} steps"
    )
    return (
        f"{said} with batches of {batch_size} instead of {wanted}, which makes it rougher."
        if batch_size < wanted
        else f"{said}."
    )


def _text(rate: float) -> str:
    return re.sub(r"e([+-])0+", r"e\1", f"{rate:.2g}")
