"""Makes specs and runs for tests, and waits for what other processes do."""

import os
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from cnnlab.errors import RunError
from cnnlab.runs import queue
from cnnlab.runs.executors import find_executor
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Control, Launch, Report, Status
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from cnnlab.specs.networks import BlockNetwork
from cnnlab.specs.runs import DatasetReference, RunSpec
from cnnlab.specs.training import ScratchTraining

WAIT_SECONDS = 180.0
"""Never waited for but where something is broken: a busy machine may stand still for many seconds."""


def run_spec(name: str = "A run", **changes: object) -> RunSpec:
    """A spec that is whole; `name` tells the stand-in worker what to do."""
    values = {
        "name": name,
        "dataset": DatasetReference(id="digits", version=1, name="Digits"),
        "class_names": ("0", "1"),
        "network": BlockNetwork(name="Tiny"),
        "training": ScratchTraining(),
    }
    return RunSpec(**{**values, **changes})


def make_run(
    number: int = 1,
    *,
    spec: RunSpec | None = None,
    control: Control | None = None,
    launch: Launch | None = None,
    status: Status | None = None,
    report: Report | None = None,
    checkpoint: bool = False,
) -> RunFolder:
    """Make a run folder in the workspace with these files in it; `number` puts it in order among others."""
    minutes, seconds = divmod(number, 60)
    place = workspace().runs / f"20260101-12{minutes:02}{seconds:02}-{number:06x}"
    # Made elsewhere and moved: a server that is up would start what it finds without a state.
    run = RunFolder(workspace().runs.with_name(f"making-{place.name}"))
    run.path.mkdir()
    (run.path / "spec.json").write_text((spec or run_spec()).to_json())
    run.write_control(control or Control())
    if launch:
        run.write_launch(launch)
    if status:
        run.write_status(status)
    if report:
        (run.path / "report.json").write_text(report.model_dump_json())
    if checkpoint:
        (run.path / "checkpoints").mkdir()
        (run.path / "checkpoints" / "step-000000001.json").touch()
    run.path.rename(place)
    return RunFolder(place)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, and fail when it does not."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {WAIT_SECONDS} s"
        time.sleep(0.01)


def wait_for_state(run: RunFolder, *states: State) -> None:
    """Wait until a run is in one of these states, and fail with its log when it does not come there."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := run.state()) not in states:
        assert time.monotonic() < deadline, f"{found} and not {states}; its log: {queue.read_log(run)}"
        time.sleep(0.01)


def end_workers() -> None:
    """End whatever is left of the workers that the queue started in this workspace."""
    for run in RunFolder.list_all(workspace().runs):
        with suppress(RunError):
            launch = run.launch()
            if launch and launch.handle:
                find_executor(launch.executor).stop(launch.handle, grace_seconds=0.0)


def zombies() -> set[int]:
    """The pids of this process' children that ended and were not reaped; other tests may have left some."""
    found = set()
    for child in psutil.Process(os.getpid()).children():
        with suppress(psutil.NoSuchProcess):
            if child.status() == psutil.STATUS_ZOMBIE:
                found.add(child.pid)
    return found
