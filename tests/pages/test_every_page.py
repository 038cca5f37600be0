"""Every page is drawn on an empty workspace, and in a moment on one with two hundred runs."""

import shutil
import time
from pathlib import Path

import pytest

from cnnlab.settings import workspace
from cnnlab.ui import nav
from tests.pages.making import past_run

NUM_RUNS = 200
MOST_SECONDS = 1.0
"""Processor time that drawing a page may take; what else the machine is busy with does not count."""


@pytest.fixture(scope="module")
def many_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two hundred runs."""
    place = tmp_path_factory.mktemp("many")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_HOME", str(place))
        first = past_run(0)
        for number in range(1, NUM_RUNS):
            minutes, seconds = divmod(number, 60)
            shutil.copytree(
                first.path, first.path.with_name(f"20260101-12{minutes:02}{seconds:02}-{number:06x}")
            )
        return workspace().runs


@pytest.mark.parametrize("name", nav.PAGES)
def test_on_an_empty_workspace_it_is_drawn(name, open_page):
    page = open_page(name)
    assert not page.exception
    assert page.title or page.markdown


@pytest.mark.parametrize("name", nav.PAGES)
def test_with_a_dataset_and_two_hundred_runs_it_is_drawn_within_a_second(
    name, open_page, dataset, many_runs, home
):
    shutil.copytree(many_runs, home / "runs", dirs_exist_ok=True)
    page = open_page(name)
    started = time.process_time()
    page.run()
    assert time.process_time() - started < MOST_SECONDS
    assert not page.exception


@pytest.mark.parametrize("name", nav.PAGES)
def test_of_a_newer_workspace_every_page_says_the_same_sentence_and_nothing_else(name, open_page, home):
    home.mkdir()
    (home / "format.json").write_text('{"format": 99}')
    page = open_page(name)
    assert not page.exception
    assert ["newer cnnlab" in error.value for error in page.error] == [True]
    assert not page.title
