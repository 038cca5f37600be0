"""A workspace of its own for every fault, with a small dataset in it, and small runs to disturb.

The runs have everything whose state could be lost: dropout, batch normalization, augmentation, Adam,
a schedule, early stopping that really stops, and in the second kind two phases.
"""

import functools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from cnnlab.data.dataset import Dataset
from cnnlab.data.import_records import SourceImport
from cnnlab.data.library import list_datasets
from cnnlab.errors import RunError
from cnnlab.runs import queue
from cnnlab.runs.executors import find_executor
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import STATES, State
from cnnlab.settings import workspace
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.blocks import Convolution, Dense, Dropout, Flatten, MaxPooling
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork, Head
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training.launch import start_run
from tests.chaos import faulty_worker
from tests.data.making import carry_import

PATIENCE_SECONDS = 900.0
"""Never waited for but where something is broken: a busy machine may stand still for many seconds."""
LOOK_SECONDS = 0.02
STAND_IN = "tests.runs.stand_in_worker"

SCRATCH = {
    "network": BlockNetwork(
        name="Small",
        image_size=16,
        blocks=(
            Convolution(filters=8, batch_normalization=True),
            MaxPooling(),
            Dropout(rate=0.1),
            Convolution(filters=16),
            MaxPooling(),
            Flatten(),
            Dense(units=32),
            Dropout(rate=0.2),
        ),
    ),
    "training": ScratchTraining(
        epochs=30,
        batch_size=8,
        learning_rate=4e-3,
        schedule="cosine",
        early_stopping_patience=3,
        augmentation=Augmentation(flip=True, brightness_share=0.1, mixup_alpha=0.2),
        deterministic=True,
    ),
}
TRANSFER = {
    "network": BackboneNetwork(backbone="efficientnet_lite0", image_size=32, head=Head(units=16)),
    "training": TransferTraining(
        head_epochs=6,
        fine_tune_epochs=6,
        batch_size=8,
        head_learning_rate=2e-3,
        fine_tune_learning_rate=5e-4,
        schedule="cosine",
        early_stopping_patience=3,
        augmentation=Augmentation(flip=True),
        augmented_copies=2,
        deterministic=True,
    ),
}


@contextmanager
def environment(**variables: str | None) -> Iterator[None]:
    """Set variables of the environment for a while; None takes one away."""
    before = {name: os.environ.get(name) for name in variables}

    def put(values: Mapping[str, str | None]) -> None:
        for name, value in values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    put(variables)
    try:
        yield
    finally:
        put(before)


@contextmanager
def workplace(
    *, slots: int = 1, retries: int = 1000, worker: str = "", home: Path | None = None
) -> Iterator[Path]:
    """A workspace with a dataset, whose workers have the faults that are planned; all of them end with it.

    Args:
        slots: How many runs train at the same time.
        retries: How often a run is taken up by itself.
        worker: Another module than the real worker.
        home: Where the workspace is to be, if not in a temporary folder; it has to be empty.
    """
    with tempfile.TemporaryDirectory(prefix="cnnlab-chaos-", ignore_cleanup_errors=True) as folder:
        home, plans = home or Path(folder) / "home", Path(folder) / "plans"
        plans.mkdir()
        shutil.copytree(_furnished_home(), home, dirs_exist_ok=True)
        variables = {
            "CNNLAB_HOME": str(home),
            "CNNLAB_SLOTS": str(slots),
            "CNNLAB_RETRIES": str(retries),
            "CNNLAB_WORKER_MODULE": "tests.chaos.faulty_worker",
            faulty_worker.PLANS: str(plans),
            faulty_worker.CARRIER: worker or None,
        }
        with environment(**variables):
            plan({})
            try:
                yield home
            finally:
                end_everything()


@functools.cache
def _furnished_home() -> Path:
    """A workspace with the dataset, made once in this process and copied for every fault."""
    folder = tempfile.TemporaryDirectory(prefix="cnnlab-chaos-")
    _KEPT.append(folder)
    with environment(CNNLAB_HOME=folder.name):
        settings = {"num_pictures": 400, "image_size": 16}
        progress = carry_import(SourceImport(name="Shapes", source="shapes", settings=settings)).progress()
        assert progress.state == "finished", progress.message
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory] = []
"""Temporary folders that live as long as this process."""


