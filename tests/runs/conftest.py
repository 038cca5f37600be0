"""What the tests of runs share: a queue whose workers are the stand-in, so that nothing loads TensorFlow."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs.making import end_workers


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[None]:
    """Let the queue start stand-in workers; whatever is left of them afterwards is ended."""
    monkeypatch.setenv("CNNLAB_WORKER_MODULE", "tests.runs.stand_in_worker")
    yield
    end_workers()
