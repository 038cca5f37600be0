"""What all tests share: a workspace of their own, and the folder of real pictures where there is one."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

REPOSITORY = Path(__file__).resolve().parents[1]

# The same examples each time, however long a busy machine takes for one: what passed yesterday passes today.
# `pytest --hypothesis-profile=search` looks for new ones.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeat", settings.get_profile("search"), derandomize=True, database=None)
settings.load_profile("repeat")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast tests first, then the slow ones, then those in a browser: what is broken shows soon."""
    items.sort(
        key=lambda item: (bool(item.get_closest_marker("browser")), bool(item.get_closest_marker("slow")))
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test an empty workspace, so that none sees another's or the user's own; nor what Keras has fetched."""
    folder = tmp_path / "home"
    monkeypatch.setenv("CNNLAB_HOME", str(folder))
    monkeypatch.setenv("CNNLAB_KERAS_HOME", str(tmp_path / "no_keras"))
    return folder


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real pictures; a test that asks for it is skipped where it is missing."""
    folder = Path(os.environ.get("CNNLAB_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "flowers.zip").is_file():
        pytest.skip(f"no real pictures at {folder}; set CNNLAB_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="module")
def frozen_heap() -> Iterator[None]:
    """Leave what is loaded out of the collection that Streamlit makes after every drawing, as the server does.

    Where other tests have loaded TensorFlow, it takes half a second each time otherwise.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
