"""What is said before an import starts: what lies there, what would be done with it, and whether it is here already.

    <workspace>/imports/previews/<id>/
        request.json    what would be imported          the server, once
        progress.json   how far the look is             the preview worker
        preview.json    what was found                  the preview worker; again once pictures were compared
        worker.lock     held by the worker for its whole life
        worker.log      what it printed

This module never opens a file.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

LayoutKind = Literal["classes", "table", "names"]
TwinKind = Literal["same", "inside", "around", "overlap"]

CLASSES_KEPT = 200
"""Classes of which a preview keeps the count; all are counted."""
REFUSED_KEPT = 50
"""Files of which a preview keeps name and reason; all are counted."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Twin(_Record):
    """A dataset that holds many of these pictures already, whatever classes they are under."""

    dataset_id: str
    dataset_name: str
    created_at: float
    """When it was imported: wall clock, seconds since 1970."""
    num_shared: int
    """Different pictures that both hold."""
    num_here: int
    """Different pictures that were compared."""
    num_there: int
    """Different pictures of the dataset."""
    complete: bool
    """Every picture was compared, not only some of a large archive."""

    @property
    def kind(self) -> TwinKind:
        """How the two lie to each other; without a complete look they only overlap."""
        if not self.complete:
            return "overlap"
        if self.num_shared == self.num_here:
            return "same" if self.num_here == self.num_there else "inside"
        return "around" if self.num_shared == self.num_there else "overlap"


class Preview(_Record):
    """What an import is going to do, from names and sizes alone: no picture was decoded for it."""

    layout: LayoutKind
    """Where the classes come from: folders, a table beside the pictures, or the files' own names."""
    wrapper: str = ""
    """Folder that holds everything and says nothing. Text of the user's: escape it."""
    num_files: int
    """Files that will be tried: those with a class."""
    num_classes: int
    classes: dict[str, int]
    """Files by class, sorted by name; the first `CLASSES_KEPT`. Names are text of the user's."""
    smallest_class: int
    given: dict[str, int]
    """Files by the split they come in; empty where none is given."""
    num_without_class: int = 0
    """Files that no folder, table or name gives a class; they will be refused."""
    odd_endings: dict[str, int] = {}
    """Among all files, those not called like pictures, by ending; each is tried, and refused if it is none."""
    num_refused: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    """Name and reason of the first `REFUSED_KEPT` that will not even be tried."""
    passed_over: dict[str, int] = {}
    """Files that nobody meant as pictures, counted by kind."""
    needed_bytes: int
    """What the pictures will take on the disk."""
    free_bytes: int
    twins: tuple[Twin, ...] | None = None
    """Datasets that hold these pictures already, most alike first; None while that is not known."""
