"""An import, carried to its end: what is taken, what is not and why, and nothing half-done."""

import os
import struct
import zipfile

import pytest

from cnnlab.data import import_worker
from cnnlab.data.decoding import decoding_child
from cnnlab.data.import_progress import ProgressWriter
from cnnlab.data.import_records import ArchiveImport, FolderImport, UploadImport
from cnnlab.data.intake import prepare_import, stage_upload
from cnnlab.data.library import find_dataset, freeze, list_datasets
from cnnlab.settings import workspace
from tests.data.making import (
    carry_import,
    class_files,
    encode,
    import_zip,
    make_dataset,
    plain,
    speckled,
    write_zip,
)


def stage(tmp_path, name, data):
    path = tmp_path / "upload"
    path.write_bytes(data)
    with path.open("rb") as file:
        return stage_upload(file, name=name)


def test_class_folders_become_a_dataset(tmp_path):
    files = class_files({"dog": 6, "cat": 4}, prefix="pets/")
    job = import_zip(write_zip(tmp_path / "my pets.zip", files))
    progress, report = job.progress(), job.report()
    assert (progress.state, progress.message) == ("finished", "Taken: 10 pictures of 2 classes.")
    dataset = find_dataset(progress.dataset_id)
    assert (dataset.name, dataset.source, dataset.class_names) == ("my pets", "my pets.zip", ("cat", "dog"))
    assert dataset.id.startswith("my-pets-")
    assert (report.num_taken, report.taken, report.num_refused) == (10, {"cat": 4, "dog": 6}, 0)
    names = dataset.table()["name"]
    assert [dataset.read_picture(number) for number in range(10)] == [files[name] for name in names]
    assert list(names) == sorted(files)


def test_train_and_test_folders_are_kept_and_validation_is_cut_from_train(tmp_path):
    files = {
        **class_files({"cat": 10, "dog": 10}, prefix="x/Train/"),
        **class_files({"cat": 3, "dog": 2}, prefix="x/test/", first_seed=50),
    }
    dataset = make_dataset(tmp_path, files)
    assert dataset.counts().to_dict("list") == {
        "class_name": ["cat", "dog"],
        "training": [8, 8],
        "validation": [2, 2],
        "test": [3, 2],
    }
    table = dataset.table()
    assert set(table["name"][table["split"] == "test"].str.startswith("x/test/")) == {True}


def test_only_a_test_folder_is_split_anew_and_said(tmp_path):
    job = import_zip(write_zip(tmp_path / "a.zip", class_files({"cat": 10, "dog": 10}, prefix="test/")))
    dataset = find_dataset(job.progress().dataset_id)
    assert dataset.num_training == 12
    assert "a split was made anew instead" in job.report().notes[0]


BAD = {
    "text.jpg": (b"hello", "no picture"),
    "empty.png": (b"", "empty"),
    "cut off.jpg": (encode(plain(size=(90, 90)), "JPEG")[:500], "damaged"),
    "document.png": (b"%PDF-1.4 ...", "PDF"),
    "bomb.png": (
        encode(plain(size=(12, 10)))[:16] + struct.pack(">II", 60_000, 60_000) + b"\x08\x02" + b"\0" * 40,
        ".",
    ),
}
GOOD = {
    "cat/is a jpeg.png": encode(plain(), "JPEG"),
    "cat/CAPITALS.JPG": encode(plain((1, 2, 3)), "JPEG"),
    "cat/no ending": speckled(1),
    "cat/animated.gif": encode(plain(), "GIF"),
    "dög/ünïcode 花.webp": encode(plain(), "WEBP"),
    "dög/<img src=x>.tiff": encode(plain(), "TIFF"),
    "dög/a.bmp": encode(plain(), "BMP"),
    "dög/a.avif": encode(plain(), "AVIF"),
}


def test_bad_files_are_rows_and_never_fail_an_import(tmp_path):
    files = {**GOOD, **{f"cat/{name}": data for name, (data, _) in BAD.items()}}
    files |= {
        "readme.txt": b"hi",
        "__MACOSX/cat/._1.png": b"x",
        "cat/.DS_Store": b"x",
        "cat/inner.zip": b"PK",
    }
    job = import_zip(write_zip(tmp_path / "a.zip", files))
    report = job.report()
    assert report.num_taken == len(GOOD)
    reasons = dict(zip(report.refused_table()["name"], report.refused_table()["reason"], strict=True))
    assert set(reasons) == {"readme.txt", *(f"cat/{name}" for name in BAD)}
    for name, (_, reason) in BAD.items():
        assert reason in reasons[f"cat/{name}"]
    assert "no class folder" in reasons["readme.txt"]
    assert report.passed_over == {"__MACOSX": 1, ".DS_Store": 1, "packed files": 1}
    dataset = find_dataset(report.dataset_id)
    assert dataset.class_names == ("cat", "dög")
    assert set(dataset.table()["format"]) == {"JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"}
    assert "Not taken: 6 files." in job.progress().message


