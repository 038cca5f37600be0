"""Imports in processes of their own: started, watched, cancelled, lost and found."""

import os
import shutil
import signal
import time
import zipfile

import psutil
import pytest

from cnnlab.data import intake
from cnnlab.data.import_records import ArchiveImport, FolderImport, SourceImport, UploadImport
from cnnlab.data.intake import (
    ImportJob,
    find_import,
    list_imports,
    prepare_import,
    stage_upload,
    start_import,
)
from cnnlab.data.library import find_dataset, list_datasets
from cnnlab.data.previews import list_previews, prepare_preview
from cnnlab.errors import DatasetError, SpecError
from cnnlab.settings import workspace
from tests.data.making import class_files, import_zip, write_zip


def stage(path):
    with path.open("rb") as file:
        return stage_upload(file, name=path.name)


def wait_for(job: ImportJob, condition, *, seconds: float = 180.0):
    """Look at a job until a condition holds, and return all that it said until then."""
    seen, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        seen.append(job.progress())
        if condition(seen[-1]):
            return seen
        time.sleep(0.02)
    pytest.fail(f"the import never came there; it last said {seen[-1]}\n{job.log_tail()}")


def long_request():
    """Some minutes' work: nobody who is told to end it meets its end."""
    return SourceImport(source="shapes", settings={"num_pictures": 60_000, "image_size": 96})


def test_an_import_runs_in_a_process_of_its_own_to_its_end(tmp_path):
    job = start_import(
        ArchiveImport(file=stage(write_zip(tmp_path / "pets.zip", class_files({"cat": 30, "dog": 30}))))
    )
    assert job.title == "pets.zip"
    last = wait_for(job, lambda now: now.ended)[-1]
    assert (last.state, last.message) == ("finished", "Taken: 60 pictures of 2 classes.")
    assert last.pid != os.getpid()
    assert find_dataset(last.dataset_id).num_pictures == 60
    assert job.report().num_taken == 60
    assert find_import(job.id).report() == job.report()
    assert not (job.folder / "files").exists()


def test_progress_grows_and_a_cancelled_import_ends_and_leaves_nothing():
    job = start_import(long_request())
    first = wait_for(job, lambda now: now.phase == "Reading pictures")[-1].done
    seen = wait_for(job, lambda now: now.done > first)
    counts = [now.done for now in seen]
    assert counts == sorted(counts)
    assert 0 < seen[-1].share_done < 1
    job.cancel()
    last = wait_for(job, lambda now: now.ended)[-1]
    assert last.state == "cancelled"
    assert list_datasets() == []
    assert not (job.folder / "dataset").exists()


def test_a_worker_that_is_killed_is_lost_and_leaves_no_dataset():
    job = start_import(long_request())
    seen = wait_for(job, lambda now: now.done > 0)
    with pytest.raises(DatasetError, match="under way"):
        job.forget()
    os.kill(seen[-1].pid, signal.SIGKILL)
    last = wait_for(job, lambda now: now.ended)[-1]
    assert last.state == "lost"
    assert "ended without a word" in last.message
    assert list_datasets() == []
    assert not (job.folder / "dataset").exists()
    job.forget()
    assert not job.folder.exists()


def test_a_worker_that_is_asked_to_end_tidies_up():
    job = start_import(long_request())
    seen = wait_for(job, lambda now: now.done > 0)
    os.kill(seen[-1].pid, signal.SIGTERM)
    assert wait_for(job, lambda now: now.ended)[-1].state == "cancelled"


def test_an_import_whose_folder_is_gone_is_lost_and_may_be_cancelled(monkeypatch):
    monkeypatch.setattr(intake, "start_detached", lambda *what, log: None)
    job = start_import(long_request())
    shutil.rmtree(job.folder)
    assert job.progress().state == "lost"
    job.cancel()
    assert not job.folder.exists()


def test_a_worker_does_not_belong_to_the_session_of_the_server():
    job = start_import(long_request())
    pid = wait_for(job, lambda now: now.pid is not None)[-1].pid
    assert os.getsid(pid) != os.getsid(0)
    job.cancel()
    wait_for(job, lambda now: now.ended)
    until = time.monotonic() + 60.0
    while psutil.pid_exists(pid):
        assert time.monotonic() < until, "the worker stayed behind as a zombie"
        time.sleep(0.05)


