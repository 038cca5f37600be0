"""Answers as a table, and as CSV that no spreadsheet takes for formulas.

This module never asks a model.
"""

import csv
from collections.abc import Sequence

import pandas as pd

from cnnlab.prediction.answers import Answer

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def answers_table(answers: Sequence[Answer], *, class_names: Sequence[str], k: int = 3) -> pd.DataFrame:
    """One row a file: name, predicted class and confidence, the next classes, milliseconds, problem.

    Args:
        answers: In the order of the rows.
        class_names: In the order of the probabilities.
        k: How many classes are listed, from 1.

    Returns:
        Columns file, predicted, confidence (0 to 1), then `class_2`, `confidence_2` up to k,
        milliseconds, problem. A file without an answer has only its name and the problem.
    """
    return pd.DataFrame([_row(answer, class_names, k=min(k, len(class_names))) for answer in answers])


def _row(answer: Answer, class_names: Sequence[str], *, k: int) -> dict[str, object]:
    found = answer.top(k) or [(None, None)] * k
    row: dict[str, object] = {"file": answer.name}
    for place, (label, confidence) in enumerate(found, start=1):
        names = ("predicted", "confidence") if place == 1 else (f"class_{place}", f"confidence_{place}")
        row |= {names[0]: None if label is None else class_names[label], names[1]: confidence}
    return row | {
        "milliseconds": None if answer.problem else answer.seconds * 1000,
        "problem": answer.problem,
    }


def to_csv(table: pd.DataFrame) -> str:
    """Write a table as CSV; text that a spreadsheet would run as a formula gets an apostrophe before it."""
    safe = table.copy()
    safe.columns = [_harmless(name) for name in safe.columns]
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(_harmless)
    # Quoted: a lone carriage return in a name would end the row.
    return safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
