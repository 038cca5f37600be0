"""From somebody's files to a dataset: stage what was uploaded, start the worker, watch it, cancel it.

    upload = stage_upload(file, name=file.name)
    job = start_import(ArchiveImport(file=upload, name="Flowers"))
    job.progress()   # ImportProgress: state, phase, done, total, seconds_left, message, dataset_id
    job.report()     # ImportReport once it has ended

The import itself is `cnnlab.data.import_worker`, a process of its own that outlives the server. This
module never opens an archive and never decodes a picture.
"""

import contextlib
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ValidationError

from cnnlab.data.children import start_detached
from cnnlab.data.folders import check_folder
from cnnlab.data.import_records import (
    REQUEST,
    ArchiveImport,
    DroppedFolderImport,
    FolderImport,
    ImportProgress,
    ImportReport,
    ImportRequest,
    SourceImport,
    StagedFile,
    UploadImport,
)
from cnnlab.data.library import find_dataset
from cnnlab.data.listings import folder_name
from cnnlab.data.sources import find_source
from cnnlab.data.text import counted, safe_text
from cnnlab.errors import DatasetError
from cnnlab.files import is_locked, write_text
from cnnlab.settings import MEGABYTE, settings, workspace

IMPORT_ID = re.compile(r"^\d{8}-\d{6}-[0-9a-f]{6}$")
STAGED_NAME = re.compile(r"^[0-9a-f]{32}$")
CHUNK_BYTES = 4 * MEGABYTE
LAUNCH_GRACE_SECONDS = 60.0
"""How long a started worker may take until it holds its lock; a busy machine needs some seconds."""
STAGED_KEPT_SECONDS = 24 * 3600.0
"""An upload that nobody imported is removed after a day."""
JOBS_KEPT = 30
"""Ended imports that are remembered; older ones are removed when a new one starts."""


