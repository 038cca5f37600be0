"""What was computed once and is kept: how much there is, and what goes first when room is needed.

    <workspace>/cache/
        packed/<dataset id>/<key>/   pictures at one size          (data.packing)
        activations/<key>.npy        what frozen layers say         (training.activations)
        frozen/<key>.tflite          frozen networks, converted     (training.extraction)

Whoever opens an entry calls `touch`, and whoever is about to write one calls `make_room`, both while
holding the entry's lock, the file of its name that ends in `.lock`. An entry whose lock is held is
never removed, nor is one of which somebody keeps a file open and said so with `hold`: removing it would
free no disk before he is done. Activations that a run has mapped may go: they are unlinked, never
truncated, so the run reads on, and the disk gets its room when the run ends. Nothing here knows what an
entry holds.
"""

import contextlib
import os
import shutil
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:
    # Where there are no such locks, the system itself refuses to remove a file that is open.
    fcntl = None

from filelock import FileLock, Timeout

from cnnlab.files import TEMPORARY_PREFIX, remove_leftovers
from cnnlab.settings import settings, workspace

LEFTOVER_SECONDS = 24 * 3600.0
"""No writer leaves its temporary file untouched for so long and is still alive."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of what is kept."""

    label: str
    sentence: str
    """What it is, and what it costs to be without it."""
    pattern: str
    """Where its entries lie, below the folder of the cache."""


KINDS: dict[str, Kind] = {
    "packed": Kind(
        label="Packed pictures",
        sentence="Every picture of a dataset, decoded and brought to one size. "
        "The next run on it decodes them again.",
        pattern="packed/*/*",
    ),
    "activations": Kind(
        label="Activations",
        sentence="What frozen layers say about every picture. "
        "The next run with the same backbone computes them again.",
        pattern="activations/*.npy",
    ),
    "frozen": Kind(
        label="Converted networks",
        sentence="Frozen layers in their fastest form. The next run that needs one converts it again, in seconds.",
        pattern="frozen/*.tflite",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that can be computed again."""

    kind: str
    path: Path
    num_bytes: int
    last_used: float
    """When it was made or opened last, in seconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """What came of deleting."""

    freed_bytes: int
    deleted: int
    left: int
    """How many were left because somebody was making, opening or reading them just then."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """What came of making room."""

    freed_bytes: int
    sentence: str
    """Says that the limit is passed all the same, and why; '' where it is not."""


def touch(path: Path) -> None:
    """Note that an entry is being used now; call it whenever one is opened."""
    # It may be somebody else's file, or gone a moment ago: then it is only older than it should be.
    with contextlib.suppress(OSError):
        os.utime(path)


def hold(descriptor: int) -> None:
    """Keep an entry from being removed for as long as this file of it is open; call it with the entry's lock held."""
    if fcntl is not None:
        # A file system without such locks: then it is unlinked under us, and we read on.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


def list_cached(*, cache: Path | None = None) -> list[Entry]:
    """List what is kept, least recently used first.

    Args:
        cache: Folder of the cache; the workspace's by default.
    """
    folder = _folder(cache)
    entries = [
        entry
        for kind, row in KINDS.items()
        for path in folder.glob(row.pattern)
        if (entry := _look_at(path, kind=kind)) is not None
    ]
    return sorted(entries, key=lambda entry: (entry.last_used, entry.path))


def cache_size(*, cache: Path | None = None) -> int:
    """Bytes of all that is kept and of what is being written now."""
    folder = _folder(cache)
    writing = sum(_size(path) for place in _places(folder) for path in place.glob(f"{TEMPORARY_PREFIX}*"))
    return sum(entry.num_bytes for entry in list_cached(cache=folder)) + writing


def delete_cached(
    entries: Iterable[Entry] = (), *, kinds: Collection[str] = (), cache: Path | None = None
) -> Deletion:
    """Delete entries, and all entries of some kinds; the next run that needs one computes it again."""
    chosen = {entry.path: entry for entry in entries}
    chosen |= {entry.path: entry for entry in list_cached(cache=cache) if entry.kind in kinds}
    gone = [entry for entry in chosen.values() if _remove(entry.path)]
    return Deletion(
        freed_bytes=sum(entry.num_bytes for entry in gone),
        deleted=len(gone),
        left=len(chosen) - len(gone),
    )


def make_room(needed_bytes: int, *, keep: Collection[Path] = (), cache: Path | None = None) -> Room:
    """Delete the least recently used until so many bytes more fit below the limit.

    What does not fit into the limit at all may be written all the same: a run would rather use the disk
    than compute the same twice. It is the first to go once it is the least recently used.

    Args:
        needed_bytes: Size of what is about to be written.
        keep: Entries that must stay, because the same run needs them too.
        cache: Folder of the cache; the workspace's by default.
    """
    folder, limit = _folder(cache), settings().cache_bytes
    freed = 0
    folder.mkdir(parents=True, exist_ok=True)
    # One at a time: two that make room at once would each delete as much.
    with FileLock(folder / "room.lock"):
        for place in _places(folder):
            remove_leftovers(place, older_than_seconds=LEFTOVER_SECONDS)
        size = cache_size(cache=folder)
        for entry in list_cached(cache=folder):
            if size - freed + needed_bytes <= limit:
                break
            if entry.path not in keep and _remove(entry.path):
                freed += entry.num_bytes
    over = size - freed + needed_bytes - limit
    return Room(freed_bytes=freed, sentence=_over_limit(over, limit) if over > 0 else "")


def _over_limit(over: int, limit: int) -> str:
    return (
        f"What is kept takes {over / 1e9:,.1f} GB more than its limit of {limit / 1e9:,.1f} GB, because this run needs "
        f"it all. The least recently used goes first when room is needed next; CNNLAB_CACHE_BYTES sets the limit."
    )


def _folder(cache: Path | None) -> Path:
    return workspace().cache if cache is None else cache


def _places(folder: Path) -> Iterator[Path]:
    """The folders in which entries lie."""
    for row in KINDS.values():
        yield from folder.glob(row.pattern.rpartition("/")[0])


def _look_at(path: Path, *, kind: str) -> Entry | None:
    if path.name.startswith(TEMPORARY_PREFIX) or path.suffix == ".lock":
        return None
    try:
        return Entry(kind=kind, path=path, num_bytes=_size(path), last_used=path.stat().st_mtime)
    except FileNotFoundError:
        # Another worker made room meanwhile.
        return None


def _size(path: Path) -> int:
    total = 0
    for each in (path, *path.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            total += each.stat().st_size if each.is_file() else 0
    return total


def _remove(path: Path) -> bool:
    """Remove an entry, unless somebody holds it or its lock, or it is gone already."""
    try:
        with FileLock(path.with_suffix(".lock"), timeout=0):
            if any(_is_held(file) for file in (path, *path.rglob("*")) if file.is_file()):
                return False
            if not path.is_dir():
                path.unlink()
                return True
            # Gone at once for whoever looks for it; its files follow.
            away = path.with_name(f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}")
            path.rename(away)
            shutil.rmtree(away, ignore_errors=True)
            return True
    except (Timeout, OSError):
        return False


def _is_held(file: Path) -> bool:
    if fcntl is None:
        return False
    with file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
