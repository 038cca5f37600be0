"""What only a browser shows of correcting labels: a click opens a picture, a decision brings the next, badges say it."""

import pytest
from playwright.sync_api import expect

from cnnlab.data.library import find_dataset
from tests.data.making import class_files, make_dataset
from tests.pages.judged import judged_run
from tests.runs.making import wait_for

pytestmark = pytest.mark.browser


def test_mistakes_are_decided_one_after_the_other_and_become_a_version(serve, open_tab, home, tmp_path):
    dataset = make_dataset(tmp_path, class_files({"cat": 20, "dog": 20}))
    run = judged_run(1, dataset, wrong=[0, 4])
    tab = open_tab(serve(home), f"/evaluate?run={run.id}&split=test&view=mistakes")
    tab.locator(".tile").first.click()
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_text("True class cat, said dog")).to_be_visible()
    dialog.get_by_role("button", name="Correct the label").click()
    expect(dialog.get_by_text("True class dog, said cat")).to_be_visible()
    dialog.get_by_role("button", name="Leave it out").click()
    expect(dialog).to_have_count(0)
    expect(tab.locator(".tile .badge")).to_have_text(["→ dog", "leave out"])
    expect(tab.get_by_text("1 label to correct and 1 picture to leave out.")).to_be_visible()
    tab.reload()
    tab.get_by_role("button", name="Make version 2").click()
    expect(tab.locator(".tile .badge")).to_have_text(["v2: dog", "v2: left out"])
    wait_for(lambda: find_dataset(dataset.id).num_pictures == 39)
    expect(tab.get_by_role("button", name="Train again on version 2")).to_be_visible()
