"""Stars, tags and notes stay with a run, whoever else writes, and never harm it."""

import threading

import pytest

from cnnlab.errors import RunError
from cnnlab.runs.marks import (
    FILE,
    LONGEST_NOTE,
    LONGEST_TAG,
    MOST_TAGS,
    Marks,
    change_tags,
    read_marks,
    star,
    write_note,
)
from cnnlab.runs.states import State
from tests.runs.making import make_run


def test_a_run_has_no_marks_at_first(home):
    assert read_marks(make_run()) == Marks(starred=False, tags=(), note="")


def test_each_mark_is_changed_without_the_others(home):
    run = make_run()
    star(run, starred=True)
    change_tags(run, add=["good", "slow"])
    write_note(run, note="  Try more epochs.\nThen stop.  ")
    change_tags(run, add=["kept"], remove=["slow", "never there"])
    assert read_marks(run) == Marks(starred=True, tags=("good", "kept"), note="Try more epochs.\nThen stop.")
    star(run, starred=False)
    assert read_marks(run) == Marks(starred=False, tags=("good", "kept"), note="Try more epochs.\nThen stop.")


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        pytest.param(["b", "a", "B", "a"], ("a", "B", "b"), id="in order, each once"),
        pytest.param(["  two\n words\t", " "], ("two words",), id="on one line"),
        pytest.param(["x" * 500], ("x" * LONGEST_TAG,), id="not too long"),
        pytest.param([f"{n:03}" for n in range(200)], tuple(f"{n:03}" for n in range(MOST_TAGS)), id="not too many"),
        pytest.param(["![x](http://host/x)", "🌸"], ("![x](http://host/x)", "🌸"), id="any letters"),
    ],
)  # fmt: skip
def test_tags_are_tidy(home, tags, kept):
    run = make_run()
    change_tags(run, add=tags)
    assert read_marks(run).tags == kept


def test_a_note_that_is_no_utf8_is_kept_readable(home):
    run = make_run()
    write_note(run, note="Anna\udcff")
    assert read_marks(run).note == "Anna?"


def test_a_note_that_is_too_long_is_cut(home):
    run = make_run()
    write_note(run, note="x" * (LONGEST_NOTE + 10))
    assert len(read_marks(run).note) == LONGEST_NOTE


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b'{"tags": 4}'])
def test_damaged_marks_cost_the_marks_and_never_the_run(home, content):
    run = make_run()
    (run.path / FILE).write_bytes(content)
    assert read_marks(run) == Marks()
    assert run.state() is State.QUEUED
    star(run, starred=True)
    assert read_marks(run) == Marks(starred=True)


def test_a_run_that_was_deleted_is_not_made_again_by_a_mark(home):
    run = make_run()
    run.delete()
    with pytest.raises(RunError, match="not here any more"):
        star(run, starred=True)
    assert not run.path.exists()


def test_tabs_that_write_at_the_same_time_lose_nothing(home):
    run = make_run()
    writers = [
        threading.Thread(target=lambda n=n: change_tags(run, add=[f"tag {n}"])) for n in range(MOST_TAGS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(read_marks(run).tags) == MOST_TAGS
