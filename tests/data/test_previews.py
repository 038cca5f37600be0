"""What is said before an import starts, from names and sizes alone; and how a look becomes an import or nothing."""

import tarfile
import time

import pytest

from cnnlab.data.import_records import ArchiveImport, DroppedFolderImport, FolderImport
from cnnlab.data.intake import stage_upload, start_import
from cnnlab.data.library import list_datasets
from cnnlab.data.preview_worker import main
from cnnlab.data.previews import (
    find_preview,
    free_name,
    list_previews,
    prepare_preview,
    proposed_name,
    start_preview,
)
from cnnlab.errors import DatasetError
from cnnlab.settings import workspace
from tests.data.making import carry_import, carry_preview, class_files, import_zip, write_zip

NOTHING = b"no picture at all"


def stage(path):
    with path.open("rb") as file:
        return stage_upload(file, name=path.name)


def preview_of(folder, files, *, name="pets.zip"):
    job = carry_preview(ArchiveImport(file=stage(write_zip(folder / name, files))))
    assert job.progress().state == "finished", job.progress().message
    return job.found()


def names(*paths):
    return dict.fromkeys(paths, NOTHING)


@pytest.mark.parametrize(
    ("files", "layout", "wrapper", "classes", "given"),
    [
        pytest.param(names("cat/1.jpg", "cat/2.jpg", "dog/1.jpg"), "classes", "", {"cat": 2, "dog": 1}, {}, id="class folders"),
        pytest.param(
            names("train/cat/1.jpg", "train/dog/1.jpg", "test/cat/2.jpg"),
            "classes",
            "",
            {"cat": 2, "dog": 1},
            {"training": 2, "test": 1},
            id="splits above them",
        ),
        pytest.param(
            names("a/b/train/cat/1.jpg", "a/b/valid/dog/1.jpg"),
            "classes",
            "a/b",
            {"cat": 1, "dog": 1},
            {"training": 1, "validation": 1},
            id="inside wrapping folders",
        ),
        pytest.param(
            names("cat_1.jpg", "cat_2.jpg", "dog_1.jpg", "dog_2.jpg"), "names", "", {"cat": 2, "dog": 2}, {}, id="class and number"
        ),
        pytest.param(
            names("all/1.jpg", "all/2.jpg") | {"labels.csv": b"file,label,split\nall/1.jpg,cat,train\nall/2.jpg,dog,test\n"},
            "table",
            "",
            {"cat": 1, "dog": 1},
            {"training": 1, "test": 1},
            id="a table of labels",
        ),
    ],
)  # fmt: skip
def test_the_layout_is_told_with_classes_and_splits(tmp_path, files, layout, wrapper, classes, given):
    preview = preview_of(tmp_path, files)
    assert (preview.layout, preview.wrapper, preview.classes, preview.given) == (
        layout,
        wrapper,
        classes,
        given,
    )
    assert preview.needed_bytes == sum(classes.values()) * len(NOTHING)
    assert preview.free_bytes > 0


def test_what_will_not_be_taken_is_told_with_reasons(tmp_path):
    preview = preview_of(
        tmp_path, names("cat/1.jpg", "dog/1.JPG", "dog/notes.txt", "loose.jpg", "../out.jpg", "__MACOSX/1.jpg", "cat/.DS_Store")
    )  # fmt: skip
    assert (preview.num_files, preview.num_without_class, preview.num_refused) == (3, 1, 1)
    assert preview.odd_endings == {".txt": 1}
    assert preview.passed_over == {"__MACOSX": 1, ".DS_Store": 1}
    assert "leads out" in preview.refused[0][1]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        pytest.param("a.zip", b"Rar!\x1a\x07\x00 and more", "is a RAR archive", id="another archive"),
        pytest.param("a.zip", b"", "is empty", id="empty"),
        pytest.param("a.tar.gz", b"\x1f\x8b\x08 broken", "cannot be opened", id="damaged"),
    ],
)
def test_an_archive_that_cannot_be_imported_gets_its_sentence_already_here(tmp_path, name, data, sentence):
    path = tmp_path / name
    path.write_bytes(data)
    job = carry_preview(ArchiveImport(file=stage(path)))
    assert job.progress().state == "failed"
    assert sentence in job.progress().message
    assert job.found() is None


def test_an_archive_without_a_class_says_how_to_make_some(tmp_path):
    job = carry_preview(ArchiveImport(file=stage(write_zip(tmp_path / "a.zip", names("1.jpg", "2.jpg")))))
    assert "folder of their own" in job.progress().message


def test_a_packed_tar_a_folder_and_a_dropped_folder_are_told_alike(tmp_path, monkeypatch):
    files = class_files({"cat": 2, "dog": 3})
    folder = tmp_path / "pets"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with tarfile.open(tmp_path / "pets.tgz", "w:gz") as archive:
        archive.add(folder, arcname=".")
    monkeypatch.setenv("CNNLAB_IMPORT_ROOTS", str(folder.parent))
    dropped = []
    for path in sorted(folder.rglob("*.png")):
        dropped.append(stage(path).with_changes(name=str(path.relative_to(folder))))
    requests = (
        ArchiveImport(file=stage(tmp_path / "pets.tgz")),
        FolderImport(path=str(folder)),
        DroppedFolderImport(files=tuple(dropped)),
    )
    said = {
        (preview.num_files, preview.num_classes, preview.smallest_class, preview.needed_bytes)
        for preview in (carry_preview(request).found() for request in requests)
    }
    assert said == {(5, 2, 2, sum(map(len, files.values())))}


