"""The Build page in a real browser: what the address holds comes back, and the bars stay as they were chosen."""

import re

import pytest
from playwright.sync_api import expect

from cnnlab.models.exchange import pack_network
from cnnlab.models.presets import PRESETS
from tests.browser.conftest import wait_until_taken

pytestmark = pytest.mark.browser


def test_a_shared_link_a_change_the_back_button_and_a_reload_lose_nothing(serve, open_tab, home):
    tab = open_tab(serve(home), f"/build?design={pack_network(PRESETS['lenet5'].network)}")
    rows = tab.locator(".row")
    expect(rows).to_have_count(7)
    tab.get_by_role("button", name="Duplicate").click()
    expect(rows).to_have_count(8)
    tab.wait_for_url("**/build?draft=*")
    tab.go_back()
    expect(rows).to_have_count(7)
    tab.wait_for_url("**/build?design=*")
    tab.go_forward()
    expect(rows).to_have_count(8)

    tab.get_by_role("button", name="Memory", exact=True).click()
    expect(rows.first.locator(".memory .percent")).to_have_text(re.compile(r"^\d+ %$"))
    wait_until_taken(tab)
    tab.reload()
    expect(rows).to_have_count(8)
    expect(tab.get_by_role("button", name="Memory", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(rows.first).to_have_attribute(
        "aria-label", re.compile(r"Block 1 of 8: Convolution, .* of all memory")
    )
