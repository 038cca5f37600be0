"""The one number that makes a model as sure as it is right: the temperature, fitted on validation pictures.

It is kept in the run's folder, and never changes which class is predicted. This module never draws.
"""

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnnlab.data.splits import VALIDATION
from cnnlab.evaluation.judged import judge
from cnnlab.evaluation.metrics import cross_entropy
from cnnlab.evaluation.predictions import FILE as PREDICTIONS
from cnnlab.files import write_text
from cnnlab.runs.folder import RunFolder

FILE = "calibration.json"
COOLEST, HOTTEST = 0.05, 20.0
"""Within these a temperature is looked for."""


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Find the temperature under which the true classes are most probable (Guo et al. 2017, arXiv:1706.04599).

    Above 1 the model was too sure, below 1 not sure enough. Where not one prediction is wrong, nothing says how
    sure is too sure: then it is 1.

    Args:
        probabilities: Float, shape (N, num_classes), of pictures that the model did not learn from.
        labels: True class indices, int, shape (N,).

    Returns:
        A number from 0.05 to 20.
    """
    if (probabilities.argmax(axis=1) == labels).all():
        return 1.0
    from scipy.optimize import minimize_scalar

    scores = _log(probabilities)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        return float(np.mean(_log_sum(scaled) - scaled[rows, labels]))

    found = minimize_scalar(loss, bounds=(np.log(COOLEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Make probabilities less sure (above 1) or surer (below 1); their order stays.

    Args:
        probabilities: Float, shape (..., num_classes); each row sums to 1.
        temperature: As `fit_temperature` returns it; 1 changes nothing.

    Returns:
        Float32, of the same shape; each row sums to 1.
    """
    scaled = _log(probabilities) / temperature
    return np.exp(scaled - _log_sum(scaled)[..., np.newaxis]).astype(np.float32)


class Calibration(BaseModel):
    """The temperature of a run, with what it was fitted on; `calibration.json` in the run's folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    temperature: float = Field(ge=COOLEST, le=HOTTEST)
    pictures: int = Field(ge=1)
    """Validation pictures that it was fitted on."""
    mistakes: int = Field(ge=0)
    """How many of them the model names wrong; without any the temperature is 1."""
    log_loss_before: float
    log_loss_after: float
    """Both on validation."""


def load_calibration(run: RunFolder) -> Calibration | None:
    """The temperature that is kept in a run's folder, or None where none was fitted to the predictions there."""
    path = run.path / FILE
    try:
        if path.stat().st_mtime_ns < (run.path / PREDICTIONS).stat().st_mtime_ns:
            return None
        return Calibration.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def calibrate(run: RunFolder) -> Calibration:
    """The temperature of a run: the one that is kept, or fitted now on its validation pictures and kept.

    Raises:
        RunError: The run has no predictions, or they are damaged.
        EvaluationError: It has none for validation pictures.
    """
    if known := load_calibration(run):
        return known
    judged = judge(run, split=VALIDATION)
    temperature = fit_temperature(judged.probabilities, judged.labels)
    found = Calibration(
        temperature=temperature,
        pictures=len(judged),
        mistakes=int((~judged.correct).sum()),
        log_loss_before=cross_entropy(judged.probabilities, judged.labels),
        log_loss_after=cross_entropy(apply_temperature(judged.probabilities, temperature), judged.labels),
    )
    _keep(found, run.path / FILE)
    return found


def _keep(found: Calibration, path: Path) -> None:
    try:
        write_text(path, found.model_dump_json(indent=2))
    except OSError:
        # A full disk, or a workspace that may only be read: it is fitted again the next time.
        return


def _log(probabilities: np.ndarray) -> np.ndarray:
    # What float32 rounded to 0 was less than its smallest number, and has to stay finite.
    return np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny))


def _log_sum(scores: np.ndarray) -> np.ndarray:
    """Logarithm of the sum of exponentials of each row, without overflow."""
    highest = scores.max(axis=-1, keepdims=True)
    return (highest + np.log(np.exp(scores - highest).sum(axis=-1, keepdims=True)))[..., 0]
