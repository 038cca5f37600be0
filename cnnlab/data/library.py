"""The datasets of the workspace: list, find, split again, freeze, rename, delete.

A version that a run has seen is frozen; whatever changes a frozen one makes a new version, so that
a run can always say what it saw. This module never looks at a picture.
"""

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from cnnlab.data.dataset import Dataset, packed_folder
from cnnlab.data.manifest import DATASET_ID, Manifest
from cnnlab.data.splits import SPLITS, TEST, TRAINING, VALIDATION, SplitSpec, groups_of, split_images
from cnnlab.data.text import safe_text
from cnnlab.errors import DatasetError
from cnnlab.files import TEMPORARY_PREFIX, write_atomically
from cnnlab.settings import workspace

LONGEST_NAME = 120


def list_datasets(*, datasets: Path | None = None) -> list[Dataset]:
    """Every readable dataset of the workspace in its newest version, newest import first.

    A damaged one is left out here and named by `list_damaged`.
    """
    found = []
    for folder in _folders(datasets):
        try:
            found.append(_dataset(folder))
        except DatasetError:
            continue
    return sorted(found, key=lambda dataset: (-dataset.created_at, dataset.id))


def list_damaged(*, datasets: Path | None = None) -> dict[str, str]:
    """Ids of datasets that cannot be read, each with its sentence."""
    damaged = {}
    for folder in _folders(datasets):
        try:
            Manifest.read(folder)
        except DatasetError as error:
            damaged[folder.name] = str(error)
    return damaged


def find_dataset(dataset_id: str, *, version: int | None = None) -> Dataset:
    """Look up a dataset, in its newest version when none is given.

    Raises:
        DatasetError: There is none, or it is damaged; an id that is not one of ours is never made a path.
    """
    return _dataset(_find_folder(dataset_id), version)


def change_split(dataset: Dataset, *, spec: SplitSpec, near: np.ndarray | None = None) -> Dataset:
    """Split a dataset again: in place, or as a new version when a run has seen this one or it says what was corrected.

    Args:
        dataset: The version to split.
        spec: How.
        near: Which group of near-duplicates each row of its table is in, where they were looked for.

    Raises:
        DatasetError: The dataset is gone, or the given folders leave nothing for training.
    """
    with editing(dataset.id) as folder:
        manifest = Manifest.read(folder)
        old = manifest.version(dataset.version)
        kept = old.frozen or old.corrected_from is not None
        number = manifest.versions[-1].number + 1 if kept else old.number
        rows = find_dataset(dataset.id, version=old.number).table()
        rows["split"] = split_images(
            rows["label"].to_numpy(),
            spec=spec,
            given=rows["given_split"],
            groups=groups_of(rows, spec=spec, near=near),
        )
        made = old.model_copy(
            update={
                "number": number,
                "split": spec,
                "frozen": False,
                "corrected_from": None,
                "created_at": time.time(),
                "counts": count_by_class(rows, num_classes=len(old.class_names)),
                "change": f"Split again: {describe_split(spec)}.",
            }
        )
        write_version(folder, number=number, rows=rows)
        manifest.with_version(made).write(folder)
        return _dataset(folder, number)


def freeze(dataset: Dataset) -> Dataset:
    """Mark a version as seen by a run, so that it never changes again.

    Raises:
        DatasetError: The dataset is gone.
    """
    with editing(dataset.id) as folder:
        manifest = Manifest.read(folder)
        version = manifest.version(dataset.version)
        if not version.frozen:
            manifest.with_version(version.model_copy(update={"frozen": True})).write(folder)
        return _dataset(folder, dataset.version)


def rename_dataset(dataset: Dataset, *, name: str) -> Dataset:
    """Give a dataset another name; runs keep the one they saw.

    Raises:
        DatasetError: The name is empty, or the dataset is gone.
    """
    with editing(dataset.id) as folder:
        Manifest.read(folder).model_copy(update={"name": checked_name(name)}).write(folder)
        return _dataset(folder, dataset.version)


