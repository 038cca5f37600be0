"""Every kind of edit of a network of 30 blocks on the Build page: time on the server, and in headless Chromium.

Milliseconds, median and worst of 10. 'server' is the time to draw the whole page again. 'browser' runs from the click to the
frame in which the list of blocks shows the edit with its new figures; server, transport and drawing are in it.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, sync_playwright
from streamlit.testing.v1 import AppTest

from benchmarks.workspaces import empty_workspace
from cnnlab.models.exchange import pack_network
from cnnlab.specs.blocks import (
    Block,
    Convolution,
    Dense,
    Dropout,
    GlobalAveragePooling,
    MaxPooling,
    ResidualBlock,
    SpatialDropout,
    SqueezeExcitation,
)
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui.nav import PAGES_FOLDER
from cnnlab.ui.server import SHELL
from tests.browser.conftest import serving
from tests.browser.find_browser import LAUNCH_ARGUMENTS, browser_for_tests

ROUNDS = 10


def _stage(filters: int) -> tuple[Block, ...]:
    residual = ResidualBlock(filters=filters)
    convolution = Convolution(filters=filters, batch_normalization=True)
    return (convolution, residual, SqueezeExcitation(), convolution, residual, MaxPooling(), SpatialDropout())


THIRTY = BlockNetwork(
    name="Thirty blocks",
    image_size=64,
    # Dropout on the picture is what the lint has a change for.
    blocks=(
        Dropout(),
        *_stage(32),
        *_stage(64),
        *_stage(128),
        *_stage(256)[:6],
        GlobalAveragePooling(),
        Dense(),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One kind of edit, as the test driver does it and as a hand does."""

    on_server: Callable[[AppTest], AppTest]
    in_browser: Callable[[Page], None]


def _button(key: str) -> Edit:
    return Edit(
        on_server=lambda page: page.button(key=f"build-{key}").click(),
        in_browser=lambda tab: tab.locator(f".st-key-build-{key} button").click(),
    )


def _more_filters(page: AppTest) -> AppTest:
    draft = page.session_state["build-draft"]
    return page.number_input(key=f"build-block-{draft.selected}-{draft.generation}-filters").increment()


def _add(page: AppTest) -> AppTest:
    page.session_state["build-draft"].add("convolution")
    return page


def _add_by_hand(tab: Page) -> None:
    tab.locator(".st-key-build-add button").click()
    tab.get_by_role("menuitem", name="Convolution", exact=True).click()


def _mend(page: AppTest) -> AppTest:
    return next(button for button in page.button if str(button.key).startswith("build-fix-")).click()


EDITS = {
    "change a setting": Edit(
        on_server=_more_filters,
        in_browser=lambda tab: tab.get_by_label("Filters").and_(tab.locator("input")).press("ArrowUp"),
    ),
    "add a block": Edit(on_server=_add, in_browser=_add_by_hand),
    "duplicate": _button("duplicate"),
    "move": _button("down"),
    "remove": _button("remove"),
    "apply a change of the lint": Edit(
        on_server=_mend, in_browser=lambda tab: tab.locator("[class*=st-key-build-fix-] button").first.click()
    ),
}
UNDO = _button("undo")
"""Follows every edit, so that each meets 30 blocks."""


def run() -> pd.DataFrame:
    """Make every edit and take it back, without a browser and with one."""
    assert len(THIRTY.blocks) == 30
    with empty_workspace() as home, tempfile.TemporaryDirectory() as logs, serving(Path(logs)) as serve:
        server = _on_server()
        browser = _in_browser(serve(home).address)
    return pd.DataFrame(
        {
            "edit": name,
            "server, median": round(statistics.median(server[name])),
            "server, worst": round(max(server[name])),
            "browser, median": round(statistics.median(browser[name])),
            "browser, worst": round(max(browser[name])),
        }
        for name in server
    )


def _on_server() -> dict[str, list[float]]:
    page = AppTest.from_file(str(SHELL), default_timeout=60)
    page.query_params["design"] = pack_network(THIRTY)
    page.switch_page(str(PAGES_FOLDER / "build.py")).run()
    draft = page.session_state["build-draft"]
    draft.arrange(draft.numbers, selected=draft.numbers[1])
    page.run()

    def timed(edit: Edit) -> float:
        asked = edit.on_server(page)
        started = time.perf_counter()
        asked.run()
        seconds = time.perf_counter() - started
        if page.exception:
            raise RuntimeError(page.exception[0].value)
        return seconds * 1000

    return _rounds(timed)


def _in_browser(address: str) -> dict[str, list[float]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_for_tests(), args=LAUNCH_ARGUMENTS)
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        tab.goto(f"{address}/build?design={pack_network(THIRTY)}")
        tab.locator(".row").nth(1).click()
        tab.get_by_label("Filters").and_(tab.locator("input")).wait_for()
        times = _rounds(lambda edit: _answered(tab, edit))
        browser.close()
    return times


def _rounds(timed: Callable[[Edit], float]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in (*EDITS, "undo")}
    for _ in range(ROUNDS + 1):
        for name, edit in EDITS.items():
            times[name].append(timed(edit))
            times["undo"].append(timed(UNDO))
    # The first round does not count: it fills caches.
    return {name: found[len(found) // (ROUNDS + 1) :] for name, found in times.items()}


WATCH = """list => {
  const words = () => [...list.children].map(row => row.innerText).join("\\n")
  const before = words()
  let began = 0
  for (const event of ["click", "keydown"])
    addEventListener(event, () => { began = performance.now() }, { capture: true })
  window.answered = new Promise(resolve => {
    const look = () => words() === before ? requestAnimationFrame(look) : resolve(performance.now() - began)
    look()
  })
}"""


def _answered(tab: Page, edit: Edit) -> float:
    """Make an edit and return the milliseconds from the last click or key to the frame that shows it."""
    tab.evaluate(WATCH, tab.locator(".rows").element_handle())
    edit.in_browser(tab)
    milliseconds = tab.evaluate("window.answered")
    # The rest of the page follows; the next edit is another one.
    tab.wait_for_timeout(500)
    return milliseconds
