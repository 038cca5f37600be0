"""The cache stays below its limit, and nobody who uses an entry notices that it went."""

import os
import threading
import time

import numpy as np
import pytest
from filelock import FileLock

from cnnlab.data.cache import (
    KINDS,
    cache_size,
    delete_cached,
    list_cached,
    make_room,
    touch,
)
from cnnlab.data.dataset import packed_folder
from cnnlab.data.packing import pack_pictures
from cnnlab.settings import workspace

HOUR = 3600.0


def keep(name: str, *, num_bytes: int = 1000, hours_ago: float = 0.0):
    """Write an entry as its owner would, last used so long ago."""
    path = workspace().cache / name
    if name.startswith("packed"):
        path.mkdir(parents=True)
        (path / "pictures.npy").write_bytes(bytes(num_bytes - 10))
        (path / "pack.json").write_bytes(bytes(10))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(num_bytes))
    moment = time.time() - hours_ago * HOUR
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def three(home):
    """One entry of each kind, of 1000 bytes; the activations were not used for longest."""
    return {
        "activations": keep("activations/a.npy", hours_ago=3),
        "packed": keep("packed/pets/b", hours_ago=2),
        "frozen": keep("frozen/c.tflite", hours_ago=1),
    }


@pytest.fixture
def limit(monkeypatch):
    """A function that sets how much the cache may hold."""
    return lambda num_bytes: monkeypatch.setenv("CNNLAB_CACHE_BYTES", str(num_bytes))


def test_an_empty_workspace_keeps_nothing(home):
    assert (list_cached(), cache_size()) == ([], 0)
    assert make_room(10**6).freed_bytes == 0


def test_every_kind_is_listed_with_its_size_the_least_recently_used_first(three):
    entries = list_cached()
    assert [entry.kind for entry in entries] == list(three)
    assert set(three) == set(KINDS)
    assert [entry.path for entry in entries] == list(three.values())
    assert [entry.num_bytes for entry in entries] == [1000, 1000, 1000]
    assert time.time() - entries[0].last_used == pytest.approx(3 * HOUR, abs=60)
    assert cache_size() == 3000


@pytest.mark.parametrize("name", ["activations/a.lock", "packed/pets/b.lock", "frozen/.tmp-0.tflite"])
def test_locks_and_what_is_being_written_are_no_entries(three, name):
    keep(name)
    assert len(list_cached()) == 3


def test_what_is_being_written_counts(three):
    keep("activations/.tmp-0.npy", num_bytes=500)
    assert cache_size() == 3500


@pytest.mark.parametrize(
    ("most", "needed", "gone"),
    [
        pytest.param(4000, 1000, [], id="it fits to the byte"),
        pytest.param(4000, 1001, ["activations"], id="one byte too many"),
        pytest.param(4000, 2500, ["activations", "packed"], id="two have to go"),
        pytest.param(4000, 9000, ["activations", "packed", "frozen"], id="more than the limit"),
        pytest.param(0, 0, ["activations", "packed", "frozen"], id="nothing is to be kept"),
    ],
)
def test_the_least_recently_used_goes_first_and_no_more_than_needed(three, limit, most, needed, gone):
    limit(most)
    room = make_room(needed)
    assert room.freed_bytes == 1000 * len(gone)
    assert [kind for kind, path in three.items() if not path.exists()] == gone
    assert bool(room.sentence) == (needed > most)


def test_an_entry_larger_than_the_limit_is_announced_and_goes_when_its_turn_comes(three, limit):
    limit(4000)
    assert "CNNLAB_CACHE_BYTES" in make_room(9000).sentence
    large = keep("activations/large.npy", num_bytes=9000)
    assert make_room(100, keep=[large]).sentence
    assert large.exists()
    assert make_room(100).sentence == ""
    assert not large.exists()


def test_who_was_touched_stays_longest(three, limit):
    limit(3000)
    touch(three["activations"])
    make_room(1500)
    assert [kind for kind, path in three.items() if path.exists()] == ["activations"]


def test_touching_what_is_gone_does_no_harm(home):
    touch(home / "gone.npy")
    assert not (home / "gone.npy").exists()


