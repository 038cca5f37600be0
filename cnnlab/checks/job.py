"""The measuring of a dataset's pictures in a process of its own: `python -m cnnlab.checks.job FOLDER`.

It survives the server, says how far it is, and can be cancelled. This module never judges a picture.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cnnlab.checks.measures import measure_pictures
from cnnlab.data.dataset import Dataset
from cnnlab.data.decoding import DecodingChild
from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError
from cnnlab.jobs.carrying import Reporter, carry
from cnnlab.jobs.folder import Job
from cnnlab.jobs.records import JobRecord
from cnnlab.settings import workspace

MOST_SECONDS = 6 * 3600.0
TOO_LONG = "It took more than six hours and was ended. Split the dataset into parts, and check each."
NO_MEMORY = "There was not enough memory to decode a picture. Close other programs, and check again."


class CheckRequest(JobRecord):
    """What is to be measured."""

    dataset: str


class CheckResult(JobRecord):
    """Says that it is done; what was measured lies beside the dataset."""

    num_pictures: int


@dataclass(frozen=True, kw_only=True)
class CheckJob(Job):
    """One measuring, under way or ended."""

    noun: ClassVar[str] = "check"


def job_of(dataset: Dataset) -> CheckJob:
    """The measuring of a dataset, whether it was ever asked for or not."""
    return CheckJob(folder=workspace().cache / "checks" / dataset.id)


def start_check(dataset: Dataset) -> CheckJob:
    """Start to measure a dataset, or return the measuring that is under way.

    Raises:
        DatasetError: It was cancelled and is still ending, or cannot be written.
    """
    job = job_of(dataset)
    if job.exists and job.state == "running":
        if job.is_cancelled:
            raise DatasetError("This was cancelled and is still ending. Start it again in some seconds.")
        return job
    try:
        job.start(CheckRequest(dataset=dataset.id), module="cnnlab.checks.job")
    except OSError as error:
        raise DatasetError(
            f"The request could not be written ({error.strerror or error}). Make room on the disk of "
            f"{workspace().home}, and try again."
        ) from error
    return job


def main(path: str) -> int:
    """Carry the measuring in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> CheckResult:
        request = CheckRequest.model_validate_json((folder / "request.json").read_bytes())
        dataset = find_dataset(request.dataset)
        with DecodingChild() as decoder:
            measure_pictures(
                dataset,
                decoder=decoder,
                on_progress=lambda done, total: reporter.report("Looking at pictures", done, total),
            )
        return CheckResult(num_pictures=dataset.entry.stored_pictures)

    return carry(
        folder, work, noun="check", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
