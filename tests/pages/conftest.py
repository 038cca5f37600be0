"""What the tests of pages share: a page to run, and a workspace with a dataset and runs in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.data.library import Dataset, find_dataset
from cnnlab.runs import queue
from cnnlab.settings import workspace
from cnnlab.ui import datasets_add, datasets_preview, nav, server
from tests.data.making import carry_import, carry_preview, class_files, make_dataset

PAGE_SECONDS = 180.0
"""Never waited for but where something is broken: a busy machine may stand still for many seconds."""


@pytest.fixture(scope="module", autouse=True)
def quick_drawings(frozen_heap: None) -> None:
    """Pages are drawn some hundred times here."""


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """A function that opens a page of the menu, with a query, as a browser would."""

    def open_(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(server.SHELL, default_timeout=PAGE_SECONDS)
        for key, value in query.items():
            app.query_params[key] = value
        return app.switch_page(str(nav.PAGES_FOLDER / f"{name}.py")).run()

    return open_


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports, and the looks before them, are carried to their end in this process when they are wanted."""
    monkeypatch.setattr(datasets_add, "start_import", carry_import)
    monkeypatch.setattr(datasets_preview, "start_import", carry_import)
    monkeypatch.setattr(datasets_preview, "start_preview", carry_preview)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Ids of the runs that the queue wanted to start; no process is."""
    started: set[str] = set()
    monkeypatch.setattr(queue, "_launch", lambda run, slot: started.add(run.id))
    return started


@pytest.fixture(scope="session")
def imported_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a dataset that was really imported: 20 cats and 20 dogs, under a hostile name."""
    place = tmp_path_factory.mktemp("imported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(place / "home"))
        return make_dataset(
            place, class_files({"cat": 20, "dog": 20}), name="Pets *of* ![x](http://host/x)"
        ).folder


@pytest.fixture
def dataset(imported_once: Path, home: Path) -> Dataset:
    """A copy of that dataset in this test's own workspace."""
    shutil.copytree(imported_once, workspace().datasets / imported_once.name)
    return find_dataset(imported_once.name)
