"""Looks into the small members of an unpacked bundle, and writes each anew as this cnnlab writes it.

What is not understood is refused, what is understood is written by us: pages then read files of ours.
Tables and the model are looked into by a child, `bundle_checking`. This module never opens those.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cnnlab.errors import BundleError, SpecError
from cnnlab.export.bundle_reading import AGAIN, read_json
from cnnlab.export.bundle_records import MARKS, DatasetRecord
from cnnlab.runs.environment import FILE as ENVIRONMENT
from cnnlab.runs.environment import Environments
from cnnlab.runs.folder import EVENT
from cnnlab.runs.marks import Marks
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.origin import DATASET, TAG
from cnnlab.runs.records import Event, Report
from cnnlab.specs.runs import RunSpec

MOST_PHASES, MOST_EPOCHS, LONGEST_SENTENCE = 8, 1_000_000, 4000
MOST_STEPS = 10**12
LONGEST_SECONDS = 1e10
LATEST = 253_402_300_799.0
"""The last second of the year 9999; a later one is no date in Python."""

Record = TypeVar("Record", bound=BaseModel)


def settle_records(folder: Path) -> RunSpec:
    """Check every JSON member in a folder and write it anew; return the settings of the run.

    Args:
        folder: Where the members lie.

    Raises:
        BundleError: A member cannot be understood, or two do not fit each other.
        OSError: The disk is full.
    """
    spec = _spec(folder)
    report = _read(folder, "report.json", Report)
    _check_report(report)
    model = _read(folder, "model.json", ModelRecord)
    if model.class_names != spec.class_names or model.image_size != spec.network.image_size:
        raise _misfit("model.json", "its classes or its image size are not those of spec.json")
    if model.resize not in ("squash", "crop"):
        raise _misfit("model.json", f"it brings pictures to size by {model.resize[:40]!r}")
    _write(folder, "spec.json", spec.to_json())
    _write(folder, "report.json", report.model_dump_json(indent=2))
    model.save(folder)
    if (folder / ENVIRONMENT).exists():
        environments = _read(folder, ENVIRONMENT, Environments)
        if any(not 0 <= each.at <= LATEST for each in environments.attempts):
            raise _misfit(ENVIRONMENT, "an attempt was at no time that there is")
        _write(folder, ENVIRONMENT, environments.model_dump_json(indent=1))
    _dataset(folder, spec)
    _marks(folder)
    _events(folder)
    return spec


def _spec(folder: Path) -> RunSpec:
    values = read_json((folder / "spec.json").read_bytes(), name="spec.json")
    try:
        return RunSpec.create(values)
    except SpecError as error:
        raise BundleError(
            f"The settings in the bundle cannot be read: {error} It may be of another version of cnnlab."
        ) from None


def _check_report(report: Report) -> None:
    shares = [report.val_accuracy, report.test_accuracy, report.test_accuracy_low, report.test_accuracy_high]
    shares += [report.folds_accuracy, report.folds_accuracy_low, report.folds_accuracy_high]
    if any(share is not None and not 0 <= share <= 1 for share in shares):
        raise _misfit("report.json", "an accuracy is not between 0 and 1")
    if not 0 <= report.seconds <= LONGEST_SECONDS:
        raise _misfit("report.json", f"the run took {report.seconds:g} seconds")
    if not 1 <= len(report.phases) <= MOST_PHASES:
        raise _misfit("report.json", f"the run has {len(report.phases):,} phases")
    if any(not 0 <= phase.epochs <= MOST_EPOCHS for phase in report.phases):
        raise _misfit("report.json", "a phase has more epochs than anybody trains")
    sentences = (report.verdict, report.lite_message, report.measuring_message, report.machine)
    if any(len(sentence) > LONGEST_SENTENCE for sentence in sentences):
        raise _misfit("report.json", "a sentence in it is very long")


def _dataset(folder: Path, spec: RunSpec) -> None:
    if not (folder / DATASET).exists():
        return
    record = _read(folder, DATASET, DatasetRecord)
    if record.class_names != spec.class_names:
        raise _misfit(DATASET, "its classes are not those of spec.json")
    _write(folder, DATASET, record.model_dump_json(indent=1))


def _marks(folder: Path) -> None:
    """Keep the tags and the note; a star is for whoever gave it."""
    marks = _read(folder, MARKS, Marks) if (folder / MARKS).exists() else Marks()
    tagged = Marks.model_validate({"tags": (TAG, *marks.tags), "note": marks.note})
    _write(folder, MARKS, tagged.model_dump_json(indent=2))


def _events(folder: Path) -> None:
    """Write every event anew, one a line; a line that a killed worker left unfinished is dropped, as everywhere."""
    path = folder / "events.jsonl"
    lines = [event.model_dump_json() for event in _understood(path.read_bytes())]
    if not lines:
        raise _misfit("events.jsonl", "there is no event in it")
    _write(folder, "events.jsonl", "\n".join([*lines, ""]))


def _understood(data: bytes) -> Iterator[Event]:
    for line in data.splitlines():
        try:
            event = EVENT.validate_python(read_json(line, name="events.jsonl"))
        except (BundleError, ValidationError):
            continue
        if 0 <= event.at <= LATEST and all(map(_is_drawable, event.__dict__.values())):
            yield event


def _is_drawable(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_SENTENCE
    if isinstance(value, dict):
        return all(map(_is_drawable, value.values()))
    if isinstance(value, int):
        return abs(value) <= MOST_STEPS
    return not isinstance(value, float) or (math.isfinite(value) and abs(value) < 1e300)


def _read(folder: Path, name: str, model: type[Record]) -> Record:
    values = read_json((folder / name).read_bytes(), name=name)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in detail["loc"])[:80] or "as a whole"
        raise _misfit(name, f"{where}: {detail['msg'].lower()[:120]}") from None


def _write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")


def _misfit(name: str, reason: str) -> BundleError:
    return BundleError(f"{name} in the bundle cannot be believed: {reason}. {AGAIN}")
