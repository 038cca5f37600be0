"""What the browser tests share: a server of their own, and a real Chromium without a window."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.find_browser import LAUNCH_ARGUMENTS, browser_for_tests
from tests.runs.making import end_workers

REPOSITORY = Path(__file__).resolve().parents[2]
# Never waited for but where something is broken: a busy machine may stand still for many seconds.
START_SECONDS = 300.0
PAGE_MILLISECONDS = 120_000
expect.set_options(timeout=PAGE_MILLISECONDS)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A dashboard that runs in a process of its own."""

    address: str
    home: Path
    pid: int


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start_server(home: Path, *, log: Path, **environment: str) -> tuple[subprocess.Popen, Server]:
    """Start a dashboard as `make run` does, over this workspace, and wait until it answers."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "CNNLAB_HOME": str(home), **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_mind_hanging_up,
        )
    server = Server(address=f"http://127.0.0.1:{port}", home=home, pid=process.pid)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(server):
        gone = process.poll() is not None
        assert not gone, f"the server ended with {process.returncode}:\n{log.read_text(errors='replace')}"
        assert time.monotonic() < deadline, (
            f"no answer after {START_SECONDS} s:\n{log.read_text(errors='replace')}"
        )
        time.sleep(0.1)
    return process, server


def _mind_hanging_up() -> None:
    # Started with `nohup`, this process ignores SIGHUP, and so would the server.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _answers(server: Server) -> bool:
    try:
        with urllib.request.urlopen(f"{server.address}/healthz", timeout=2.0) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


@contextmanager
def serving(folder: Path) -> Iterator[Callable[..., Server]]:
    """A function that starts a dashboard over a workspace; all of them are ended afterwards."""
    started: list[subprocess.Popen] = []

    def serve_(home: Path, **environment: str) -> Server:
        process, server = start_server(home, log=folder / f"server-{len(started)}.log", **environment)
        started.append(process)
        return server

    try:
        yield serve_
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(timeout=10.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """A function that starts a dashboard over a workspace, for this test alone; its workers end with it."""
    with serving(tmp_path) as start:
        yield start
    end_workers()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests."""
    path = browser_for_tests()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=LAUNCH_ARGUMENTS, timeout=PAGE_MILLISECONDS
        )
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a tab with cookies of its own; `asked_elsewhere` of it lists requests to other hosts."""
    contexts = []

    def open_(server: Server, path: str = "/", **settings: object) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **settings})
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PAGE_MILLISECONDS)
        tab.asked_elsewhere = []
        tab.on("request", lambda request: _note_foreign(request.url, server, tab.asked_elsewhere))
        tab.goto(server.address + path)
        tab.locator("h1").first.wait_for()
        wait_until_drawn(tab)
        return tab

    yield open_
    for context in contexts:
        context.close()


def wait_until_drawn(tab: Page) -> None:
    """Wait until the server has nothing more to send for now."""
    tab.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def wait_until_taken(tab: Page) -> None:
    """Wait until what was typed or chosen has gone to the server and the page was drawn with it."""
    tab.wait_for_timeout(1000)
    wait_until_drawn(tab)


def _note_foreign(url: str, server: Server, found: list[str]) -> None:
    own = (server.address, server.address.replace("http:", "ws:"), "data:", "blob:", "about:")
    if not url.startswith(own):
        found.append(url)
