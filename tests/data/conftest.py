"""What the tests of this room share."""

import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from cnnlab.data.library import Dataset, find_dataset
from cnnlab.settings import workspace
from tests.data.making import class_files, make_dataset


@pytest.fixture
def benchmark_seconds():
    """A `with` that fails when it takes more processor time than so many seconds; who else is busy does not count."""

    @contextmanager
    def within(most: float):
        started = time.process_time()
        yield
        took = time.process_time() - started
        assert took < most, f"took {took:.1f} s, at most {most} s are allowed"

    return within


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a dataset that was really imported once: 20 cats, 20 dogs and 10 eels."""
    place = tmp_path_factory.mktemp("imported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(place / "home"))
        return make_dataset(place, class_files({"cat": 20, "dog": 20, "eel": 10})).folder


@pytest.fixture
def dataset(imported: Path, home: Path) -> Dataset:
    """A copy of that dataset in this test's own workspace."""
    shutil.copytree(imported, workspace().datasets / imported.name)
    return find_dataset(imported.name)
