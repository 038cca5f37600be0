"""The first page of a server that has just come up, in headless Chromium: from the request to the heading, 5 fresh servers."""

import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd
from playwright.sync_api import sync_playwright

from benchmarks.workspaces import filled_workspace
from tests.browser.conftest import serving
from tests.browser.find_browser import LAUNCH_ARGUMENTS, browser_for_tests

ROUNDS = 5


def run() -> pd.DataFrame:
    """Start servers one after the other and open the first page of each."""
    seconds = []
    with filled_workspace() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_for_tests(), args=LAUNCH_ARGUMENTS)
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as logs, serving(Path(logs)) as serve:
                address = serve(home).address
                tab = browser.new_context().new_page()
                started = time.perf_counter()
                tab.goto(address)
                tab.locator("h1").first.wait_for()
                tab.get_by_text("Recent runs").wait_for()
                seconds.append(time.perf_counter() - started)
        browser.close()
    return pd.DataFrame(
        [
            {
                "page": "home, 200 runs",
                "median s": round(statistics.median(seconds), 2),
                "worst s": round(max(seconds), 2),
            }
        ]
    )
