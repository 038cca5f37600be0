"""What the tests of runs share: a queue whose workers are the stand-in, so that nothing loads TensorFlow."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cnnlab.errors import RunError
from cnnlab.runs.executors import find_executor
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[None]:
    """Let the queue start stand-in workers; whatever is left of them afterwards is ended."""
    monkeypatch.setenv("CNNLAB_WORKER_MODULE", "tests.runs.stand_in_worker")
    yield
    for run in RunFolder.list_all(workspace().runs):
        with suppress(RunError):
            launch = run.launch()
            if launch and launch.handle:
                find_executor(launch.executor).stop(launch.handle, grace_seconds=0.0)
