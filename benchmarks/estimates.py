"""Ten runs of different kinds: what was said before each, with and without a trial of it, beside what its worker took."""

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmarks.workspaces import REAL_PICTURES, carry, empty_workspace, import_and_wait, import_archive, wait
from cnnlab.data.dataset import Dataset
from cnnlab.data.import_records import SourceImport
from cnnlab.data.library import find_dataset
from cnnlab.models.presets import PRESETS
from cnnlab.settings import workspace
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training.planning.estimate import estimate_run
from cnnlab.training.planning.trials import start_trial

WEIGHTS = REAL_PICTURES / "weights" / "mobilenet_v2_imagenet_no_top.weights.h5"
CLOSE = 1.5
"""An estimate is close when it is off by no more than this factor, either way."""
POLL_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run."""

    label: str
    dataset: str
    network: BackboneNetwork | BlockNetwork
    training: TransferTraining | ScratchTraining


def lite0(size: int) -> BackboneNetwork:
    """EfficientNet-Lite0 with its weights, at some image size."""
    return BackboneNetwork(image_size=size)


def two_phases(head: int, fine: int = 0, **changes: Any) -> TransferTraining:
    """So many epochs of each phase, none of them left out."""
    return TransferTraining(head_epochs=head, fine_tune_epochs=fine, early_stopping_patience=0, **changes)


def scratch(epochs: int) -> ScratchTraining:
    """So many epochs, none of them left out."""
    return ScratchTraining(epochs=epochs, early_stopping_patience=0)


MIRRORED = Augmentation(flip=True, rotation_degrees=10)
CASES = (
    Case(label="Lite0 224, last block", dataset="flowers", network=lite0(224), training=two_phases(5, 5)),
    Case(
        label="the same, kept activations", dataset="flowers", network=lite0(224), training=two_phases(20, 8)
    ),
    Case(label="Lite0 128, nothing", dataset="flowers", network=lite0(128), training=two_phases(30)),
    Case(
        label="Lite0 96, last 3 blocks",
        dataset="flowers",
        network=lite0(96),
        training=two_phases(5, 5, unfreeze_blocks=3),
    ),
    Case(
        label="Lite0 96, everything",
        dataset="flowers",
        network=lite0(96),
        training=two_phases(3, 3, unfreeze="everything"),
    ),
    Case(
        label="Lite0 96, last block, 2 copies",
        dataset="flowers",
        network=lite0(96),
        training=two_phases(5, 3, augmentation=MIRRORED, augmented_copies=2),
    ),
    Case(
        label="Lite0 64, nothing, fresh",
        dataset="flowers",
        network=lite0(64),
        training=two_phases(4, augmentation=MIRRORED, augmented_route="fresh"),
    ),
    Case(
        label="MobileNetV2 160, last block",
        dataset="flowers",
        network=BackboneNetwork(backbone="mobilenet_v2", image_size=160),
        training=two_phases(5, 4),
    ),
    Case(
        label="Lesson's CNN on digits",
        dataset="digits",
        network=PRESETS["lesson_cnn"].network,
        training=scratch(8),
    ),
    Case(
        label="Lesson's CNN 64 on shapes",
        dataset="shapes",
        network=PRESETS["lesson_cnn"].network.with_changes(image_size=64),
        training=scratch(4),
    ),
)


def run() -> pd.DataFrame:
    """Try, estimate and carry out each run in turn, in one workspace."""
    with empty_workspace():
        shutil.copy(WEIGHTS, workspace().weights)
        datasets = {
            "flowers": find_dataset(wait(import_archive("flowers.zip")).progress().dataset_id),
            "digits": import_and_wait(SourceImport(name="Digits", source="digits")),
            "shapes": import_and_wait(
                SourceImport(
                    name="Shapes", source="shapes", settings={"num_pictures": 1000, "image_size": 64}
                )
            ),
        }
        rows = pd.DataFrame(list(_said(_rows(datasets))))
    summary = {"run": f"within a factor of {CLOSE:g}"}
    for column in ("measured / true", "calibrated / true"):
        close = rows[column].between(1 / CLOSE, CLOSE).sum()
        summary[column] = f"{close} of {len(rows)}"
    return pd.concat([rows, pd.DataFrame([summary])], ignore_index=True).fillna("")


def _rows(datasets: dict[str, Dataset]) -> Iterator[dict[str, object]]:
    for case in CASES:
        dataset = datasets[case.dataset]
        spec = RunSpec(
            name=case.label,
            dataset=dataset.reference(),
            class_names=dataset.class_names,
            network=case.network,
            training=case.training,
        )
        trial_seconds = _try(spec)
        measured = estimate_run(spec, dataset)
        # The machine stays measured; this plan was never tried.
        shutil.rmtree(workspace().cache / "trials")
        calibrated = estimate_run(spec, dataset)
        started = time.perf_counter()
        peak = carry(spec).report().training_peak_bytes
        true = time.perf_counter() - started
        yield {
            "run": case.label,
            "trial s": round(trial_seconds, 1),
            "true s": round(true, 1),
            "measured s": round(measured.seconds, 1),
            "measured / true": round(measured.seconds / true, 2),
            "calibrated s": round(calibrated.seconds, 1),
            "calibrated / true": round(calibrated.seconds / true, 2),
            "true MB": round(peak / 1e6),
            "measured MB": round(measured.memory_bytes / 1e6),
            "calibrated MB": round(calibrated.memory_bytes / 1e6),
        }


def _said(rows: Iterator[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Say each row as it comes: all of them take minutes."""
    for row in rows:
        print(row, file=sys.stderr, flush=True)
        yield row


def _try(spec: RunSpec) -> float:
    started = time.perf_counter()
    trial = start_trial(spec, kind="timing")
    while trial.state == "running":
        time.sleep(POLL_SECONDS)
    assert trial.state == "finished", trial.message
    return time.perf_counter() - started
