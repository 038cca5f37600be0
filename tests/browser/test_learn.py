"""A statement of the lesson is measured in a real browser, from an empty workspace; what was found is still there after a reload."""

import re

import pytest
from playwright.sync_api import Page, expect

from cnnlab.claims.table import CLAIMS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLAIM = CLAIMS["shuffled_pixels"]
MEASURE_MILLISECONDS = 240_000


def set_number(tab: Page, label: str, value: int, *, name: str) -> None:
    """Type a number, and wait until the address has it."""
    box = tab.get_by_role("spinbutton", name=label)
    box.fill(str(value))
    box.press("Tab")
    tab.wait_for_url(re.compile(rf"[?&]{name}={value}(&|$)"))


def test_a_statement_is_measured_and_its_answer_stays(serve, open_tab, home):
    tab = open_tab(serve(home))
    tab.get_by_test_id("stMain").get_by_role("link", name="Learn by measuring").click()
    tab.wait_for_url("**/learn")
    tab.locator(f".st-key-learn-open-{CLAIM.id}").get_by_role("button").click()
    expect(tab.locator("h1")).to_have_text(CLAIM.title)
    set_number(tab, "Training pictures", 100, name="num_training")
    set_number(tab, "Epochs", 1, name="epochs")

    # A step back undoes the last change, and a step forward brings it again.
    tab.go_back()
    expect(tab.get_by_role("spinbutton", name="Epochs")).to_have_value("8")
    tab.go_forward()
    expect(tab.get_by_role("spinbutton", name="Epochs")).to_have_value("1")

    tab.get_by_role("button", name="Measure").click()
    found = tab.get_by_text(re.compile("With all pixels shuffled the same way")).first
    tab.get_by_test_id("stProgress").or_(found).first.wait_for()
    tab.reload()
    expect(found).to_be_visible(timeout=MEASURE_MILLISECONDS)
    tab.reload()
    expect(found).to_be_visible()
    expect(tab.get_by_role("spinbutton", name="Epochs")).to_have_value("1")
    tab.locator(".js-plotly-plot .bars").first.wait_for()
    expect(tab.get_by_test_id("stException")).to_have_count(0)

    with tab.expect_download() as download:
        tab.locator(".st-key-learn-json").get_by_role("button").click()
    assert '"verdict"' in download.value.path().read_text()
    tab.get_by_role("button", name="All statements").click()
    expect(tab.locator("h1")).to_have_text("Learn")
    expect(
        tab.get_by_test_id("stMain").get_by_text(re.compile("Holds|Does not hold|Within noise")).first
    ).to_be_visible()
    assert tab.asked_elsewhere == []
