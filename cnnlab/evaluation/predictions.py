"""The table of what a finished model said about each validation and test picture: `predictions.parquet`.

One row a picture: its number in the dataset, the split, the true label, and one column a class
(`p0`, `p1`, ...) with its probability. This module never asks a model.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.errors import RunError
from cnnlab.files import write_atomically

FILE = "predictions.parquet"


def predictions_table(
    *, pictures: np.ndarray, splits: np.ndarray, labels: np.ndarray, probabilities: np.ndarray
) -> pd.DataFrame:
    """Put predictions into a table.

    Args:
        pictures: Number of each picture in its dataset, int, shape (N,).
        splits: 'training', 'validation' or 'test', shape (N,).
        labels: True class indices, int, shape (N,).
        probabilities: Float, shape (N, num_classes); each row sums to 1.
    """
    columns = [f"p{label}" for label in range(probabilities.shape[1])]
    table = pd.DataFrame(probabilities.astype(np.float32), columns=columns)
    table.insert(0, "picture", pictures)
    table.insert(1, "split", splits)
    table.insert(2, "label", labels.astype(np.int32))
    return table


def probabilities_of(table: pd.DataFrame) -> np.ndarray:
    """The probabilities of a table, float32, shape (N, num_classes)."""
    return table[
        [column for column in table.columns if column not in ("picture", "split", "label")]
    ].to_numpy()


def save_predictions(table: pd.DataFrame, *, folder: Path) -> None:
    """Write the table into a run's folder, atomically."""
    write_atomically(folder / FILE, lambda temporary: table.to_parquet(temporary, index=False))


def load_predictions(folder: Path) -> pd.DataFrame:
    """Read the table of a run.

    Raises:
        RunError: The run has none, or it is damaged.
    """
    try:
        table = pd.read_parquet(folder / FILE)
        _check(table)
    except FileNotFoundError:
        raise RunError(f"Run {folder.name} has no predictions yet. Let it finish first.") from None
    except (OSError, ValueError) as error:
        raise RunError(
            f"The predictions of run {folder.name} are damaged. Run it again to have them."
        ) from error
    return table


def _check(table: pd.DataFrame) -> None:
    """Refuse a table that is sound as a file and yet no predictions: every page would stumble over it.

    Raises:
        ValueError: A column is missing, or holds what is no number.
    """
    if missing := {"picture", "split", "label"} - set(table.columns):
        raise ValueError(f"it has no columns {sorted(missing)}")
    for name in ("picture", "label"):
        if not pd.api.types.is_integer_dtype(table[name]):
            raise ValueError(f"its column {name} holds {table[name].dtype}, not whole numbers")
    # What is no number at all raises here by itself.
    if not np.isfinite(probabilities_of(table).astype(np.float32)).all():
        raise ValueError("a probability is not finite")
