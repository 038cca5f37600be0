"""The index says what the folders say, is made again whenever it is not whole, and is cheap to keep."""

import dataclasses
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnnlab.errors import WorkspaceError
from cnnlab.runs import queue, rows, store
from cnnlab.runs.folder import EventWriter, RunFolder
from cnnlab.runs.marks import change_tags, star, write_note
from cnnlab.runs.records import AttemptStart, Control, Epoch, Launch, PhaseStart, Status
from cnnlab.runs.rows import RunRow, read_row
from cnnlab.runs.states import State, Wanted
from cnnlab.runs.store import list_runs
from cnnlab.settings import workspace
from cnnlab.specs.differences import fingerprint
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import DatasetReference
from cnnlab.specs.training import TransferTraining
from tests.runs.making import make_run, run_spec
from tests.runs.stand_in_worker import report


def age(run: RunFolder) -> RunFolder:
    """Make a folder look as if nothing had happened in it for an hour."""
    then = time.time() - 3600
    os.utime(run.path, (then, then))
    return run


def epoch(number: int, *, val_loss: float, best: bool) -> Epoch:
    return Epoch(
        phase="training", epoch=number, step=number * 10, loss=1.0, accuracy=0.1, val_loss=val_loss,
        val_accuracy=1 - val_loss, learning_rate=1e-3, seconds=2.0, pictures_per_second=10.0, best=best,
    )  # fmt: skip


def test_a_finished_run_is_a_row_with_everything_a_list_shows(home):
    spec = run_spec("My run", dataset=DatasetReference(id="flowers", version=3, name="Flowers"), seed=7)
    run = make_run(
        spec=spec,
        status=Status(state=State.FINISHED, epoch=4, epochs=5),
        report=report(4),
    )
    star(run, starred=True)
    change_tags(run, add=["first", "*best*"])
    write_note(run, note="Learned twice\nas fast.")
    assert list_runs() == [
        RunRow(
            id=run.id, name="My run", state=State.FINISHED, created_at=run.created_at, dataset_id="flowers",
            dataset_version=3, dataset_name="Flowers", kind="blocks", network_name="Tiny", image_size=32, seed=7,
            epoch=4, epochs=5, val_accuracy=0.5, val_loss=0.25, test_accuracy=0.6, test_accuracy_low=0.5,
            test_accuracy_high=0.7, seconds=1.0, parameters=15, verdict="Fine.",
            family=fingerprint(spec), starred=True, tags=("*best*", "first"), note="Learned twice\nas fast.",
        )
    ]  # fmt: skip


def test_a_backbone_is_called_by_its_name_in_the_table(home):
    make_run(spec=run_spec(network=BackboneNetwork(backbone="mobilenet_v2"), training=TransferTraining()))
    (row,) = list_runs()
    assert (row.kind, row.network_name, row.image_size) == ("backbone", "mobilenet_v2", 224)
    assert row.weights == "imagenet"


def test_a_run_without_a_report_shows_its_best_epoch_so_far(home):
    run = make_run(status=Status(state=State.PAUSED, epoch=3, epochs=9))
    writer = EventWriter(run)
    writer.append(AttemptStart(attempt=1))
    writer.append(PhaseStart(phase="training", epoch=0, step=0, trainable_parameters=4, frozen_parameters=2))
    for number, (loss, best) in enumerate([(0.5, True), (0.25, True), (0.75, False)], start=1):
        writer.append(epoch(number, val_loss=loss, best=best))
    writer.close()
    (row,) = list_runs()
    assert (row.val_loss, row.val_accuracy, row.seconds, row.parameters) == (0.25, 0.75, 6.0, 6)
    assert (row.epoch, row.epochs, row.test_accuracy) == (3, 9, None)


def test_a_number_that_is_none_is_no_number_in_the_index_either(home):
    nothing = report(4).model_copy(update={"val_loss": float("nan"), "seconds": float("inf")})
    run = make_run(status=Status(state=State.FAILED), report=nothing)
    (run.path / "report.json").write_text(
        nothing.model_dump_json().replace('"seconds":null', '"seconds":Infinity')
    )
    (row,) = list_runs()
    assert (row.val_loss, row.seconds) == (None, None)
    with sqlite3.connect(workspace().index) as index:
        assert index.execute("SELECT val_loss IS NULL, seconds IS NULL FROM runs").fetchall() == [(1, 1)]


