"""What is said about an import: what was asked for, how far it is, and what came out.

    <workspace>/imports/<id>/
        request.json    what was asked for              the server, once
        cancel          somebody wants it to end        the server
        progress.json   how far it is                   the worker
        report.json     what was taken and what was not the worker, at the end
        worker.lock     held by the worker for its whole life
        worker.log      what it printed
        files/          what was uploaded               gone at the end
        dataset/        the dataset that is being made  renamed into `datasets/` at the end

This module never opens a file.
"""

from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cnnlab.data.splits import SplitSpec
from cnnlab.specs.base import Spec

ImportState = Literal["starting", "running", "finished", "failed", "cancelled", "lost"]

ENDED_STATES: tuple[ImportState, ...] = ("finished", "failed", "cancelled", "lost")
MOST_ROWS = 10_000
"""Files of which the report keeps name and reason; all are counted."""


class StagedFile(Spec):
    """A file of the user's that lies in the workspace and waits to be imported."""

    path: str
    """Where it lies; a name of ours, never the user's."""
    name: str
    """What the user called it, as text."""
    num_bytes: int


class _Import(Spec):
    name: str = Field(
        "",
        max_length=120,
        title="Name of the dataset",
        description="How the new dataset is called; empty takes the name of the file or folder.",
    )
    split: SplitSpec = Field(
        SplitSpec(), title="Split", description="How pictures are put into training, validation and test."
    )
    add_to: str | None = Field(
        None,
        title="Add to",
        description="Dataset that gets the pictures as a new version; none makes a dataset of its own.",
    )


class ArchiveImport(_Import):
    """An archive of class folders that was staged with `intake.stage_upload`."""

    kind: Literal["archive"] = "archive"
    file: StagedFile


class UploadImport(_Import):
    """Some pictures, staged with `intake.stage_upload`, for one class."""

    kind: Literal["upload"] = "upload"
    files: tuple[StagedFile, ...] = Field(min_length=1)
    class_name: str = Field(
        min_length=1,
        max_length=120,
        title="Class",
        description="The class that all of these pictures belong to.",
    )


class DroppedFolderImport(_Import):
    """Files that were dropped as a folder, each staged with `intake.stage_upload` under its path in there."""

    kind: Literal["dropped"] = "dropped"
    files: tuple[StagedFile, ...] = Field(min_length=1)


class FolderImport(_Import):
    """A folder of class folders on the server, below one that the operator allows."""

    kind: Literal["folder"] = "folder"
    path: str = Field(
        min_length=1,
        title="Folder on the server",
        description="Holds one folder a class; it is read, never changed.",
    )


class SourceImport(_Import):
    """A ready-made dataset of the table `sources.SOURCES`."""

    kind: Literal["source"] = "source"
    source: str = Field(title="Ready-made dataset", description="Which row of the table.")
    settings: dict[str, int | float | bool | str] = Field(
        {}, title="Settings", description="Values of the source's own settings, where it has any."
    )


ImportRequest = ArchiveImport | UploadImport | DroppedFolderImport | FolderImport | SourceImport
REQUEST: TypeAdapter[ImportRequest] = TypeAdapter(Annotated[ImportRequest, Field(discriminator="kind")])


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ImportProgress(_Record):
    """How far an import is; one line and one bar on the screen."""

    state: ImportState = "starting"
    phase: str = "Starting"
    """What it is doing, in a few words: 'Reading pictures'."""
    done: int = 0
    total: int = 0
    """How many `unit` there are; 0 while that is not known."""
    unit: str = "pictures"
    seconds_left: float | None = None
    message: str = ""
    """Why it ended, or what else a person should know."""
    dataset_id: str | None = None
    """The dataset that was made, once it is there."""
    pid: int | None = None
    updated_at: float = 0.0
    """Wall clock, seconds since 1970."""

    @property
    def share_done(self) -> float | None:
        """From 0 to 1, or None while the total is not known."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED_STATES


class Refused(_Record):
    """One file that was not taken."""

    name: str
    """Where it was, as text of the user's."""
    reason: str
    """Why, as a sentence."""


class ImportReport(_Record):
    """What came out of an import."""

    dataset_id: str | None = None
    dataset_name: str = ""
    version: int | None = None
    num_taken: int = 0
    taken: dict[str, int] = {}
    """Pictures taken by class name, sorted by name."""
    num_refused: int = 0
    refused: tuple[Refused, ...] = ()
    """The first `MOST_ROWS` of them."""
    unreadable: tuple[str, ...] = ()
    """SHA-256 of the first `MOST_ROWS` that were no pictures: with them the same archive is known again."""
    passed_over: dict[str, int] = {}
    """Files that nobody meant as pictures, counted by kind: '.DS_Store' -> 3."""
    notes: tuple[str, ...] = ()
    """What a person should know, one sentence each."""
    seconds: float = 0.0

    def refused_table(self) -> pd.DataFrame:
        """Columns name and reason, one row a file that was not taken."""
        return pd.DataFrame([row.model_dump() for row in self.refused], columns=["name", "reason"])
