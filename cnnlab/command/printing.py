"""How the command line prints: tables and JSON to standard output, how far things are to standard error.

This module never reads anything.
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def print_json(value: Any) -> None:
    """Print something as JSON; what is no number becomes null, since JSON has no word for it."""
    print(json.dumps(_without_nan(value), indent=2, ensure_ascii=False))


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows below each other, numbers to the right; '-' for what is not known."""
    if not rows:
        return
    names = list(rows[0])
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    right = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    for line in cells:
        padded = (
            cell.rjust(width) if turned else cell.ljust(width)
            for cell, width, turned in zip(line, widths, right, strict=True)
        )
        print("  ".join(padded).rstrip())


def say(text: str) -> None:
    """Say how far something is, beside what is printed."""
    print(text, file=sys.stderr, flush=True)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    # On one line, and nothing that a terminal would take for a command.
    return (
        f"{value:.4g}"
        if isinstance(value, float)
        else "".join(letter if letter.isprintable() else " " for letter in str(value))
    )


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
