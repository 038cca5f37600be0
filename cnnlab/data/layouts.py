"""What the folders around a picture say: its class, and the split it came in.

Understood are class folders (`cat/1.jpg`), the same below train, valid and test
(`train/cat/1.jpg`), either of them inside wrapping folders (`pets/train/cat/1.jpg`), and where no folder
says a class, flat files called class and number (`cat_001.jpg`). Only names are looked at; this module
never opens a file.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab.data.splits import TEST, TRAINING, VALIDATION

SPLIT_FOLDERS: dict[str, str] = {
    "train": TRAINING,
    "training": TRAINING,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
"""Folder names that mean a split, in small letters."""

STRAY_NAMES: dict[str, str] = {
    "__macosx": "__MACOSX",
    ".ds_store": ".DS_Store",
    "thumbs.db": "Thumbs.db",
    "desktop.ini": "desktop.ini",
    ".ipynb_checkpoints": ".ipynb_checkpoints",
    "@eadir": "@eaDir",
    "$recycle.bin": "$RECYCLE.BIN",
}
"""What systems and programs leave in folders, in small letters; nobody meant it as a picture."""
NUMBERED = re.compile(r"^(?P<class_name>.*[^\W\d_])[\s_.-]*\(?\d+\)?$", re.DOTALL)
"""Class and number, as in `cat_001`, `cat-1`, `cat 1` and `cat (1)`."""
CAMERA_NAMES = (
    "img",
    "image",
    "dsc",
    "dscn",
    "dscf",
    "pict",
    "pic",
    "picture",
    "photo",
    "pxl",
    "screenshot",
    "frame",
    "scan",
    "file",
)
"""What cameras and programs call everything; it says no class."""
FEWEST_OF_A_CLASS = 2
NUMBERED_SHARE = 0.9
"""So many of the files have to be called class and number, or the names mean something else."""
ARCHIVE_ENDINGS = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the folders of one file say."""

    class_name: str | None
    """None where no folder says a class."""
    split: str = ""
    """One of `splits.SPLITS`, or '' where no folder says one."""


def is_stray(name: str) -> str:
    """Return the kind of stray file or folder that a name belongs to, or '' where it may be meant."""
    small = name.casefold()
    if small in STRAY_NAMES:
        return STRAY_NAMES[small]
    if small.startswith("._"):
        return "._* (macOS)"
    if small.startswith("."):
        return "hidden files"
    return "packed files" if small.endswith(ARCHIVE_ENDINGS) else ""


def stray_kind(parts: Sequence[str]) -> str:
    """Return the kind of the first stray part of a path, or ''."""
    return next((kind for part in parts if (kind := is_stray(part))), "")


def read_layout(paths: Sequence[Sequence[str]]) -> list[Place]:
    """Find class and split of every file from the folders of all.

    Args:
        paths: Of each file, the folders from the outermost on and its name; stray ones left out.

    Returns:
        One place a path, in the same order.
    """
    folders = [tuple(parts[:-1]) for parts in paths]
    wrappers = _count_wrappers({folder for folder in folders if folder})
    folders = [folder[wrappers:] for folder in folders]
    has_splits = _has_splits({folder for folder in folders if folder})
    # One place a folder, not one a file: there may be 200,000 files.
    places = {folder: _place(folder, has_splits=has_splits) for folder in set(folders)}
    named = {place.class_name.casefold() for place in places.values() if place.class_name}
    if len(named) > 1 and not named <= SPLIT_FOLDERS.keys():
        return [places[folder] for folder in folders]
    classes = _numbered_classes([parts[-1] for parts in paths])
    if not any(classes):
        return [places[folder] for folder in folders]
    splits = [SPLIT_FOLDERS.get(folder[0].casefold(), "") if folder else "" for folder in folders]
    return [Place(class_name=name, split=split) for name, split in zip(classes, splits, strict=True)]


def _numbered_classes(names: Sequence[str]) -> list[str | None]:
    """The class in every file's own name, where the files of a flat folder are called class and number."""
    found = [_numbered_class(name) for name in names]
    counts = Counter(class_name for class_name in found if class_name)
    several = {class_name for class_name, count in counts.items() if count >= FEWEST_OF_A_CLASS}
    meant = len(several) > 1 and sum(counts[each] for each in several) >= NUMBERED_SHARE * len(names)
    return [class_name if meant and class_name in several else None for class_name in found]


def _numbered_class(name: str) -> str | None:
    match = NUMBERED.match(name.rpartition(".")[0])
    class_name = match["class_name"].strip(" _.-") if match else ""
    return class_name if class_name and class_name.casefold() not in CAMERA_NAMES else None


def _count_wrappers(folders: set[tuple[str, ...]]) -> int:
    """How many outer folders hold everything and say nothing."""
    count = 0
    while True:
        inner = [folder[count:] for folder in folders]
        firsts = {folder[0] for folder in inner if folder}
        if len(firsts) != 1 or firsts.pop().casefold() in SPLIT_FOLDERS or max(map(len, inner)) < 2:
            return count
        count += 1


def _has_splits(folders: set[tuple[str, ...]]) -> bool:
    """Whether the outermost folders are splits: one is for training, or all have such names, and classes lie in them."""
    named = {folder[0].casefold() for folder in folders if folder[0].casefold() in SPLIT_FOLDERS}
    with_classes = {folder[0].casefold() for folder in folders if len(folder) > 1} & set(SPLIT_FOLDERS)
    only_splits = all(folder[0].casefold() in SPLIT_FOLDERS for folder in folders)
    return bool(with_classes) and (
        only_splits or any(SPLIT_FOLDERS[name] == TRAINING for name in named & with_classes)
    )


def _place(folder: tuple[str, ...], *, has_splits: bool) -> Place:
    if not has_splits:
        return Place(class_name=folder[0] if folder else None)
    split = SPLIT_FOLDERS.get(folder[0].casefold(), "") if folder else ""
    if not split or len(folder) < 2:
        return Place(class_name=None, split=split)
    return Place(class_name=folder[1], split=split)
