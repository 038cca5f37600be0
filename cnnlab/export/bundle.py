"""Puts a finished run into one ZIP that another workspace opens: settings, hashes of its pictures, curves, scores, model.

The pictures stay at home, and so does whatever says where something lies on this machine. The same
run gives the same bytes. This module never opens a bundle: `bundle_reading` does.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import cnnlab
from cnnlab.data.contents import division_of
from cnnlab.data.library import find_dataset
from cnnlab.errors import BundleError, DatasetError
from cnnlab.evaluation.same_pictures import pictures_of
from cnnlab.export.bundle_records import (
    MEMBERS,
    MOST_BYTES,
    RECORD,
    BundleRecord,
    DatasetRecord,
    MemberRecord,
)
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.origin import DATASET, FOREIGN_MODEL, PICTURES
from cnnlab.settings import MEGABYTE

COPY_BYTES = 1024 * 1024
MADE, ORDINARY_FILE = (1980, 1, 1, 0, 0, 0), 0o644 << 16
"""The first moment that a ZIP knows: the same run gives the same bytes at any time."""


def bundle_name(run: RunFolder) -> str:
    """What the ZIP is called: the run's name as far as every system takes it, and its id."""
    name = run.spec().name.lower()
    words = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)
    return f"{'-'.join(filter(None, words.split('-')))[:60] or 'run'}-{run.id}.zip"


def write_bundle(run: RunFolder, path: Path) -> BundleRecord:
    """Write the bundle of a run; it is copied piece by piece, and never held in memory.

    Args:
        run: A run that has ended with a report.
        path: Where the ZIP goes.

    Raises:
        BundleError: The run has no report yet, is too large, or there is no room.
        RunError: A file of the run is damaged.
    """
    spec, parts = run.spec(), dict(_parts(run))
    if missing := [name for name, member in MEMBERS.items() if member.required and name not in parts]:
        raise BundleError(
            f"Run {spec.name!r} has no {missing[0]} yet, and a bundle is of a run that has finished. Let it finish first."
        )
    records: dict[str, MemberRecord] = {}
    try:
        _check_sizes(spec.name, parts)
        with zipfile.ZipFile(path, "w", allowZip64=False) as packed:
            for name in MEMBERS:
                if name in parts:
                    records[name] = _write(packed, name, parts[name])
            record = BundleRecord(run=run.id, name=spec.name, cnnlab=cnnlab.__version__, members=records)
            # Last, for only now the hashes are known; whoever reads finds it by its name.
            _write(packed, RECORD, record.model_dump_json(indent=1).encode())
    except OSError as error:
        raise BundleError(
            f"The bundle of {spec.name!r} could not be written ({error.strerror or error}). Make room on the disk of "
            f"{path.parent}, and try again."
        ) from error
    return record


def _parts(run: RunFolder) -> Iterator[tuple[str, bytes | Path]]:
    """Name and content of every member that the run has."""
    files = {name: run.path / name for name in MEMBERS}
    if not files["model.keras"].is_file():
        files["model.keras"] = run.path / FOREIGN_MODEL
    # What came with a run from elsewhere is passed on; for one from here it is made now.
    if not files[DATASET].is_file():
        yield from _about_the_dataset(run)
    for name, file in files.items():
        if file.is_file():
            yield name, file


def _about_the_dataset(run: RunFolder) -> Iterator[tuple[str, bytes]]:
    pictures, reference = pictures_of(run), run.spec().dataset
    if pictures is None:
        return
    try:
        dataset = find_dataset(reference.id, version=reference.version)
    except DatasetError:
        return
    record = DatasetRecord(
        id=dataset.id,
        version=dataset.version,
        name=dataset.name[:300],
        class_names=dataset.class_names,
        num_pictures=dataset.num_pictures,
        counts=dataset.entry.counts,
        split=dataset.split,
        content=dataset.entry.content,
        division=division_of(pictures),
    )
    yield DATASET, record.model_dump_json(indent=1).encode()
    table = io.BytesIO()
    pictures.to_parquet(table, index=False, compression="zstd")
    yield PICTURES, table.getvalue()


def _check_sizes(name: str, parts: dict[str, bytes | Path]) -> None:
    sizes = {
        part: len(content) if isinstance(content, bytes) else content.stat().st_size
        for part, content in parts.items()
    }
    if too_large := [part for part, size in sizes.items() if size > MEMBERS[part].most_bytes]:
        raise BundleError(
            f"{too_large[0]} of run {name!r} has {sizes[too_large[0]] / 1e6:,.0f} MB, and a bundle takes "
            f"{MEMBERS[too_large[0]].most_bytes // MEGABYTE:,} MB of it at most. Take the model away on the Export page."
        )
    if sum(sizes.values()) > MOST_BYTES:
        raise BundleError(
            f"Run {name!r} has {sum(sizes.values()) / 1e9:,.1f} GB, and a bundle at most {MOST_BYTES / 1e9:,.1f} GB. "
            f"Take the model away on the Export page."
        )


def _write(packed: zipfile.ZipFile, name: str, content: bytes | Path) -> MemberRecord:
    info = zipfile.ZipInfo(name, date_time=MADE)
    info.external_attr = ORDINARY_FILE
    # Not what the system says that it is: the same bytes everywhere.
    info.create_system = 3
    deflated = name not in MEMBERS or MEMBERS[name].packed
    info.compress_type = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with _opened(content) as source, packed.open(info, "w") as target:
        digest, size = hashlib.sha256(), 0
        while piece := source.read(COPY_BYTES):
            digest.update(piece)
            size += len(piece)
            target.write(piece)
    return MemberRecord(sha256=digest.hexdigest(), bytes=size)


def _opened(content: bytes | Path) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
