"""The disk is full, read-only, or gives back something else than was written."""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from streamlit.testing.v1 import AppTest

from cnnlab.errors import CnnlabError
from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.marks import star
from cnnlab.runs.records import Note
from cnnlab.runs.retries import why_it_ended
from cnnlab.runs.states import State
from cnnlab.ui import nav, server
from tests.chaos.form import Form, Outcome
from tests.chaos.mounts import fill, read_only, small_disk
from tests.chaos.sameness import check_that_it_ended_alike, undisturbed
from tests.chaos.workplace import plan, release, submit, wait_until, wait_until_finished, workplace
from tests.pages.making import past_run
from tests.runs.making import run_spec

HELD_AT_STEP = 100
DISK_MEGABYTES = 128
"""Packing pictures wants 64 to be left over."""
PAGE_SECONDS = 300.0
TRIED_AGAIN = 3


def full(form: Form) -> Outcome:
    """A small disk fills up while a run is under way, and has room again later."""
    undisturbed("scratch")
    with small_disk(megabytes=DISK_MEGABYTES) as disk, workplace(home=disk / "home"):
        run = _run_under_way()
        filling = fill(disk)
        release()
        wait_until(lambda: "The disk is full" in why_it_ended(run), what="the run says that the disk is full")
        _check_that_it_waits(run)
        assert "It goes on by itself when there is room." in why_it_ended(run)
        refused = _sentence(lambda: queue.submit(run_spec("Another")))
        assert "No space left on device" in refused
        assert "Make room" in refused
        pages = _open_all_pages()
        filling.unlink()
        wait_until_finished(run, look=queue.advance)
        check_that_it_ended_alike(run)
    return Outcome(
        tries=1, facts=f"a sentence; {pages} pages draw; with room it went on by itself, bit-identical"
    )


def full_for_a_moment(form: Form) -> Outcome:
    """Nothing can be written at a checkpoint or at the end of a run, with and without room for a last word."""
    undisturbed("scratch")
    points = (("step-*.npz", 3), ("model.keras", 1), ("report.json", 1))[: form.pick(full=3, short=1)]
    plans = {
        f"{name} {last_word}": {
            "fault": "refuse_to_write",
            "code": "ENOSPC",
            "name": name,
            "nth": nth,
            "even_the_last_word": last_word,
        }
        for name, nth in points
        for last_word in (False, True)
    }
    with workplace(slots=2):
        plan({name: [fault] for name, fault in plans.items()})
        runs = [submit(name) for name in plans]
        wait_until_finished(*runs)
        for run in runs:
            assert run.control().attempt == 2
            check_that_it_ended_alike(run)
    return Outcome(tries=len(runs), facts=f"{len(runs)} runs, each taken up by itself, all bit-identical")


def read_only_workspace(form: Form) -> Outcome:
    """The workspace becomes read-only while a run is under way, and can be written again later."""
    with workplace() as home:
        past = past_run(1)
        run = None if form.short else _run_under_way()
        with read_only(home):
            release()
            before = _fingerprints(past.path)
            if run:
                wait_until(lambda: not run.is_held(), what="its worker has ended")
            refused = (
                _sentence(lambda: queue.submit(run_spec("Another"))),
                _sentence(lambda: queue.delete(past)),
                _sentence(lambda: star(past, starred=True)),
            )
            assert all("Read-only file system" in sentence for sentence in refused), refused
            pages = _open_all_pages()
            assert _fingerprints(past.path) == before
        queue.submit(run_spec("Another"))
        if run:
            wait_until_finished(run, look=queue.advance)
            check_that_it_ended_alike(run)
    gone_on = "" if form.short else "; the run went on by itself later, bit-identical"
    return Outcome(tries=1, facts=f"a sentence; {pages} pages draw{gone_on}")


