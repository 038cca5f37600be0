"""What only a browser shows of runs: that the page still stands after something was told from a dialog or a fragment."""

import pytest
from playwright.sync_api import expect

from cnnlab.runs.states import State
from cnnlab.ui.runs_table import ROW_HEIGHT
from tests.browser.conftest import wait_until_taken
from tests.pages.making import past_run
from tests.runs.making import run_spec

pytestmark = pytest.mark.browser


def test_the_page_stands_after_a_run_was_deleted(serve, open_tab, home):
    past_run(1, spec=run_spec("Kept"))
    gone = past_run(2, spec=run_spec("Gone"))
    tab = open_tab(serve(home), "/runs")
    table = tab.get_by_test_id("stDataFrame")
    table.locator("canvas").first.wait_for()
    table.click(position={"x": 16, "y": ROW_HEIGHT * 1.5})
    tab.get_by_role("button", name="Delete").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tab.get_by_text("Deleted 1 run")).to_be_visible()
    expect(tab.get_by_role("heading", name="Runs")).to_be_visible()
    assert not gone.path.exists()


def test_a_click_that_comes_too_late_is_told_and_the_page_stands(serve, open_tab, home):
    server = serve(home, CNNLAB_WORKER_MODULE="tests.runs.stand_in_worker")
    run = past_run(1, state=State.PAUSED)
    tab = open_tab(server, f"/train?run={run.id}")
    # The page looks at a paused run every five seconds; it must not before the click.
    tab.get_by_test_id("stCheckbox").filter(has_text="Live").click()
    # Nothing on the page tells when the server has heard of it; a busy machine may take seconds.
    tab.wait_for_timeout(6000)
    wait_until_taken(tab)
    run.write_status(run.status().model_copy(update={"state": State.FINISHED}))
    tab.get_by_role("button", name="Resume").click()
    expect(tab.get_by_text("cannot be resumed")).to_be_visible()
    expect(tab.get_by_role("heading", name="Train")).to_be_visible()
