"""What only a browser shows of the map: points are drawn without WebGL, the keyboard shows a picture, Enter opens it."""

import pytest
from playwright.sync_api import expect

from tests.data.making import class_files, make_dataset
from tests.pages.judged import judged_run
from tests.pages.mapped import keep_features

pytestmark = pytest.mark.browser


def test_a_point_shows_its_picture_and_opens_it(serve, open_tab, home, tmp_path):
    dataset = make_dataset(tmp_path, class_files({"cat": 20, "dog": 20}))
    run = judged_run(1, dataset, wrong=[0, 4])
    keep_features(run, dataset)
    tab = open_tab(serve(home), f"/evaluate?run={run.id}&split=test&view=map")
    board = tab.locator(".picture-map")
    expect(board).to_have_attribute("data-drawn", "6")
    expect(board.locator(".tip")).to_be_hidden()
    board.locator(".points").focus()
    tab.keyboard.press("ArrowRight")
    expect(board.locator(".tip .true")).to_have_text("cat")
    expect(board.locator(".tip .said")).to_have_text("said dog, 80 % sure")
    board.get_by_role("button", name="dog").click()
    expect(board.get_by_role("button", name="dog")).to_have_attribute("aria-pressed", "true")
    board.locator(".points").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("dialog").get_by_text("True class cat")).to_be_visible()
