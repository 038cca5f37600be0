"""Makes a run of this workspace out of somebody's bundle: unpacked, looked into, linked to its pictures, renamed into place.

The run appears whole or not at all. A bundle that was opened before is recognised; a run of the same id
with other content stays, and the new one gets an id of its own. This module never trains anything.
"""

import errno
import hashlib
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cnnlab.data.contents import LISTED, find_match
from cnnlab.errors import BundleError
from cnnlab.evaluation.predictions import FILE as PREDICTIONS
from cnnlab.evaluation.predictions import load_predictions, save_predictions
from cnnlab.export.bundle_contents import settle_records
from cnnlab.export.bundle_reading import unpack_bundle
from cnnlab.export.bundle_records import MEMBERS, BundleRecord
from cnnlab.export.bundle_watching import check_in_child
from cnnlab.files import TEMPORARY_PREFIX, write_text
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.origin import FILE, FOREIGN_MODEL, PICTURES, Origin, read_origin
from cnnlab.runs.records import Control, Report, Status
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from cnnlab.specs.runs import RunSpec

STAY_ALIKE = ("spec.json", "report.json", PREDICTIONS, "model.tflite")
"""What tells that a bundle is of a run that is here anyway; nothing changes these once a run has ended."""
ELSEWHERE = "-elsewhere"
"""Put behind the id of a dataset that is not here, where another one here has that id."""
LONGEST_ID = 64


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What became of a bundle."""

    run: RunFolder
    is_new: bool
    """False where the very same run was here before."""
    dataset_is_here: bool
    """Whether the pictures that it was judged by can be shown."""


def open_bundle(path: Path, *, name: str) -> Opened:
    """Open the bundle of a run, which nobody has vetted; takes some seconds.

    Args:
        path: Where the ZIP lies.
        name: What the user called it, for messages.

    Raises:
        BundleError: It is no bundle, damaged, hostile, too large or of a newer cnnlab, or there is no room.
    """
    runs = workspace().runs
    folder = runs / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        folder.mkdir()
        record = unpack_bundle(path, name=name, into=folder)
        if (known := _find_known(record, runs)) is not None:
            return Opened(run=known, is_new=False, dataset_is_here=_is_here(known.spec()))
        spec = settle_records(folder)
        check_in_child(folder)
        spec = _link_dataset(folder, spec)
        _finish(folder, record, spec)
        return Opened(run=_place(folder, record.run), is_new=True, dataset_is_here=_is_here(spec))
    except OSError as error:
        why = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror or error
        raise BundleError(
            f"{name!r} could not be unpacked ({why}). Make room on the disk of {runs}, then open it again."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_known(record: BundleRecord, runs: Path) -> RunFolder | None:
    """The run that the bundle would become, where it is here already."""
    original = RunFolder(runs / record.run)
    expected = {name: record.members[name].sha256 for name in STAY_ALIKE if name in record.members}
    if original.path.is_dir() and {name: _hash(original.path / name) for name in expected} == expected:
        return original
    for path in runs.glob(f"*/{FILE}"):
        run = RunFolder(path.parent)
        origin = read_origin(run)
        if (
            origin is not None
            and origin.content == record.content
            and not run.id.startswith(TEMPORARY_PREFIX)
        ):
            return run
    return None


def _link_dataset(folder: Path, spec: RunSpec) -> RunSpec:
    """Let the run refer to the dataset of this workspace that holds its very pictures, where there is one."""
    pictures = (
        pd.read_parquet(folder / PICTURES, columns=list(LISTED)) if (folder / PICTURES).exists() else None
    )
    match = None if pictures is None else find_match(pictures)
    if match is not None:
        spec = spec.with_changes(dataset=match.dataset.reference().model_dump())
        if not match.same_numbers:
            _renumber(folder, pictures, numbers=match.numbers)
    elif (workspace().datasets / spec.dataset.id).exists():
        # Other pictures under the same id: nobody may take those for these.
        stranger = f"{spec.dataset.id[: LONGEST_ID - len(ELSEWHERE)]}{ELSEWHERE}"
        spec = spec.with_changes(dataset=spec.dataset.with_changes(id=stranger).model_dump())
    write_text(folder / "spec.json", spec.to_json())
    return spec


def _renumber(folder: Path, pictures: pd.DataFrame, *, numbers: pd.Series) -> None:
    """Give every picture the number that it has in this workspace."""
    table = load_predictions(folder)
    table["picture"] = table["picture"].map(numbers).astype("int64")
    save_predictions(table.sort_values("picture", ignore_index=True), folder=folder)
    listed = pictures.assign(picture=pictures["picture"].map(numbers).astype("int64"))
    listed.sort_values("picture", ignore_index=True).to_parquet(
        folder / PICTURES, index=False, compression="zstd"
    )


def _finish(folder: Path, record: BundleRecord, spec: RunSpec) -> None:
    """Write what a run of this workspace has besides, so that it counts as ended."""
    run = RunFolder(folder)
    report: Report = run.report()
    epochs = sum(phase.epochs for phase in report.phases)
    run.write_control(Control())
    run.write_status(
        Status(
            state=State.STOPPED if report.stopped_early else State.FINISHED,
            phase=report.best_phase,
            epoch=epochs,
            epochs=epochs,
            updated_at=time.time(),
        )
    )
    origin = Origin(content=record.content, run=record.run, cnnlab=record.cnnlab, opened_at=time.time())
    write_text(folder / FILE, origin.model_dump_json(indent=1))
    if (folder / "model.keras").exists():
        (folder / "model.keras").rename(folder / FOREIGN_MODEL)
    odd = (
        {path.name for path in folder.iterdir()}
        - set(MEMBERS)
        - {FILE, FOREIGN_MODEL, "state.json", "control.json"}
    )
    if odd:
        raise BundleError(
            f"Looking into the bundle left {min(odd)[:80]!r} behind, which nothing here makes. Do not open it."
        )


def _place(folder: Path, wanted: str) -> RunFolder:
    """Rename a whole run to its id, or to another one where that is taken."""
    run_id, model = wanted, ModelRecord.load(folder)
    while True:
        model.model_copy(update={"run": run_id}).save(folder)
        target = folder.with_name(run_id)
        try:
            # On an empty folder this would succeed; nobody leaves one here.
            if not target.exists():
                return RunFolder(folder.rename(target))
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        # The moment of the original with another ending, so that the order of runs stays what it was.
        run_id = f"{wanted[:16]}{secrets.token_hex(3)}"


def _is_here(spec: RunSpec) -> bool:
    return (workspace().datasets / spec.dataset.id).exists()


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
