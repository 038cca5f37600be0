"""Whether a run that was disturbed ended as the undisturbed one: every bit that it left, but for times."""

import functools
import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import State
from cnnlab.runs.tail import EventTail
from tests.chaos import workplace

KINDS = {"scratch": workplace.SCRATCH, "transfer": workplace.TRANSFER}
TIMES = (
    "seconds",
    "pictures_per_second",
    "latency_p50_ms",
    "latency_p95_ms",
    "predict_peak_bytes",
    "training_peak_bytes",
    "measuring_message",
)
"""What of a report no two runs have in common."""
EPOCH_COLUMNS = ("phase", "epoch", "step", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "best", "drift")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Remains:
    """What a finished run left, by name, without whatever depends on the clock."""

    steps: int
    seconds: float
    """From its start to its end."""
    parts: Mapping[str, Any]


@functools.cache
def undisturbed(kind: str) -> Remains:
    """The same run carried by the real worker as it is, with nothing in its way; once in this process."""
    worker = workplace.environment(CNNLAB_WORKER_MODULE="cnnlab.training.worker")
    with workplace.workplace(), worker:
        run = workplace.submit("Undisturbed", KINDS[kind])
        workplace.wait_until_finished(run)
        return remains_of(run)


def remains_of(run: RunFolder) -> Remains:
    """Read what a finished run left."""
    assert run.state() is State.FINISHED, run.state()
    checkpoint = sorted((run.path / "checkpoints").glob("step-*.json"))[-1]
    progress = json.loads(checkpoint.read_bytes())["progress"]
    tail = EventTail(run)
    parts = {
        "per-epoch metrics": tail.epochs[list(EPOCH_COLUMNS)].to_dict("records"),
        "phases": tail.phases[["phase", "epoch", "step", "trainable_parameters"]].to_dict("records"),
        "progress": _without_times(progress),
        "weights, optimizer and seed states": checkpoint.with_suffix(".npz").read_bytes(),
        "best weights": (run.path / "checkpoints" / progress["best"]["weights"]).read_bytes(),
        "predictions": (run.path / "predictions.parquet").read_bytes(),
        "model.keras": _weights_of_model(run),
        "model.tflite": (run.path / "model.tflite").read_bytes(),
        "report": _without_times(json.loads((run.path / "report.json").read_bytes())),
    }
    return Remains(steps=progress["step"], seconds=run.status().updated_at - run.launch().at, parts=parts)


def check_that_it_ended_alike(run: RunFolder, kind: str = "scratch") -> None:
    """Fail where a run left anything else than the undisturbed one."""
    expected, found = undisturbed(kind).parts, remains_of(run).parts
    for name, part in expected.items():
        assert _same(part, found[name]), (
            f"{run.spec().name}: {name} differ from those of the undisturbed run"
            + ("" if isinstance(part, bytes) else f":\n{part}\n{found[name]}")
        )


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return one == other


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_times(each) for name, each in value.items() if name not in TIMES}
    return [_without_times(each) for each in value] if isinstance(value, list) else value


def _weights_of_model(run: RunFolder) -> dict[str, bytes]:
    """Every array of the Keras file; the file itself holds the hour in which it was written."""
    arrays: dict[str, bytes] = {}

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = np.asarray(item).tobytes()

    with zipfile.ZipFile(run.path / "model.keras") as archive:
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))).visititems(keep)
    assert arrays
    return arrays