def test_what_somebody_makes_or_opens_is_left(three, limit):
    limit(0)
    with FileLock(three["activations"].with_suffix(".lock")), FileLock(three["packed"].with_suffix(".lock")):
        room = make_room(0)
        deletion = delete_cached(kinds=KINDS)
    assert room.freed_bytes == 1000
    assert room.sentence
    assert (deletion.deleted, deletion.left) == (0, 2)
    assert [kind for kind, path in three.items() if path.exists()] == ["activations", "packed"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_deleted_and_the_others_stay(three, kind):
    deletion = delete_cached(kinds=[kind])
    assert (deletion.freed_bytes, deletion.deleted, deletion.left) == (1000, 1, 0)
    assert {entry.kind for entry in list_cached()} == set(KINDS) - {kind}
    assert not list(three[kind].parent.glob(".tmp-*"))


def test_chosen_entries_are_deleted_once(three):
    first, *_ = list_cached()
    assert delete_cached([first, first], kinds=[first.kind]).freed_bytes == 1000
    assert delete_cached([first]).freed_bytes == 0
    assert len(list_cached()) == 2


@pytest.mark.parametrize("route", ["make room", "delete"])
def test_who_has_mapped_an_entry_reads_on_when_it_goes(home, limit, route):
    path = workspace().cache / "activations" / "a.npy"
    path.parent.mkdir()
    values = np.random.default_rng(0).normal(size=(3000, 100)).astype(np.float32)
    np.save(path, values)
    mapped = np.load(path, mmap_mode="r")
    limit(0)
    freed = make_room(0).freed_bytes if route == "make room" else delete_cached(kinds=KINDS).freed_bytes
    assert freed > values.nbytes
    assert not path.exists()
    np.save(path, np.zeros((2, 2), np.float32))
    np.testing.assert_array_equal(mapped, values)


def test_leftovers_older_than_a_day_are_removed_and_younger_ones_are_not(three):
    old = [
        keep("activations/.tmp-1.npy", hours_ago=25),
        keep("packed/pets/.tmp-2", hours_ago=25),
        keep("frozen/.tmp-3.tflite", hours_ago=25),
    ]
    young = [keep("activations/.tmp-4.npy", hours_ago=23), keep("packed/pets/.tmp-5", hours_ago=23)]
    make_room(0)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in young)


def test_two_that_make_room_at_once_delete_no_more_than_one_would(home, limit):
    for number in range(40):
        keep(f"activations/{number}.npy", hours_ago=number)
    limit(40_000)
    rooms = []
    threads = [threading.Thread(target=lambda: rooms.append(make_room(5_000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(room.freed_bytes for room in rooms) == [0, 0, 0, 5_000]
    assert len(list_cached()) == 35


def test_a_pack_that_is_opened_counts_as_used_and_one_that_went_is_made_again(dataset, limit):
    small, large = pack_pictures(dataset, image_size=8), pack_pictures(dataset, image_size=16)
    places = [packed_folder(dataset.id) / packed.fingerprint for packed in (small, large)]
    for hours, place in zip((2, 1), places, strict=True):
        moment = time.time() - hours * HOUR
        os.utime(place, (moment, moment))
    before = np.array(large.pictures)
    del large
    pack_pictures(dataset, image_size=8)
    assert [entry.path for entry in list_cached()] == places[::-1]
    limit(before.nbytes + small.pictures.nbytes)
    pack_pictures(dataset, image_size=12)
    assert [place.exists() for place in places] == [True, False]
    again = pack_pictures(dataset, image_size=16)
    np.testing.assert_array_equal(again.pictures, before)


def test_a_pack_that_somebody_reads_is_never_removed_and_goes_once_it_is_let_go(dataset, limit):
    read = pack_pictures(dataset, image_size=8)
    place = packed_folder(dataset.id) / read.fingerprint
    moment = time.time() - HOUR
    os.utime(place, (moment, moment))
    limit(0)
    pack_pictures(dataset, image_size=12)
    deletion = delete_cached(kinds=["packed"])
    assert (deletion.deleted, deletion.left) == (1, 1)
    assert place.exists()
    assert len(read.pictures[np.arange(50)]) == 50
    del read
    assert delete_cached(kinds=["packed"]).deleted == 1
    assert not place.exists()
