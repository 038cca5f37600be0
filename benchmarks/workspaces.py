"""Workspaces of their own for benchmarks, so that nobody's runs are touched.

This module never measures anything.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnlab.data.dataset import Dataset
from cnnlab.data.import_records import ArchiveImport, ImportRequest, SourceImport
from cnnlab.data.intake import ImportJob, stage_upload, start_import
from cnnlab.data.library import find_dataset
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import STATES, State
from cnnlab.specs.runs import RunSpec
from cnnlab.training.launch import start_run
from tests.pages.making import past_run

REAL_PICTURES = Path(
    os.environ.get("CNNLAB_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)


@contextmanager
def empty_workspace() -> Iterator[Path]:
    """A workspace that is gone afterwards."""
    before = os.environ.get("CNNLAB_HOME")
    with tempfile.TemporaryDirectory(prefix="cnnlab-benchmark-") as folder:
        os.environ["CNNLAB_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("CNNLAB_HOME")
            if before is not None:
                os.environ["CNNLAB_HOME"] = before


@contextmanager
def filled_workspace(runs: int = 200) -> Iterator[Path]:
    """A workspace with one dataset and so many finished runs."""
    with empty_workspace() as home:
        import_and_wait(SourceImport(name="Digits", source="digits"))
        for number in range(1, runs + 1):
            past_run(number, accuracy=0.8 + number / runs / 10)
        yield home


def import_and_wait(request: ImportRequest) -> Dataset:
    """Import in a process of its own, as the page does, and return the dataset."""
    return find_dataset(wait(start_import(request)).progress().dataset_id)


def import_archive(name: str) -> ImportJob:
    """Start to import an archive of the real pictures."""
    with (REAL_PICTURES / name).open("rb") as file:
        return start_import(ArchiveImport(file=stage_upload(file, name=name)))


def wait(job: ImportJob) -> ImportJob:
    """Wait until an import has ended."""
    while not job.progress().ended:
        time.sleep(0.05)
    return job


def carry(spec: RunSpec) -> RunFolder:
    """Carry a run in a worker of its own, as the queue does, and return its folder once it has ended.

    Raises:
        RuntimeError: The run did not finish.
    """
    folder = start_run(spec)
    while not STATES[state := folder.state()].ended:
        time.sleep(0.05)
    if state is not State.FINISHED:
        raise RuntimeError(f"{spec.name} ended {state}: {folder.status().message}")
    return folder
