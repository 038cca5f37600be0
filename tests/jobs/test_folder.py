"""A job says what its folder says: under way, ended, or lost; and the oldest ended ones are forgotten."""

import os
import shutil
import time

import pytest
from filelock import FileLock

from cnnlab.files import write_text
from cnnlab.jobs import folder as job_folder
from cnnlab.jobs.folder import Job, forget_oldest, put_back
from cnnlab.jobs.records import JobProgress, JobRecord


class Request(JobRecord):
    """What a test asks for."""

    wanted: int


@pytest.fixture
def started(monkeypatch):
    """What would have been started; no process is."""
    commands = []
    monkeypatch.setattr(
        job_folder, "start_detached", lambda module, *arguments, log: commands.append((module, *arguments))
    )
    return commands


@pytest.fixture
def job(tmp_path, started) -> Job:
    job = Job(folder=tmp_path / "jobs" / "one")
    job.start(Request(wanted=7), module="some.worker")
    return job


def say(job: Job, **progress) -> None:
    write_text(job.folder / "progress.json", JobProgress(**progress).model_dump_json())


def test_starting_writes_the_request_and_runs_the_worker_on_the_folder(job, started):
    assert started == [("some.worker", str(job.folder))]
    assert job.read("request.json", Request) == Request(wanted=7)
    assert job.exists
    assert job.key == "one"
    assert time.time() - job.started_at < 600.0


def test_a_job_that_was_never_asked_for_does_not_exist(tmp_path):
    assert not Job(folder=tmp_path / "never").exists


def test_starting_again_begins_with_an_empty_folder(job):
    job.cancel()
    say(job, state="finished")
    job.start(Request(wanted=8), module="some.worker")
    assert not job.is_cancelled
    assert job.state == "running"
    assert job.read("request.json", Request) == Request(wanted=8)


def test_a_job_waits_for_its_worker_to_come(job):
    assert job.state == "running"
    assert job.progress() == ("Starting", None)


def test_a_job_whose_worker_never_came_is_lost_and_says_what_was_printed_last(job, monkeypatch):
    monkeypatch.setattr(job_folder, "LAUNCH_GRACE_SECONDS", 0.0)
    write_text(job.folder / "worker.log", "Loading\nKilled\n")
    assert job.state == "failed"
    assert "The job ended without a word" in job.message
    assert job.message.endswith("Start it again. The last it printed: Killed")


def test_a_job_is_under_way_for_as_long_as_its_worker_holds_it(job, monkeypatch):
    monkeypatch.setattr(job_folder, "LAUNCH_GRACE_SECONDS", 0.0)
    with FileLock(job.folder / "worker.lock"):
        assert job.is_held()
        assert job.state == "running", "a worker that holds the lock has not spoken yet"
        say(job, activity="Counting", share=0.5)
        assert job.progress() == ("Counting", 0.5)
    assert not job.is_held()
    assert job.state == "failed", "it let go without saying how it ended"


@pytest.mark.parametrize(
    ("state", "message"),
    [
        pytest.param("finished", "", id="finished"),
        pytest.param("cancelled", "", id="cancelled"),
        pytest.param("failed", "There is no such dataset.", id="failed"),
    ],
)
def test_how_a_job_ended_is_what_its_worker_said(job, state, message):
    say(job, state=state, message=message)
    assert (job.state, job.message) == (state, message)


def test_what_is_said_between_the_two_looks_counts(job, monkeypatch):
    def ends_while_one_looks(self):
        say(self, state="finished")
        return False

    monkeypatch.setattr(job_folder, "LAUNCH_GRACE_SECONDS", 0.0)
    monkeypatch.setattr(Job, "is_held", ends_while_one_looks)
    assert job.state == "finished"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"wanted": ', id="cut off"),
        pytest.param(b'{"wanted": "many"}', id="of another kind"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_a_damaged_file_reads_as_none(job, content):
    (job.folder / "result.json").write_bytes(content)
    assert job.read("result.json", Request) is None


def test_a_file_that_is_not_there_reads_as_none(job):
    assert job.read("result.json", Request) is None


def test_cancelling_leaves_a_word_for_the_worker(job):
    assert not job.is_cancelled
    job.cancel()
    assert job.is_cancelled
    assert job.state == "running", "it is the worker that says how it ended"


def test_the_oldest_ended_jobs_are_forgotten_and_none_that_is_under_way(tmp_path, started):
    jobs = [Job(folder=tmp_path / name) for name in ("under way", "older", "newer", "newest")]
    for age, job in enumerate(jobs):
        job.start(Request(wanted=age), module="some.worker")
        os.utime(job.folder / "request.json", (time.time() - 40 + age, time.time() - 40 + age))
    for job in jobs[1:]:
        say(job, state="finished")
    forget_oldest(jobs, kept=2)
    assert [job.folder.name for job in jobs if job.exists] == ["under way", "newer", "newest"]


def test_few_jobs_are_all_kept(job):
    say(job, state="finished")
    forget_oldest([job], kept=2)
    assert job.exists
    forget_oldest([], kept=2)


def test_a_folder_that_was_deleted_by_hand_does_not_exist(job):
    shutil.rmtree(job.folder)
    assert not job.exists


def test_a_finding_is_kept_aside_while_it_is_looked_for_again_and_put_back(job):
    write_text(job.folder / "result.json", '{"wanted": 7}')
    say(job, state="finished")
    job.start(Request(wanted=7), module="some.worker")
    assert job.state == "running"
    assert job.read("result.json", Request) is None
    job.cancel()
    write_text(job.folder / "half.png", "half")
    assert put_back(job.folder)
    assert (job.state, job.is_cancelled) == ("finished", False)
    assert job.read("result.json", Request) == Request(wanted=7)
    assert not (job.folder / "half.png").exists()
    assert not put_back(job.folder), "it is put back once"


def test_a_finding_outlives_a_second_try_that_failed(job):
    write_text(job.folder / "result.json", '{"wanted": 7}')
    say(job, state="finished")
    job.start(Request(wanted=7), module="some.worker")
    say(job, state="failed", message="No memory.")
    job.start(Request(wanted=7), module="some.worker")
    assert put_back(job.folder)
    assert job.read("result.json", Request) == Request(wanted=7)


def test_a_full_disk_leaves_what_was_found(job, monkeypatch):
    write_text(job.folder / "result.json", '{"wanted": 7}')
    say(job, state="finished")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(job_folder, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        job.start(Request(wanted=7), module="some.worker")
    assert job.state == "finished"
    assert job.read("result.json", Request) == Request(wanted=7)


def test_a_job_that_another_tab_deletes_has_no_start(job):
    shutil.rmtree(job.folder)
    assert job.started_at == 0.0
    assert job.state == "failed"