@pytest.mark.parametrize(
    ("control", "launch", "status", "message"),
    [
        pytest.param(Control(), None, Status(state=State.FAILED, message="Diverged."), "Diverged.", id="failed"),
        pytest.param(Control(attempt=2), None, Status(state=State.FAILED, message="Diverged."), "", id="resumed"),
        pytest.param(
            Control(), Launch(attempt=1, executor="local", handle="", at=0, ended=True, message="No room."), None,
            "No room.", id="could not be started",
        ),
    ],
)  # fmt: skip
def test_the_message_is_that_of_the_last_attempt(home, control, launch, status, message):
    assert read_row(make_run(control=control, launch=launch, status=status)).message == message


@pytest.mark.parametrize("name", ["spec.json", "control.json", "launch.json", "state.json", "report.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff", None], ids=["empty", "cut", "no text", "a folder"])
def test_a_damaged_run_is_a_row_with_a_sentence(home, name, content):
    good, run = make_run(1), make_run(2, status=Status(state=State.FINISHED), report=report(1))
    path = run.path / name
    path.unlink(missing_ok=True)
    path.mkdir() if content is None else path.write_bytes(content)
    damaged, other = list_runs()
    assert (damaged.id, damaged.name, damaged.damaged, damaged.state) == (run.id, run.id, True, State.FAILED)
    assert damaged.message.startswith(f"The file {name} of run {run.id} is missing or damaged.")
    assert (other.id, other.damaged) == (good.id, False)


def test_runs_are_listed_newest_first_and_left_out_as_asked(home):
    first = make_run(1, status=Status(state=State.FINISHED))
    second = make_run(2, spec=run_spec(dataset=DatasetReference(id="flowers", version=1, name="F")))
    third = make_run(3, status=Status(state=State.FAILED))

    def ids(**filters: object) -> list[str]:
        return [row.id for row in list_runs(**filters)]

    assert ids() == [third.id, second.id, first.id]
    assert ids(states=[State.FINISHED, State.FAILED]) == [third.id, first.id]
    assert ids(states=[]) == []
    assert ids(dataset_id="flowers") == [second.id]
    assert ids(dataset_id="digits", states={State.FINISHED}) == [first.id]
    assert ids(limit=2) == [third.id, second.id]
    assert ids(limit=0) == []


def test_runs_of_the_same_second_keep_the_order_they_were_asked_for(home, monkeypatch):
    monkeypatch.setattr(queue.find_executor("local"), "capacity", lambda: 0)
    names = [f"run {number}" for number in range(6)]
    for name in names:
        queue.submit(run_spec(name))
        time.sleep(0.03)  # more than a tick of the file system's clock
    assert [row.name for row in list_runs()] == names[::-1]


def test_text_from_people_stays_text(home):
    name = "Robert'); DROP TABLE runs;-- ![x](http://example.org) \u202e 🌸"
    make_run(spec=run_spec(name))
    assert list_runs()[0].name == name
    assert len(list_runs(dataset_id="' OR 1=1 --")) == 0


def test_a_change_is_seen_at_the_next_look_even_within_one_tick_of_the_clock(home):
    run = make_run()
    for number in range(20):
        run.write_control(Control(want=Wanted.CANCEL if number % 2 else Wanted.RUN))
        expected = State.STOPPED if number % 2 else State.QUEUED
        assert list_runs()[0].state is expected, f"after change {number}"


def test_a_worker_that_is_killed_is_seen_although_no_file_changes(home):
    run = make_run(status=Status(state=State.RUNNING))
    with run.lock():
        age(run)
        assert list_runs()[0].state is State.RUNNING
    assert list_runs()[0].state is State.LOST


def test_marks_are_seen_at_the_next_look_and_come_back_with_an_index_made_again(home):
    run = age(make_run(status=Status(state=State.FINISHED)))
    assert not list_runs()[0].starred
    star(run, starred=True)
    change_tags(run, add=["good"])
    assert (list_runs()[0].starred, list_runs()[0].tags) == (True, ("good",))
    workspace().index.unlink()
    assert (list_runs()[0].starred, list_runs()[0].tags) == (True, ("good",))


def test_a_run_that_is_deleted_leaves_the_index(home):
    run, kept = make_run(1), make_run(2)
    assert len(list_runs()) == 2
    run.delete()
    assert [row.id for row in list_runs()] == [kept.id]


def test_an_unchanged_run_is_not_read_again(home, monkeypatch):
    age(make_run(1, status=Status(state=State.FINISHED)))
    before = list_runs()

    def refuse(run: RunFolder) -> RunRow:
        raise AssertionError(f"{run.id} was read although nothing changed")

    monkeypatch.setattr(store, "read_row", refuse)
    assert list_runs() == before
    make_run(2)
    with pytest.raises(AssertionError):
        list_runs()


