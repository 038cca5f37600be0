"""What people keep with a run: a star, tags and a note, in `marks.json` of its folder.

Only the server writes the file, whole and under one lock of the workspace, so that two tabs never lose
each other's words. A damaged file costs the marks, never the run. This module never touches the index.
"""

from collections.abc import Callable, Iterable

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cnnlab.errors import RunError, WorkspaceError
from cnnlab.files import write_text
from cnnlab.runs.folder import RunFolder

FILE = "marks.json"
LOCK_SECONDS = 10.0
MOST_TAGS = 20
LONGEST_TAG = 40
LONGEST_NOTE = 4000


class Marks(BaseModel):
    """What people keep with one run. All words are a user's: escape them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    starred: bool = False
    tags: tuple[str, ...] = ()
    """In the order of the alphabet, each once, on one line."""
    note: str = Field("", max_length=LONGEST_NOTE)

    @field_validator("tags")
    @classmethod
    def tags_are_in_order(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        """Tidy the tags: one line each, none twice, no more than there is room for."""
        tidy = {" ".join(tag.split())[:LONGEST_TAG].strip() for tag in tags} - {""}
        return tuple(sorted(tidy, key=lambda tag: (tag.casefold(), tag))[:MOST_TAGS])


def read_marks(run: RunFolder) -> Marks:
    """Read the marks of a run; none where there is no file, or one that cannot be read."""
    try:
        return Marks.model_validate_json((run.path / FILE).read_bytes())
    except (OSError, ValidationError):
        return Marks()


def star(run: RunFolder, *, starred: bool) -> None:
    """Put a star on a run, or take it away.

    Raises:
        RunError: The run was deleted meanwhile.
        WorkspaceError: The workspace cannot be written.
    """
    _change(run, lambda marks: {"starred": starred})


def change_tags(run: RunFolder, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Add tags to a run and take others away; those it has besides stay. Raises as `star` does."""
    added, removed = tuple(add), set(remove)
    _change(run, lambda marks: {"tags": (*(tag for tag in marks.tags if tag not in removed), *added)})


def write_note(run: RunFolder, *, note: str) -> None:
    """Keep a note with a run in place of the one before; cut where it is too long. Raises as `star` does."""
    # What is no UTF-8 could not be written.
    readable = note.encode("utf-8", errors="replace").decode("utf-8")
    _change(run, lambda marks: {"note": readable.strip()[:LONGEST_NOTE]})


def _change(run: RunFolder, changes: Callable[[Marks], dict[str, object]]) -> None:
    runs = run.path.parent
    try:
        with FileLock(runs / ".marks.lock").acquire(timeout=LOCK_SECONDS):
            before = read_marks(run)
            after = Marks.model_validate(before.model_dump() | changes(before))
            if after != before:
                write_text(run.path / FILE, after.model_dump_json(indent=2))
    except Timeout:
        raise RunError("Somebody else is writing marks just now. Try again in a moment.") from None
    except FileNotFoundError:
        raise RunError(f"Run {run.id} is not here any more; somebody deleted it.") from None
    except OSError as error:
        raise WorkspaceError(
            f"The marks of run {run.id} cannot be written ({error.strerror or error}). Make room on the disk, "
            f"or give yourself the right to write there, then try again."
        ) from error
