"""Flowers with EfficientNet-Lite0 and the lesson's head: accuracy and seconds of three seeds, the first with a cold cache."""

import time

import pandas as pd

from benchmarks.workspaces import carry, empty_workspace, import_archive, wait
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.runs.records import Report
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import TransferTraining

SEEDS = 3


def run() -> pd.DataFrame:
    """Train both phases for each seed, each in a worker of its own."""
    with empty_workspace():
        dataset = find_dataset(wait(import_archive("flowers.zip")).progress().dataset_id)
        return pd.DataFrame([_row(seed, *_train(dataset, seed)) for seed in range(SEEDS)])


def _row(seed: int, report: Report, seconds: float) -> dict[str, object]:
    first, second = report.phases
    return {
        "seed": seed,
        "feature extraction, val.": f"{first.val_accuracy:.1%}",
        "its seconds": round(first.seconds, 1),
        "fine-tuning, val.": f"{second.val_accuracy:.1%}",
        "its seconds ": round(second.seconds, 1),
        "kept": report.best_phase,
        "test (95 %)": f"{report.test_accuracy:.1%} ({report.test_accuracy_low:.1%} to {report.test_accuracy_high:.1%})",
        "whole run, s": round(seconds, 1),
        "LiteRT differs by": f"{report.lite_largest_difference:.0e}",
    }


def _train(dataset: Dataset, seed: int) -> tuple[Report, float]:
    spec = RunSpec(
        name=f"seed {seed}",
        dataset=dataset.reference(),
        class_names=dataset.class_names,
        network=BackboneNetwork(backbone="efficientnet_lite0"),
        training=TransferTraining(fine_tune_epochs=5),
        seed=seed,
    )
    started = time.perf_counter()
    return carry(spec).report(), time.perf_counter() - started
