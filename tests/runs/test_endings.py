"""Why a worker ended: every cause is told from what is known, with a sentence that says what to do."""

import shutil
from collections import namedtuple

import pytest

from cnnlab.runs import endings
from cnnlab.runs.endings import CAUSES, Cause, find_ending
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine_state import boot_id
from cnnlab.runs.records import Control, Ended, Launch, Status
from cnnlab.runs.states import State, Wanted
from tests.runs.making import make_run

Usage = namedtuple("Usage", "total used free")
PLENTY = 8_000_000_000


def lost_run(
    *,
    ended: Ended | None = None,
    free_memory_bytes: int = PLENTY,
    oom_kills: int | None = 3,
    boot: str = "",
    message: str = "",
    **control: object,
) -> RunFolder:
    """A run whose worker was running and is gone."""
    launch = Launch(
        attempt=1, executor="local", handle="1:1", at=0.0, boot=boot, oom_kills=oom_kills, message=message
    )
    status = Status(state=State.RUNNING, free_memory_bytes=free_memory_bytes)
    run = make_run(control=Control(**control), launch=launch, status=status)
    if ended is not None:
        (run.path / "ended.json").write_text(ended.model_dump_json())
    return run


def by(exit_code: int, oom_kills: int | None = 3) -> Ended:
    """How the process ended."""
    return Ended(attempt=1, exit_code=exit_code, oom_kills=oom_kills)


@pytest.mark.parametrize(
    ("known", "cause", "says"),
    [
        pytest.param({"ended": by(-9)}, Cause.KILLED, "killed (signal 9)", id="killed with memory left"),
        pytest.param({"ended": by(-9, 4)}, Cause.MEMORY, "try a smaller batch", id="the system ended one"),
        pytest.param(
            {"ended": by(-9, None), "free_memory_bytes": 20_000_000},
            Cause.MEMORY,
            "most likely because memory ran out",
            id="little was left",
        ),
        pytest.param(
            {"ended": by(-9), "free_memory_bytes": 20_000_000, "oom_kills": None},
            Cause.MEMORY,
            "smaller batch",
            id="little was left in a container",
        ),
        pytest.param({"ended": by(-11)}, Cause.CRASHED, "crashed (signal 11)", id="segmentation fault"),
        pytest.param({"ended": by(-6)}, Cause.CRASHED, "crashed (signal 6)", id="abort"),
        pytest.param({"ended": by(1)}, Cause.ERROR, "code 1", id="error in Python"),
        pytest.param({"ended": by(-15)}, Cause.UNKNOWN, "without a word", id="another signal"),
        pytest.param({}, Cause.UNKNOWN, "without a word", id="nobody saw it"),
        pytest.param({"boot": "an earlier one"}, Cause.RESTARTED, "machine was restarted", id="restarted"),
        pytest.param(
            {"ended": by(-9), "forced": True}, Cause.FORCED, "by force, as somebody asked", id="forced"
        ),
        pytest.param(
            {"message": "It could not be started: no."}, Cause.NOT_STARTED, "not be started", id="not started"
        ),
        pytest.param(
            {"ended": Ended(attempt=7, exit_code=-9)},
            Cause.UNKNOWN,
            "without a word",
            id="of another attempt",
        ),
    ],
)
def test_a_lost_worker_is_named_for_what_ended_it(known, cause, says):
    run = lost_run(**known)
    assert run.state() is State.LOST
    ending = find_ending(run)
    assert ending.cause is cause
    assert says in ending.sentence


def test_the_same_start_of_the_machine_is_no_restart():
    if not boot_id():
        pytest.skip("this system does not say which start of the machine it is")
    assert find_ending(lost_run(boot=boot_id())).cause is Cause.UNKNOWN


@pytest.mark.parametrize("failed", [False, True], ids=["without a last word", "with a last word"])
def test_a_full_disk_is_named_with_what_is_free_and_what_is_needed(failed, monkeypatch):
    run = make_run(status=Status(state=State.FAILED if failed else State.RUNNING, disk_full=failed))
    (run.path / "checkpoints").mkdir()
    (run.path / "checkpoints" / "step-000000001.npz").write_bytes(bytes(2_000_000))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 3_400_000))
    assert find_ending(run).cause is Cause.DISK_FULL
    assert "3 MB are free and 14 MB are needed" in find_ending(run).sentence
    assert not endings.has_room(run)


def test_a_run_that_failed_for_another_reason_has_its_own_message():
    assert find_ending(make_run(status=Status(state=State.FAILED, message="No classes."))) is None


@pytest.mark.parametrize(
    ("want", "boot", "expected"),
    [
        pytest.param(Wanted.RUN, "an earlier one", Cause.RESTARTED, id="by a machine that went down"),
        pytest.param(Wanted.PAUSE, "an earlier one", None, id="by a person, before it went down"),
        pytest.param(Wanted.RUN, "", None, id="by a signal"),
    ],
)
def test_a_pause_is_explained_where_nobody_asked_for_it(want, boot, expected):
    launch = Launch(attempt=1, executor="local", handle="1:1", at=0.0, boot=boot)
    run = make_run(control=Control(want=want), launch=launch, status=Status(state=State.PAUSED))
    ending = find_ending(run)
    assert (ending.cause if ending else None) is expected


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_a_sentence_that_ends(cause):
    assert CAUSES[cause].sentence.endswith(".")
