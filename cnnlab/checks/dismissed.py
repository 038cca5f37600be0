"""Findings that somebody looked at and found to be fine: `<dataset>/dismissed.json`, for all versions of a dataset.

A picture is dismissed for one check at a time. A group of pictures that belong together is shown again when
another joins it. This module never changes which pictures a dataset has.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from filelock import FileLock

from cnnlab.checks.findings import CHECKS, Finding
from cnnlab.data.dataset import Dataset
from cnnlab.errors import DatasetError
from cnnlab.files import write_text

NAME = "dismissed.json"


def load_dismissed(dataset: Dataset) -> dict[str, frozenset[int]]:
    """Numbers of the pictures that are fine, by the name of the check; nothing where that cannot be read."""
    try:
        kept = json.loads((dataset.folder / NAME).read_bytes())
        return {name: frozenset(map(int, kept[name])) for name in CHECKS if kept.get(name)}
    except (OSError, ValueError, TypeError, AttributeError):
        # Missing, or damaged: then everything is shown again, and nothing is lost but a click.
        return {}


def dismiss(dataset: Dataset, *, check: str, pictures: Iterable[int]) -> None:
    """Remember that pictures are fine, whatever a check says of them.

    Raises:
        DatasetError: It cannot be written.
    """
    _change(dataset, lambda kept: kept | {check: kept.get(check, frozenset()) | set(pictures)})


def restore(dataset: Dataset) -> None:
    """Show every finding again.

    Raises:
        DatasetError: It cannot be written.
    """
    _change(dataset, lambda _: {})


def without_dismissed(findings: Iterable[Finding], dismissed: Mapping[str, frozenset[int]]) -> list[Finding]:
    """Leave out what was found to be fine; a group stays whole while one of its pictures was not."""
    left = []
    for finding in findings:
        fine = finding.groups.index.isin(dismissed.get(finding.name, frozenset()))
        still_odd = finding.groups[~fine].unique()
        groups = finding.groups[finding.groups.isin(still_odd)]
        if len(groups):
            left.append(replace(finding, groups=groups))
    return left


def _change(dataset: Dataset, change: Callable[[dict[str, frozenset[int]]], dict]) -> None:
    try:
        with FileLock(dataset.folder / f".{NAME}.lock"):
            kept = change(load_dismissed(dataset))
            write_text(
                dataset.folder / NAME, json.dumps({name: sorted(numbers) for name, numbers in kept.items()})
            )
    except OSError as error:
        raise DatasetError(
            f"What you found to be fine could not be kept ({error.strerror or error}). Free some space on the disk, and try again."
        ) from error
