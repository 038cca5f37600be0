"""The real worker with a fault on its way: `CNNLAB_WORKER_MODULE=tests.chaos.faulty_worker`.

`plans.json` in the folder that CHAOS_PLANS names has, for the name of a run, the faults of its attempts
in their order; an attempt without one is undisturbed. Checkpoints come many times a second, as if the
small run were a long one. Every start is written down, so that a run which is started twice shows.
"""

import errno
import fnmatch
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cnnlab import files
from cnnlab.runs.folder import EventWriter, RunFolder

PLANS, CARRIER = "CHAOS_PLANS", "CHAOS_CARRIER"
PLANS_FILE, STARTS_FILE, RELEASED_FILE = "plans.json", "starts.txt", "released"
SECONDS_BETWEEN_CHECKPOINTS = 0.3
SLOW_STEP_SECONDS = 0.1
MOMENTS = ("half written", "synced", "renamed")
"""Where within the saving of a file the worker is killed."""


def main(path: str) -> int:
    """Carry a run with the fault that is planned for this attempt."""
    run, plans = RunFolder(Path(path)), Path(os.environ[PLANS])
    name, attempt = run.spec().name, run.control().attempt
    with (plans / STARTS_FILE).open("a", encoding="utf-8") as starts:
        starts.write(f"{run.id} {attempt}\n")
    planned = json.loads((plans / PLANS_FILE).read_text(encoding="utf-8")).get(name, [])
    carrier = os.environ.get(CARRIER, "cnnlab.training.worker")
    if attempt <= len(planned) and planned[attempt - 1]:
        fault = dict(planned[attempt - 1])
        # Before the worker is imported, which takes the functions that are replaced here by their names.
        FAULTS[fault.pop("fault")](**fault)
    if carrier == "cnnlab.training.worker":
        _save_often()
    return importlib.import_module(carrier).main(path)


def _save_often() -> None:
    from cnnlab.training import trainer

    trainer.SECONDS_BETWEEN_EPOCHS_KEPT = 0.0
    trainer.SECONDS_BETWEEN_CHECKPOINTS = SECONDS_BETWEEN_CHECKPOINTS
    trainer.LARGEST_SHARE_OF_SAVING = 1.0


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    # A signal to oneself may take a moment.
    threading.Event().wait()


def _after_step(step: int, do: Callable[[], object], *, every_later: bool = False) -> None:
    """Do something once so many steps of the run are done, or after every step from then on."""
    from cnnlab.training.recorder import Recorder

    original = Recorder.record_step

    def record_step(self: Recorder, event: object, **options: bool) -> None:
        original(self, event, **options)
        if event.step == step or (every_later and event.step > step):
            do()

    Recorder.record_step = record_step


def _kill_after_step(step: int) -> None:
    _after_step(step, _die)


def _kill_in_saving(name: str, nth: int, moment: str) -> None:
    """SIGKILL within the nth writing of a file whose name is like this."""
    original, fsync, replace, seen = files.write_atomically, os.fsync, os.replace, 0

    def killed(path: Path, write: Callable[[Path], None]) -> None:
        nonlocal seen
        seen += fnmatch.fnmatch(path.name, name)
        if not fnmatch.fnmatch(path.name, name) or seen != nth:
            original(path, write)
            return
        if moment == "synced":
            os.fsync = lambda descriptor: (fsync(descriptor), _die())
        if moment == "renamed":
            os.replace = lambda *names, **options: (replace(*names, **options), _die())
        original(path, half_written(write) if moment == "half written" else write)

    def half_written(write: Callable[[Path], None]) -> Callable[[Path], None]:
        def write_half(temporary: Path) -> None:
            write(temporary)
            os.truncate(temporary, temporary.stat().st_size // 2)
            _die()

        return write_half

    files.write_atomically = killed


def _refuse_to_write(code: str, name: str, nth: int, even_the_last_word: bool) -> None:
    """From the nth writing of a file like this on, nothing can be written: the disk is full, or read-only."""
    original, append, seen = files.write_atomically, EventWriter.append, 0
    number = getattr(errno, code)

    def refused(path: Path, write: Callable[[Path], None]) -> None:
        nonlocal seen
        seen += fnmatch.fnmatch(path.name, name)
        if seen >= nth and (even_the_last_word or path.name != "state.json"):
            raise OSError(number, os.strerror(number), str(path))
        original(path, write)

    def append_or_refuse(self: EventWriter, event: object) -> None:
        if seen >= nth:
            raise OSError(number, os.strerror(number), "events.jsonl")
        append(self, event)

    files.write_atomically, EventWriter.append = refused, append_or_refuse


def _set_the_clock_back(step: int, seconds: float, kill_after: int = 0) -> None:
    """From a step on, or from the start, the wall clock says that it is earlier by so much."""
    now, now_ns = time.time, time.time_ns

    def set_back() -> None:
        time.time = lambda: now() - seconds
        time.time_ns = lambda: now_ns() - round(seconds * 1e9)

    if step == 0:
        set_back()
    _after_step(step, set_back)
    if kill_after:
        _after_step(kill_after, _die)


def _slow_until_released(step: int) -> None:
    """From a step on, take a tenth of a second for each, until the file that releases is there."""
    released = Path(os.environ[PLANS]) / RELEASED_FILE

    def wait() -> None:
        if not released.exists():
            time.sleep(SLOW_STEP_SECONDS)

    _after_step(step, wait, every_later=True)


FAULTS: dict[str, Callable[..., None]] = {
    "kill_after_step": _kill_after_step,
    "kill_in_saving": _kill_in_saving,
    "refuse_to_write": _refuse_to_write,
    "set_the_clock_back": _set_the_clock_back,
    "slow_until_released": _slow_until_released,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
