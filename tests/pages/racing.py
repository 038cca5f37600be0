"""What a race leaves behind, for pages to show: measurements as a worker saves them."""

import time

import numpy as np

from cnnlab.data.library import Dataset
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.models.backbones import BACKBONES
from cnnlab.runs.machine import describe_machine, machine_id
from cnnlab.runs.measurements import Measurement, pack_answers, save_measurement

PICTURES = 400


def measure(
    dataset: Dataset,
    backbone: str = "efficientnet_lite0",
    *,
    number: int = 1,
    right: int = 360,
    latency_ms: float = 12.0,
    size_mb: float = 14.0,
    **changes: object,
) -> Measurement:
    """Save what a run would have measured of a backbone: `right` of 400 pictures; `number` tells runs apart.

    The pictures that are named right are the first ones, so that two measurements differ as little as they can.
    """
    low, high = wilson_interval(right, PICTURES)
    measurement = Measurement(
        machine=describe_machine(),
        machine_id=machine_id(),
        dataset_id=dataset.id,
        dataset_version=changes.pop("dataset_version", dataset.version),
        dataset_name=dataset.name,
        backbone=backbone,
        weights=changes.pop("weights", "imagenet"),
        image_size=changes.pop(
            "image_size", BACKBONES[backbone].image_size if backbone in BACKBONES else 224
        ),
        run_id=f"20260101-120000-{number:06x}",
        run_name="Race",
        measured_at=changes.pop("measured_at", time.time()),
        accuracy=right / PICTURES,
        accuracy_low=low,
        accuracy_high=high,
        method="5 folds",
        **pack_answers(np.arange(PICTURES) < right, pictures=np.arange(PICTURES)),
        latency_p50_ms=latency_ms,
        latency_p95_ms=1.5 * latency_ms,
        pictures_per_second=1000.0 / latency_ms,
        predict_peak_bytes=120_000_000,
        training_peak_bytes=900_000_000,
        lite_bytes=round(size_mb * 1e6),
        preparation_seconds=8.0,
        feature_extraction_seconds=1.5,
        **changes,
    )
    save_measurement(measurement)
    return measurement
