"""Times every piece of a plan on a few pictures of noise: the very phases that the run would have.

This module never packs a dataset, never keeps a weight and never says how long a run takes: `estimate`
adds up what was found here.
"""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from cnnlab.data.augmentation import augment_picture
from cnnlab.data.dataset import Dataset
from cnnlab.data.images import decode_picture, fit_picture
from cnnlab.data.packing import DECODERS
from cnnlab.settings import settings, workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.training.checkpoints import CheckpointFolder
from cnnlab.training.extraction import FEWEST_INPUTS, fastest_answer
from cnnlab.training.learner import ANSWER_BATCH_SIZE, Learner, Objective
from cnnlab.training.optimizers import build_optimizer
from cnnlab.training.phases import Course, Phase, plan_course
from cnnlab.training.planning.costs import Costs, FrozenCosts, PhaseCosts, compare_seconds
from cnnlab.training.planning.measuring import median_seconds, seconds_of
from cnnlab.training.planning.trial_inputs import Asked, begin_trial, random_pictures
from cnnlab.training.planning.workload import Plan
from cnnlab.training.progress import Progress

PICTURES = 16
PICTURES_DECODED = 32
MOST_SECONDS_ASKING = 1.5
MOST_SECONDS_A_PIECE = 2.0
ENOUGH_SECONDS = 40.0
"""After so long, what is left (converting the whole network) is worked out and not tried."""

OnProgress = Callable[[str, int, int], None]


def time_plan(
    spec: RunSpec,
    dataset: Dataset,
    *,
    plan: Plan,
    expected: Costs,
    load_seconds: float,
    on_progress: OnProgress,
) -> Costs:
    """Measure what the pieces of a plan cost on this machine.

    Args:
        spec: The run as it would be started.
        dataset: Its dataset; a few pictures of it are decoded.
        plan: What the run computes.
        expected: What the calibration says; it decides how many pictures are tried, and stands in for
            what would take too long to try.
        load_seconds: How long this process took until TensorFlow was loaded.
        on_progress: Hears what is done; may raise to interrupt.

    Raises:
        SpecError: The network cannot be built as it was asked for.
        WeightsError: The pretrained weights are not here.
        DatasetError: The dataset is damaged.
    """
    started = time.perf_counter()
    asked: dict[str, Asked] = {}
    slowest = max((each.ask for each in expected.frozen.values()), default=0.0)
    count = int(np.clip(MOST_SECONDS_ASKING / max(slowest, 1e-6), 2, PICTURES))
    pictures = random_pictures(count, image_size=spec.network.image_size, num_classes=len(spec.class_names))
    begin = partial(begin_trial, stored=dataset.entry.stored_pictures, asked=asked)
    course = plan_course(spec, pictures, cache=workspace().cache, on_progress=on_progress, begin=begin)
    build = time.perf_counter() - started - _asking_seconds(asked, pictures=count)
    frozen = {
        boundary: FrozenCosts(
            ask=each.seconds,
            convert=expected.frozen[boundary].convert
            if each.was_converted
            else max(each.first_seconds - each.seconds, 0.0),
        )
        for boundary, each in asked.items()
    }
    phases = {phase.name: _time_phase(phase, spec, on_progress=on_progress) for phase in course.phases}
    finish = expected.finish
    if time.perf_counter() - started < ENOUGH_SECONDS:
        on_progress("Trying to convert the whole network", 0, 0)
        finish = _finish_seconds(course, plan=plan)
    return Costs(
        load=load_seconds,
        build=max(build, 0.0),
        pack=_pack_seconds(dataset, image_size=spec.network.image_size),
        alter=_alter_seconds(spec),
        frozen=frozen,
        phases=phases,
        finish=finish,
    )


def _asking_seconds(asked: dict[str, Asked], *, pictures: int) -> float:
    return sum(each.first_seconds + pictures * each.seconds for each in asked.values())


