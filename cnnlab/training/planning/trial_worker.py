"""The process that carries one trial: `python -m cnnlab.training.planning.trial_worker FOLDER`.

It ends by itself: when it is done, when somebody wants it to, and after some minutes in any case, so
that nothing is left behind by a server that went away. It never trains for longer than a trial takes,
never packs a dataset and never keeps weights.
"""

import sys
import time
from pathlib import Path

import psutil

from cnnlab.data.library import find_dataset
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.runs.machine import machine_id
from cnnlab.runs.memory import peak_memory_bytes
from cnnlab.training.planning.calibration import calibrate, load_calibration
from cnnlab.training.planning.costs import rough_rates, work_out
from cnnlab.training.planning.estimate import ORIGINAL_PIXELS
from cnnlab.training.planning.rate_range import try_learning_rates
from cnnlab.training.planning.timing import time_plan
from cnnlab.training.planning.trial_records import (
    RangeResult,
    TimingResult,
    TrialRequest,
)
from cnnlab.training.planning.workload import lay_out
from cnnlab.training.worker import prepare_tensorflow

MOST_SECONDS = 300.0
TOO_LONG = (
    f"The trial took more than {MOST_SECONDS / 60:.0f} minutes and was ended: this plan is heavy for this "
    f"machine. Try a smaller image size, or fewer blocks to unfreeze."
)
NO_MEMORY = (
    "There was not enough memory. Try a smaller batch, a smaller image size or fewer blocks to unfreeze."
)


def main(path: str) -> int:
    """Carry the trial in a folder; return the exit code."""
    folder, started_after = Path(path), time.time() - psutil.Process().create_time()

    def work(reporter: Reporter) -> TimingResult | RangeResult:
        request = TrialRequest.model_validate_json((folder / "request.json").read_bytes())
        with alone(folder.parent / "running.lock", reporter, noun="trial"):
            if request.kind == "timing":
                return _time(request, reporter, started_after=started_after)
            return _sweep(request, reporter)

    return carry(
        folder, work, noun="trial", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


def _time(request: TrialRequest, reporter: Reporter, *, started_after: float) -> TimingResult:
    spec, started = request.spec, time.perf_counter()
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    load_seconds = started_after + _load(request, reporter)
    base_bytes = psutil.Process().memory_info().rss
    calibration = load_calibration()
    rates = calibration.rates if calibration else rough_rates()
    plan = lay_out(spec, dataset)
    expected = work_out(plan, rates, original_pixels=ORIGINAL_PIXELS)
    costs = time_plan(
        spec, dataset, plan=plan, expected=expected, load_seconds=load_seconds, on_progress=reporter.report
    )
    peak = peak_memory_bytes()
    if calibration is None:
        calibrate(load_seconds=load_seconds, base_bytes=base_bytes, report=reporter.report)
    return TimingResult(
        costs=costs,
        peak_bytes=peak,
        machine_id=machine_id(),
        measured_at=time.time(),
        seconds=time.perf_counter() - started,
    )


def _sweep(request: TrialRequest, reporter: Reporter) -> RangeResult:
    spec = request.spec
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    _load(request, reporter)
    calibration = load_calibration()
    rates = calibration.rates if calibration else rough_rates()
    expected = work_out(lay_out(spec, dataset), rates, original_pixels=ORIGINAL_PIXELS)
    phases = try_learning_rates(spec, dataset, expected=expected, on_progress=reporter.report)
    return RangeResult(phases=phases, measured_at=time.time())


def _load(request: TrialRequest, reporter: Reporter) -> float:
    reporter.report("Loading TensorFlow")
    started = time.perf_counter()
    prepare_tensorflow(request.spec)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
