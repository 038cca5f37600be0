"""Bundles on the Runs page: finished runs are taken away, somebody's is opened, and a bad one is a sentence."""

import io

import pytest

from cnnlab.errors import BundleError
from cnnlab.runs import store
from cnnlab.runs.states import State
from cnnlab.ui import bundle_download, bundles
from cnnlab.ui.runs_table import table_key
from tests.pages.making import past_run


@pytest.fixture
def links(open_page):
    """A function that selects all runs and returns the addresses of the links to their bundles."""

    def links_() -> list[str]:
        page = open_page("runs")
        rows = store.list_runs()
        page.session_state[table_key(rows)] = {
            "selection": {"rows": list(range(len(rows))), "columns": [], "cells": []}
        }
        page = page.run()
        assert not page.exception
        urls = [element.proto.url for element in page.get("link_button")]
        return [url for url in urls if url.startswith("/bundles/")]

    return links_


@pytest.mark.parametrize(
    ("states", "offered"),
    [
        pytest.param([State.FINISHED], [1], id="one finished run"),
        pytest.param(
            [State.FINISHED, State.PAUSED, State.FINISHED], [3, 1], id="the finished ones of several"
        ),
        pytest.param([State.FAILED], [], id="one that failed"),
    ],
)
def test_selected_runs_that_have_finished_are_offered_as_bundles(states, offered, links):
    runs = {number: past_run(number, state=state) for number, state in enumerate(states, start=1)}
    assert links() == [bundle_download.address(runs[number].id) for number in offered]


def test_the_dialog_waits_for_a_file(open_page):
    page = open_page("runs")
    page.button(key="bundle-open").click().run()
    assert not page.exception
    assert page.button(key="bundle-open-now").disabled


def test_an_upload_is_looked_into_from_the_disk_and_does_not_stay_there(home):
    with pytest.raises(BundleError, match=r"'gift\.zip' is no ZIP"):
        bundles._open(io.BytesIO(b"a picture"), name="gift.zip")
    assert list((home / "cache").iterdir()) == []
