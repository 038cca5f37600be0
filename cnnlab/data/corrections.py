"""Labels corrected and pictures left out, as a new version of a dataset; and the way back.

What a run saw never changes: every correction makes a new version, laid over the newest one, so that
two people who correct at the same time lose nothing. All other pictures keep their label and split,
and the classes stay as they are. This module never decides which label is wrong.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import count_by_class, editing, find_dataset, write_version
from cnnlab.data.manifest import Manifest
from cnnlab.data.splits import TRAINING, VALIDATION
from cnnlab.data.text import counted, safe_text
from cnnlab.data.writer import content_of
from cnnlab.errors import DatasetError

LONGEST_REASON = 300
PAIRS_NAMED = 3
"""Of more kinds of corrections (cat to dog, ...) than these only the number is said."""


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of one picture in a newer version."""

    class_name: str | None
    """The class that it is under there; None where it was left out. Text of the user's: escape it."""


def correct_labels(
    dataset: Dataset, *, labels: Mapping[int, int], left_out: Collection[int] = (), because: str
) -> Dataset:
    """Make a new version in which some pictures are under other classes, or left out.

    A picture that the newest version leaves out is put back by a label, into the split it has in `dataset`.

    Args:
        dataset: The version that was looked at; the corrections are laid over the newest one.
        labels: The right class of some pictures: position in `dataset.class_names`, by number of the picture.
        left_out: Numbers of pictures that shall not be used any more.
        because: Why, in a few words; kept with the version.

    Raises:
        DatasetError: There is no such picture or class, nothing would change, or too little would be left
            to learn from.
    """
    reason = safe_text(because, longest=LONGEST_REASON).rstrip(".")
    if not reason:
        raise DatasetError(
            "A correction needs a reason. Say in a few words why, such as 'looked at by hand'."
        )
    wanted, without = _named(dataset, labels), {int(picture) for picture in left_out}
    if both := sorted(without & wanted.keys()):
        raise DatasetError(
            f"Picture {both[0]} is to be corrected and left out at once. Choose one of the two."
        )
    with editing(dataset.id):
        newest = find_dataset(dataset.id)
        before = _rows(newest)
        after = _corrected(before, wanted=wanted, without=without, newest=newest, seen=dataset)
        _check(newest, after)
        change = f"{_describe(before, after)}: {reason}."
        return _add_version(newest, after, change=change, update={"corrected_from": newest.version})


def go_back(dataset: Dataset, *, version: int) -> Dataset:
    """Make a new version that is equal to an older one: pictures, labels and splits.

    Numbers of versions only grow, so a run can always say what it saw, whatever was taken back.

    Raises:
        DatasetError: There is no such version, or the newest is equal to it already.
    """
    with editing(dataset.id):
        newest, old = find_dataset(dataset.id), find_dataset(dataset.id, version=version)
        rows, columns = _rows(old), ["label", "split"]
        if old.class_names == newest.class_names and rows[columns].equals(_rows(newest)[columns]):
            raise DatasetError(
                f"Version {newest.version} of {dataset.name!r} is equal to version {version} already; nothing is to be taken back."
            )
        update = {
            "split": old.split,
            "class_names": old.class_names,
            # With the same pictures what was packed and computed for them serves again.
            "stored_pictures": old.entry.stored_pictures,
            "corrected_from": None,
        }
        return _add_version(old, rows, change=f"Taken back to version {version}.", update=update)


def find_fates(dataset: Dataset, *, newer: Dataset) -> dict[int, Fate]:
    """Say which pictures of a version are under another class in a newer one, or left out of it.

    Returns:
        By number of the picture; those that are as they were are left out.
    """
    if dataset.version == newer.version:
        return {}
    now = _rows(newer)["class_name"]
    before = _rows(dataset)["class_name"]
    after = now.reindex(before.index)
    changed = before[before != after].index
    return {
        int(picture): Fate(class_name=None if pd.isna(after[picture]) else after[picture])
        for picture in changed
    }


