"""The frame around the pages, in a real browser against a real server."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cnnlab.ui import nav
from tests.browser.conftest import serving
from tests.pages.making import past_run
from tests.runs.making import run_spec

pytestmark = pytest.mark.browser

TRACKING_PICTURE = "![x](http://127.0.0.2:9/pixel.png) <img src='http://127.0.0.2:9/y.png'>"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One dashboard for all tests here, over a workspace with one run whose name is a trap."""
    folder = tmp_path_factory.mktemp("shell")
    with pytest.MonkeyPatch.context() as patch, serving(folder) as start:
        patch.setenv("CNNLAB_HOME", str(folder / "home"))
        past_run(spec=run_spec(TRACKING_PICTURE))
        yield start(folder / "home")


def _address(name: str) -> str:
    return "/" if name == "home" else f"/{name}"


def _libraries(pid: int) -> str:
    """Every file that a process has mapped into its memory."""
    return Path(f"/proc/{pid}/maps").read_text()


def test_a_deep_link_on_a_cold_server_shows_the_page_in_its_frame(serve, open_tab, home):
    tab = open_tab(serve(home), "/build")
    expect(tab.get_by_test_id("stSidebarNav").get_by_text("Datasets")).to_be_visible()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab.get_by_text("Page not found")).to_have_count(0)


def test_every_page_is_drawn_without_asking_another_host_or_loading_tensorflow(server, open_tab):
    foreign = []
    for name in nav.PAGES:
        tab = open_tab(server, _address(name))
        expect(tab.get_by_test_id("stException")).to_have_count(0)
        tab.wait_for_timeout(700)
        foreign += tab.asked_elsewhere
        tab.context.close()
    tab = open_tab(server, "/train?run=" + next((server.home / "runs").glob("2*")).name)
    tab.locator(".live-chart-plot .main-svg").first.wait_for()
    assert foreign + tab.asked_elsewhere == []
    libraries = _libraries(server.pid)
    assert "libtensorflow" not in libraries
    assert "/keras/" not in libraries


@pytest.mark.parametrize(
    ("scheme", "background"),
    [
        pytest.param("light", "rgb(255, 255, 255)", id="light"),
        pytest.param("dark", "rgb(15, 17, 26)", id="dark"),
    ],
)
def test_the_look_follows_the_system(server, open_tab, scheme, background):
    tab = open_tab(server, "/runs", color_scheme=scheme)
    expect(tab.get_by_test_id("stApp")).to_have_css("background-color", background)


@pytest.mark.parametrize("name", nav.PAGES)
def test_no_page_is_wider_than_a_phone(server, open_tab, name):
    tab = open_tab(server, _address(name), viewport={"width": 390, "height": 844})
    tab.wait_for_timeout(500)
    # What is drawn may still be finding its place; what is too wide stays so.
    tab.wait_for_function(
        """() => {
            const main = document.querySelector('[data-testid=stMain]');
            return main.scrollWidth <= main.clientWidth + 1;
        }"""
    )


def test_the_menu_leads_to_every_page(server, open_tab):
    tab = open_tab(server, "/train")
    for name, row in nav.PAGES.items():
        tab.get_by_test_id("stSidebarNav").get_by_role("link", name=row.title, exact=True).click()
        expect(tab).to_have_url(re.compile(rf"^{server.address}{_address(name)}(\?.*)?$"))
        expect(tab.get_by_test_id("stException")).to_have_count(0)
