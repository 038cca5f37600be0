"""What only a browser shows of bringing data: a folder is dropped, said what it is, imported, checked, mended, taken back."""

import pytest
from playwright.sync_api import Locator, Page, expect

from cnnlab.data.library import list_datasets
from tests.data.making import class_files
from tests.runs.making import wait_for

pytestmark = pytest.mark.browser


@pytest.fixture
def pets(tmp_path):
    """A folder with two classes, a picture that is there twice, one that is none, and a stray file."""
    files = class_files({"cat": 9, "dog": 10}, prefix="pets/")
    files |= {
        "pets/cat/copy.png": files["pets/cat/000.png"],
        "pets/dog/broken.png": b"none",
        "pets/.DS_Store": b"",
    }
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "pets"


def drop_folder(tab: Page, folder, *, on: Locator) -> None:
    """Let go of a folder over something, as from the windows of a desktop."""
    on.scroll_into_view_if_needed()
    box = on.bounding_box()
    devtools = tab.context.new_cdp_session(tab)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for event in ("dragEnter", "dragOver", "drop"):
        devtools.send(
            "Input.dispatchDragEvent",
            {
                "type": event,
                "x": box["x"] + box["width"] / 2,
                "y": box["y"] + box["height"] / 2,
                "data": data,
            },
        )


def test_a_dropped_folder_is_told_imported_checked_and_mended(serve, open_tab, home, pets):
    tab = open_tab(serve(home), "/datasets")
    tab.get_by_role("tab", name="A folder of yours").click()
    # What keeps the places of dropped files says this when it is there.
    expect(tab.locator(".dropped-folder")).to_have_text(
        "You see what is in it, and decide, before anything is imported."
    )
    drop_folder(tab, pets, on=tab.get_by_test_id("stFileUploaderDropzone").locator("visible=true"))
    expect(tab.get_by_text("Before importing the folder pets")).to_be_visible()
    expect(tab.get_by_text("cat · 10")).to_be_visible()
    expect(tab.get_by_text("dog · 11")).to_be_visible()
    expect(tab.get_by_label("Name of the dataset")).to_have_value("pets")
    tab.get_by_role("button", name="Import the folder").click()
    expect(tab.get_by_text("20 pictures of 2 classes taken")).to_be_visible()
    expect(tab.get_by_role("heading", name="pets")).to_be_visible()

    tab.get_by_role("radio", name="Checks").click()
    tab.get_by_role("button", name="Check the pictures").click()
    tab.get_by_text("Exact copies: 2 pictures").click()
    tab.get_by_role("button", name="Keep one of each").click()
    undo = tab.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    expect(tab.get_by_text("Exact copies: 2 pictures")).to_have_count(0)
    wait_for(lambda: [dataset.num_pictures for dataset in list_datasets()] == [19])
    undo.click()
    expect(tab.get_by_text("Exact copies: 2 pictures")).to_be_visible()
    wait_for(lambda: [dataset.num_pictures for dataset in list_datasets()] == [20])
    assert tab.asked_elsewhere == []
