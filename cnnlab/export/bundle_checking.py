"""The child that looks into tables and the model of a bundle: `python -m cnnlab.export.bundle_checking FOLDER`.

Readers of tables and models are large programs in C, and a file made for it can crash or fill them; so
this process is watched by its parent, knows nothing of its environment, and ends soon. What it has
understood it writes anew. It says one line of JSON: {"problem": "..."}, '' where all is well. The
settings in the folder are trusted: `bundle_contents` wrote them. This module never loads a Keras model.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.data.contents import LISTED
from cnnlab.data.splits import SPLITS
from cnnlab.errors import ModelError
from cnnlab.evaluation.predictions import FILE as PREDICTIONS
from cnnlab.prediction.predictor import FILE as MODEL
from cnnlab.prediction.predictor import load_predictor
from cnnlab.runs.origin import PICTURES
from cnnlab.specs.runs import RunSpec

MOST_PICTURES = 2_000_000
MOST_NUMBERS = 50_000_000
"""Cells of one table: as many as 50,000 pictures of 1,000 classes have."""
PROCESSOR_SECONDS = 300
OPEN_FILES = 256
LARGEST_FILE_BYTES = 1024 * 1024 * 1024
SUM_TOLERANCE = 1e-2
HASH = r"[0-9a-f]{64}"


class Problem(Exception):
    """Why a member cannot be believed; the rest of a sentence."""


def check(folder: Path) -> None:
    """Look into the tables and the model in a folder, and write the tables anew.

    Raises:
        Problem: One of them cannot be believed.
    """
    class_names = RunSpec.from_json((folder / "spec.json").read_bytes()).class_names
    predictions = _predictions(folder / PREDICTIONS, num_classes=len(class_names))
    if (folder / PICTURES).exists():
        pictures = _pictures(folder / PICTURES, class_names=class_names)
        _check_agreement(predictions, pictures, class_names=class_names)
        pictures.to_parquet(folder / PICTURES, index=False, compression="zstd")
    predictions.to_parquet(folder / PREDICTIONS, index=False)
    if (folder / MODEL).exists():
        _ask(folder, num_classes=len(class_names))


def _predictions(path: Path, *, num_classes: int) -> pd.DataFrame:
    columns = ["picture", "split", "label", *(f"p{label}" for label in range(num_classes))]
    table = _table(path, columns=columns)
    _check_places(table, path.name)
    _whole_numbers(table, "label", path.name)
    if not table["label"].between(0, num_classes - 1).all():
        raise Problem(f"{path.name} names a class that the run does not have")
    if not all(pd.api.types.is_float_dtype(table[column].dtype) for column in columns[3:]):
        raise Problem(f"the probabilities in {path.name} are none")
    probabilities = table[columns[3:]].to_numpy(np.float32)
    sums = probabilities.sum(axis=1)
    if not (
        np.isfinite(probabilities).all()
        and (probabilities >= 0).all()
        and (np.abs(sums - 1) < SUM_TOLERANCE).all()
    ):
        raise Problem(f"the probabilities in {path.name} are none")
    clean = pd.DataFrame(probabilities, columns=columns[3:])
    clean.insert(0, "picture", table["picture"].astype("int64"))
    clean.insert(1, "split", table["split"].astype("str"))
    clean.insert(2, "label", table["label"].astype("int32"))
    return clean


def _pictures(path: Path, *, class_names: tuple[str, ...]) -> pd.DataFrame:
    table = _table(path, columns=list(LISTED))
    _check_places(table, path.name)
    if not table["class_name"].isin(class_names).all():
        raise Problem(f"{path.name} names a class that the run does not have")
    if not table["sha256"].astype("str").str.fullmatch(HASH).all():
        raise Problem(f"{path.name} has a hash that is none")
    table = table.astype({"picture": "int64", "class_name": "str", "split": "str", "sha256": "str"})
    return table.sort_values("picture", ignore_index=True)


def _table(path: Path, *, columns: list[str]) -> pd.DataFrame:
    """Read a table, once its own table of contents says that it has these columns and is not too large."""
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            rows, names = file.metadata.num_rows, file.schema_arrow.names
            if sorted(names) != sorted(columns):
                raise Problem(f"{path.name} has other columns than it should")
            if rows > MOST_PICTURES or rows * len(columns) > MOST_NUMBERS:
                raise Problem(f"{path.name} has {rows:,} rows, more than is read")
            return file.read(columns=columns).to_pandas(ignore_metadata=True)
    except (ArrowException, OSError, ValueError, TypeError) as error:
        raise Problem(f"{path.name} is damaged ({_first_line(error)})") from error


def _check_places(table: pd.DataFrame, name: str) -> None:
    _whole_numbers(table, "picture", name)
    if table.empty or not table["picture"].is_unique or (table["picture"] < 0).any():
        raise Problem(f"{name} is empty, or a picture is in it twice")
    if not table["split"].isin(SPLITS).all():
        raise Problem(f"{name} names a split that there is not")


def _whole_numbers(table: pd.DataFrame, column: str, name: str) -> None:
    if not pd.api.types.is_integer_dtype(table[column].dtype) or table[column].hasnans:
        raise Problem(f"{column} in {name} is not made of whole numbers")


def _check_agreement(
    predictions: pd.DataFrame, pictures: pd.DataFrame, *, class_names: tuple[str, ...]
) -> None:
    """Refuse predictions about other pictures, under other classes or in other splits than the list has."""
    both = predictions[["picture", "split", "label"]].merge(pictures, on="picture", suffixes=("", "_listed"))
    names = np.array(class_names, dtype=object)[both["label"].to_numpy()]
    agree = (both["split"] == both["split_listed"]) & (names == both["class_name"].to_numpy(object))
    if len(both) != len(predictions) or not agree.all():
        raise Problem(f"{PREDICTIONS} and {PICTURES} do not agree on what was shown")


def _ask(folder: Path, *, num_classes: int) -> None:
    """Load the model and ask it twice, as the pages will."""
    try:
        predictor = load_predictor(folder)
    except (ModelError, StopIteration) as error:
        raise Problem(f"{MODEL} cannot be opened ({_first_line(error)})") from error
    size = predictor.record.image_size
    random = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    for picture in (np.zeros_like(random), random):
        probabilities = predictor.predict(picture)
        if probabilities.shape != (num_classes,) or probabilities.dtype != np.float32:
            raise Problem(f"{MODEL} does not answer with one probability a class")
        if not np.isfinite(probabilities).all() or abs(float(probabilities.sum()) - 1) > SUM_TOLERANCE:
            raise Problem(f"{MODEL} does not answer with probabilities")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:160].rstrip(".")


def confine() -> None:
    """Give up what looking into files never needs."""
    try:
        import resource
    except ImportError:
        return
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, LARGEST_FILE_BYTES),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(limit, (most, most))
    os.nice(5)


def main(folder: Path) -> None:
    """Check, and say what was found."""
    confine()
    found = ""
    try:
        check(folder)
    except Problem as problem:
        found = str(problem)
    print(json.dumps({"problem": found}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
