"""Finds the run or the dataset that somebody means: by its id, or by its name.

This module never changes one.
"""

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import list_datasets
from cnnlab.errors import DatasetError, RunError
from cnnlab.runs import store
from cnnlab.runs.folder import RUN_ID, RunFolder
from cnnlab.settings import workspace

MOST_NAMED = 10


def find_run(text: str) -> RunFolder:
    """Find a run by its id, or the newest one of this name.

    Raises:
        RunError: There is none; the message lists some that there are.
    """
    runs = workspace().runs
    if RUN_ID.fullmatch(text):
        return RunFolder.find(text, runs=runs)
    rows = store.list_runs()
    for row in rows:
        if row.name == text:
            return RunFolder.find(row.id, runs=runs)
    known = ", ".join(repr(name) for name in list(dict.fromkeys(row.name for row in rows))[:MOST_NAMED])
    raise RunError(
        f"There is no run named {text!r} in {workspace().home}. "
        + (f"Some that there are: {known}; 'cnnlab runs' lists all." if known else "There are no runs yet.")
    )


def find_dataset(text: str) -> Dataset:
    """Find the newest version of a dataset by its id or its name.

    Raises:
        DatasetError: There is none; the message lists some that there are.
    """
    datasets = list_datasets()
    for wanted in ("id", "name"):
        for dataset in datasets:
            if getattr(dataset, wanted) == text:
                return dataset
    known = ", ".join(repr(dataset.name) for dataset in datasets[:MOST_NAMED])
    raise DatasetError(
        f"There is no dataset {text!r} in {workspace().home}. "
        + (
            f"Some that there are: {known}; 'cnnlab datasets' lists all."
            if known
            else "There are no datasets yet."
        )
    )
