"""The same run once for every fold of a dataset: each fold is the validation split once, and is learned from otherwise.

Every fold is a version of the dataset, so each run can say what it saw. This module never trains: it
makes the versions and puts runs into the queue.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from cnnlab.data.corrections import go_back
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import change_split, find_dataset, freeze
from cnnlab.data.manifest import Manifest
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import DatasetError
from cnnlab.runs.families import LONGEST_NAME
from cnnlab.runs.folder import RunFolder
from cnnlab.specs.differences import fingerprint
from cnnlab.specs.runs import RunSpec
from cnnlab.training.launch import start_run

_FOLD_IN_NAME = re.compile(r"\s*\(fold \d+ of \d+\)$")


@dataclass(frozen=True, kw_only=True)
class FoldGroup:
    """Runs of equal settings, each with another fold held out."""

    name: str
    """What they are called, without the fold."""
    spec: RunSpec
    """Of one of them."""
    runs: Mapping[int, str]
    """Id of the newest run by the fold that it held out, from 1."""


def folds_of_versions(dataset: Dataset) -> dict[int, int]:
    """Which fold is held out, from 1, by each version that differs from this one in nothing else; itself included."""
    if not dataset.split.folds:
        return {}
    return {
        version.number: version.split.held_out_fold
        for version in Manifest.read(dataset.folder).versions
        if _whoever(version.split) == _whoever(dataset.split)
        and (version.content, version.class_names) == (dataset.entry.content, dataset.class_names)
        and np.array_equal(np.sum(version.counts, axis=1), np.sum(dataset.entry.counts, axis=1))
    }


def queue_folds(
    spec: RunSpec, *, done: Collection[int] = (), near: np.ndarray | None = None
) -> list[RunFolder]:
    """Queue a run once for every fold that nobody has held out yet.

    Args:
        spec: The run; its dataset is split into folds.
        done: Folds, from 1, that a run like it has held out.
        near: Groups of near-duplicates, as `data.library.change_split` takes them.

    Raises:
        DatasetError: The dataset is gone, or has no folds.
        RunError: A run cannot be written.
    """
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    folds = dataset.split.folds
    if folds < 2:
        raise DatasetError(
            f"Version {dataset.version} of {dataset.name!r} has no folds. Split it into folds first, then train on it."
        )
    # Frozen, so that every other fold becomes a version of its own.
    freeze(dataset)
    versions = {fold: number for number, fold in folds_of_versions(dataset).items()}
    newest = find_dataset(dataset.id).version
    for fold in sorted(set(range(1, folds + 1)) - versions.keys()):
        split = dataset.split.with_changes(held_out_fold=fold)
        versions[fold] = change_split(dataset, spec=split, near=near).version
    if find_dataset(dataset.id).version != newest:
        # The newest version is what everybody looks at: it shall hold out the fold that it did.
        go_back(dataset, version=newest)
    return [
        start_run(_with_fold(spec, fold=fold, folds=folds, version=versions[fold]))
        for fold in range(1, folds + 1)
        if fold not in done
    ]


def groups_of_folds(specs: Iterable[tuple[str, RunSpec]], *, versions: Mapping[int, int]) -> list[FoldGroup]:
    """Group runs that differ in the fold only, in the order of the first that is given of each.

    Args:
        specs: Id and settings of runs on one dataset, newest first.
        versions: The fold that each version holds out, as `folds_of_versions` says.
    """
    groups: dict[str, tuple[RunSpec, dict[int, str]]] = {}
    for run_id, spec in specs:
        fold = versions.get(spec.dataset.version)
        if fold is not None:
            _, runs = groups.setdefault(_settings_of(spec), (spec, {}))
            runs.setdefault(fold, run_id)
    return [
        FoldGroup(name=_FOLD_IN_NAME.sub("", spec.name), spec=spec, runs=runs)
        for spec, runs in groups.values()
    ]


def _whoever(split: SplitSpec) -> SplitSpec:
    """The split, whichever fold is held out."""
    return split.with_changes(held_out_fold=1)


def _with_fold(spec: RunSpec, *, fold: int, folds: int, version: int) -> RunSpec:
    suffix = f" (fold {fold} of {folds})"
    name = _FOLD_IN_NAME.sub("", spec.name)[: LONGEST_NAME - len(suffix)].rstrip() + suffix
    return spec.with_changes(name=name, dataset=spec.dataset.with_changes(version=version))


def _settings_of(spec: RunSpec) -> str:
    """What runs share that differ in fold and name only; the seed counts, as each of its runs is another draw."""
    same_version = spec.with_changes(dataset=spec.dataset.with_changes(version=1))
    return f"{fingerprint(same_version)} {spec.seed}"
