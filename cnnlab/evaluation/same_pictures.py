"""Which pictures a run saw, by what they are; a run that came in a bundle brought the list of their hashes along.

So runs of two workspaces can be judged on the very same pictures. This module never opens a picture.
"""

from functools import lru_cache
from pathlib import Path

import pandas as pd

from cnnlab.data.contents import LISTED, find_match, list_pictures
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.origin import PICTURES, read_origin
from cnnlab.settings import workspace


def pictures_of(run: RunFolder) -> pd.DataFrame | None:
    """List the pictures that a run saw: picture (number), class_name, split, sha256.

    Returns:
        In the order of their numbers; None where its dataset is not here and no list came with it.

    Raises:
        RunError: The run's settings are damaged.
    """
    if read_origin(run) is not None:
        try:
            return pd.read_parquet(run.path / PICTURES, columns=list(LISTED))
        except (OSError, ValueError):
            return None
    reference = run.spec().dataset
    try:
        return list_pictures(find_dataset(reference.id, version=reference.version))
    except DatasetError:
        return None


def find_dataset_of(run: RunFolder) -> Dataset | None:
    """The version of the dataset that a run saw, numbered as the run has it; None where it is not here.

    For a run from a bundle the dataset may have come here later, under another id.

    Raises:
        RunError: The run's settings are damaged.
    """
    reference = run.spec().dataset
    try:
        return find_dataset(reference.id, version=reference.version)
    except DatasetError:
        if read_origin(run) is None:
            return None
    datasets = workspace().datasets
    return _match(run.path, (run.path / PICTURES).exists(), datasets, datasets.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _match(run: Path, _listed: bool, _datasets: Path, _changed: int) -> Dataset | None:
    pictures = pictures_of(RunFolder(run))
    match = None if pictures is None else find_match(pictures)
    return match.dataset if match is not None and match.same_numbers else None
