"""The main job from end to end, on real pictures, as somebody does it in a browser: ZIP, network, both phases, prediction."""

import base64
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnnlab.runs.folder import RunFolder
from tests.browser.conftest import wait_until_taken

pytestmark = [pytest.mark.browser, pytest.mark.slow]

IMPORT_MILLISECONDS = 600_000
TRAIN_MILLISECONDS = 1_200_000
WORST_VALIDATION_ACCURACY = 0.88


def go_to(tab: Page, name: str) -> None:
    """Use the menu."""
    tab.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    tab.wait_for_url(f"**/{name.lower()}**")


def import_zip(tab: Page, path: Path) -> None:
    go_to(tab, "Datasets")
    tab.get_by_role("tab", name="A ZIP or tar").click()
    tab.locator("input[type=file]").first.set_input_files(path)
    button = tab.get_by_role("button", name="Import the archive")
    expect(button).to_be_enabled()
    button.click()
    tab.get_by_text("Train on it").first.click(timeout=IMPORT_MILLISECONDS)
    tab.wait_for_url("**/train?**")


def start_lite0(tab: Page, *, fine_tune_epochs: int) -> str:
    expect(tab.get_by_text("700 training, 150 validation, 150 test")).to_be_visible()
    epochs = tab.get_by_role("spinbutton", name="Epochs of fine-tuning")
    epochs.fill(str(fine_tune_epochs))
    epochs.press("Tab")
    expect(tab.get_by_text("329,221")).to_be_visible()
    wait_until_taken(tab)
    tab.get_by_role("button", name="Start training").click()
    tab.wait_for_url(re.compile(r"run=\d{8}-"))
    return tab.url.split("run=")[1]


def ticks(tab: Page) -> str:
    expect(tab.locator(".live-chart").first).to_have_attribute("data-tick", re.compile(r"\d+"))
    return tab.locator(".live-chart").first.get_attribute("data-tick")


PASTE = """data => {
  const bytes = Uint8Array.from(atob(data), sign => sign.charCodeAt(0))
  const clipboardData = new DataTransfer()
  clipboardData.items.add(new File([bytes], "image.png", { type: "image/jpeg" }))
  document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, clipboardData }))
}"""


def test_from_a_zip_to_a_prediction(serve, open_tab, home, test_data, tmp_path):
    server = serve(home)
    tab = open_tab(server)
    import_zip(tab, test_data / "flowers.zip")
    run = start_lite0(tab, fine_tune_epochs=20)

    # A curve grows, and a reload in the middle finds the run again.
    badge = tab.locator(".stMarkdownBadge").first
    expect(badge).to_contain_text("Running", timeout=TRAIN_MILLISECONDS)
    tab.locator(".live-chart-plot .scatterlayer .trace").first.wait_for(timeout=TRAIN_MILLISECONDS)
    before = ticks(tab)
    expect(tab.locator(".live-chart").first).not_to_have_attribute(
        "data-tick", before, timeout=TRAIN_MILLISECONDS
    )
    expect(badge).to_contain_text("Running")
    tab.reload()
    tab.locator(".live-chart-plot .scatterlayer .trace").first.wait_for()
    expect(badge).to_contain_text("Finished", timeout=TRAIN_MILLISECONDS)

    report = RunFolder(home / "runs" / run).report()
    first, second = report.phases
    assert (first.phase, second.phase) == ("feature_extraction", "fine_tuning")
    assert first.val_accuracy >= WORST_VALIDATION_ACCURACY
    assert report.val_accuracy >= first.val_accuracy - 0.02
    assert report.lite_largest_difference < 1e-4
    expect(tab.get_by_text(re.compile(r"Fine-tuning (lowered|brought no gain)")).first).to_be_visible()

    # New pictures, and one file that is none.
    with zipfile.ZipFile(test_data / "flowers.zip") as archive:
        for name in ("flowers/daisy/0003.jpg", "flowers/tulips/0010.jpg"):
            (tmp_path / name.replace("/", "-")).write_bytes(archive.read(name))
    (tmp_path / "notes.jpg").write_text("This is no picture.")
    tab.goto(f"{server.address}/predict?run={run}")
    tab.locator("input[type=file]").first.set_input_files(
        [tmp_path / "flowers-daisy-0003.jpg", tmp_path / "flowers-tulips-0010.jpg", tmp_path / "notes.jpg"]
    )
    for text in ("flowers-daisy-0003.jpg", "flowers-tulips-0010.jpg", "notes.jpg"):
        expect(tab.get_by_test_id("stMain").get_by_text(text).last).to_be_visible()
    # As an answer on a card, not as a part of the file's name.
    expect(tab.get_by_text(re.compile("^daisy")).locator("visible=true").first).to_be_visible()
    with tab.expect_download() as download:
        tab.get_by_test_id("stDownloadButton").get_by_role("button").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 4
    assert any("notes.jpg" in line and "picture" in line for line in lines)

    # A picture from the clipboard is one more of the uploader's, and what somebody tells of it counts.
    picture = (tmp_path / "flowers-daisy-0003.jpg").read_bytes()
    tab.evaluate(PASTE, base64.b64encode(picture + b"another").decode())
    pasted = tab.get_by_label(re.compile("^True class of pasted"))
    expect(pasted).to_be_visible()
    pasted.select_option("daisy")
    expect(tab.get_by_text(re.compile("of 1 right"))).to_be_visible()

    assert tab.asked_elsewhere == []
    maps = Path(f"/proc/{server.pid}/maps")
    if maps.exists():
        assert "_pywrap_tensorflow" not in maps.read_text()
