"""Makes measurements for tests."""

import numpy as np

from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.runs.machine import describe_machine, machine_id
from cnnlab.runs.measurements import Measurement, pack_answers


def measurement(
    backbone: str = "mobilenet_v2",
    *,
    correct: np.ndarray | None = None,
    pictures: np.ndarray | None = None,
    latency_ms: float = 6.0,
    megabytes: float = 9.0,
    **changes: object,
) -> Measurement:
    """A measurement that is whole: 100 pictures, 80 of them right, unless said otherwise."""
    correct = np.arange(100) < 80 if correct is None else correct
    pictures = np.arange(len(correct)) if pictures is None else pictures
    low, high = wilson_interval(int(correct.sum()), len(correct))
    values = {
        "machine": describe_machine(),
        "machine_id": machine_id(),
        "dataset_id": "flowers",
        "dataset_version": 1,
        "dataset_name": "Flowers",
        "backbone": backbone,
        "weights": "imagenet",
        "image_size": 224,
        "settings": "a",
        "run_id": f"20260101-120000-{abs(hash(backbone)) % 16**6:06x}",
        "run_name": f"Race: {backbone}",
        "measured_at": 1000.0,
        "accuracy": float(correct.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "method": "5 folds",
        "latency_p50_ms": latency_ms,
        "latency_p95_ms": latency_ms * 1.2,
        "pictures_per_second": 1000.0 / latency_ms,
        "predict_peak_bytes": 100_000_000,
        "training_peak_bytes": 900_000_000,
        "lite_bytes": int(megabytes * 1e6),
        "preparation_seconds": 9.0,
        "feature_extraction_seconds": 1.5,
        "fine_tuning_seconds": 4.0,
    }
    return Measurement(**{**values, **pack_answers(correct, pictures=pictures), **changes})
