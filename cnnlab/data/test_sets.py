"""Pictures whose classes somebody told, as a dataset of test pictures: packed with a table of labels, for the import.

Class names are cells of a table and never names of folders, so whatever a class is called comes back as
it was. This module never imports: whoever has the request starts it.
"""

import csv
import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Protocol

from cnnlab.data.import_records import ArchiveImport
from cnnlab.data.intake import stage_upload
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import DatasetError

LONGEST_NAME = 100


class Known(Protocol):
    """A picture whose true class is known."""

    name: str
    truth: str

    @property
    def data(self) -> bytes:
        """The file as it was given."""
        ...


def stage_test_set(known: Sequence[Known], *, name: str) -> ArchiveImport:
    """Pack pictures with their classes, one at a time, and ask for a dataset that is a test set.

    Args:
        known: The pictures; each goes in under a number and the last part of its name.
        name: What the dataset is to be called; empty is 'Test set'.

    Returns:
        What to start the import with.

    Raises:
        DatasetError: A picture is gone, or the disk is full.
    """
    title = name.strip() or "Test set"
    try:
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w") as archive:
                rows = [("file", "label", "split")]
                for number, each in enumerate(known, start=1):
                    path = f"{number:05}/{PurePosixPath(each.name).name[-LONGEST_NAME:] or 'picture'}"
                    archive.writestr(path, each.data)
                    rows.append((path, each.truth, "test"))
                archive.writestr("labels.csv", _as_csv(rows))
            file.seek(0)
            staged = stage_upload(file, name=f"{title}.zip")
    except OSError as error:
        raise DatasetError(
            f"The pictures could not be kept ({error.strerror or error}). Ask about them again, and free some space on the disk."
        ) from error
    return ArchiveImport(file=staged, name=title, split=SplitSpec(test_only=True))


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    output = io.StringIO()
    csv.writer(output).writerows(rows)
    return output.getvalue()