def _time_phase(phase: Phase, spec: RunSpec, *, on_progress: OnProgress) -> PhaseCosts:
    what, batch_size = f"Trying {phase.name.replace('_', ' ')}", spec.training.batch_size
    on_progress(what, 0, 3)
    positions = np.resize(np.arange(len(phase.inputs.plain)), max(batch_size, ANSWER_BATCH_SIZE))
    learner = Learner(
        phase.model,
        optimizer=build_optimizer(
            spec.training.optimizer, learning_rate=phase.learning_rate, rates=phase.rates
        ),
        # Weights of classes change no time.
        objective=Objective(
            label_smoothing=spec.training.label_smoothing, l2=phase.l2, penalised=phase.penalised
        ),
    )
    first, step, learn, tried = _time_steps(learner, phase, positions[:batch_size])
    on_progress(what, 1, 3)
    prepare = _per_picture(
        lambda count: phase.inputs.batch(positions[:count], epoch=1), most=min(batch_size, PICTURES)
    )
    on_progress(what, 2, 3)
    first_answer = seconds_of(lambda: learner.probabilities(phase.inputs.plain, positions[:1]))
    answer = _per_picture(
        lambda count: learner.probabilities(phase.inputs.plain, positions[:count]), most=ANSWER_BATCH_SIZE
    )
    return PhaseCosts(
        compile=max(first - step - learn, 0.0) + max(first_answer - answer, 0.0),
        step=step,
        prepare=prepare,
        learn=learn,
        answer=answer,
        save=_save_seconds(learner),
        tried=tried,
    )


def _time_steps(learner: Learner, phase: Phase, positions: np.ndarray) -> tuple[float, float, float, int]:
    """Seconds of the first step, of each step and of each picture after it; pictures of the largest batch."""
    inputs = phase.inputs.batch(positions[:1], epoch=1)
    rows = np.repeat(inputs, len(positions), axis=0)
    labels = np.zeros(len(positions), np.int32)

    def take_step(count: int) -> None:
        learner.set_learning_rate(0.0)
        learner.learn(rows[:count], labels[:count])

    first = seconds_of(lambda: take_step(1))
    one = median_seconds(lambda: take_step(1))
    if len(positions) == 1:
        return first, 0.0, one, 1
    count = int(np.clip(MOST_SECONDS_A_PIECE / one, 2, len(positions)))
    many = _settled(lambda: take_step(count))
    learn = max((many - one) / (count - 1), 0.0)
    return first, max(many - count * learn, 0.0), learn, count


def _per_picture(task: Callable[[int], object], *, most: int) -> float:
    one = _settled(lambda: task(1))
    count = int(np.clip(MOST_SECONDS_A_PIECE / max(one, 1e-6), 1, most))
    return _settled(lambda: task(count)) / count


def _settled(task: Callable[[], object]) -> float:
    """Seconds that a task takes, repeated as often as there is time for."""
    first = seconds_of(task)
    return median_seconds(task, rounds=int(np.clip(MOST_SECONDS_A_PIECE / max(first, 1e-6) - 1, 1, 9)))


def _save_seconds(learner: Learner) -> float:
    """A checkpoint, and the best weights beside it, as after most epochs."""
    variables = [*learner.model.variables, *learner.optimizer.variables]
    with tempfile.TemporaryDirectory(dir=workspace().cache) as folder:
        checkpoints = CheckpointFolder(Path(folder))

        def save() -> None:
            checkpoints.save_best(
                [variable.numpy() for variable in learner.model.variables], name=checkpoints.name_best(1)
            )
            checkpoints.save(variables, progress=Progress())

        return median_seconds(save, rounds=2)


def _finish_seconds(course: Course, *, plan: Plan) -> float:
    size = plan.image_size
    with tempfile.TemporaryDirectory(dir=workspace().cache) as folder:
        started = time.perf_counter()
        whole = course.whole_model()
        whole.save(Path(folder) / "model.keras")
        pictures = np.zeros((FEWEST_INPUTS, size, size, 3), np.uint8)
        answer = fastest_answer(whole, pictures, kept=Path(folder) / "whole.tflite")
        seconds = time.perf_counter() - started
        few = np.zeros((2, size, size, 3), np.float32)
        return seconds + compare_seconds(plan, ask=median_seconds(lambda: answer(few)) / len(few))


def _pack_seconds(dataset: Dataset, *, image_size: int) -> float:
    limits = settings()
    chosen = np.linspace(0, dataset.entry.stored_pictures - 1, PICTURES_DECODED).astype(int)
    originals = dataset.read_pictures(np.unique(chosen).tolist())

    def pack(data: bytes) -> np.ndarray:
        image = decode_picture(data, max_pixels=limits.max_picture_pixels, max_bytes=limits.max_picture_bytes)
        return fit_picture(image, image_size=image_size)

    with ThreadPoolExecutor(DECODERS) as pool:
        return seconds_of(lambda: list(pool.map(pack, originals))) / len(originals)


def _alter_seconds(spec: RunSpec) -> float:
    chosen, size = spec.training.augmentation, spec.network.image_size
    if not chosen.active:
        return 0.0
    picture = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return median_seconds(lambda: augment_picture(picture, settings=chosen, seed=0, number=0, copy=0))
