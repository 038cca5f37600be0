"""Which format the workspace is in: an older one is brought up to this one, a newer one is refused.

    format.json     {"format": 2}     written once a workspace is in that format

A workspace without the file is of before there was one: format 1. Every step may be done twice: a
migration that was killed in the middle begins again. This module never changes what a run did.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnnlab.errors import WorkspaceError
from cnnlab.files import file_sha256, write_text
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace

FORMAT = 2
"""Of the workspaces that this cnnlab writes."""
FIRST_FORMAT = 1
FILE = "format.json"


class _Format(BaseModel):
    model_config = ConfigDict(extra="ignore")

    format: int = Field(ge=FIRST_FORMAT)


@dataclass(frozen=True, kw_only=True)
class Migration:
    """A step from one format to the next."""

    sentence: str
    migrate: Callable[[Path], None]
    """Given the workspace's folder."""


def open_workspace() -> None:
    """Bring the workspace up to this format where it is older; costs one small file where it is not.

    Raises:
        WorkspaceError: It is of a newer cnnlab, or cannot be read or written.
    """
    home = workspace().home
    try:
        # A folder that is not there yet is made by whoever writes into it first, and says so if it cannot.
        if not home.is_dir() or _format_of(home) == FORMAT:
            return
        with FileLock(home / ".format.lock"):
            for number in range(_format_of(home), FORMAT):
                MIGRATIONS[number].migrate(home)
                write_text(home / FILE, json.dumps({"format": number + 1}))
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {home} cannot be brought up to date ({error.strerror or error}). Make room on the disk, or "
            f"give yourself the right to write there, then try again; nothing in it was lost."
        ) from error


def _format_of(home: Path) -> int:
    try:
        found = _Format.model_validate_json((home / FILE).read_bytes()).format
    except FileNotFoundError:
        return FIRST_FORMAT
    except ValidationError as error:
        raise WorkspaceError(
            f"The file {home / FILE} is damaged: it does not say which format the workspace has. "
            f'If no newer cnnlab has used it, write {{"format": {FORMAT}}} into it.'
        ) from error
    if found > FORMAT:
        raise WorkspaceError(
            f"The workspace {home} was written by a newer cnnlab (format {found}; this one knows {FORMAT}). Start the newer "
            f"cnnlab, or set CNNLAB_HOME to another folder. Nothing in it was changed."
        )
    return found


def _hash_best_weights(home: Path) -> None:
    """Give the best weights that checkpoints name the hash that a damaged file is told by.

    Only runs that may still go on have any use for it; one that a worker holds writes its own.
    """
    runs = home / "runs"
    for run in RunFolder.list_all(runs) if runs.is_dir() else ():
        if not (run.path / "report.json").exists() and not run.is_held():
            for commit in (run.path / "checkpoints").glob("step-*.json"):
                _hash_best_weights_of(commit)


def _hash_best_weights_of(commit: Path) -> None:
    try:
        content = json.loads(commit.read_bytes())
        progress = content["progress"]
        named = [progress["best"], *(phase["best"] for phase in progress["phases"])]
        for best in named:
            if best is not None and not best.get("sha256"):
                best["sha256"] = file_sha256(commit.with_name(best["weights"]))
    except (ValueError, KeyError, TypeError, AttributeError, FileNotFoundError):
        # Damaged, or its weights are gone: whoever takes the run up passes it over and says so.
        return
    write_text(commit, json.dumps(content))


MIGRATIONS = MappingProxyType(
    {
        1: Migration(
            sentence="Best weights of runs that may go on get a hash, so that a damaged file is noticed.",
            migrate=_hash_best_weights,
        )
    }
)
"""The step from each older format to the next."""
