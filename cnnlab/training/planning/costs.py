"""How long each piece of a plan takes: from the rates of a machine, or measured by a trial.

Time follows from three things: multiply-adds, the numbers that layers put out (they travel through
memory; for depthwise networks that is what counts), and how many layers there are to start. Rates say
what each costs on a machine. This module never measures: `calibration` and `timing` do.
"""

import os

from pydantic import BaseModel, ConfigDict

from cnnlab.prediction.timing import ENOUGH_ANSWERS, ENOUGH_SECONDS
from cnnlab.training.activations import BATCH_SIZE
from cnnlab.training.extraction import FEWEST_INPUTS
from cnnlab.training.finishing import PICTURES_COMPARED
from cnnlab.training.learner import ANSWER_BATCH_SIZE
from cnnlab.training.planning.workload import FLOAT_BYTES, FrozenPart, PhaseWork, Plan, Work

FEWEST_SECONDS = 1e-9
TIMING_CHILD_SECONDS = 1.5
"""A process that loads LiteRT and nothing else."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Speed(_Record):
    """What a way to run a network costs, in seconds."""

    multiply_add: float
    value: float
    """Of every number that a layer puts out."""
    layer: float
    """Of every layer each time that the network is called."""

    def per_picture(self, work: Work) -> float:
        """Seconds for one picture of a large batch."""
        return self.multiply_add * work.multiply_adds + self.value * work.values

    def per_call(self, work: Work) -> float:
        """Seconds for each call, whatever the batch."""
        return self.layer * work.layers

    def scaled(self, factor: float) -> "Speed":
        """The same, so many times slower."""
        return Speed(
            multiply_add=self.multiply_add * factor, value=self.value * factor, layer=self.layer * factor
        )


class PictureSpeed(_Record):
    """What handling one picture costs, in seconds."""

    picture: float
    pixel: float

    def of(self, pixels: float) -> float:
        """Seconds for a picture of so many pixels."""
        return self.picture + self.pixel * pixels


class Rates(_Record):
    """What everything costs on a machine, in seconds."""

    load: float
    """A process with TensorFlow in it."""
    build: float
    """A layer of a network, with its weights."""
    compile_answer: float
    """A layer of a network that only answers."""
    compile_learn: float
    """A layer of a network that learns."""
    convert: float
    """A layer, to LiteRT."""
    convert_parameter: float
    lite: Speed
    """A frozen network through LiteRT, one picture a call."""
    answer: Speed
    """A network through TensorFlow."""
    learn: Speed
    """A training step, forward and backward."""
    update: float
    """A parameter that learns, each step."""
    step: float
    """A training step, whatever is in it."""
    pack: PictureSpeed
    """Decoding and resizing; the pixels of the original and of the result."""
    alter: PictureSpeed
    """Augmenting."""
    save: float
    """A checkpoint, whatever is in it."""
    save_byte: float
    base_bytes: int = 720_000_000
    """Memory of a process with TensorFlow in it."""


class FrozenCosts(_Record):
    """What a frozen part costs, in seconds."""

    convert: float
    ask: float
    """For one picture, by the way that the run takes."""


class PhaseCosts(_Record):
    """What a phase costs, in seconds."""

    compile: float
    step: float
    """For each step, whatever the batch."""
    prepare: float
    """For each training picture: fetched, altered, taken through what is frozen."""
    learn: float
    """For each training picture."""
    answer: float
    """For each validation picture."""
    save: float
    """The checkpoint after an epoch."""
    tried: int = 0
    """Pictures of the largest batch that a trial learned from; 0 where nothing was tried."""


class Costs(_Record):
    """What the pieces of a plan cost, in seconds."""

    load: float
    build: float
    pack: float
    """For one picture."""
    alter: float
    """For one altered copy of a picture."""
    frozen: dict[str, FrozenCosts]
    phases: dict[str, PhaseCosts]
    finish: float


def rough_rates() -> Rates:
    """What to expect of a machine that nobody measured: two cores of a server as of 2026, scaled by how many there are."""
    faster = min(max((os.cpu_count() or 2) / 2, 0.5), 4.0)
    return ROUGH.model_copy(
        update={name: getattr(ROUGH, name).scaled(1 / faster) for name in ("lite", "answer", "learn")}
    )


def work_out(plan: Plan, rates: Rates, *, original_pixels: float) -> Costs:
    """Work out what a plan costs at some rates.

    Args:
        plan: What is computed.
        rates: Of the machine.
        original_pixels: Of a picture of the dataset, on average.
    """
    pixels = plan.image_size**2
    frozen = {part.boundary: _frozen(part, plan, rates) for part in plan.frozen}
    return Costs(
        load=rates.load,
        build=rates.build * plan.whole.layers,
        pack=rates.pack.of(original_pixels + pixels),
        alter=rates.alter.of(pixels),
        frozen=frozen,
        phases={phase.name: _phase(phase, plan, rates, frozen) for phase in plan.phases},
        finish=_finish(plan, rates),
    )


def corrected(rates: Rates, *, plan: Plan, measured: Costs) -> Rates:
    """Adapt rates to what a trial of a plan measured, for plans with the same network."""
    expected = work_out(plan, rates, original_pixels=0.0)

    def factor(kind: str, field: str) -> float:
        found, said = getattr(measured, kind), getattr(expected, kind)
        ours = sum(getattr(said[name], field) for name in said if name in found)
        theirs = sum(getattr(found[name], field) for name in said if name in found)
        return theirs / ours if min(ours, theirs) > FEWEST_SECONDS else 1.0

    return rates.model_copy(
        update={
            "load": measured.load,
            "build": measured.build / max(plan.whole.layers, 1),
            "lite": rates.lite.scaled(factor("frozen", "ask")),
            "answer": rates.answer.scaled(factor("phases", "answer")),
            "learn": rates.learn.scaled(factor("phases", "learn")),
            "compile_answer": rates.compile_answer * factor("phases", "compile"),
            "compile_learn": rates.compile_learn * factor("phases", "compile"),
        }
    )


def converts(plan: Plan) -> bool:
    """Whether there are enough pictures for converting a frozen part."""
    return plan.stored >= FEWEST_INPUTS


def _frozen(part: FrozenPart, plan: Plan, rates: Rates) -> FrozenCosts:
    work = part.work
    if converts(plan):
        ask = rates.lite.per_picture(work) + rates.lite.per_call(work)
        return FrozenCosts(convert=_convert(work, rates), ask=ask)
    ask = rates.answer.per_picture(work) + rates.answer.per_call(work) / BATCH_SIZE
    return FrozenCosts(convert=rates.compile_answer * work.layers, ask=ask)


def _phase(phase: PhaseWork, plan: Plan, rates: Rates, frozen: dict[str, FrozenCosts]) -> PhaseCosts:
    work, asked = phase.learns, sum(frozen[part.boundary].ask for part in phase.through)
    # Two checkpoints of everything and its optimizer, and the best weights.
    saved = FLOAT_BYTES * (2 * work.parameters + 2 * work.trainable_parameters)
    return PhaseCosts(
        compile=(rates.compile_answer + rates.compile_learn) * work.layers,
        step=rates.step + rates.learn.per_call(work) + rates.update * work.trainable_parameters,
        prepare=asked + (rates.alter.of(plan.image_size**2) if phase.altered else 0.0),
        learn=rates.learn.per_picture(work),
        answer=rates.answer.per_picture(work) + rates.answer.per_call(work) / ANSWER_BATCH_SIZE,
        save=rates.save + rates.save_byte * saved,
    )


def _finish(plan: Plan, rates: Rates) -> float:
    whole, last = plan.whole, plan.phases[-1].learns
    return (
        _convert(whole, rates)
        + rates.compile_answer * last.layers
        # The whole network and the one that explains are put together anew.
        + rates.build * whole.layers
        + rates.save
        + rates.save_byte * FLOAT_BYTES * whole.parameters
        + compare_seconds(plan, ask=rates.lite.per_picture(whole) + rates.lite.per_call(whole))
    )


def compare_seconds(plan: Plan, *, ask: float) -> float:
    """Seconds for comparing the finished model with its converted form, and for timing that in a process of its own."""
    compared = min(PICTURES_COMPARED, plan.validation + plan.test)
    return compared * ask + TIMING_CHILD_SECONDS + min(ENOUGH_ANSWERS * ask, ENOUGH_SECONDS)


def _convert(work: Work, rates: Rates) -> float:
    return rates.convert * work.layers + rates.convert_parameter * work.parameters


ROUGH = Rates(
    load=5.0,
    build=0.005,
    compile_answer=0.0033,
    compile_learn=0.015,
    convert=0.011,
    convert_parameter=1e-7,
    lite=Speed(multiply_add=9e-12, value=1.8e-10, layer=2e-6),
    answer=Speed(multiply_add=1e-11, value=3e-10, layer=5e-5),
    learn=Speed(multiply_add=4e-11, value=4e-10, layer=2e-4),
    update=5e-9,
    step=8e-4,
    pack=PictureSpeed(picture=1.1e-4, pixel=2.2e-9),
    alter=PictureSpeed(picture=2e-4, pixel=3.2e-8),
    save=0.008,
    save_byte=2.2e-9,
)
"""What `calibration` found on two cores of a server, rounded; it measures the same on this machine."""
