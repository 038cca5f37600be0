"""Work on a finished run that takes seconds to minutes, each in a folder of its own: `<run>/evaluation/<name>/`.

What comes out belongs to one attempt of the run: one that went on since has other weights. This module
never knows what the work is.
"""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel

from cnnlab.errors import EvaluationError
from cnnlab.jobs.folder import Job
from cnnlab.jobs.records import JobRecord
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace

MOST_SECONDS = 3600.0
TOO_LONG = (
    f"It took more than {MOST_SECONDS / 60:.0f} minutes and was ended. Try a run with a smaller image size."
)
NO_MEMORY = "There was not enough memory. Try a run with a smaller image size."


class RunRequest(JobRecord):
    """What every request says."""

    run: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class RunJob(Job):
    """One work on a run, under way or ended."""

    noun: ClassVar[str] = "work"
    advice: ClassVar[str] = "Try a run with a smaller image size."


def attempt_of(run: RunFolder) -> int:
    """Which attempt of a run its model is of."""
    status = run.status()
    return status.attempt if status is not None else 1


def find_job(run: RunFolder, name: str) -> RunJob | None:
    """Return a work on a run, under way or ended, or None where there was none of this attempt."""
    job = RunJob(folder=run.path / "evaluation" / name)
    request = job.read("request.json", RunRequest)
    return job if request is not None and request.attempt == attempt_of(run) else None


def start_job(run: RunFolder, name: str, *, request: BaseModel, module: str) -> RunJob:
    """Start a work on a run, or return the one that is under way.

    Raises:
        EvaluationError: It was cancelled and is still ending, or cannot be written.
    """
    job = RunJob(folder=run.path / "evaluation" / name)
    if job.exists and job.state == "running":
        if job.is_cancelled:
            raise EvaluationError("This was cancelled and is still ending. Start it again in some seconds.")
        return job
    try:
        job.start(request, module=module)
    except OSError as error:
        raise EvaluationError(
            f"The request could not be written ({error.strerror or error}). Make room on the disk of "
            f"{workspace().home}, and try again."
        ) from error
    return job
