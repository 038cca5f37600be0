"""Tables as a run leaves them, made up: two phases of five epochs each, twenty steps an epoch."""

import numpy as np
import pandas as pd

STEPS_PER_EPOCH = 20
NAMES = ("feature_extraction", "fine_tuning")


def make_epochs(*, each: int = 5, phases: tuple[str, ...] = NAMES) -> pd.DataFrame:
    """One row an epoch; every epoch but the last is the best so far."""
    number = np.arange(1, each * len(phases) + 1)
    return pd.DataFrame(
        {
            "phase": pd.Categorical(np.repeat(phases, each)),
            "epoch": number,
            "step": number * STEPS_PER_EPOCH,
            "loss": 2.0 / number,
            "accuracy": 1.0 - 0.5 / number,
            "val_loss": 2.2 / number,
            "val_accuracy": 0.9 - 0.5 / number,
            "learning_rate": 1e-3,
            "seconds": 30.0,
            "best": number < number[-1],
        }
    )


def make_steps(*, each: int = 100, phases: tuple[str, ...] = NAMES) -> pd.DataFrame:
    """One row a step."""
    step = np.arange(1, each * len(phases) + 1)
    return pd.DataFrame(
        {
            "phase": pd.Categorical(np.repeat(phases, each)),
            "epoch": (step - 1) // STEPS_PER_EPOCH + 1,
            "step": step,
            "loss": 2.0 + np.sin(step / 7.0),
            "accuracy": 0.5 + 0.3 * np.cos(step / 9.0),
            "learning_rate": np.repeat([1e-3, 1e-5][: len(phases)], each),
        }
    )


def make_phases(*, epochs_each: int = 5, phases: tuple[str, ...] = NAMES) -> pd.DataFrame:
    """One row a phase."""
    before = np.arange(len(phases)) * epochs_each
    return pd.DataFrame({"phase": phases, "epoch": before, "step": before * STEPS_PER_EPOCH})


def racer(
    label: str,
    accuracy: float,
    latency_ms: float,
    *,
    size_mb: float = 20.0,
    on_frontier: bool = True,
    random_weights: bool = False,
) -> dict[str, object]:
    """One row of what a race measured."""
    return {
        "label": label,
        "accuracy": accuracy,
        "accuracy_low": accuracy - 0.04,
        "accuracy_high": accuracy + 0.02,
        "latency_ms": latency_ms,
        "latency_p95_ms": 1.5 * latency_ms,
        "size_mb": size_mb,
        "on_frontier": on_frontier,
        "random_weights": random_weights,
    }


def make_classes(count: int) -> pd.DataFrame:
    """One row a class; those of a higher number are found worse, and the last has no picture."""
    recall = np.linspace(0.9, 0.1, count)
    return pd.DataFrame(
        {
            "class_name": [f"<b>class {number}</b>" for number in range(count)],
            "support": np.append(np.full(count - 1, 30), 0),
            "recall": recall,
            "recall_low": recall - 0.1,
            "recall_high": recall + 0.05,
        }
    )


def make_groups() -> pd.DataFrame:
    """Two groups of pictures by how sure a model was."""
    return pd.DataFrame(
        {
            "low": [0.5, 0.9],
            "high": [0.6, 1.0],
            "pictures": [10, 90],
            "confidence": [0.55, 0.97],
            "accuracy": [0.4, 0.9],
            "accuracy_low": [0.2, 0.8],
            "accuracy_high": [0.7, 0.95],
        }
    )


def make_coverage() -> pd.DataFrame:
    """What three thresholds leave."""
    return pd.DataFrame(
        {
            "threshold": [0.0, 0.5, 0.9],
            "coverage": [1.0, 0.8, 0.3],
            "accuracy": [0.8, 0.9, 1.0],
            "accuracy_low": [0.7, 0.8, 0.9],
            "accuracy_high": [0.9, 0.95, 1.0],
        }
    )
