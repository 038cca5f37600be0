"""Whether pictures are in a dataset already, by the hash of their bytes.

Some are read first; only where many of them are known are all of them, as reading 100,000 takes a
while. This module never decodes a picture.
"""

import contextlib
import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from pyarrow.parquet import ParquetFile
from pydantic import ValidationError

from cnnlab.data.dataset import Dataset
from cnnlab.data.entries import Entry, EntryRefused
from cnnlab.data.import_records import ImportReport
from cnnlab.data.library import list_datasets
from cnnlab.data.preview_contents import odd_ending
from cnnlab.data.preview_records import Twin
from cnnlab.errors import CnnlabError

NUM_TRIED = 64
"""Pictures that are looked at first, evenly from all."""
SHARE_KNOWN = 0.5
"""So many of these have to be in a dataset to look at all."""
MOST_BYTES = 4_000_000_000
"""Of more than this only the pictures tried first are compared: reading all would take minutes."""
MOST_TWINS = 3
HEX_DIGITS = 16
"""64 bits of a hash: among a million pictures two are alike by chance once in 40 million sets."""


def find_twins(entries: Sequence[Entry], *, on_progress: Callable[[int, int], None]) -> tuple[Twin, ...]:
    """Datasets that hold at least half of these pictures, most alike first.

    Args:
        entries: What would be imported; each may be read.
        on_progress: Called with how many were read, and of how many.
    """
    pictures = [entry for entry in entries if not odd_ending(entry)]
    datasets = list_datasets()
    if not pictures or not datasets:
        return ()
    tried = [pictures[place] for place in np.linspace(0, len(pictures) - 1, NUM_TRIED).astype(int)]
    first = _hashes(list({id(entry): entry for entry in tried}.values()), on_progress=lambda *_: None)
    likely = [(dataset, stored) for dataset in datasets if _share(first, stored := _stored(dataset))]
    if not likely or not len(first):
        return ()
    complete = sum(entry.num_bytes for entry in pictures) <= MOST_BYTES
    here = _hashes(pictures, on_progress=on_progress) if complete else first
    twins = [_twin(dataset, here=here, there=there, complete=complete) for dataset, there in likely]
    # One that is the same says more than others that are like it.
    twins = [twin for twin in twins if twin.kind == "same"] or twins
    return tuple(sorted(twins, key=lambda twin: -twin.num_shared)[:MOST_TWINS])


def _share(some: np.ndarray, known: np.ndarray) -> bool:
    return bool(len(some)) and np.isin(some, known).mean() >= SHARE_KNOWN


def _twin(dataset: Dataset, *, here: np.ndarray, there: np.ndarray, complete: bool) -> Twin:
    # What its import could not read is no difference.
    here = np.setdiff1d(here, np.setdiff1d(_unreadable(dataset), there))
    return Twin(
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        created_at=dataset.created_at,
        num_shared=int(np.isin(here, there).sum()),
        num_here=len(here),
        num_there=len(there),
        complete=complete,
    )


def _hashes(entries: Sequence[Entry], *, on_progress: Callable[[int, int], None]) -> np.ndarray:
    """The different hashes of all files that can be read: uint64, sorted."""
    found = []
    for done, entry in enumerate(entries):
        on_progress(done, len(entries))
        try:
            data = entry.read()
        except EntryRefused:
            continue
        except CnnlabError:
            # The archive as a whole gives up here, which the import will say.
            break
        found.append(hashlib.sha256(data).hexdigest())
    return _numbers(found)


def _stored(dataset: Dataset) -> np.ndarray:
    """The same of every picture that a dataset stores, also of those left out since."""
    # Measured: a seventh of the time that pandas takes, and there may be hundreds of datasets.
    with ParquetFile(dataset.folder / "pictures.parquet") as file:
        return _numbers(file.read(columns=["sha256"], use_threads=False)["sha256"].to_pylist())


def _unreadable(dataset: Dataset) -> np.ndarray:
    """The same of files that came with it and were no pictures."""
    hashes: list[str] = []
    for path in (dataset.folder / "reports").glob("*.json"):
        with contextlib.suppress(OSError, ValidationError):
            hashes += ImportReport.model_validate_json(path.read_bytes()).unreadable
    return _numbers(hashes)


def _numbers(hashes: Sequence[str]) -> np.ndarray:
    return np.unique(np.array([int(each[:HEX_DIGITS], 16) for each in hashes], dtype=np.uint64))
