"""Finds the run that somebody means: by its id, or by its name.

This module never changes a run.
"""

from cnnlab.errors import RunError
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