@pytest.mark.parametrize(
    ("here", "kind", "shared"),
    [
        pytest.param({"cat": 6, "dog": 6}, "same", 12, id="the same"),
        pytest.param({"cat": 6, "dog": 4}, "inside", 10, id="a part of it"),
        pytest.param({"cat": 6, "dog": 8}, "around", 12, id="more than it"),
    ],
)
def test_pictures_that_are_here_already_are_recognised_in_any_wrapping(tmp_path, here, kind, shared):
    unreadable = {"cat/broken.png": NOTHING}
    import_zip(
        write_zip(tmp_path / "old.zip", class_files({"cat": 6, "dog": 6}) | unreadable), name="Old pets"
    )
    files = class_files(here, prefix="other/train/")
    files |= {"other/train/cat/read me.txt": b"cats", "other/train/cat/damaged.png": NOTHING}
    (twin,) = preview_of(tmp_path, files).twins
    assert (twin.dataset_name, twin.kind, twin.num_shared) == ("Old pets", kind, shared)


def test_other_pictures_have_no_twin(tmp_path):
    import_zip(write_zip(tmp_path / "old.zip", class_files({"cat": 6, "dog": 6})))
    assert preview_of(tmp_path, class_files({"cat": 6, "dog": 6}, first_seed=500)).twins == ()


def test_of_a_large_archive_only_some_pictures_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr("cnnlab.data.preview_twins.MOST_BYTES", 10)
    monkeypatch.setattr("cnnlab.data.preview_twins.NUM_TRIED", 4)
    files = class_files({"cat": 6, "dog": 6})
    import_zip(write_zip(tmp_path / "old.zip", files))
    (twin,) = preview_of(tmp_path, files).twins
    assert (twin.kind, twin.num_shared, twin.num_here) == ("overlap", 4, 4)


def test_a_look_in_a_process_of_its_own_becomes_an_import(tmp_path):
    job = start_preview(
        ArchiveImport(file=stage(write_zip(tmp_path / "a.zip", class_files({"cat": 6, "dog": 6}))))
    )
    until = time.monotonic() + 180.0
    while not job.progress().ended:
        assert time.monotonic() < until, job.log_tail()
        time.sleep(0.05)
    assert (job.progress().state, job.found().num_files) == ("finished", 12), job.log_tail()
    started = job.begin(carry_import, name="Pets", add_to=None)
    assert started.report().num_taken == 12
    assert [dataset.name for dataset in list_datasets()] == ["Pets"]
    with pytest.raises(DatasetError, match="imported already"):
        find_preview(job.id)


def test_a_look_that_is_dropped_leaves_nothing(tmp_path):
    job = carry_preview(ArchiveImport(file=stage(write_zip(tmp_path / "a.zip", class_files({"cat": 2})))))
    job.drop()
    assert not job.folder.exists()
    assert not list((workspace().imports / "staged").iterdir())


def test_a_worker_that_comes_after_the_decision_does_nothing(tmp_path):
    job = prepare_preview(ArchiveImport(file=stage(write_zip(tmp_path / "a.zip", class_files({"cat": 2})))))
    assert [each.id for each in list_previews()] == [job.id]
    job.drop()
    assert main(str(job.folder)) == 2
    assert not job.folder.exists()
    assert list_previews() == []


def test_an_import_that_cannot_start_keeps_the_look(tmp_path):
    job = carry_preview(ArchiveImport(file=stage(write_zip(tmp_path / "a.zip", class_files({"cat": 2})))))
    with pytest.raises(DatasetError, match="no dataset 'gone'"):
        job.begin(start_import, name="", add_to="gone")
    assert find_preview(job.id).found() is not None


@pytest.mark.parametrize("id", ["", "../datasets", "20260101-000000-abcdef"])
def test_a_look_that_is_not_there_is_a_sentence(id):
    with pytest.raises(DatasetError, match="Bring the pictures again"):
        find_preview(id)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        pytest.param("flowers.zip", "flowers", id="without its ending"),
        pytest.param("Flower_photos (1).tar.gz", "Flower photos", id="tidied"),
        pytest.param("pets - Copy.zip", "pets 2", id="a copy of one that is here"),
        pytest.param("Pets.zip", "Pets 2", id="taken, whatever the case"),
        pytest.param(".zip", "Archive", id="nothing left"),
    ],
)
def test_a_name_is_proposed(tmp_path, file, name):
    import_zip(write_zip(tmp_path / "pets.zip", class_files({"cat": 4, "dog": 4})))
    staged = stage(write_zip(tmp_path / "a.zip", {})).with_changes(name=file)
    assert proposed_name(ArchiveImport(file=staged)) == name


def test_a_name_is_counted_on_until_it_is_free():
    assert free_name("pets", taken=["PETS", "pets 2", "dogs"]) == "pets 3"
