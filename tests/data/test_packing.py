"""Packed pictures: made once, exact, checked when opened, made again when damaged."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from cnnlab.data.dataset import packed_folder
from cnnlab.data.images import decode_picture, fit_picture
from cnnlab.data.import_records import UploadImport
from cnnlab.data.intake import stage_upload
from cnnlab.data.library import change_split, find_dataset
from cnnlab.data.packing import MappedPictures, pack_pictures
from cnnlab.data.splits import SplitSpec
from cnnlab.errors import DatasetError
from tests.data.making import carry_import, speckled


def pack_of(dataset, packed):
    return packed_folder(dataset.id) / packed.fingerprint


@pytest.mark.parametrize("resize", ["squash", "crop"])
def test_a_pack_holds_what_prediction_would_see(dataset, resize):
    packed = pack_pictures(dataset, image_size=20, resize=resize)
    assert packed.pictures.shape == (50, 20, 20, 3)
    assert isinstance(packed.pictures, np.memmap)
    for number in (0, 17, 49):
        image = decode_picture(dataset.read_picture(number), max_pixels=10**6, max_bytes=10**6)
        assert (packed.pictures[number] == fit_picture(image, image_size=20, resize=resize)).all()


def test_labels_and_splits_are_those_of_the_version(dataset):
    packed, table = pack_pictures(dataset, image_size=8), dataset.table()
    assert packed.labels.dtype == np.int32
    assert packed.labels.tolist() == table["label"].tolist()
    assert packed.splits.tolist() == table["split"].tolist()
    assert packed.picture_numbers.tolist() == list(range(50))
    for split, count in (("training", 34), ("validation", 8), ("test", 8)):
        assert len(packed.positions(split)) == count
        assert (packed.splits[packed.positions(split)] == split).all()


def test_a_pack_is_made_once_and_serves_every_split(dataset):
    calls = []
    first = pack_pictures(dataset, image_size=8, on_progress=lambda *now: calls.append(now))
    assert calls[-1] == (50, 50)
    calls.clear()
    changed = change_split(dataset, spec=SplitSpec(seed=9))
    again = pack_pictures(changed, image_size=8, on_progress=lambda *now: calls.append(now))
    assert calls == []
    assert again.fingerprint == first.fingerprint
    assert again.splits.tolist() == changed.table()["split"].tolist()
    assert pack_pictures(dataset, image_size=9).fingerprint != first.fingerprint
    assert pack_pictures(dataset, image_size=8, resize="crop").fingerprint != first.fingerprint


def test_added_pictures_leave_the_packs_of_older_versions_alone(dataset, tmp_path):
    old = pack_pictures(dataset, image_size=8)
    (tmp_path / "new").write_bytes(speckled(12_345))
    with (tmp_path / "new").open("rb") as file:
        upload = stage_upload(file, name="new.png")
    carry_import(UploadImport(files=(upload,), class_name="ant", add_to=dataset.id))
    new = pack_pictures(find_dataset(dataset.id), image_size=8)
    again = pack_pictures(find_dataset(dataset.id, version=1), image_size=8)
    assert (len(new.pictures), len(again.pictures)) == (51, 50)
    assert again.fingerprint == old.fingerprint != new.fingerprint
    assert again.labels.tolist() == old.labels.tolist()
    assert new.labels[0] == old.labels[0] + 1


def test_what_a_version_leaves_out_is_in_no_split(dataset):
    from cnnlab.data.library import write_version

    write_version(dataset.folder, number=1, rows=dataset.table().iloc[10:])
    packed = pack_pictures(dataset, image_size=8)
    assert len(packed.pictures) == 50
    assert packed.labels[:10].tolist() == [-1] * 10
    assert packed.splits[:10].tolist() == [""] * 10
    assert sum(len(packed.positions(split)) for split in ("training", "validation", "test")) == 40


def cut(path):
    os.truncate(path / "pictures.npy", 500)


def flip(path):
    with (path / "pictures.npy").open("r+b") as file:
        file.seek(-5, 2)
        file.write(b"\x01\x02\x03\x04\x05")


def other_header(path):
    np.save(path / "pictures.npy", np.zeros((50, 8, 8), np.uint8))


def no_record(path):
    (path / "pack.json").unlink()


def wrong_record(path):
    (path / "pack.json").write_text('{"fingerprint": 3}')


def deleted(path):
    (path / "pictures.npy").unlink()


def emptied(path):
    (path / "pictures.npy").write_bytes(b"")


def of_another_size(path):
    pictures = np.zeros((50, 9, 9, 3), np.uint8)
    np.save(path / "pictures.npy", pictures)


@pytest.mark.parametrize(
    "damage", [cut, flip, other_header, of_another_size, deleted, emptied, no_record, wrong_record]
)
def test_a_damaged_pack_is_made_again(dataset, damage):
    first = pack_pictures(dataset, image_size=8)
    whole = np.array(first.pictures)
    del first
    damage(packed_folder(dataset.id) / next(packed_folder(dataset.id).glob("*/")).name)
    calls = []
    again = pack_pictures(dataset, image_size=8, on_progress=lambda *now: calls.append(now))
    assert calls
    assert (again.pictures == whole).all()


def test_a_packing_that_is_stopped_leaves_nothing_behind(dataset):
    class Stopped(BaseException):
        pass

    def stop(done, total):
        raise Stopped

    with pytest.raises(Stopped):
        pack_pictures(dataset, image_size=8, on_progress=stop)
    assert not [path for path in packed_folder(dataset.id).rglob("*") if path.suffix != ".lock"]
    assert len(pack_pictures(dataset, image_size=8).pictures) == 50


def test_two_that_want_the_same_pack_make_it_once(dataset):
    made, packs = [], []

    def pack():
        packs.append(pack_pictures(dataset, image_size=8, on_progress=lambda *now: made.append(now)))

    threads = [threading.Thread(target=pack) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(packs) == 4
    assert len([now for now in made if now == (50, 50)]) == 1


def test_two_processes_that_want_the_same_pack_make_it_once(dataset):
    script = (
        "import sys\n"
        "from cnnlab.data.library import find_dataset\n"
        "from cnnlab.data.packing import pack_pictures\n"
        "said = []\n"
        "pack_pictures(find_dataset(sys.argv[1]), image_size=24, on_progress=lambda *now: said.append(now))\n"
        "print(len(said))\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script, dataset.id], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [int(process.communicate(timeout=120)[0]) for process in both]
    assert sorted(number > 0 for number in said) == [False, True]


def test_a_picture_and_a_batch_are_read_as_from_any_array(dataset):
    pictures = pack_pictures(dataset, image_size=8).pictures
    plain = np.load(pictures.filename)
    for index in (
        3,
        -1,
        np.int64(7),
        np.array([9, 0, -2]),
        np.array([], int),
        [1, 2],
        slice(4, 9),
        plain > 200,
    ):
        np.testing.assert_array_equal(pictures[index], plain[index])
    for outside in (50, -51, np.array([0, 50])):
        with pytest.raises(IndexError, match="among 50"):
            pictures[outside]


def test_reading_a_batch_maps_none_of_it(tmp_path):
    np.save(tmp_path / "pictures.npy", np.ones((2000, 64, 64, 3), np.uint8))
    pictures = MappedPictures.open(tmp_path / "pictures.npy")
    status = Path("/proc/self/smaps")
    if not status.exists():
        pytest.skip("only Linux says how much of a file is mapped")
    assert pictures[np.arange(0, 2000, 7)].all()
    entry = status.read_text().partition(str(tmp_path / "pictures.npy"))[2]
    assert int(re.search(r"Rss:\s+(\d+) kB", entry).group(1)) < 1024


def test_a_pack_that_becomes_shorter_while_it_is_read_is_a_sentence(dataset):
    pictures = pack_pictures(dataset, image_size=8).pictures
    os.truncate(pictures.filename, 500)
    with pytest.raises(DatasetError, match="became shorter"):
        pictures[np.array([40])]


def test_too_little_room_is_a_sentence(dataset, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(DatasetError, match="choose a smaller image size"):
        pack_pictures(dataset, image_size=8)


def test_a_pack_that_is_larger_than_the_limit_is_made_and_that_is_said_in_the_log(
    dataset, monkeypatch, caplog
):
    monkeypatch.setenv("CNNLAB_CACHE_BYTES", "1000")
    assert len(pack_pictures(dataset, image_size=8).pictures) == 50
    assert "more than its limit" in caplog.text
    assert "CNNLAB_CACHE_BYTES" in caplog.text


def test_a_picture_that_can_no_longer_be_read_is_named(dataset):
    with (dataset.folder / "pictures.bin").open("r+b") as file:
        file.write(bytes(200))
    with pytest.raises(DatasetError, match="Picture 0 of 'pictures' can no longer be read"):
        pack_pictures(dataset, image_size=8)
    assert not [path for path in packed_folder(dataset.id).rglob("*") if path.suffix != ".lock"]
