"""What only a browser shows of judging a run: a click on a cell of the heat map, and a report that opens without a network."""

import re

import pytest
from playwright.sync_api import expect

from cnnlab.evaluation.judged import judge
from tests.browser.conftest import PAGE_MILLISECONDS, wait_until_drawn
from tests.data.making import class_files, make_dataset
from tests.pages.judged import judged_run

pytestmark = pytest.mark.browser


@pytest.fixture
def run(tmp_path, home):
    """A run on cats and dogs that was wrong twice."""
    pets = make_dataset(tmp_path, class_files({"cat": 20, "dog": 20}), name="Pets")
    return judged_run(1, pets, wrong=[0, 1])


def test_a_click_on_a_cell_shows_its_pictures_and_the_way_back_leads_to_the_view_before(
    serve, open_tab, home, run
):
    judged = judge(run)
    true, said = (judged.class_names[label] for label in (judged.labels[0], judged.predicted[0]))
    tab = open_tab(serve(home), f"/evaluate?run={run.id}&view=confusion")
    points = tab.locator(".js-plotly-plot .scatterlayer .point")
    points.first.wait_for(state="attached")
    place = points.evaluate_all(
        "(all, cell) => all.findIndex(each => each.__data__.data?.slice(0, 2).join() === cell)",
        f"{judged.labels[0]},{judged.predicted[0]}",
    )
    assert place >= 0
    box = points.nth(place).bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.up()
    expect(tab.get_by_role("combobox", name="True class")).to_have_value(true)
    expect(tab.get_by_role("combobox", name="Said")).to_have_value(said)
    expect(tab.locator(".gallery .tile").first).to_contain_text(true)

    tab.get_by_role("radio", name="Confidence").click()
    tab.wait_for_url("**view=confidence**")
    expect(tab.get_by_role("heading", name="When to say nothing")).to_be_visible()
    wait_until_drawn(tab)
    tab.go_back()
    expect(tab.get_by_text("Most confused")).to_be_visible()
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    assert tab.asked_elsewhere == []


def test_the_report_opens_without_a_network_and_its_charts_live(
    serve, open_tab, chromium, home, run, tmp_path
):
    tab = open_tab(serve(home), f"/evaluate?run={run.id}")
    # Tables have a button of that name too.
    tab.get_by_test_id("stPopoverButton").filter(has_text="Download").click()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Report (HTML)").click()
    path = tmp_path / "report.html"
    download.value.save_as(path)

    context = chromium.new_context(offline=True, color_scheme="dark")
    context.set_default_timeout(PAGE_MILLISECONDS)
    try:
        page, asked, faults = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(path.as_uri())
        expect(page.locator(".chart .main-svg .xaxislayer-above").last).to_be_attached()
        expect(page.locator(".js-plotly-plot")).to_have_count(page.locator(".chart").count())
        expect(page.get_by_text(re.compile("are named right"))).to_be_visible()
        page.get_by_role("button", name="Recall", exact=True).click()
        expect(page.locator("th[aria-sort=descending]")).to_have_text("Recall")
        assert page.locator(".pictures img").count() == 2
        assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
        assert faults == []
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    finally:
        context.close()
