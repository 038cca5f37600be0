"""A worker reports, hears that it should end, says how it ended, and never outstays its time."""

import os
import signal
import subprocess
import sys
import time

import pytest
from filelock import FileLock

from cnnlab.data.children import environment
from cnnlab.errors import TrainingError
from cnnlab.jobs import carrying
from cnnlab.jobs import folder as job_folder
from cnnlab.jobs.carrying import Cancelled, Reporter, alone, carry
from cnnlab.jobs.folder import Job
from cnnlab.jobs.records import JobProgress, JobRecord

PATIENCE_SECONDS = 120.0
"""For a child on a slow, busy machine; nothing is measured by it."""

WORKER = """
import sys, time
from pathlib import Path
from cnnlab.jobs.carrying import carry

def work(reporter):
    while True:
        reporter.report("Counting", 1, 4)
        time.sleep(0.02)

sys.exit(carry(Path(sys.argv[1]), work, noun="job", most_seconds=float(sys.argv[2]),
               too_long="It took too long.", no_memory="No memory."))
"""


class Result(JobRecord):
    """What a test's work returns."""

    found: int = 1


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's: it is known by its name, so that TensorFlow need not be loaded."""


@pytest.fixture
def job(tmp_path, monkeypatch) -> Job:
    """A job whose worker is this process: it stays as polite as it was, and does not end itself."""
    monkeypatch.setattr(carrying, "be_a_good_neighbour", lambda: None)
    monkeypatch.setattr(carrying, "_end_in_any_case", lambda *_, **__: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    (tmp_path / "request.json").write_text("{}")
    return Job(folder=tmp_path)


def carry_here(job: Job, work) -> int:
    return carry(
        job.folder, work, noun="job", most_seconds=60.0, too_long="Too long.", no_memory="No memory."
    )


def raises(error: BaseException):
    def work(reporter):
        raise error

    return work


def test_a_job_that_ends_well_has_a_result(job):
    assert carry_here(job, lambda reporter: Result(found=3)) == 0
    assert job.state == "finished"
    assert job.read("result.json", Result) == Result(found=3)
    assert not job.is_held()


@pytest.mark.parametrize(
    ("error", "state", "says"),
    [
        pytest.param(TrainingError("Choose another."), "failed", "Choose another.", id="a sentence of ours"),
        pytest.param(MemoryError(), "failed", "No memory.", id="memory"),
        pytest.param(ResourceExhaustedError("OOM"), "failed", "No memory.", id="memory, says TensorFlow"),
        pytest.param(
            KeyError("gone"),
            "failed",
            "The job could not go on (KeyError: 'gone').",
            id="a bug of ours",
        ),
        pytest.param(Cancelled(), "cancelled", "", id="cancelled"),
    ],
)
def test_a_job_that_does_not_end_well_says_why(job, error, state, says):
    code = carry_here(job, raises(error))
    assert (job.state, job.message) == (state, says)
    assert code == (1 if state == "failed" else 0)
    assert job.read("result.json", Result) is None
    assert not job.is_held()


def test_a_report_raises_once_it_is_to_end(job):
    seen = []

    def work(reporter):
        reporter.report("First")
        job.cancel()
        seen.append("asked to end")
        reporter.report("Second")
        seen.append("went on")
        return Result()

    carry_here(job, work)
    assert seen == ["asked to end"]
    assert job.state == "cancelled"


@pytest.mark.parametrize(
    ("work", "state", "found"),
    [
        pytest.param(raises(Cancelled()), "finished", 1, id="cancelled: as it was"),
        pytest.param(raises(MemoryError()), "failed", None, id="failed: says so"),
        pytest.param(lambda reporter: Result(found=2), "finished", 2, id="finished: the new one"),
    ],
)
def test_what_was_found_before_is_lost_only_to_something_new(job, monkeypatch, work, state, found):
    monkeypatch.setattr(job_folder, "start_detached", lambda *_, **__: None)
    carry_here(job, lambda reporter: Result(found=1))
    job.start(JobRecord(), module="some.worker")
    carry_here(job, work)
    assert job.state == state
    assert job.read("result.json", Result) == (found and Result(found=found))
    assert (job.folder / "earlier").exists() == (state == "failed")


def test_what_is_caught_as_an_error_on_the_way_does_not_swallow_the_wish_to_end():
    assert not issubclass(Cancelled, Exception)


def test_a_report_says_what_is_done_and_how_much_of_it(job):
    reporter = Reporter(job.folder)
    assert job.read("progress.json", JobProgress) == JobProgress()
    reporter.report("Counting", 1, 4)
    assert job.read("progress.json", JobProgress) == JobProgress(activity="Counting", share=0.25)
    reporter.report("Thinking")
    assert job.read("progress.json", JobProgress) == JobProgress(activity="Thinking", share=None)


def test_reports_in_quick_succession_are_not_all_written(job, monkeypatch):
    monkeypatch.setattr(carrying, "SAY_SECONDS", 3600.0)
    reporter = Reporter(job.folder)
    for done in range(4):
        reporter.report("Counting", done, 4)
    assert job.read("progress.json", JobProgress).share == 0.0
    monkeypatch.setattr(carrying, "SAY_SECONDS", 0.0)
    reporter.report("Counting", 3, 4)
    assert job.read("progress.json", JobProgress).share == 0.75


def test_a_second_worker_leaves_a_held_job_alone(job, monkeypatch, capsys):
    monkeypatch.setattr(carrying, "LOCK_SECONDS", 0.05)
    with FileLock(job.folder / "worker.lock"):
        assert carry_here(job, lambda reporter: Result()) == 2
    assert "Another worker holds this job" in capsys.readouterr().err
    assert job.read("progress.json", JobProgress) is None


def test_a_job_waits_until_the_one_before_it_has_ended_and_says_so(job, tmp_path):
    reporter, running = Reporter(job.folder), tmp_path / "running.lock"
    job.cancel()
    with FileLock(running), pytest.raises(Cancelled), alone(running, reporter, noun="job"):
        pytest.fail("two jobs ran at a time")
    assert job.read("progress.json", JobProgress).activity == "Waiting for another job to end"


def test_the_next_one_may_start_even_when_a_job_fails(job, tmp_path):
    reporter, running = Reporter(job.folder), tmp_path / "running.lock"
    with pytest.raises(ValueError, match="broken"), alone(running, reporter, noun="job"):
        raise ValueError("broken")
    with FileLock(running, timeout=0):
        pass


@pytest.fixture
def child(tmp_path):
    """Starts a real worker in a process of its own, and sees to it that it is gone in the end."""
    processes = []

    def start(*, most_seconds: float) -> subprocess.Popen:
        (tmp_path / "request.json").write_text("{}")
        command = [sys.executable, "-c", WORKER, str(tmp_path), str(most_seconds)]
        processes.append(subprocess.Popen(command, env=environment(confined=False)))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_a_worker_ends_by_itself_when_its_time_is_over(child, tmp_path):
    assert child(most_seconds=0.5).wait(PATIENCE_SECONDS) == 1
    job = Job(folder=tmp_path)
    assert (job.state, job.message) == ("failed", "It took too long.")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to hear")
def test_a_worker_that_is_told_to_terminate_ends_as_cancelled(child, tmp_path):
    worker, job = child(most_seconds=600.0), Job(folder=tmp_path)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (job.read("progress.json", JobProgress) or JobProgress()).activity != "Counting":
        assert time.monotonic() < deadline, "the worker never began"
        time.sleep(0.02)
    worker.terminate()
    assert worker.wait(PATIENCE_SECONDS) == 0
    assert job.state == "cancelled"
