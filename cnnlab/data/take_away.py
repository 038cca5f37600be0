"""A dataset as one ZIP that any tool reads: a folder a split, a folder a class in it, and a table of labels beside them.

Folders are named after splits and classes as far as a file system can be called so; `labels.csv` has
the names as they are, and which group and file each picture came from, so that the import of another
workspace makes the same dataset of it. This module never changes a picture.
"""

import csv
import io
import re
import unicodedata
import zipfile
from pathlib import Path

from cnnlab.data.dataset import Dataset

PICTURES_AT_ONCE = 128
LONGEST_PART = 60
NO_PART_OF_A_NAME = re.compile(r'[\x00-\x1f<>:"/\\|?*%]+')
NOT_ALLOWED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))]
)
"""Names that Windows keeps for itself."""
ENDINGS = {"JPEG": "jpg", "TIFF": "tif"}
HEADINGS = ("file", "label", "split", "group", "original")
TABLE = "labels.csv"


def write_dataset(dataset: Dataset, path: Path) -> None:
    """Write a version of a dataset as a ZIP; its pictures are stored as they were imported.

    Args:
        dataset: The version.
        path: Where to; what is there is replaced.

    Raises:
        DatasetError: Its pictures cannot be read.
        OSError: The disk is full, or cannot be written.
    """
    table = dataset.table()
    folders = folder_names(dataset.class_names)
    labels = io.StringIO()
    writer = csv.writer(labels)
    writer.writerow(HEADINGS)
    # Pictures are packed already: packing them again would take time and save nothing.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for start in range(0, len(table), PICTURES_AT_ONCE):
            part = table.iloc[start : start + PICTURES_AT_ONCE]
            for row, data in zip(
                part.itertuples(index=False), dataset.read_pictures(part["picture"]), strict=True
            ):
                ending = ENDINGS.get(row.format, row.format.lower())
                file = f"{row.split}/{folders[row.label]}/{row.picture:06}.{ending}"
                archive.writestr(file, data)
                writer.writerow((file, row.class_name, row.split, getattr(row, "group", ""), row.name))
        archive.writestr(TABLE, labels.getvalue())


def file_name(dataset: Dataset) -> str:
    """What the ZIP of a dataset is called: letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", dataset.name).encode("ascii", "ignore").decode("ascii")
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:LONGEST_PART]
    return f"{name or 'dataset'}-v{dataset.version}.zip"


def folder_names(class_names: tuple[str, ...]) -> list[str]:
    """A folder for each class: its name where a file system allows that, and no two alike."""
    found: list[str] = []
    for number, name in enumerate(class_names):
        part = NO_PART_OF_A_NAME.sub("_", name)[:LONGEST_PART].strip(" .")
        if not part or part.lower() in NOT_ALLOWED or part.lower() in {each.lower() for each in found}:
            part = f"{part or 'class'}-{number}"
        found.append(part)
    return found
