"""Fine-tuning the last block of EfficientNet-Lite0 on flowers for 5 epochs, at three learning rates: nudging and destroying.

Drift is how far the block has moved from its pretrained weights, as a share of their norm.
"""

import pandas as pd

from benchmarks.workspaces import carry, empty_workspace, import_archive, wait
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.runs.tail import EventTail
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import TransferTraining

RATES = (1e-5, 1e-4, 1e-3)


def run() -> pd.DataFrame:
    """Train from the same features at each rate; the first run computes them."""
    with empty_workspace():
        dataset = find_dataset(wait(import_archive("flowers.zip")).progress().dataset_id)
        return pd.DataFrame([_row(dataset, rate) for rate in RATES])


def _row(dataset: Dataset, rate: float) -> dict[str, object]:
    folder = carry(
        RunSpec(
            name=f"{rate:g}",
            dataset=dataset.reference(),
            class_names=dataset.class_names,
            network=BackboneNetwork(),
            training=TransferTraining(
                fine_tune_epochs=5, fine_tune_learning_rate=rate, early_stopping_patience=0
            ),
        )
    )
    report, last = folder.report(), EventTail(folder).epochs.iloc[-1]
    first, _ = report.phases
    return {
        "learning rate": f"{rate:g}",
        "drift": f"{max(last.drift.values()):.2%}",
        "validation loss before": round(first.val_loss, 3),
        "after": round(last.val_loss, 3),
        "validation accuracy before": f"{first.val_accuracy:.1%}",
        "after ": f"{last.val_accuracy:.1%}",
        "verdict": report.verdict,
    }