def delete_dataset(dataset: Dataset | str) -> int:
    """Remove a dataset (or the damaged one of this id) with all its versions and what was packed from it.

    Returns:
        The bytes that became free.

    Raises:
        DatasetError: There is none.
    """
    dataset_id = dataset if isinstance(dataset, str) else dataset.id
    freed = 0
    for folder in (_find_folder(dataset_id), packed_folder(dataset_id)):
        if not folder.is_dir():
            continue
        freed += sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        # Renamed first: a reader sees the whole dataset or none, even if we are killed in between.
        doomed = folder.rename(folder.with_name(f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"))
        shutil.rmtree(doomed, ignore_errors=True)
    return freed


def checked_name(name: str) -> str:
    """Return a dataset's name as it is kept.

    Raises:
        DatasetError: Nothing of it is left.
    """
    text = safe_text(name, longest=LONGEST_NAME)
    if not text:
        raise DatasetError("A dataset needs a name. Type a few letters, such as 'Flowers'.")
    return text


def describe_split(spec: SplitSpec) -> str:
    """Say in a few words how a split is made."""
    given = ", the given split kept" if spec.use_given else ""
    return f"{spec.validation_share:.0%} validation, {spec.test_share:.0%} test, seed {spec.seed}{given}"


@contextmanager
def editing(dataset_id: str) -> Iterator[Path]:
    """Hold a dataset while it is changed, so that two writers never mix; yields its folder.

    Raises:
        DatasetError: There is no such dataset.
    """
    folder = _find_folder(dataset_id)
    with FileLock(folder / ".lock"):
        yield folder


def write_version(folder: Path, *, number: int, rows: pd.DataFrame) -> None:
    """Write which pictures belong to a version; of `rows` the columns picture, label, split are kept."""
    (folder / "versions").mkdir(exist_ok=True)
    kept = rows[["picture", "label", "split"]].astype({"label": "int32", "picture": "int64"})
    write_atomically(
        folder / "versions" / f"{number}.parquet",
        lambda path: kept.to_parquet(path, index=False, compression="zstd"),
    )


def count_by_class(rows: pd.DataFrame, *, num_classes: int) -> tuple[tuple[int, int, int], ...]:
    """Count pictures by label and split; columns label and split are needed."""
    counts = np.zeros((num_classes, len(SPLITS)), dtype=int)
    for place, split in enumerate(SPLITS):
        labels = rows["label"].to_numpy()[(rows["split"] == split).to_numpy()]
        counts[:, place] = np.bincount(labels, minlength=num_classes)
    return tuple((int(a), int(b), int(c)) for a, b, c in counts)


def _folders(datasets: Path | None) -> list[Path]:
    root = datasets or workspace().datasets
    return [folder for folder in sorted(root.iterdir()) if DATASET_ID.match(folder.name) and folder.is_dir()]


def _find_folder(dataset_id: str) -> Path:
    folder = workspace().datasets / dataset_id if DATASET_ID.match(dataset_id) else None
    if folder is None or not folder.is_dir():
        raise DatasetError(
            f"There is no dataset {dataset_id!r} in this workspace. It may have been deleted; see the Datasets page."
        )
    return folder


def _dataset(folder: Path, number: int | None = None) -> Dataset:
    manifest = Manifest.read(folder)
    version = manifest.version(number)
    return Dataset(
        id=manifest.id,
        name=manifest.name,
        version=version.number,
        newest_version=manifest.versions[-1].number,
        class_names=version.class_names,
        num_pictures=version.num_pictures,
        num_training=version.num_in(TRAINING),
        num_validation=version.num_in(VALIDATION),
        num_test=version.num_in(TEST),
        source=manifest.source,
        change=version.change,
        created_at=manifest.created_at,
        changed_at=version.created_at,
        frozen=version.frozen,
        split=version.split,
        folder=folder,
        entry=version,
    )