def damaged_checkpoint(form: Form) -> Outcome:
    """The newest checkpoint is not what was written: another byte, cut short, a part missing."""
    undisturbed("scratch")
    kinds = dict(list(DAMAGES.items())[: form.pick(full=len(DAMAGES), short=1)])
    with workplace(retries=0, slots=2):
        plan({name: [{"fault": "kill_after_step", "step": 450}] for name in kinds})
        runs = {name: submit(name) for name in kinds}
        for name, run in runs.items():
            wait_until(lambda lost=run: lost.state() is State.LOST, what=f"{name} is lost")
            DAMAGES[name](run.path / "checkpoints")
            queue.resume(run)
        wait_until_finished(*runs.values())
        for name, run in runs.items():
            said = [event.text for event in run.read_events()[0] if isinstance(event, Note)]
            assert any(sentence in text for text in said for sentence in SAID[name]), (name, said)
            check_that_it_ended_alike(run)
    return Outcome(tries=len(kinds), facts=f"{', '.join(kinds)}: said so, all bit-identical")


def _flip_a_byte(checkpoints: Path) -> None:
    newest = sorted(checkpoints.glob("step-*.npz"))[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)


def _cut(pattern: str) -> Callable[[Path], None]:
    def cut(checkpoints: Path) -> None:
        newest = sorted(checkpoints.glob(pattern))[-1]
        os.truncate(newest, newest.stat().st_size // 2)

    return cut


def _remove(pattern: str) -> Callable[[Path], None]:
    return lambda checkpoints: sorted(checkpoints.glob(pattern))[-1].unlink()


def _cut_both(checkpoints: Path) -> None:
    for file in checkpoints.glob("step-*.npz"):
        os.truncate(file, file.stat().st_size // 2)


DAMAGES: MappingProxyType[str, Callable[[Path], None]] = MappingProxyType(
    {
        "another byte": _flip_a_byte,
        "weights cut short": _cut("step-*.npz"),
        "progress cut short": _cut("step-*.json"),
        "weights missing": _remove("step-*.npz"),
        "best weights missing": _remove("best-*.npz"),
        "both gone": _cut_both,
    }
)
USED_THE_ONE_BEFORE, STARTED_AGAIN = "was damaged; the one before it was used", "the run starts again"
SAID = dict.fromkeys(DAMAGES, (USED_THE_ONE_BEFORE,)) | {
    # Without the best weights there is no way on from any checkpoint that names them.
    "best weights missing": (USED_THE_ONE_BEFORE, STARTED_AGAIN),
    "both gone": (STARTED_AGAIN,),
}


def _run_under_way() -> RunFolder:
    """A run with checkpoints that is held slow until it is released."""
    plan({"Run": [{"fault": "slow_until_released", "step": HELD_AT_STEP}]})
    run = submit("Run")

    def is_under_way() -> bool:
        status = run.status()
        assert run.state() is not State.FAILED, why_it_ended(run)
        return run.has_checkpoint() and status is not None and status.step > HELD_AT_STEP

    wait_until(is_under_way, what="the run is under way")
    return run


def _check_that_it_waits(run: RunFolder) -> None:
    for _ in range(TRIED_AGAIN):
        queue.advance()
    assert run.state() in (State.FAILED, State.LOST), "it is not started again as long as there is no room"


def _sentence(do: Callable[[], object]) -> str:
    """What a person reads where something cannot be done."""
    try:
        do()
    except CnnlabError as error:
        return str(error)
    raise AssertionError("it was done")


def _open_all_pages() -> int:
    """Draw every page; what goes wrong is a sentence on it, and never a traceback. Return how many there are."""
    for name in nav.PAGES:
        app = AppTest.from_file(str(server.SHELL), default_timeout=PAGE_SECONDS)
        page = app.switch_page(str(nav.PAGES_FOLDER / f"{name}.py")).run()
        assert not page.exception, f"{name}: {page.exception[0].value}"
    return len(nav.PAGES)


def _fingerprints(folder: Path) -> Mapping[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
