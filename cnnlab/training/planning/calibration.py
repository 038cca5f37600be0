"""What this machine can do, measured once with two small networks and kept in the workspace.

One network is made of depthwise convolutions, where numbers travelling through memory count, one of
dense ones, where multiply-adds count: from both together follows what each costs. Measuring takes some
seconds and happens in a child with TensorFlow in it; reading what was measured needs none. This module
never looks at a plan.
"""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from cnnlab.files import write_text
from cnnlab.runs.machine import describe_machine, machine_id
from cnnlab.settings import workspace
from cnnlab.training.planning.costs import Rates, Speed
from cnnlab.training.planning.measuring import (
    NetworkTimes,
    dense_network,
    depthwise_network,
    measure_altering,
    measure_heads,
    measure_network,
    measure_packing,
)

LITE_LAYER_SECONDS = 2e-6
"""Too little to be told apart from the rest by two networks."""

Report = Callable[[str], None]


class Calibration(BaseModel):
    """What a machine can do, and when that was measured."""

    model_config = ConfigDict(frozen=True)

    machine_id: str
    machine: str
    measured_at: float
    """Wall clock, seconds since 1970."""
    seconds: float
    """How long measuring took."""
    rates: Rates


def load_calibration() -> Calibration | None:
    """Return what was measured on this machine, or None where nothing was."""
    try:
        return Calibration.model_validate_json(_path().read_bytes())
    except (OSError, ValidationError):
        return None


def calibrate(*, load_seconds: float, base_bytes: int, report: Report) -> Calibration:
    """Measure this machine and keep the result; needs TensorFlow.

    Args:
        load_seconds: How long this process took until TensorFlow was loaded.
        base_bytes: What it took of memory then.
        report: Hears what is done; may raise to interrupt.

    Raises:
        OSError: The result cannot be written.
    """
    started = time.perf_counter()
    report("Measuring this machine: a depthwise network")
    depthwise = measure_network(*depthwise_network())
    report("Measuring this machine: a dense network")
    dense = measure_network(*dense_network())
    report("Measuring this machine: heads, pictures and the disk")
    step, update, save, save_byte = measure_heads()
    lite = solve_speed([depthwise, dense], lambda found: [(found.ask, 1)], layer=LITE_LAYER_SECONDS)
    convert_layer, convert_parameter = _split_conversion(depthwise, dense)
    rates = Rates(
        load=load_seconds,
        build=depthwise.build / depthwise.work.layers,
        compile_answer=depthwise.compile_answer / depthwise.work.layers,
        compile_learn=depthwise.compile_learn / depthwise.work.layers,
        convert=convert_layer,
        convert_parameter=convert_parameter,
        lite=lite,
        answer=solve_speed([depthwise, dense], lambda found: found.answers),
        learn=solve_speed([depthwise, dense], lambda found: found.steps),
        update=update,
        step=step,
        pack=measure_packing(),
        alter=measure_altering(),
        save=save,
        save_byte=save_byte,
        base_bytes=base_bytes,
    )
    calibration = Calibration(
        machine_id=machine_id(),
        machine=describe_machine(),
        measured_at=time.time(),
        seconds=time.perf_counter() - started,
        rates=rates,
    )
    _path().parent.mkdir(parents=True, exist_ok=True)
    write_text(_path(), calibration.model_dump_json(indent=1))
    return calibration


def solve_speed(
    found: list[NetworkTimes],
    measured: Callable[[NetworkTimes], list[tuple[float, int]]],
    *,
    layer: float | None = None,
) -> Speed:
    """Find what a multiply-add, a value and a layer cost, none of them less than nothing.

    Least squares of relative errors, over every choice of costs that may be above zero: there are three.
    """
    rows, seconds = [], []
    for each in found:
        for taken, pictures in measured(each):
            work = each.work
            known = (layer or 0.0) * work.layers
            start = 0.0 if layer else work.layers
            rows.append([work.multiply_adds * pictures, work.values * pictures, start])
            seconds.append(max(taken - known, taken / 10))
    weights = np.array(seconds)[:, np.newaxis]
    matrix = np.array(rows) / weights
    best, least = np.zeros(3), np.inf
    for chosen in itertools.chain.from_iterable(itertools.combinations(range(3), n) for n in (1, 2, 3)):
        part, *_ = np.linalg.lstsq(matrix[:, chosen], np.ones(len(seconds)), rcond=None)
        error = float(np.square(matrix[:, chosen] @ part - 1.0).sum())
        if (part >= 0.0).all() and error < least:
            best, least = np.zeros(3), error
            best[list(chosen)] = part
    return Speed(multiply_add=best[0], value=best[1], layer=layer or best[2])


def _split_conversion(depthwise: NetworkTimes, dense: NetworkTimes) -> tuple[float, float]:
    """What a layer and a parameter cost to convert; what the cheaper layers do not explain is put down to parameters."""
    layer = min(depthwise.convert / depthwise.work.layers, dense.convert / dense.work.layers)
    left = max(depthwise.convert - layer * depthwise.work.layers, 0.0)
    return layer, left / depthwise.work.parameters


def _path() -> Path:
    return workspace().cache / "calibration" / f"{machine_id()}.json"
