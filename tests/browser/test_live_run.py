"""A run is watched in a real browser: the curve grows in place, the zoom stays, and nothing is lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_until_drawn, wait_until_taken
from tests.data.making import class_files, make_dataset

pytestmark = pytest.mark.browser

STAND_IN = {"CNNLAB_WORKER_MODULE": "tests.runs.stand_in_worker"}


@pytest.fixture
def watched(serve, open_tab, home, tmp_path) -> Page:
    """A tab that watches a run which was started on the page, by a worker without TensorFlow.

    It takes a quarter of an hour where nobody ends it: on a busy machine it still runs when that is looked for.
    """
    make_dataset(tmp_path, class_files({"cat": 12, "dog": 12}), name="Pets")
    tab = open_tab(serve(home, **STAND_IN), "/train?network=preset:lenet5")
    tab.get_by_role("textbox", name="Name of the run").fill("long steps=100000")
    tab.keyboard.press("Tab")
    wait_until_taken(tab)
    tab.get_by_role("button", name="Start training").click()
    tab.wait_for_url(re.compile(r"run=\d{8}-"))
    tab.locator(".live-chart-plot .main-svg").first.wait_for()
    return tab


def _tick(tab: Page) -> str:
    # Before its first drawing the chart has no tick, and nothing could be told from that.
    expect(tab.locator(".live-chart").first).to_have_attribute("data-tick", re.compile(r"\d+"))
    return tab.locator(".live-chart").first.get_attribute("data-tick")


def _wait_for_growth(tab: Page) -> None:
    before = _tick(tab)
    expect(tab.locator(".live-chart").first).not_to_have_attribute("data-tick", before)


def test_the_curve_grows_in_place_and_a_zoom_stays(watched):
    # On a busy machine the first steps may be drawn while the page still says "Starting": when that changes, the page is drawn anew.
    expect(watched.locator(".stMarkdownBadge").first).to_contain_text("Running")
    wait_until_drawn(watched)
    _wait_for_growth(watched)
    plot = watched.locator(".live-chart-plot").first
    plot.evaluate("element => { window.before = element.querySelector('.main-svg'); }")
    assert plot.evaluate("element => element.layout.xaxis.range[0]") == 0
    box = plot.locator(".nsewdrag").bounding_box()
    watched.mouse.move(box["x"] + 40, box["y"] + 40)
    watched.mouse.down()
    watched.mouse.move(box["x"] + 200, box["y"] + 150, steps=5)
    watched.mouse.up()
    # The whole begins at 0. It may have grown while the mouse was drawn across it.
    watched.wait_for_function("document.querySelector('.live-chart-plot').layout.xaxis.range[0] > 0")
    zoomed = plot.evaluate("element => element.layout.xaxis.range")
    _wait_for_growth(watched)
    _wait_for_growth(watched)
    assert plot.evaluate("element => element.querySelector('.main-svg') === window.before"), "drawn anew"
    assert plot.evaluate("element => element.layout.xaxis.range") == zoomed


def test_a_reload_finds_the_run_again_and_pause_resume_and_stop_are_obeyed(watched):
    badge = watched.locator(".stMarkdownBadge").first
    expect(badge).to_contain_text("Running")
    watched.reload()
    wait_until_drawn(watched)
    expect(badge).to_contain_text("Running")
    for button, state in (("Pause", "Paused"), ("Resume", "Running"), ("Stop", "Stopped")):
        watched.get_by_role("button", name=button, exact=True).click()
        expect(badge).to_contain_text(state)
    expect(watched.get_by_text("Test accuracy")).to_be_visible()


def test_a_live_run_is_shown_on_the_runs_page_and_leads_back(watched):
    run = watched.url.split("run=")[1]
    watched.get_by_test_id("stSidebarNav").get_by_role("link", name="Runs", exact=True).click()
    watched.wait_for_url("**/runs")
    watched.get_by_test_id("stMain").get_by_role("link", name="Watch").click()
    watched.wait_for_url(f"**/train?run={run}")
    watched.locator(".live-chart-plot .main-svg").first.wait_for()
