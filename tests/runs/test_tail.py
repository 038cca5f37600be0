"""The tail reads an event once, forgets futures that were lost, and may be shared by all who watch."""

import threading
import time

import numpy as np
import pandas as pd
import pytest

from cnnlab.runs.folder import EventWriter, RunFolder
from cnnlab.runs.records import AttemptStart, Epoch, Event, Note, PhaseStart, Step
from cnnlab.runs.tail import COLUMNS, EventTail, find_tail
from tests.runs.making import make_run


def start(attempt: int, *, step: int = 0, epoch: int = 0) -> AttemptStart:
    return AttemptStart(attempt=attempt, step=step, epoch=epoch)


def phase(name: str = "training", *, step: int = 0, epoch: int = 0, attempt: int = 1) -> PhaseStart:
    return PhaseStart(
        attempt=attempt, phase=name, epoch=epoch, step=step, trainable_parameters=7, frozen_parameters=3
    )


def step(number: int, *, attempt: int = 1, loss: float | None = 0.5, name: str = "training") -> Step:
    return Step(
        attempt=attempt,
        phase=name,
        epoch=1,
        step=number,
        loss=loss,
        accuracy=0.25,
        learning_rate=1e-3,
        at=9.0,
    )


def epoch(number: int, *, step: int, attempt: int = 1, name: str = "training", best: bool = True) -> Epoch:
    return Epoch(
        attempt=attempt, phase=name, epoch=number, step=step, loss=0.5, accuracy=0.5, val_loss=0.4, val_accuracy=0.6,
        learning_rate=1e-3, seconds=2.0, pictures_per_second=100.0, best=best,
    )  # fmt: skip


def write(run: RunFolder, *events: Event) -> None:
    writer = EventWriter(run)
    for event in events:
        writer.append(event)
    writer.close()


@pytest.fixture
def run(home) -> RunFolder:
    return make_run()


def test_every_field_of_an_event_is_a_column(run):
    write(run, start(1), phase(), step(1), epoch(1, step=1), Note(text="Hello"))
    tail = EventTail(run)
    for table, kind in (
        (tail.steps, Step),
        (tail.epochs, Epoch),
        (tail.phases, PhaseStart),
        (tail.notes, Note),
    ):
        assert len(table) == 1
        assert set(kind.model_fields) - {"kind"} <= set(table.columns) == set(COLUMNS[kind])


def test_values_come_back_as_numbers_that_charts_can_take(run):
    write(run, start(1), step(3, loss=None), step(4, loss=0.125))
    steps = EventTail(run).steps
    np.testing.assert_array_equal(steps["loss"], [np.nan, 0.125])
    assert steps["step"].tolist() == [3, 4]
    assert steps["phase"].tolist() == ["training", "training"]
    assert (steps["loss"].dtype, steps["step"].dtype) == (np.float64, np.int64)


def test_a_run_without_events_has_empty_tables_with_all_columns(run):
    tail = EventTail(run)
    assert tail.revision == 0
    assert list(tail.epochs.columns) == list(COLUMNS[Epoch])
    assert tail.steps.empty
    assert tail.epochs["best"].dtype == np.bool_


def test_what_is_new_is_appended_and_the_revision_grows(run):
    tail = EventTail(run)
    write(run, start(1), step(1))
    assert tail.steps["step"].tolist() == [1]
    before = tail.revision
    write(run, step(2), epoch(1, step=2))
    assert tail.steps["step"].tolist() == [1, 2]
    assert tail.epochs["epoch"].tolist() == [1]
    assert tail.revision == before + 1 == tail.revision


LOST_FUTURE = (
    start(1),
    phase(),
    step(5),
    epoch(1, step=10),
    step(11),
    step(15),
    Note(text="Lost"),
    epoch(2, step=20),
)