def test_a_report_keeps_some_rows_and_counts_all(tmp_path, monkeypatch):
    monkeypatch.setattr(import_worker, "MOST_ROWS", 3)
    files = {**class_files({"cat": 2}), **{f"cat/{number}.txt": b"x" for number in range(10)}}
    report = import_zip(write_zip(tmp_path / "a.zip", files)).report()
    assert (len(report.refused), report.num_refused) == (3, 10)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        pytest.param({}, "There is no picture in it", id="empty archive"),
        pytest.param(
            {"a.png": speckled(1), "b.png": speckled(2)}, "the classes of 2 files are unknown", id="flat"
        ),
        pytest.param(
            {"cat/a.txt": b"x"},
            "Not one of 1 file could be taken. The first is 'cat/a.txt'",
            id="no pictures",
        ),
        pytest.param({".DS_Store": b"x"}, "There is no picture in it", id="only stray files"),
    ],
)
def test_an_import_that_takes_nothing_fails_with_a_sentence_and_leaves_nothing(files, sentence, tmp_path):
    job = import_zip(write_zip(tmp_path / "a.zip", files))
    assert job.progress().state == "failed"
    assert sentence in job.progress().message
    assert job.report() is not None
    assert list_datasets() == []
    assert sorted(path.name for path in job.folder.iterdir()) == [
        "progress.json",
        "report.json",
        "request.json",
    ]


