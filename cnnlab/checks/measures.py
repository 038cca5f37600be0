"""What every picture of a dataset looks like, measured once and kept beside it: `<dataset>/looks.parquet`.

A picture never changes once it is in a dataset, so what was measured holds for all versions; pictures
that come later are measured when somebody asks. This module never says what is wrong with a picture.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.data.dataset import Dataset
from cnnlab.data.decoding import DecodingChild
from cnnlab.data.looks import PictureLooks
from cnnlab.errors import PictureError
from cnnlab.files import write_atomically

COLUMNS = tuple(field.name for field in fields(PictureLooks))
NUMBERS = tuple(name for name in COLUMNS if name != "hash")
PICTURES_AT_ONCE = 64

OnProgress = Callable[[int, int], None]


def looks_of(dataset: Dataset) -> pd.DataFrame | None:
    """Return what the pictures of a version look like, or None where not all of them were measured.

    Columns: picture, brightness, contrast, sharpness, colour (float32, NaN where it could not be read) and
    hash (uint64), in the order of the pictures' numbers.
    """
    kept = _read(_place(dataset))
    if kept is None or len(kept) < dataset.entry.stored_pictures:
        return None
    chosen = pd.read_parquet(dataset.folder / "versions" / f"{dataset.version}.parquet", columns=["picture"])
    return kept.iloc[np.sort(chosen["picture"].to_numpy())].reset_index(drop=True)


def measured_at(dataset: Dataset) -> float:
    """When pictures of a dataset were last measured, seconds since 1970; 0 where they never were."""
    try:
        return _place(dataset).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def measure_pictures(dataset: Dataset, *, decoder: DecodingChild, on_progress: OnProgress) -> None:
    """Measure the pictures of a dataset that were not measured yet, and keep it.

    Args:
        dataset: All pictures that it stores are measured, whatever version they belong to.
        decoder: Decodes them.
        on_progress: Called with pictures done and pictures in all; what it raises ends the measuring, and
            what was measured so far is lost.

    Raises:
        DatasetError: The pictures are gone or damaged.
    """
    kept = _read(_place(dataset))
    total = dataset.entry.stored_pictures
    parts = [] if kept is None else [kept.iloc[:total]]
    begin = 0 if kept is None else min(len(kept), total)
    for first in range(begin, total, PICTURES_AT_ONCE):
        on_progress(first, total)
        numbers = range(first, min(first + PICTURES_AT_ONCE, total))
        parts.append(_frame(numbers, decoder.look_many(dataset.read_pictures(numbers))))
    table = pd.concat(parts, ignore_index=True)
    write_atomically(_place(dataset), lambda path: table.to_parquet(path, index=False, compression="zstd"))


def _frame(numbers: Iterable[int], looks: Iterable[PictureLooks | PictureError]) -> pd.DataFrame:
    unknown = dict.fromkeys(NUMBERS, np.nan) | {"hash": 0}
    rows = [unknown if isinstance(each, PictureError) else asdict(each) for each in looks]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.astype({name: "float32" for name in NUMBERS} | {"hash": "uint64"})
    table.insert(0, "picture", np.fromiter(numbers, np.int64))
    return table


def _place(dataset: Dataset) -> Path:
    return dataset.folder / "looks.parquet"


def _read(path: Path) -> pd.DataFrame | None:
    """What was measured, or None where nothing was, or the file is damaged: it can be made again."""
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError):
        return None
    whole = (
        tuple(table.columns) == ("picture", *COLUMNS) and (table["picture"] == np.arange(len(table))).all()
    )
    return table if whole else None
