"""One SQLite file that indexes the run folders, so that a list of runs need not open them all.

The folders are the truth: an index that is missing, damaged or of an older cnnlab is made again.
Every connection lives for one call only. A worker never touches the index; pages and the server do.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from cnnlab.errors import WorkspaceError
from cnnlab.files import write_atomically
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow, read_row
from cnnlab.runs.states import STATES, State
from cnnlab.settings import workspace

SCHEMA_VERSION = 3
"""Grows when the fields of `RunRow` change."""
BUSY_SECONDS = 10.0
ALWAYS_STALE = 0
"""Stands for the time of change of a folder that is read at every refresh."""
NO_TAGS = "[]"

COLUMNS = tuple(field.name for field in fields(RunRow))
ALL_COLUMNS = (*COLUMNS, "changed", "written")
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""What SQLite says of a file that is no index (any more)."""

Result = TypeVar("Result")


class _OutdatedError(sqlite3.Error):
    """The file is new, or of an older cnnlab."""


def refresh() -> None:
    """Bring the index up to date with the folders; cheap when nothing changed.

    Raises:
        WorkspaceError: The index cannot be read or written, or is of a newer cnnlab.
    """
    _with_index(_refresh)


def list_runs(
    *, states: Collection[State] | None = None, dataset_id: str | None = None, limit: int | None = None
) -> list[RunRow]:
    """List the runs as they are now, newest first.

    Args:
        states: Only runs in one of these.
        dataset_id: Only runs on this dataset, in any version.
        limit: At most so many.

    Raises:
        WorkspaceError: The index cannot be read or written, or is of a newer cnnlab.
    """
    conditions, values = ["1"], []
    if states is not None:
        conditions.append(f"state IN ({', '.join('?' * len(states))})")
        values.extend(states)
    if dataset_id is not None:
        conditions.append("dataset_id = ?")
        values.append(dataset_id)
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM runs WHERE {' AND '.join(conditions)} "
        f"ORDER BY created_at DESC, written DESC LIMIT ?"
    )

    def read(index: sqlite3.Connection) -> list[RunRow]:
        _refresh(index)
        return [_from_columns(row) for row in index.execute(query, (*values, -1 if limit is None else limit))]

    return _with_index(read)


def _with_index(use: Callable[[sqlite3.Connection], Result]) -> Result:
    path = workspace().index
    try:
        return _use(path, use)
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise _unusable(path, error) from error
    try:
        with FileLock(path.with_name(".index.lock")):
            try:
                # Somebody else may have made it again while we waited for the lock.
                return _use(path, use)
            except sqlite3.Error:
                _make(path)
            return _use(path, use)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from error


def _use(path: Path, use: Callable[[sqlite3.Connection], Result]) -> Result:
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as index:
        # What a power cut takes from an index, the folders give back.
        index.execute("PRAGMA synchronous = NORMAL")
        version = index.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise WorkspaceError(
                f"The index {path} was written by a newer cnnlab (version {version}; this one knows {SCHEMA_VERSION}). "
                f"Start the newer cnnlab, or delete the file: it is made again from the runs, which stay as they are."
            )
        if version < SCHEMA_VERSION:
            raise _OutdatedError
        return use(index)


def _make(path: Path) -> None:
    # The log first: SQLite would play it back into the new file.
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    # Made beside it: switching a file to WAL that others read fails at once, however long they would wait.
    write_atomically(path, _write_empty)


def _write_empty(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as index:
        index.execute("PRAGMA journal_mode = WAL")
        others = ", ".join(name for name in ALL_COLUMNS if name != "id")
        index.execute(f"CREATE TABLE runs (id TEXT PRIMARY KEY, {others})")
        index.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def _writing(index: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE: measured, 618 of 800 read-then-write transactions failed with a plain BEGIN.
    index.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        index.execute("ROLLBACK")
        raise
    index.execute("COMMIT")


def _refresh(index: sqlite3.Connection) -> None:
    # Asked before the rows are read: what changes in between is seen the next time.
    folders = {
        run.id: (run, run.changed_at() or ALWAYS_STALE) for run in RunFolder.list_all(workspace().runs)
    }
    known = dict(index.execute("SELECT id, changed FROM runs"))
    stale = [
        (run, changed)
        for run_id, (run, changed) in folders.items()
        if changed == ALWAYS_STALE or known.get(run_id) != changed
    ]
    gone = known.keys() - folders.keys()
    if not stale and not gone:
        return
    stored = set(index.execute(f"SELECT {', '.join(ALL_COLUMNS)} FROM runs"))
    rows = [(run, row) for run, changed in stale if (row := _to_columns(run, changed)) not in stored]
    if rows or gone:
        with _writing(index):
            _write(index, rows, gone)


def _write(index: sqlite3.Connection, rows: list[tuple[RunFolder, tuple]], gone: set[str]) -> None:
    """Write what is true now, while nobody else can write.

    What was read before the lock was ours may be older than what another process has written in between:
    it would hide from that process what it did itself.
    """
    vanished = [(run_id,) for run_id in gone if not RunFolder(workspace().runs / run_id).path.is_dir()]
    index.executemany("DELETE FROM runs WHERE id = ?", vanished)
    # One that was deleted while it was read looks damaged; it is gone at the next refresh.
    fresh = [_read_again(run, row) for run, row in rows]
    marks = ", ".join("?" * len(ALL_COLUMNS))
    index.executemany(
        f"INSERT OR REPLACE INTO runs ({', '.join(ALL_COLUMNS)}) VALUES ({marks})",
        [row for row in fresh if row is not None],
    )


def _read_again(run: RunFolder, row: tuple) -> tuple | None:
    """The row as it is now: the one at hand where the folder stands as it did, None where it is gone."""
    changed = run.changed_at() or ALWAYS_STALE
    if changed != ALWAYS_STALE and changed == row[ALL_COLUMNS.index("changed")]:
        return row
    again = _to_columns(run, changed)
    return again if run.path.is_dir() else None


def _to_columns(run: RunFolder, changed: int) -> tuple:
    row = read_row(run)
    # An active run may end without a word, and then no file changes.
    changed = ALWAYS_STALE if STATES[row.state].active else changed
    values = replace(row, tags=json.dumps(row.tags, ensure_ascii=False))
    return (*astuple(values), changed, _written(run))


def _written(run: RunFolder) -> int:
    """When the run was asked for, finer than the seconds of its id: puts a row of quick clicks in order."""
    try:
        return (run.path / "spec.json").stat().st_mtime_ns
    except OSError:
        return 0


def _from_columns(columns: tuple) -> RunRow:
    values = dict(zip(COLUMNS, columns, strict=True))
    return RunRow(
        **{
            **values,
            "state": State(values["state"]),
            "damaged": bool(values["damaged"]),
            "starred": bool(values["starred"]),
            "tags": tuple(json.loads(values["tags"])) if values["tags"] != NO_TAGS else (),
        }
    )


def _is_damage(error: sqlite3.Error) -> bool:
    if isinstance(error, _OutdatedError):
        return True
    # The low byte is the kind; the rest says where in SQLite it was noticed.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED


def _unusable(path: Path, error: Exception) -> WorkspaceError:
    return WorkspaceError(
        f"The index of runs {path} cannot be used ({error}). Make room on the disk, or give yourself the right "
        f"to write there; when the file is damaged, delete it: it is made again from the runs."
    )
