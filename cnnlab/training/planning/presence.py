"""Looks up what a run will find made already: packed pictures, converted networks, activations.

Opens no array and needs no TensorFlow. This module never makes and never removes anything.
"""

import functools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.data.dataset import Dataset
from cnnlab.data.packing import find_place
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec
from cnnlab.training.activations import Origin
from cnnlab.training.frozen import name_copy
from cnnlab.training.planning.known_weights import recall_weights
from cnnlab.training.planning.workload import Plan


@dataclass(frozen=True, kw_only=True)
class Presence:
    """What is there of a plan."""

    packed: bool
    converted: frozenset[str] = frozenset()
    """Boundaries below which the network is converted."""
    kept: frozenset[str] = frozenset()
    """Boundaries whose activations of all pictures are in the cache."""
    kept_copies: frozenset[tuple[str, int]] = frozenset()
    """The same of altered copies, each with its number."""


def look_up(spec: RunSpec, dataset: Dataset, plan: Plan) -> Presence:
    """Find what is there of a run's plan.

    Raises:
        OSError: The dataset's table of pictures is gone.
    """
    place = find_place(dataset, image_size=plan.image_size)
    cache = workspace().cache
    converted, kept, copies = set(), set(), set()
    for part in plan.frozen:
        weights = recall_weights(spec, boundary=part.boundary, cache=cache)
        if weights is None:
            continue
        origin = Origin(
            pictures=place.name,
            backbone=spec.network.backbone,
            weights=weights,
            image_size=plan.image_size,
            boundary=part.boundary,
        )
        if (cache / "frozen" / f"{origin.network_key}.tflite").is_file():
            converted.add(part.boundary)
        if _is_kept(origin, cache):
            kept.add(part.boundary)
        for number in range(plan.copies):
            name = name_copy(spec, number=number, training=_training_positions(dataset))
            if _is_kept(replace(origin, augmentation=name), cache):
                copies.add((part.boundary, number))
    return Presence(
        packed=(place / "pack.json").is_file(),
        converted=frozenset(converted),
        kept=frozenset(kept),
        kept_copies=frozenset(copies),
    )


def _is_kept(origin: Origin, cache: Path) -> bool:
    return (cache / "activations" / f"{origin.key}.npy").is_file()


def _training_positions(dataset: Dataset) -> np.ndarray:
    path = dataset.folder / "versions" / f"{dataset.version}.parquet"
    return _positions(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _positions(path: Path, _changed: int) -> np.ndarray:
    """As `PackedPictures.positions`: int64, ascending."""
    table = pd.read_parquet(path, columns=["picture", "split"])
    return np.sort(table.loc[table["split"] == "training", "picture"].to_numpy().astype(np.int64))