def test_an_archive_that_cannot_be_opened_fails_with_its_sentence(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 cut off")
    progress = import_zip(tmp_path / "a.zip").progress()
    assert (progress.state, "its end is missing" in progress.message) == ("failed", True)


def test_a_full_disk_is_a_sentence(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cnnlab.data.writer.PictureWriter.add", full)
    progress = import_zip(write_zip(tmp_path / "a.zip", class_files({"cat": 2}))).progress()
    assert "No space left on device" in progress.message
    assert list_datasets() == []


def test_too_little_room_is_said_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    progress = import_zip(write_zip(tmp_path / "a.zip", class_files({"cat": 2}))).progress()
    assert "0.0 GB are free" in progress.message


def test_a_mistake_of_ours_is_said_and_logged(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(import_worker, "read_layout", lambda _: 1 / 0)
    progress = import_zip(write_zip(tmp_path / "a.zip", class_files({"cat": 2}))).progress()
    assert "mistake of cnnlab's own (ZeroDivisionError" in progress.message
    assert "Traceback" in capsys.readouterr().err


def test_a_cancelled_import_leaves_nothing(tmp_path):
    path = write_zip(tmp_path / "a.zip", class_files({"cat": 300}))
    with path.open("rb") as file:
        job = prepare_import(ArchiveImport(file=stage_upload(file, name="a.zip")))
    job.cancel()
    import_worker.carry(job.folder, ProgressWriter(job.folder), decoding_child())
    assert job.progress().state == "cancelled"
    assert list_datasets() == []
    assert not (job.folder / "dataset").exists()
    assert not (job.folder / "files").exists()


def test_of_large_pictures_no_more_wait_at_a_time_than_fit_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(import_worker, "BATCH_PICTURES", 2)
    monkeypatch.setattr(import_worker, "WAITING_BYTES", 1)
    events, read, store = [], import_worker._Import._batches, import_worker._Import._store

    def reading(self, *places):
        for batch in read(self, *places):
            events.append("read")
            yield batch

    def storing(self, *batch):
        events.append("stored")
        store(self, *batch)

    monkeypatch.setattr(import_worker._Import, "_batches", reading)
    monkeypatch.setattr(import_worker._Import, "_store", storing)
    assert make_dataset(tmp_path, class_files({"cat": 5, "dog": 5})).num_pictures == 10
    assert events == ["read", "stored"] * 5


def test_pictures_are_uploaded_into_a_class(tmp_path):
    files = tuple(stage(tmp_path, f"{seed}.png", speckled(seed)) for seed in range(3))
    wrong = stage(tmp_path, "notes.txt", b"hello")
    job = carry_import(UploadImport(files=(*files, wrong), class_name=" cat ", name="Pets"))
    dataset = find_dataset(job.progress().dataset_id)
    assert (dataset.name, dataset.class_names, dataset.num_pictures) == ("Pets", ("cat",), 3)
    assert [row.name for row in job.report().refused] == ["cat/notes.txt"]
    assert "only the class 'cat'" in job.report().notes[0]


def test_uploaded_pictures_make_a_new_version_of_a_dataset(dataset, tmp_path):
    before = freeze(dataset).table()
    files = tuple(stage(tmp_path, f"{seed}.png", speckled(1000 + seed)) for seed in range(10))
    known = stage(tmp_path, "old.png", dataset.read_picture(0))
    carry_import(UploadImport(files=(*files, known), class_name="bat", add_to=dataset.id))
    extended = find_dataset(dataset.id)
    assert (extended.version, extended.class_names) == (2, ("bat", "cat", "dog", "eel"))
    assert extended.counts().iloc[0].tolist() == ["bat", 7, 2, 2]
    table = extended.table()
    assert extended.read_pictures(table["picture"])[:50] == dataset.read_pictures(before["picture"])
    old = table[table["picture"] < 50]
    assert old["split"].tolist() == before["split"].tolist()
    assert old["class_name"].tolist() == before["class_name"].tolist()
    assert find_dataset(dataset.id, version=1).table().equals(before)
    assert "11 pictures added" in extended.change


def test_a_picture_that_is_there_already_is_not_added_twice(dataset, tmp_path):
    files = (
        stage(tmp_path, "old.png", dataset.read_picture(0)),
        stage(tmp_path, "new.png", speckled(77_777)),
    )
    job = carry_import(UploadImport(files=files, class_name="cat", add_to=dataset.id))
    assert [row.reason.split(",")[0] for row in job.report().refused] == [
        "The same picture is in the dataset already"
    ]
    assert find_dataset(dataset.id).num_pictures == 51


def test_bytes_left_by_a_killed_import_do_no_harm(dataset, tmp_path):
    with (dataset.folder / "pictures.bin").open("ab") as file:
        file.write(b"half a picture")
    new = speckled(88_888)
    carry_import(UploadImport(files=(stage(tmp_path, "n.png", new),), class_name="cat", add_to=dataset.id))
    extended = find_dataset(dataset.id)
    assert extended.read_picture(50) == new


def test_copies_and_a_second_upload_of_the_same_are_recognised(tmp_path):
    files = class_files({"cat": 5, "dog": 5})
    files["dog/copy.png"] = files["dog/000.png"]
    first = import_zip(write_zip(tmp_path / "first.zip", files))
    second = import_zip(
        write_zip(tmp_path / "second.zip", {f"wrapped/{name}": data for name, data in files.items()})
    )
    assert any("1 exact copy of" in note for note in first.report().notes)
    assert any("'first' holds exactly the same pictures" in note for note in second.report().notes)
    table = find_dataset(first.progress().dataset_id).table()
    twins = table[table["sha256"].duplicated(keep=False)]
    assert len(twins) == 2
    assert twins["split"].nunique() == 1


def test_a_folder_on_the_server_is_imported_and_never_changed(tmp_path, monkeypatch):
    root = tmp_path / "root" / "pets"
    for name, data in class_files({"cat": 4, "dog": 4}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "dog" / os.fsdecode(b"caf\xe9.png")).write_bytes(speckled(99))
    (root / "cat" / "link.png").symlink_to("/etc/passwd")
    before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
    monkeypatch.setenv("CNNLAB_IMPORT_ROOTS", str(tmp_path / "root"))
    job = carry_import(FolderImport(path=str(root)))
    dataset = find_dataset(job.progress().dataset_id)
    assert (dataset.name, dataset.num_pictures) == ("pets", 9)
    assert "dog/caf\\xe9.png" in dataset.table()["name"].tolist()
    assert [row.name for row in job.report().refused] == ["cat/link.png"]
    assert {path: path.lstat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize("name", ["../../evil", "cat/../../../evil", "/tmp/evil", "..\\evil", "C:\\evil"])
def test_nothing_is_ever_written_outside_the_workspace(tmp_path, home, name):
    path = write_zip(
        tmp_path / "a.zip", {**class_files({"cat": 3}), name: speckled(5)}, method=zipfile.ZIP_STORED
    )
    outside = {file for file in tmp_path.rglob("*") if not file.is_relative_to(home)}
    job = import_zip(path)
    assert job.report().num_refused == 1
    assert {file for file in tmp_path.rglob("*") if not file.is_relative_to(home)} == outside
    assert not list(workspace().home.rglob("*evil*"))


def test_the_same_pictures_give_the_same_split_however_they_were_packed(tmp_path):
    files = class_files({"cat": 20, "dog": 20})
    one = make_dataset(tmp_path, files)
    two = make_dataset(tmp_path, dict(reversed(files.items())))
    assert one.table().equals(two.table())
    assert one.entry.content == two.entry.content