def test_uploads_are_streamed_under_names_of_ours(tmp_path):
    class Endless:
        left = 10

        def read(self, size):
            assert size <= 8 * 1024 * 1024
            self.left -= 1
            return b"x" * 1000 if self.left >= 0 else b""

    staged = stage_upload(Endless(), name="../../<b>evil</b>.zip")
    assert (staged.num_bytes, staged.name) == (10_000, "../../<b>evil</b>.zip")
    assert os.path.dirname(staged.path) == str(workspace().imports / "staged")
    assert len(os.path.basename(staged.path)) == 32


def test_an_upload_that_is_too_large_is_refused_and_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_MAX_ARCHIVE_BYTES", "100")
    path = write_zip(tmp_path / "a.zip", class_files({"cat": 3}), method=zipfile.ZIP_STORED)
    with pytest.raises(DatasetError, match="CNNLAB_MAX_ARCHIVE_BYTES"):
        stage(path)
    assert not list((workspace().imports / "staged").iterdir())


def test_only_what_was_staged_is_taken(tmp_path):
    staged = stage(write_zip(tmp_path / "a.zip", class_files({"cat": 3})))
    secret = tmp_path / ("0" * 32)
    secret.write_text("secret")
    for path in (str(secret), "/etc/passwd", staged.path + "/../../x"):
        with pytest.raises(DatasetError, match="no longer there"):
            prepare_import(ArchiveImport(file=staged.with_changes(path=path)))
    prepare_import(ArchiveImport(file=staged))
    with pytest.raises(DatasetError, match="no longer there"):
        prepare_import(ArchiveImport(file=staged))


@pytest.mark.parametrize(
    ("request_", "error", "sentence"),
    [
        pytest.param(
            SourceImport(source="nothing"), SpecError, "Choose one of: cifar10", id="no such source"
        ),
        pytest.param(
            SourceImport(source="shapes", settings={"movement": 7}), SpecError, "Movement is 7", id="settings"
        ),
        pytest.param(FolderImport(path="/etc"), DatasetError, "not below", id="folder"),
        pytest.param(
            SourceImport(source="digits", add_to="gone-1"), DatasetError, "no dataset 'gone-1'", id="add to"
        ),
    ],
)
def test_what_would_only_fail_later_is_said_at_once(request_, error, sentence):
    with pytest.raises(error, match=sentence):
        start_import(request_)
    assert list_imports() == []


def test_imports_are_listed_newest_first_and_old_ones_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr("cnnlab.data.intake.JOBS_KEPT", 2)
    path = write_zip(tmp_path / "a.zip", class_files({"cat": 2}))
    ids = []
    for number in range(4):
        monkeypatch.setattr("time.strftime", lambda _, number=number: f"20260101-00000{number}")
        ids.append(import_zip(path).id)
    assert [job.id for job in list_imports()] == [ids[3], ids[2], ids[1]]
    with pytest.raises(DatasetError, match="There is no import"):
        find_import(ids[0])
    with pytest.raises(DatasetError, match="There is no import"):
        find_import("../datasets")


def test_uploads_that_nobody_imports_are_removed_after_a_day(tmp_path):
    path = write_zip(tmp_path / "a.zip", class_files({"cat": 2}))
    old, new = stage(path), stage(path)
    os.utime(old.path, (1, 1))
    prepare_import(UploadImport(files=(new,), class_name="x"))
    assert not os.path.exists(old.path)


@pytest.mark.parametrize("begin", [prepare_import, prepare_preview])
def test_a_disk_that_cannot_be_written_is_a_sentence(begin, tmp_path, monkeypatch):
    path = write_zip(tmp_path / "a.zip", class_files({"cat": 2, "dog": 2}))
    with path.open("rb") as file:
        request = ArchiveImport(file=stage_upload(file, name="a.zip"))

    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("cnnlab.data.intake.write_text", refuse)
    monkeypatch.setattr("cnnlab.data.previews.write_text", refuse)
    with pytest.raises(DatasetError, match="Read-only file system"):
        begin(request)


def test_looking_for_what_waits_writes_nothing(home):
    assert workspace().imports.is_dir()
    before = set(home.rglob("*"))
    assert list_previews() == []
    assert set(home.rglob("*")) == before
