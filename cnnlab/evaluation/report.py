"""Everything that is found out about a judged split, for whoever takes it away: as tables, as JSON, as a report.

This module never draws and never opens a picture.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from cnnlab.data.splits import TEST, VALIDATION
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.calibration import Calibration, apply_temperature, calibrate
from cnnlab.evaluation.confusions import confused_pairs
from cnnlab.evaluation.detection import detection_curves
from cnnlab.evaluation.judged import JudgedSplit, both_splits
from cnnlab.evaluation.metrics import confusion_matrix, top_k_accuracy
from cnnlab.evaluation.reliability import Certainty, certainty
from cnnlab.evaluation.scores import Scores, class_scores, score
from cnnlab.evaluation.thresholds import Answered, answered_above, coverage_curve, recommend

MOST_K = 5
WANTED = 0.95
"""How many answers should be right, where a threshold is recommended."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What there is to say about a judged split."""

    judged: JudgedSplit
    scores: Scores
    top_k: dict[int, float]
    """Accuracy among the first k, by k."""
    classes: pd.DataFrame
    """One row a class, as `class_scores` returns them, with roc_area and average_precision of it against the rest."""
    matrix: np.ndarray
    """`confusion_matrix[true, predicted]`."""
    pairs: pd.DataFrame
    """As `confused_pairs` returns them."""
    before: Certainty
    after: Certainty | None
    """With calibrated probabilities; None without a calibration."""
    calibration: Calibration | None
    coverage: dict[str, pd.DataFrame]
    """By split, as `coverage_curve` returns it, of calibrated confidences where they can be had."""
    recommended: Answered | None
    """What validation recommends for 95 of 100 right answers; None where nothing reaches it."""
    checked: Answered | None
    """The same threshold on pictures that did not choose it."""
    checked_on: str
    """Which these are: 'test', or those of another dataset."""


def find_out(judged: JudgedSplit) -> Findings:
    """Look at a judged split from every side that needs its predictions only."""
    num_classes = len(judged.class_names)
    calibration = _calibration(judged)
    temperature = calibration.temperature if calibration else 1.0
    splits = both_splits(judged)
    sure = {
        split: apply_temperature(each.probabilities, temperature).max(axis=1)
        for split, each in splits.items()
    }
    recommended = checked = None
    if VALIDATION in splits:
        recommended = recommend(sure[VALIDATION], splits[VALIDATION].correct, wanted=WANTED)
    other = next((split for split in splits if split != VALIDATION), TEST)
    if recommended and other in splits:
        checked = answered_above(sure[other], splits[other].correct, threshold=recommended.threshold)
    matrix = confusion_matrix(judged.labels, judged.predicted, num_classes=num_classes)
    return Findings(
        judged=judged,
        scores=score(judged.probabilities, judged.labels, class_names=judged.class_names),
        top_k={
            k: top_k_accuracy(judged.probabilities, judged.labels, k=k)
            for k in range(1, min(MOST_K, num_classes) + 1)
        },
        classes=_with_areas(judged),
        matrix=matrix,
        pairs=confused_pairs(matrix),
        before=certainty(judged.probabilities, judged.labels),
        after=certainty(apply_temperature(judged.probabilities, temperature), judged.labels)
        if calibration
        else None,
        calibration=calibration,
        coverage={split: coverage_curve(sure[split], each.correct) for split, each in splits.items()},
        recommended=recommended,
        checked=checked,
        checked_on=other,
    )


def as_json(findings: Findings) -> dict[str, Any]:
    """Everything as plain values that `json.dumps` can write; names as the user wrote them."""
    judged = findings.judged
    spec = judged.spec
    return {
        "run": {"id": judged.run.id, "name": spec.name, "seed": spec.seed},
        "dataset": spec.dataset.model_dump(),
        "judged_on": judged.dataset.model_dump(),
        "split": judged.split,
        "class_names": list(judged.class_names),
        "scores": asdict(findings.scores) | {"top_k_accuracy": findings.top_k},
        "classes": _rows(findings.classes),
        "confusion_matrix": findings.matrix.tolist(),
        "calibration": {
            "as_the_model_says": _certainty(findings.before),
            "calibrated": _certainty(findings.after) if findings.after else None,
            "fitted": findings.calibration.model_dump() if findings.calibration else None,
        },
        "threshold": {
            "wanted_accuracy": WANTED,
            "recommended_on_validation": asdict(findings.recommended) if findings.recommended else None,
            f"checked_on_{findings.checked_on}": asdict(findings.checked) if findings.checked else None,
        },
    }


def confusion_table(matrix: np.ndarray, *, class_names: Sequence[str]) -> pd.DataFrame:
    """The confusion matrix with its names: one row a true class, the first column names it."""
    table = pd.DataFrame(matrix, columns=list(class_names))
    table.insert(0, "true class", list(class_names), allow_duplicates=True)
    return table


def named_predictions(judged: JudgedSplit, *, file_names: Sequence[str] | None = None) -> pd.DataFrame:
    """Every prediction with its names, in the order of the split.

    Args:
        file_names: Of each picture in the order of the split, where they are known.

    Returns:
        One row a picture: picture (its number), file, split, true, predicted, confidence, correct, then the
        probability of each class.
    """
    names = np.array(judged.class_names, dtype=object)
    table = pd.DataFrame(
        {
            "picture": judged.pictures,
            "file": [None] * len(judged) if file_names is None else list(file_names),
            "split": judged.split,
            "true": names[judged.labels],
            "predicted": names[judged.predicted],
            "confidence": judged.confidence,
            "correct": judged.correct,
        }
    )
    columns = [f"probability of {name}" for name in judged.class_names]
    return table.join(pd.DataFrame(judged.probabilities, columns=columns))


def surest_mistakes(judged: JudgedSplit, *, count: int) -> np.ndarray:
    """Places in the split of the pictures that are wrong, those it was surest of first; int, shape (<= count,)."""
    wrong = np.flatnonzero(~judged.correct)
    return wrong[np.argsort(-judged.confidence[wrong], kind="stable")][:count]


def _calibration(judged: JudgedSplit) -> Calibration | None:
    try:
        return calibrate(judged.run)
    except EvaluationError:
        return None


def _with_areas(judged: JudgedSplit) -> pd.DataFrame:
    classes = class_scores(judged.labels, judged.predicted, class_names=judged.class_names)
    curves = [
        detection_curves(judged.probabilities, judged.labels, label=label) for label in range(len(classes))
    ]
    classes["roc_area"] = [each.area if each else np.nan for each in curves]
    classes["average_precision"] = [each.average_precision if each else np.nan for each in curves]
    return classes


def _certainty(found: Certainty) -> dict[str, Any]:
    values = {name: value for name, value in vars(found).items() if name != "groups"}
    return values | {"groups": _rows(found.groups)}


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries; what is not known is None, for which JSON has a word."""
    plain = table.astype(object).where(table.notna(), None)
    return plain.to_dict(orient="records")