def _rows(dataset: Dataset) -> pd.DataFrame:
    """Label, split, class_name and sha256 of each picture, by its number."""
    return dataset.table().set_index("picture")[["label", "split", "class_name", "sha256"]].sort_index()


def _named(dataset: Dataset, labels: Mapping[int, int]) -> dict[int, str]:
    """The names of the classes: the newest version may have more, and count them otherwise."""
    for picture, label in labels.items():
        if not 0 <= label < dataset.num_classes:
            raise DatasetError(
                f"Picture {picture} is to be under class {label}, and {dataset.name!r} has {dataset.num_classes} "
                f"classes, counted from 0. Choose one of these."
            )
    return {int(picture): dataset.class_names[label] for picture, label in labels.items()}


def _corrected(
    before: pd.DataFrame, *, wanted: Mapping[int, str], without: set[int], newest: Dataset, seen: Dataset
) -> pd.DataFrame:
    rows = before.drop(index=sorted(without & set(before.index)))
    if absent := sorted((wanted.keys() | without) - set(before.index)):
        known = _rows(seen)
        if strangers := [picture for picture in absent if picture not in known.index]:
            raise DatasetError(
                f"There is no picture {strangers[0]} in version {seen.version} of {seen.name!r}. Choose one that is shown."
            )
        # What is to be left out and is not there any more needs nothing.
        rows = pd.concat([rows, known.loc[[picture for picture in absent if picture in wanted]]]).sort_index()
    if unknown := sorted(set(wanted.values()) - set(newest.class_names)):
        raise DatasetError(
            f"Version {newest.version} of {newest.name!r} has no class {unknown[0]!r}. Choose another."
        )
    names = rows["class_name"].copy()
    names.loc[list(wanted)] = list(wanted.values())
    places = {name: place for place, name in enumerate(newest.class_names)}
    return rows.assign(class_name=names, label=names.map(places).astype("int32"))


def _check(newest: Dataset, after: pd.DataFrame) -> None:
    """Refuse what could not be trained on any more."""
    counts = newest.counts()
    for label, name in enumerate(newest.class_names):
        left = int(((after["label"] == label) & (after["split"] == TRAINING)).sum())
        if not left and counts[TRAINING][label]:
            raise DatasetError(
                f"No picture would be left to learn {name!r} from. Keep at least one of its training pictures."
            )
    if newest.num_validation and not (after["split"] == VALIDATION).any():
        raise DatasetError("No picture would be left for validation. Keep at least one.")


def _describe(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """Say what changed: '3 labels corrected ('cat' to 'dog', 'dog' to 'eel') and 1 picture left out'."""
    shared = before.index.intersection(after.index)
    old, new = before["class_name"][shared], after["class_name"][shared]
    moved = old != new
    said = []
    if count := int(moved.sum()):
        pairs = [f"{a!r} to {b!r}" for a, b in dict.fromkeys(zip(old[moved], new[moved], strict=True))]
        named = ", ".join(pairs) if len(pairs) <= PAIRS_NAMED else f"{len(pairs)} kinds"
        said.append(f"{counted(count, 'label')} corrected ({named})")
    if count := len(before.index.difference(after.index)):
        said.append(f"{counted(count, 'picture')} left out")
    if count := len(after.index.difference(before.index)):
        said.append(f"{counted(count, 'picture')} put back")
    if not said:
        raise DatasetError(
            "Nothing would change: these pictures are under these classes already, or left out. Choose others."
        )
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _add_version(like: Dataset, rows: pd.DataFrame, *, change: str, update: Mapping[str, object]) -> Dataset:
    """Write rows as the version after the newest; to be called while the dataset is held."""
    manifest = Manifest.read(like.folder)
    newest = manifest.versions[-1]
    number = newest.number + 1
    version = newest.model_copy(
        update={
            "number": number,
            "created_at": time.time(),
            "change": change,
            "counts": count_by_class(rows, num_classes=like.num_classes),
            "content": content_of(rows["class_name"], rows["sha256"]),
            "frozen": False,
            **update,
        }
    )
    write_version(like.folder, number=number, rows=rows.reset_index())
    manifest.with_version(version).write(like.folder)
    return find_dataset(like.id)
