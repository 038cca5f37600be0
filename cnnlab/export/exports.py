"""Exports of a run, each made and compared in a process of its own: start one, watch it, cancel it, read what came out.

    <run>/exports/<format>/     each as `jobs.folder` says, and the file itself where it passed
    <run>/exports/expected.npz  what the Keras model says about the compared pictures, asked once

Made once: an export is found again as long as the run's model is the same. This module never loads
TensorFlow.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from filelock import FileLock

from cnnlab.errors import ModelError
from cnnlab.export.formats import FORMATS, Format, find_format
from cnnlab.export.records import ExportRequest, ExportResult
from cnnlab.jobs.folder import Job
from cnnlab.runs.folder import RunFolder

FOLDER = "exports"
MODEL = "model.keras"
WORKER = "cnnlab.export.worker"
RECIPE = 1
"""Grows when a format is made or judged in another way; exports of before are then made again."""


@dataclass(frozen=True, kw_only=True)
class Export(Job):
    """One format of one run, under way or ended."""

    run: RunFolder
    format_name: str

    noun: ClassVar[str] = "export"
    advice: ClassVar[str] = "Close other programs, and make it again."

    @property
    def format(self) -> Format:
        """The row of its format."""
        return FORMATS[self.format_name]

    @property
    def file(self) -> Path:
        """Where its file lies, where it passed."""
        return self.folder / self.format.file

    def result(self) -> ExportResult | None:
        """What came out, or None while it has not finished."""
        return self.read("result.json", ExportResult) if self.state == "finished" else None

    @property
    def is_offered(self) -> bool:
        """Whether its file passed and is there to be taken away."""
        found = self.result()
        return found is not None and found.passed and self.file.is_file()


def start_export(run: RunFolder, format_name: str) -> Export:
    """Start making a format of a run; one that is under way, or offered already, is returned as it is.

    Raises:
        SpecError: There is no such format.
        ModelError: The run has no model, the format's packages are missing, or it cannot be written.
    """
    row, export = find_format(format_name), _export(run, format_name)
    if row.missing:
        raise ModelError(row.missing)
    written_at = _model_written_at(run)
    if written_at is None:
        raise ModelError(f"Run {run.spec().name!r} has no model yet. Let it finish, or choose another run.")
    export.folder.parent.mkdir(exist_ok=True)
    with FileLock(export.folder.parent / "start.lock"):
        known = find_export(run, format_name)
        if known is not None and known.state == "running":
            if known.is_cancelled:
                raise ModelError(
                    "This export was cancelled and is still ending. Make it again in some seconds."
                )
            return known
        if known is not None and known.is_offered:
            return known
        request = ExportRequest(format=format_name, recipe=RECIPE, model_written_at=written_at)
        try:
            export.start(request, module=WORKER)
        except OSError as error:
            raise ModelError(
                f"The export could not be written ({error.strerror or error}). Make room on the disk of "
                f"{run.path.parent}, and try again."
            ) from error
    return export


def find_export(run: RunFolder, format_name: str) -> Export | None:
    """Return a format of a run, under way or ended, or None where it was not made from the run's model of today."""
    export = _export(run, format_name)
    request = export.read("request.json", ExportRequest)
    if request is None or request.recipe != RECIPE:
        return None
    return export if request.model_written_at == _model_written_at(run) else None


def list_exports(run: RunFolder) -> dict[str, Export]:
    """Every format that was asked for, by its name, in the order of the table."""
    found = {name: find_export(run, name) for name in FORMATS}
    return {name: export for name, export in found.items() if export is not None}


def _export(run: RunFolder, format_name: str) -> Export:
    return Export(run=run, format_name=format_name, folder=run.path / FOLDER / format_name)


def _model_written_at(run: RunFolder) -> int | None:
    try:
        return (run.path / MODEL).stat().st_mtime_ns
    except FileNotFoundError:
        return None
