"""The server is ended in every way while a run is under way; two servers share a workspace."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from cnnlab.data.library import freeze
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import State
from tests.browser.conftest import PAGE_MILLISECONDS, REPOSITORY, Server, start_server
from tests.browser.find_browser import LAUNCH_ARGUMENTS, browser_for_tests
from tests.chaos.form import Form, Outcome
from tests.chaos.sameness import check_that_it_ended_alike, undisturbed
from tests.chaos.workplace import (
    STAND_IN,
    keeper_of,
    plan,
    release,
    small_spec,
    starts,
    the_dataset,
    wait_until,
    wait_until_finished,
    worker_of,
    workplace,
)
from tests.runs.making import make_run, run_spec

TO_THE_GROUP = (signal.SIGINT, signal.SIGHUP)
"""A terminal sends these to everything that was started from it: Ctrl-C, and closing it."""
STEPS_BEFORE, STEPS_AFTER = 20, 3
PROMISED_SECONDS, NOTICED_SECONDS = 5.0, 15.0
PATIENT_SECONDS = 300.0
"""What a busy machine is given in the short form, where nothing is measured."""
NAME = "Long steps=100000"
SLOTS = 2
ADVANCING = "from cnnlab.runs import queue\nwhile True: queue.advance()"

Serve = Callable[[Path], tuple[subprocess.Popen, Server]]


def killed(form: Form) -> Outcome:
    """`kill -9` of the server."""
    return _server_ends(form, signal.SIGKILL)


def interrupted(form: Form) -> Outcome:
    """Ctrl-C, which reaches the whole process group."""
    return _server_ends(form, signal.SIGINT)


def hung_up(form: Form) -> Outcome:
    """The terminal is closed: SIGHUP to the process group."""
    return _server_ends(form, signal.SIGHUP)


def terminated(form: Form) -> Outcome:
    """SIGTERM, as a service manager sends it."""
    return _server_ends(form, signal.SIGTERM)


def worker_and_keeper_killed(form: Form) -> Outcome:
    """Nothing is left that could tell of the worker's end; only the server looks from time to time."""
    seconds, repeats = [], form.pick(full=5, short=1)
    with workplace(worker=STAND_IN) as home, serving() as serve:
        run = make_run(spec=run_spec(NAME))
        serve(home)
        for _ in range(repeats):
            attempt = run.control().attempt
            wait_until(lambda: worker_of(run) and step_of(run) > 0, what="the run is under way")
            os.killpg(keeper_of(run).pid, signal.SIGKILL)
            seconds.append(
                wait_until(lambda before=attempt: run.launch().attempt > before, what="it is taken up again")
            )
            wait_until(lambda before=attempt: run.status().attempt > before, what="its worker has begun")
            assert "ended without a word" in run.control().retried_because, run.control()
    assert max(seconds) <= (PATIENT_SECONDS if form.short else NOTICED_SECONDS)
    return Outcome(tries=repeats, facts=f"taken up again after at most {max(seconds):.1f} s")


def two_servers(form: Form) -> Outcome:
    """Two servers and some processes more move one queue at the same time."""
    count, hammers = form.pick(full=30, short=6), form.pick(full=6, short=1)
    with workplace(worker=STAND_IN, slots=SLOTS) as home, serving() as serve:
        runs = [make_run(number, spec=run_spec(f"{number} steps=10")) for number in range(1, count + 1)]
        most = 0

        def count_held() -> None:
            nonlocal most
            most = max(most, sum(run.is_held() for run in runs))

        processes = [
            subprocess.Popen([sys.executable, "-c", ADVANCING], cwd=REPOSITORY) for _ in range(hammers)
        ]
        try:
            for _ in range(2):
                serve(home)
            wait_until_finished(*runs, look=count_held)
            assert all(process.poll() is None for process in processes), "advance() never fails"
        finally:
            for process in processes:
                process.kill()
                process.wait()
        assert Counter(starts()) == Counter(f"{run.id} 1" for run in runs), starts()
        assert all([e.kind for e in run.read_events()[0]].count("attempt") == 1 for run in runs)
        assert most <= SLOTS, f"{most} at the same time"
    return Outcome(
        tries=count, facts=f"2 servers and {hammers} processes more: {count} runs, each started once"
    )


