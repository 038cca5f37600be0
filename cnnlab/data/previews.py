"""Looks before imports: started, watched, turned into an import, or dropped with what was uploaded.

    job = start_preview(ArchiveImport(file=stage_upload(file, name=file.name)))
    job.progress()   # ImportProgress of the look
    job.found()      # Preview, as soon as the files are listed
    job.begin(start_import, name="Flowers", add_to=None)   # ImportJob

A look is a process of its own, as an archive may take minutes to list. This module never opens one.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import ValidationError

from cnnlab.data.children import start_detached
from cnnlab.data.folders import check_folder
from cnnlab.data.import_records import (
    ArchiveImport,
    DroppedFolderImport,
    FolderImport,
    ImportProgress,
    ImportRequest,
)
from cnnlab.data.intake import IMPORT_ID, STAGED_KEPT_SECONDS, ImportJob
from cnnlab.data.library import list_datasets
from cnnlab.data.listings import origin_of
from cnnlab.data.preview_records import Preview
from cnnlab.errors import DatasetError
from cnnlab.files import write_text
from cnnlab.settings import workspace

COPY = re.compile(r"\s*(\(\d+\)|- copy|copy)$", re.IGNORECASE)
"""What browsers and systems add to the name of a second copy."""


class PreviewJob(ImportJob):
    """One look before an import; all that is known lies in its folder."""

    def progress(self) -> ImportProgress:
        """How far it is, or how it ended."""
        said = super().progress()
        if said.state != "lost":
            return said
        message = "It could not be looked through beforehand. Importing it tells what is in it."
        return said.model_copy(update={"message": message})

    def found(self) -> Preview | None:
        """What would be imported, or None before it is known."""
        try:
            return Preview.model_validate_json((self.folder / "preview.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def begin(
        self, start: Callable[[ImportRequest], ImportJob], *, name: str, add_to: str | None
    ) -> ImportJob:
        """Start the import that was looked at; the look ends.

        Args:
            start: What starts it, `intake.start_import`.
            name: What the new dataset is called; empty takes the name of the file or folder.
            add_to: Dataset that gets the pictures instead.

        Raises:
            DatasetError: What was uploaded is no longer there, or what `start` raises.
        """
        request = self.request()
        job = start(type(request).create({**request.model_dump(), "name": name, "add_to": add_to}))
        self._end()
        return job

    def drop(self) -> None:
        """Do not import it: what was uploaded is removed, a folder on the server is left alone."""
        request = self.request()
        self._end()
        for path in _uploads(request):
            path.unlink(missing_ok=True)

    def _end(self) -> None:
        """End the look at once: it may be unpacking gigabytes, and nobody waits for it any more."""
        pid = self.progress().pid
        if pid and self.is_held():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_preview(request: ImportRequest) -> PreviewJob:
    """Start looking in a process of its own, and return at once.

    Raises:
        DatasetError: The folder may not be imported.
    """
    job = prepare_preview(request)
    start_detached("cnnlab.data.preview_worker", str(job.folder), log=job.folder / "worker.log")
    return job


def prepare_preview(request: ImportRequest) -> PreviewJob:
    """Check a request and make the folder that a worker looks for; raises what `start_preview` does."""
    if isinstance(request, FolderImport):
        request = request.with_changes(path=str(check_folder(request.path)))
    id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    folder = _previews() / id
    try:
        _sweep()
        folder.mkdir(parents=True)
        write_text(folder / "request.json", request.model_dump_json())
    except OSError as error:
        raise DatasetError(
            f"{origin_of(request).name!r} cannot be looked at ({error.strerror or error}). Free some space on the disk of "
            f"{workspace().home}, or see to it that it can be written, and bring the pictures again."
        ) from error
    return PreviewJob(id=id, folder=folder)


def find_preview(id: str) -> PreviewJob:
    """Look up a preview.

    Raises:
        DatasetError: There is none; an id that is not one of ours is never made a path.
    """
    folder = _previews() / id if IMPORT_ID.match(id) else None
    if folder is None or not (folder / "request.json").is_file():
        raise DatasetError("What was looked at there is imported already, or gone. Bring the pictures again.")
    return PreviewJob(id=id, folder=folder)


def list_previews() -> list[PreviewJob]:
    """Every look that nobody has decided on yet, newest first."""
    folders = [
        folder
        for folder in _previews().glob("*")
        if IMPORT_ID.match(folder.name) and (folder / "request.json").is_file()
    ]
    return [PreviewJob(id=folder.name, folder=folder) for folder in sorted(folders, reverse=True)]


def proposed_name(request: ImportRequest) -> str:
    """What a new dataset could be called: after the file or folder, tidied, and like no other. Text of the user's."""
    name = " ".join(COPY.sub("", origin_of(request).name).replace("_", " ").split())
    return free_name(name or "Pictures", taken=[dataset.name for dataset in list_datasets()])


def free_name(name: str, *, taken: Iterable[str]) -> str:
    """A name that is not taken: 'flowers', then 'flowers 2', whatever the case of letters."""
    used = {other.casefold() for other in taken}
    number, wanted = 1, name[:100]
    while wanted.casefold() in used:
        number += 1
        wanted = f"{name[:100]} {number}"
    return wanted


def size_of(request: ImportRequest) -> int:
    """Bytes that were uploaded; 0 for what lies on the server."""
    match request:
        case ArchiveImport():
            return request.file.num_bytes
        case DroppedFolderImport():
            return sum(file.num_bytes for file in request.files)
        case _:
            return 0


def _uploads(request: ImportRequest) -> list[Path]:
    match request:
        case ArchiveImport():
            return [Path(request.file.path)]
        case DroppedFolderImport():
            return [Path(file.path) for file in request.files]
        case _:
            return []


def _previews() -> Path:
    """Where looks lie; it is made with the first."""
    return workspace().imports / "previews"


def _sweep() -> None:
    """Remove looks that nobody decided on for a day; their uploads go with those of `intake`."""
    for folder in _previews().glob("*"):
        if time.time() - folder.stat().st_mtime > STAGED_KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