@pytest.mark.parametrize(
    ("events", "steps", "epochs", "phases", "notes"),
    [
        pytest.param(
            (*LOST_FUTURE, start(2, step=11, epoch=1), step(12, attempt=2), epoch(2, step=20, attempt=2)),
            [(5, 1), (11, 1), (12, 2)], [(1, 1), (2, 2)], ["training"], [], id="in the middle of an epoch",
        ),
        pytest.param(
            (*LOST_FUTURE, start(2, step=0, epoch=0), phase(attempt=2), step(5, attempt=2)),
            [(5, 2)], [], ["training"], [], id="from the beginning",
        ),
        pytest.param(
            (*LOST_FUTURE, start(2, step=20, epoch=1), epoch(2, step=20, attempt=2)),
            [(5, 1), (11, 1), (15, 1)], [(1, 1), (2, 2)], ["training"], ["Lost"], id="last step kept, its scoring not",
        ),
        pytest.param(
            (*LOST_FUTURE, start(2, step=20, epoch=2), step(21, attempt=2)),
            [(5, 1), (11, 1), (15, 1), (21, 2)], [(1, 1), (2, 1)], ["training"], ["Lost"], id="nothing was lost",
        ),
        pytest.param(
            (*LOST_FUTURE, start(2, step=11, epoch=1), step(12, attempt=2), start(3, step=10, epoch=1), step(11, attempt=3)),
            [(5, 1), (11, 3)], [(1, 1)], ["training"], [], id="lost twice",
        ),
        pytest.param(
            (start(1), phase("feature_extraction"), epoch(1, step=10, name="feature_extraction"),
             phase("fine_tuning", step=10, epoch=1), epoch(1, step=10, name="fine_tuning"), step(12, name="fine_tuning"),
             start(2, step=10, epoch=1), phase("fine_tuning", step=10, epoch=1, attempt=2),
             epoch(1, step=10, name="fine_tuning", attempt=2)),
            [], [(1, 1), (1, 2)], ["feature_extraction", "fine_tuning"], [], id="between two phases",
        ),
        pytest.param(
            (start(1), phase(), epoch(1, step=10), Note(text="Early stopping."), start(2, step=10, epoch=1), Note(text="Early stopping.", attempt=2)),
            [], [(1, 1)], ["training"], ["Early stopping."], id="a sentence said twice",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [True, False], ids=["read at once", "read as it comes"])
def test_what_a_lost_attempt_recorded_is_dropped_where_the_next_takes_up(
    run, events, steps, epochs, phases, notes, at_once
):
    tail = EventTail(run)
    for event in events:
        write(run, event)
        if not at_once:
            assert tail.revision
    assert list(zip(tail.steps["step"], tail.steps["attempt"], strict=True)) == steps
    assert list(zip(tail.epochs["epoch"], tail.epochs["attempt"], strict=True)) == epochs
    assert tail.phases["phase"].tolist() == phases
    assert tail.notes["text"].tolist() == notes


def test_a_note_knows_after_which_step_it_was_written(run):
    write(run, start(1), Note(text="Before"), step(4), Note(text="After"))
    assert EventTail(run).notes[["step", "text"]].values.tolist() == [[0, "Before"], [4, "After"]]


def test_changing_a_table_changes_no_other(run):
    write(run, start(1), step(1), step(2))
    tail = EventTail(run)
    mine = tail.steps
    mine.loc[0, "loss"] = 99.0
    mine["step"] = 0
    pd.testing.assert_series_equal(tail.steps["loss"], pd.Series([0.5, 0.5], name="loss"))
    assert tail.steps["step"].tolist() == [1, 2]


def test_many_threads_read_each_event_once(run):
    tail = EventTail(run)
    writer = EventWriter(run)
    writer.append(start(1))
    done = threading.Event()
    failures: list[object] = []

    def watch() -> None:
        while not done.is_set():
            steps = tail.steps["step"].to_numpy()
            if not np.array_equal(steps, np.arange(1, len(steps) + 1)):
                failures.append(steps)

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 501):
        writer.append(step(number))
    done.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert failures == []
    assert len(tail.steps) == 500


def test_everybody_in_the_process_shares_one_tail_a_run(run):
    assert find_tail(run) is find_tail(RunFolder(run.path))
    assert find_tail(run) is not find_tail(make_run(2))


def test_twenty_thousand_steps_are_read_at_once_and_a_tick_costs_nothing(run):
    write(run, start(1), *(step(number) for number in range(20_000)))
    tail = EventTail(run)
    began = time.process_time()
    assert len(tail.steps) == 20_000
    first = time.process_time() - began
    began = time.process_time()
    for _ in range(20):
        tail.steps  # noqa: B018
    tick = (time.process_time() - began) / 20
    # Measured 0.14 s and 0.00002 s; the bounds leave room for a slow machine.
    assert first < 5.0
    assert tick < 0.05