def test_the_index_can_be_made_again_from_the_folders_at_any_time(home):
    for number in range(5):
        age(make_run(number, status=Status(state=State.FINISHED, epoch=number), report=report(number + 1)))
    before = list_runs()
    assert [row.epoch for row in before] == [4, 3, 2, 1, 0]
    workspace().index.unlink()
    assert list_runs() == before


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1500])


def scribble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = os.urandom(len(data) - 100)
    path.write_bytes(data)


def lose_the_table(path: Path) -> None:
    with sqlite3.connect(path) as index:
        index.execute("DROP TABLE runs")


def be_of_an_older_version(path: Path) -> None:
    with sqlite3.connect(path) as index:
        index.execute("DROP TABLE runs")
        index.execute("CREATE TABLE runs (id, something_old)")
        index.execute("PRAGMA user_version = 0")


DAMAGES = {
    "cut short": cut,
    "overwritten": scribble,
    "no database": lambda path: path.write_bytes(b"hello " * 1000),
    "empty": lambda path: path.write_bytes(b""),
    "without its table": lose_the_table,
    "of an older version": be_of_an_older_version,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_made_again_without_a_word(home, damage):
    for number in range(3):
        age(make_run(number))
    before = list_runs()
    DAMAGES[damage](workspace().index)
    assert list_runs() == before
    assert list_runs() == before


def test_a_damaged_index_is_made_again_once_when_many_find_it(home):
    for number in range(3):
        age(make_run(number))
    before = list_runs()
    workspace().index.write_bytes(b"hello " * 1000)
    code = "from cnnlab.runs.store import list_runs; [list_runs() for _ in range(3)]; print(len(list_runs()))"
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    found: list[object] = []

    def look() -> None:
        for _ in range(10):
            try:
                found.append(list_runs())
            except Exception as error:
                found.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [before] * 40
    assert other.communicate()[0].strip() == b"3"


def test_an_index_of_a_newer_cnnlab_is_left_alone_with_a_sentence(home):
    make_run()
    list_runs()
    with sqlite3.connect(workspace().index) as index:
        index.execute(f"PRAGMA user_version = {store.SCHEMA_VERSION + 1}")
    before = workspace().index.read_bytes()
    with pytest.raises(WorkspaceError, match=r"written by a newer cnnlab.*delete the file"):
        list_runs()
    assert workspace().index.read_bytes() == before


def test_an_index_that_cannot_be_opened_is_a_sentence(home):
    workspace().index.mkdir(parents=True)
    with pytest.raises(WorkspaceError, match=r"index of runs .* cannot be used"):
        list_runs()


def test_the_columns_belong_to_this_version_of_the_index():
    """When this fails, the fields of `RunRow` changed: let SCHEMA_VERSION grow, then write them here."""
    assert (store.SCHEMA_VERSION, store.COLUMNS) == (
        3,
        (
            "id", "name", "state", "created_at", "dataset_id", "dataset_version", "dataset_name", "kind",
            "network_name", "weights", "image_size", "seed", "epoch", "epochs", "val_accuracy", "val_loss", "test_accuracy",
            "test_accuracy_low", "test_accuracy_high", "seconds", "parameters", "verdict", "message", "damaged",
            "family", "starred", "tags", "note",
        ),
    )  # fmt: skip


def test_readers_and_writers_in_many_threads_never_find_it_locked(home):
    for number in range(5):
        make_run(number)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(15):
                RunFolder(workspace().runs / f"20260101-12000{number}-00000{number}").write_control(
                    Control(want=Wanted.CANCEL if turn % 2 else Wanted.RUN)
                )
                assert len(list_runs()) == 5
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_two_hundred_runs_are_cheap_to_look_at_when_nothing_changed(home):
    for number in range(200):
        age(make_run(number, status=Status(state=State.FINISHED), report=report(5)))
    assert len(list_runs()) == 200
    began = time.process_time()
    for _ in range(5):
        list_runs()
    # Measured 0.006 s; the bound leaves room for a busy machine.
    assert (time.process_time() - began) / 5 < 0.1


def test_every_number_of_a_report_that_a_row_shows_is_in_both():
    fields = {field.name for field in dataclasses.fields(RunRow)}
    assert set(rows.REPORTED) <= fields & set(type(report(1)).model_fields)


def test_refreshing_is_enough_to_bring_the_index_up_to_date(home):
    run = make_run()
    store.refresh()
    with sqlite3.connect(workspace().index) as index:
        assert index.execute("SELECT id FROM runs").fetchall() == [(run.id,)]