def plan(faults: Mapping[str, Sequence[Mapping[str, Any] | None]]) -> None:
    """Plan faults for runs of these names, one for each attempt; None leaves one undisturbed."""
    path = Path(os.environ[faulty_worker.PLANS]) / faulty_worker.PLANS_FILE
    path.write_text(json.dumps({name: list(each) for name, each in faults.items()}), encoding="utf-8")


def starts() -> list[str]:
    """The starts of workers so far: run and attempt, in their order."""
    path = Path(os.environ[faulty_worker.PLANS]) / faulty_worker.STARTS_FILE
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def release() -> None:
    """Let the runs that are held slow go on at their own pace."""
    (Path(os.environ[faulty_worker.PLANS]) / faulty_worker.RELEASED_FILE).touch()


def small_spec(name: str, kind: Mapping[str, Any] = SCRATCH, **changes: Any) -> RunSpec:
    """A small real run on the dataset of the workspace."""
    dataset = the_dataset()
    return RunSpec(
        **{
            "name": name,
            "dataset": dataset.reference(),
            "class_names": dataset.class_names,
            "seed": 3,
            **kind,
            **changes,
        }
    )


def the_dataset() -> Dataset:
    """The only dataset of the workspace."""
    (dataset,) = list_datasets()
    return dataset


def submit(name: str, kind: Mapping[str, Any] = SCRATCH, **changes: Any) -> RunFolder:
    """Put a small run into the queue."""
    return start_run(small_spec(name, kind, **changes))


def wait_until(condition: Callable[[], object], *, what: str) -> float:
    """Wait until something is so; return after how many seconds it was."""
    started = time.monotonic()
    while not condition():
        waited = time.monotonic() - started
        assert waited < PATIENCE_SECONDS, f"still not so after {waited:.0f} s: {what}"
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - started


def wait_until_finished(*runs: RunFolder, look: Callable[[], object] = lambda: None) -> None:
    """Wait until runs are finished, by themselves; whatever else they come to rest in is a failure."""

    def all_are() -> bool:
        look()
        states = [run.state() for run in runs]
        for run, state in zip(runs, states, strict=True):
            status = run.status()
            resting = state in (State.FAILED, State.STOPPED) and not (status and status.disk_full)
            # Asked again: a run that is being taken up passes through such a state.
            assert not resting or run.state() is not state, (
                f"{run.spec().name} is {state}: {status and status.message}\n{queue.read_log(run)}"
            )
        return all(state is State.FINISHED for state in states)

    wait_until(all_are, what=f"{len(runs)} runs are finished: {[run.state() for run in runs]}")


def worker_of(run: RunFolder) -> psutil.Process | None:
    """The process that carries a run now, or None."""
    keeper = keeper_of(run)
    with suppress(psutil.Error):
        for child in keeper.children() if keeper else ():
            # Not the keeper itself, in the moment between its fork and the new program.
            if "cnnlab.runs.keeper" not in child.cmdline() and str(run.path) in child.cmdline():
                return child
    return None


def keeper_of(run: RunFolder) -> psutil.Process | None:
    """The process that the queue started last for a run, if it is still there."""
    with suppress(RunError, psutil.Error, ValueError):
        launch = run.launch()
        if launch is not None and find_executor(launch.executor).poll(launch.handle):
            return psutil.Process(int(launch.handle.partition(":")[0]))
    return None


def end_everything() -> None:
    """End keepers and workers of the workspace; one that ends may start the next, so look until none is left."""
    quiet = 0
    while quiet < 3:
        alive = [launch for run in RunFolder.list_all(workspace().runs) if (launch := _alive(run))]
        for launch in alive:
            find_executor(launch.executor).stop(launch.handle, grace_seconds=0.0)
        quiet = 0 if alive else quiet + 1
        time.sleep(LOOK_SECONDS)


def _alive(run: RunFolder) -> Any:
    with suppress(RunError):
        launch = run.launch()
        if launch and launch.handle and find_executor(launch.executor).poll(launch.handle):
            return launch
    return None


def ended(run: RunFolder) -> bool:
    """Whether nothing more will happen to a run by itself."""
    return STATES[run.state()].ended
