"""The process that carries one trial: `python -m cnnlab.training.planning.trial_worker FOLDER`.

It ends by itself: when it is done, when somebody wants it to, and after some minutes in any case, so
that nothing is left behind by a server that went away. It never trains for longer than a trial takes,
never packs a dataset and never keeps weights.
"""

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from cnnlab.data.children import be_a_good_neighbour
from cnnlab.data.library import find_dataset
from cnnlab.errors import CnnlabError
from cnnlab.files import write_text
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
    TrialProgress,
    TrialRequest,
    TrialState,
)
from cnnlab.training.planning.workload import lay_out
from cnnlab.training.worker import prepare_tensorflow

LOCK_SECONDS = 5.0
MOST_SECONDS = 300.0
SAY_SECONDS = 0.2
NO_MEMORY = (
    "There was not enough memory. Try a smaller batch, a smaller image size or fewer blocks to unfreeze."
)


class Cancelled(BaseException):
    """Somebody wants the trial to end. No `Exception`, so that nothing on the way swallows it."""


class Reporter:
    """Says how far the trial is, and raises `Cancelled` once that is wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said_at = -1e9
        self._said = ""
        self.cancelled = False
        self._write(TrialProgress())

    def report(self, activity: str, done: int = 0, total: int = 0) -> None:
        """Say what is done now; written a few times a second at most.

        Raises:
            Cancelled: The trial is to end.
        """
        if activity != self._said or time.monotonic() - self._said_at >= SAY_SECONDS:
            self._said = activity
            self._write(TrialProgress(activity=activity, share=done / total if total else None))
            self.cancelled = self.cancelled or (self._folder / "cancel").exists()
        if self.cancelled:
            raise Cancelled

    def end(self, state: TrialState, *, message: str = "") -> None:
        """Say how it ended."""
        self._write(TrialProgress(state=state, activity="", message=message))

    def _write(self, progress: TrialProgress) -> None:
        write_text(self._folder / "progress.json", progress.model_dump_json())
        self._said_at = time.monotonic()


def main(path: str) -> int:
    """Carry the trial in a folder; return the exit code."""
    folder, started_after = Path(path), time.time() - psutil.Process().create_time()
    lock = FileLock(folder / "worker.lock")
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        print("Another worker holds this trial.", file=sys.stderr)
        return 2
    be_a_good_neighbour()
    reporter = Reporter(folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(reporter, "cancelled", True))
    _end_in_any_case(reporter)
    state, message = _carry(folder, reporter, started_after=started_after)
    reporter.end(state, message=message)
    lock.release()
    return 0 if state != "failed" else 1


def _carry(folder: Path, reporter: Reporter, *, started_after: float) -> tuple[TrialState, str]:
    try:
        request = TrialRequest.model_validate_json((folder / "request.json").read_bytes())
        with _alone(folder, reporter):
            if request.kind == "timing":
                result = _time(request, reporter, started_after=started_after)
            else:
                result = _sweep(request, reporter)
        write_text(folder / "result.json", result.model_dump_json())
    except Cancelled:
        return "cancelled", ""
    except CnnlabError as error:
        return "failed", str(error)
    except MemoryError:
        traceback.print_exc()
        return "failed", NO_MEMORY
    except Exception as error:
        traceback.print_exc()
        if type(error).__name__ == "ResourceExhaustedError":
            return "failed", NO_MEMORY
        return "failed", f"The trial could not go on ({type(error).__name__}: {str(error)[:300]})."
    return "finished", ""


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


@contextlib.contextmanager
def _alone(folder: Path, reporter: Reporter):
    """Wait until the trial before this one has ended: two at a time would measure each other."""
    lock = FileLock(folder.parent / "running.lock")
    while True:
        try:
            lock.acquire(timeout=SAY_SECONDS)
            break
        except Timeout:
            reporter.report("Waiting for another trial to end")
    try:
        yield
    finally:
        lock.release()


def _end_in_any_case(reporter: Reporter) -> None:
    def end() -> None:
        with contextlib.suppress(OSError):
            reporter.end(
                "failed",
                message=f"The trial took more than {MOST_SECONDS / 60:.0f} minutes and was ended: this plan is heavy for this "
                f"machine. Try a smaller image size, or fewer blocks to unfreeze.",
            )
        os._exit(1)

    timer = threading.Timer(MOST_SECONDS, end)
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
