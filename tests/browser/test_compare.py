"""What only a browser shows of comparing runs: clicks on a canvas, a selection that stays, and a zoom that does."""

import pytest
from playwright.sync_api import expect

from cnnlab.runs.marks import read_marks
from cnnlab.ui.runs_table import ROW_HEIGHT
from tests.pages.making import past_run
from tests.runs.making import run_spec, wait_for

pytestmark = pytest.mark.browser

STAR = 102
"""Middle of the column of stars, in pixels from the left of the table."""


def _row(number):
    return ROW_HEIGHT * (number + 1.5)


def test_a_click_on_a_star_is_kept_and_the_selection_stays(serve, open_tab, home):
    # Names so long that no column is stretched, which would move the stars.
    older, newer = (past_run(number, spec=run_spec(f"Run {number} {'of many ' * 9}")) for number in (1, 2))
    tab = open_tab(serve(home), f"/runs?runs={older.id}")
    expect(tab.get_by_text("Validation accuracy of 1 run")).to_be_visible()
    table = tab.get_by_test_id("stDataFrame").first
    table.locator("canvas").first.wait_for()
    table.click(position={"x": STAR, "y": _row(0)})
    wait_for(lambda: read_marks(newer).starred)
    assert not read_marks(older).starred
    expect(tab.get_by_text("Validation accuracy of 1 run")).to_be_visible()
    table.click(position={"x": 16, "y": _row(0)})
    expect(tab.get_by_text("Validation accuracy of 2 runs")).to_be_visible()
    tab.wait_for_url(f"**/runs?runs={newer.id}%2C{older.id}")
    past_run(3, spec=run_spec("Newest"))
    tab.get_by_text("Starred").click()
    expect(tab.get_by_text("Validation accuracy of 1 run")).to_be_visible()


def test_a_zoom_stays_while_curves_are_smoothed_and_runs_are_added(serve, open_tab, home):
    first, _ = past_run(1), past_run(2)
    tab = open_tab(serve(home), f"/runs?runs={first.id}")
    plot = tab.locator(".live-chart-plot")
    plot.locator(".main-svg").first.wait_for()
    box = plot.locator(".nsewdrag").bounding_box()
    tab.mouse.move(box["x"] + 40, box["y"] + 40)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 300, box["y"] + 200, steps=5)
    tab.mouse.up()
    tab.wait_for_timeout(300)
    whole = 4 * 1.01
    zoomed = plot.evaluate("element => element.layout.xaxis.range")
    assert zoomed[1] - zoomed[0] < whole
    tab.get_by_role("slider", name="Smoothing").focus()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    tab.wait_for_function("document.querySelector('.live-chart-plot').data.length === 2")
    tab.get_by_test_id("stDataFrame").first.click(position={"x": 16, "y": _row(0)})
    tab.wait_for_function("document.querySelector('.live-chart-plot').data.length === 4")
    assert plot.evaluate("element => element.layout.xaxis.range") == zoomed