@dataclass(frozen=True, kw_only=True)
class ImportJob:
    """One import, under way or ended; all that is known lies in its folder."""

    id: str
    folder: Path

    @property
    def started_at(self) -> float:
        """Wall clock, seconds since 1970; 0 once somebody has deleted it."""
        try:
            return (self.folder / "request.json").stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def request(self) -> ImportRequest:
        """What was asked for."""
        return REQUEST.validate_json((self.folder / "request.json").read_bytes())

    @property
    def title(self) -> str:
        """What is imported, for one line on the screen. Text of the user's: escape it."""
        return title_of(self.request())

    def progress(self) -> ImportProgress:
        """How far it is, or how it ended; a worker that died without a word is 'lost'."""
        said = _read(self.folder / "progress.json", ImportProgress) or ImportProgress()
        if said.ended or self.is_held():
            return said
        if said.state == "starting" and time.time() - self.started_at < LAUNCH_GRACE_SECONDS:
            return said
        # It may have ended between the two looks: what it said last counts.
        again = _read(self.folder / "progress.json", ImportProgress) or said
        if again.ended:
            return again
        if again.pid is not None:
            # It held its lock once and does no longer: nobody will write there again.
            self.clear()
        return again.model_copy(update={"state": "lost", "message": self._why_lost()})

    def clear(self) -> None:
        """Remove what was uploaded and what was half made; what was said stays."""
        for name in ("files", "dataset"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _why_lost(self) -> str:
        last = next((line for line in reversed(self.log_tail().splitlines()) if line.strip()), "")
        said = f" The last it printed: {safe_text(last)}" if last else ""
        return (
            "The process that imported ended without a word; the machine may have run out of memory or been "
            f"restarted. Nothing half-done was left. Start the import again.{said}"
        )

    def report(self) -> ImportReport | None:
        """What came out, or None before the end and where it failed early."""
        return _read(self.folder / "report.json", ImportReport)

    def cancel(self) -> None:
        """Ask the worker to end; it looks several times a second and leaves nothing behind. One that is gone needs no word."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "cancel").touch()

    def forget(self) -> None:
        """Remove what is remembered of an import that has ended.

        Raises:
            DatasetError: It is under way.
        """
        if not self.progress().ended:
            raise DatasetError("This import is under way. Cancel it first, or wait for its end.")
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_held(self) -> bool:
        """Whether a living worker holds this import."""
        return is_locked(self.folder / "worker.lock")

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that the worker printed."""
        try:
            text = (self.folder / "worker.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def stage_upload(file: BinaryIO, *, name: str) -> StagedFile:
    """Stream an upload to the workspace's disk, in pieces, under a name of ours.

    Args:
        file: Anything with `read(size)`, at its beginning; a Streamlit `UploadedFile` is one.
        name: What the user called it; kept as text only.

    Raises:
        DatasetError: It is larger than allowed, or the disk is full.
    """
    most = settings().max_archive_bytes
    path = _staged() / secrets.token_hex(16)
    written = 0
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as output:
            while chunk := file.read(CHUNK_BYTES):
                written += len(chunk)
                if written > most:
                    raise DatasetError(
                        f"{safe_text(name)!r} is larger than {most // MEGABYTE:,} MB, which is the most that may be "
                        f"imported. Import it in parts, or ask the operator to raise CNNLAB_MAX_ARCHIVE_BYTES."
                    )
                output.write(chunk)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise DatasetError(
            f"{safe_text(name)!r} could not be kept ({error.strerror or error}). Free some space on the disk of "
            f"{workspace().home}, and upload it again."
        ) from error
    except DatasetError:
        path.unlink(missing_ok=True)
        raise
    return StagedFile(path=str(path), name=safe_text(name), num_bytes=written)


def start_import(request: ImportRequest) -> ImportJob:
    """Start importing in a process of its own, and return at once.

    Raises:
        DatasetError: The folder may not be imported, an upload is gone, or the dataset to add to is.
        SpecError: There is no such ready-made dataset, or its settings cannot work.
    """
    job = prepare_import(request)
    start_detached("cnnlab.data.import_worker", str(job.folder), log=job.folder / "worker.log")
    return job


def prepare_import(request: ImportRequest) -> ImportJob:
    """Check a request and make the folder that a worker carries it in; raises what `start_import` does."""
    request = _checked(request)
    import_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    folder = workspace().imports / import_id
    try:
        _sweep()
        (folder / "files").mkdir(parents=True)
        write_text(folder / "request.json", _take_files(request, folder / "files").model_dump_json(indent=1))
    except OSError as error:
        raise DatasetError(
            f"The import could not be started ({error.strerror or error}). Free some space on the disk of "
            f"{workspace().home}, or see to it that it can be written, and start it again."
        ) from error
    return ImportJob(id=import_id, folder=folder)


def find_import(import_id: str) -> ImportJob:
    """Look up an import.

    Raises:
        DatasetError: There is none; an id that is not one of ours is never made a path.
    """
    folder = workspace().imports / import_id if IMPORT_ID.match(import_id) else None
    if folder is None or not (folder / "request.json").is_file():
        raise DatasetError(f"There is no import {import_id!r}. It may have been removed; start it again.")
    return ImportJob(id=import_id, folder=folder)


def list_imports() -> list[ImportJob]:
    """Every import that is remembered, newest first."""
    folders = [
        folder
        for folder in workspace().imports.iterdir()
        if IMPORT_ID.match(folder.name) and (folder / "request.json").is_file()
    ]
    return [ImportJob(id=folder.name, folder=folder) for folder in sorted(folders, reverse=True)]


def title_of(request: ImportRequest) -> str:
    """What a request imports, in a few words. Text of the user's: escape it."""
    match request:
        case ArchiveImport():
            return request.file.name
        case UploadImport():
            return f"{counted(len(request.files), 'picture')} of {request.class_name}"
        case DroppedFolderImport():
            return f"the folder {folder_name(request)}"
        case FolderImport():
            return f"the folder {safe_text(request.path)}"
        case SourceImport():
            return find_source(request.source).label


def _checked(request: ImportRequest) -> ImportRequest:
    """Say at once what would only fail later."""
    if request.add_to is not None:
        find_dataset(request.add_to)
    if isinstance(request, FolderImport):
        return request.with_changes(path=str(check_folder(request.path)))
    if isinstance(request, SourceImport):
        source = find_source(request.source)
        if source.settings is not None:
            source.settings.create(dict(request.settings))
    return request


def _take_files(request: ImportRequest, into: Path) -> ImportRequest:
    """Move what was staged into the import's own folder."""
    match request:
        case ArchiveImport():
            return request.with_changes(file=_take(request.file, into))
        case UploadImport() | DroppedFolderImport():
            return request.with_changes(files=tuple(_take(file, into) for file in request.files))
        case _:
            return request


def _take(file: StagedFile, into: Path) -> StagedFile:
    path = Path(file.path)
    if path.parent != _staged() or not STAGED_NAME.match(path.name) or not path.is_file():
        raise DatasetError(f"The upload {file.name!r} is no longer there. Upload it again.")
    return file.with_changes(path=str(path.rename(into / path.name)))


def _staged() -> Path:
    """Where uploads wait; it is made with the first."""
    return workspace().imports / "staged"


def _sweep() -> None:
    """Remove uploads that nobody imported, and the oldest imports that have ended."""
    for path in _staged().glob("*"):
        if time.time() - path.stat().st_mtime > STAGED_KEPT_SECONDS:
            path.unlink(missing_ok=True)
    for job in list_imports():
        if job.progress().state == "lost":
            job.clear()
    for job in [job for job in list_imports() if job.progress().ended][JOBS_KEPT:]:
        job.forget()


def _read(path: Path, model: type[BaseModel]):
    try:
        return model.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