def _server_ends(form: Form, number: signal.Signals) -> Outcome:
    repeats = form.pick(full=3, short=1)
    # In a thread of its own: Playwright works once in a thread, and tests before may have it open in this one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        seconds = sorted(thread.map(_end_a_server, [form] * repeats, [number] * repeats))
    shown = f"shown again after {' / '.join(f'{each:.1f}' for each in seconds)} s"
    return Outcome(
        tries=repeats,
        facts=shown if form.short else f"{shown}; {repeats} runs bit-identical",
    )


def _end_a_server(form: Form, number: signal.Signals) -> float:
    """End the server that started a run, start it anew, and return when a page showed the run again."""
    if not form.short:
        undisturbed("scratch")
    with workplace(worker=STAND_IN if form.short else "") as home, serving() as serve, _browser() as browser:
        plan({NAME: [{"fault": "slow_until_released", "step": STEPS_BEFORE}]})
        # Put there before there is a server: so the server itself starts the worker.
        freeze(the_dataset())
        run = make_run(spec=run_spec(NAME) if form.short else small_spec(NAME))
        process, _ = serve(home)
        wait_until(lambda: step_of(run) >= STEPS_BEFORE, what="the run is under way")
        worker = worker_of(run)
        assert keeper_of(run).ppid() == process.pid, "the server started it"
        _end(process, number)
        before = step_of(run)
        wait_until(lambda: step_of(run) >= before + STEPS_AFTER, what="the worker goes on without a server")
        seconds = _seconds_until_shown(home, serve, browser)
        assert worker.is_running()
        assert (run.state(), run.launch().attempt, len(starts())) == (State.RUNNING, 1, 1)
        assert seconds <= (PATIENT_SECONDS if form.short else PROMISED_SECONDS), f"{seconds:.1f} s"
        if not form.short:
            release()
            wait_until_finished(run)
            check_that_it_ended_alike(run)
    return seconds


def _end(process: subprocess.Popen, number: signal.Signals) -> None:
    # `start_server` gives it a session of its own, as a terminal does.
    (os.killpg if number in TO_THE_GROUP else os.kill)(process.pid, number)
    process.wait(timeout=PATIENT_SECONDS)


def _seconds_until_shown(home: Path, serve: Serve, browser: Browser) -> float:
    """Start a server and open Home in a browser that is there: seconds until it shows the run as running."""
    started = time.monotonic()
    _, server = serve(home)
    tab = browser.new_page()
    tab.set_default_timeout(PAGE_MILLISECONDS)
    tab.goto(server.address)
    tab.get_by_text(NAME).first.wait_for()
    tab.get_by_text("Running").first.wait_for()
    return time.monotonic() - started


def step_of(run: RunFolder) -> int:
    status = run.status()
    return status.step if status else 0


@contextmanager
def serving() -> Iterator[Serve]:
    """A function that starts a dashboard; those that are left are ended."""
    started: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory(prefix="cnnlab-chaos-") as logs:

        def serve(home: Path) -> tuple[subprocess.Popen, Server]:
            process, server = start_server(home, log=Path(logs) / f"{len(started)}.log")
            started.append(process)
            return process, server

        try:
            yield serve
        finally:
            for process in started:
                process.kill()
                process.wait()


@contextmanager
def _browser() -> Iterator[Browser]:
    """A browser without a window, started before anything is measured."""
    path = browser_for_tests()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=LAUNCH_ARGUMENTS, timeout=PAGE_MILLISECONDS
        )
        yield browser
        browser.close()
