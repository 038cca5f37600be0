"""The index of runs is damaged while it is in use, and written by eight processes at once."""

import multiprocessing
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cnnlab.runs import queue, store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.marks import change_tags, read_marks, star, write_note
from cnnlab.runs.records import Status
from cnnlab.runs.rows import read_row
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from tests.chaos.form import Form, Outcome
from tests.chaos.workplace import PATIENCE_SECONDS, workplace
from tests.pages.making import past_run
from tests.runs.making import make_run

RUNS, WRITERS, READERS = 20, 8, 2
OWN_RUNS = 1000
"""Numbers of the runs that the writers make; each has a hundred of them."""
CHANGES_A_ROUND = 4
SPAWN: SpawnContext = multiprocessing.get_context("spawn")


def damaged(form: Form) -> Outcome:
    """The file is garbage, cut short, gone, or another program's, while two processes read it and runs change."""
    rounds = form.pick(full=20, short=1)
    with workplace():
        runs = [past_run(number) for number in range(1, RUNS + 1)]
        store.refresh()
        with _reading() as readings:
            for number in range(rounds):
                for name, damage in DAMAGES.items():
                    star(runs[0], starred=number % 2 == 0)
                    damage(workspace().index)
                    assert store.list_runs() == [read_row(run) for run in reversed(runs)], name
    tries = rounds * len(DAMAGES)
    return Outcome(
        tries=tries,
        facts=f"{', '.join(DAMAGES)}: each time made again; {readings.total:,} readings, none failed",
    )


def eight_writers(form: Form) -> Outcome:
    """Eight processes change runs, make and delete some, and bring the index up to date; two more read it."""
    rounds = form.pick(full=40, short=2)
    with workplace():
        shared, results = past_run(1), SPAWN.Queue()
        with _reading() as readings:
            writers = [
                SPAWN.Process(target=_write, args=(writer, rounds, shared.path, results), daemon=True)
                for writer in range(WRITERS)
            ]
            for process in writers:
                process.start()
            problems = [problem for _ in writers if (problem := results.get(timeout=PATIENCE_SECONDS))]
            for process in writers:
                process.join()
        assert not problems, problems
        last = {_tag(writer, rounds - 1) for writer in range(WRITERS)}
        assert set(read_marks(shared).tags) == last, "no lost update of what all of them change"
        everything = sorted(map(read_row, RunFolder.list_all(workspace().runs)), key=lambda row: row.id)
        assert sorted(store.list_runs(), key=lambda row: row.id) == everything
        assert {row.epoch for row in everything if row.note} == {rounds - 1}, "no lost update of their own"
    return Outcome(
        tries=WRITERS * rounds * CHANGES_A_ROUND,
        facts=f"{WRITERS} writers, {rounds} rounds each: none lost, none locked out; {readings.total:,} readings, none failed",
    )


def _write(writer: int, rounds: int, shared: Path, results: Any) -> None:
    """One of eight; says what went wrong, or '' at the end."""
    try:
        own = make_run(OWN_RUNS + 100 * writer)
        write_note(own, note="Written by one process only")
        for number in range(rounds):
            change_tags(RunFolder(shared), add=[_tag(writer, number)], remove=[_tag(writer, number - 1)])
            own.write_status(Status(state=State.PAUSED, epoch=number, epochs=rounds))
            passing = make_run(OWN_RUNS + 100 * writer + 1 + number % 90, status=Status(state=State.FAILED))
            shown = {row.id: row for row in store.list_runs()}
            assert shown[own.id].epoch == number, f"an older row was written over its own in round {number}"
            assert passing.id in shown, f"the run that it made is not listed in round {number}"
            assert _tag(writer, number) in shown[shared.name].tags, f"its tag is not listed in round {number}"
            queue.delete(passing)
            left = {row.id for row in store.list_runs()}
            assert passing.id not in left, f"the run that it deleted is still listed in round {number}"
    except BaseException as error:
        results.put(f"writer {writer}: {error!r}")
    else:
        results.put("")


def _tag(writer: int, number: int) -> str:
    return f"writer {writer} round {number}"


@dataclass
class Readings:
    """What the readers did."""

    total: int = 0
    problems: list[str] = field(default_factory=list)


@contextmanager
def _reading() -> Iterator[Readings]:
    """Let processes read the index all the time, as pages do; fail if one of their readings did."""
    readings, results, stop = Readings(), SPAWN.Queue(), SPAWN.Event()
    readers = [SPAWN.Process(target=_read, args=(results, stop), daemon=True) for _ in range(READERS)]
    for process in readers:
        process.start()
    for _ in readers:
        assert results.get(timeout=PATIENCE_SECONDS) == "ready"
    try:
        yield readings
    finally:
        stop.set()
        for _ in readers:
            total, problem = results.get(timeout=PATIENCE_SECONDS)
            readings.total += total
            readings.problems += [problem] if problem else []
        for process in readers:
            process.join()
    assert not readings.problems, readings.problems


def _read(results: Any, stop: Any) -> None:
    total, problem = 0, ""
    results.put("ready")
    try:
        while not stop.is_set():
            assert store.list_runs(), "there are runs all the time"
            total += 1
    except BaseException as error:
        problem = f"reading {total}: {error!r}"
    results.put((total, problem))


def _garbage(index: Path) -> None:
    index.write_bytes(os.urandom(8192))


def _cut_short(index: Path) -> None:
    os.truncate(index, index.stat().st_size // 2)


def _delete(index: Path) -> None:
    index.unlink()


def _empty(index: Path) -> None:
    index.write_bytes(b"")


def _other_tables(index: Path) -> None:
    index.unlink()
    with closing(sqlite3.connect(index)) as other:
        other.execute("CREATE TABLE notes (text)")
        other.execute(f"PRAGMA user_version = {store.SCHEMA_VERSION}")


DAMAGES: MappingProxyType[str, Callable[[Path], None]] = MappingProxyType(
    {
        "garbage": _garbage,
        "cut short": _cut_short,
        "gone": _delete,
        "empty": _empty,
        "another program's": _other_tables,
    }
)
