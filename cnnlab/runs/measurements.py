"""What this machine measured of a backbone on a dataset: one small JSON file each, kept when the run is deleted.

The worker writes one at the end of a run on a backbone; pages read them all. Which pictures were
named right is kept too, so that two backbones can be compared picture by picture. A file that cannot
be read, or that a newer cnnlab wrote, is passed over. This module never measures anything.
"""

import base64
import binascii
import functools
import zlib
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cnnlab.files import TEMPORARY_PREFIX, write_text
from cnnlab.runs.machine import machine_id
from cnnlab.settings import workspace

FORMAT = 1
"""Grows when older versions of cnnlab could no longer read the file rightly."""
MOST_PICTURES = 20_000_000
"""More than any dataset here has: a file that claims more is damaged."""
LARGEST_FILE = 64 * 1024 * 1024

Text = Annotated[str, Field(max_length=1000)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Duration = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Bytes = Annotated[int, Field(ge=0)]
Method = Annotated[str, Field(pattern=r"^(validation split|\d{1,2} folds)$")]


class Measurement(BaseModel):
    """One backbone on one version of one dataset: how often a head on its frozen features is right, and what it costs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = Field(FORMAT, ge=1, le=FORMAT)
    machine: Text
    """For people: system, cores, processor."""
    machine_id: Text
    dataset_id: Text
    dataset_version: int = Field(ge=1)
    dataset_name: Text
    """Text of the user's: escape it."""
    backbone: Text
    """Key of its row in `models.backbones`; may be gone in another version of cnnlab."""
    weights: Literal["imagenet", "random"]
    image_size: int = Field(ge=1)
    """Height and width of the pictures, in pixels."""
    settings: Text = ""
    """Fingerprint of how the head learned; accuracies compare fairly where it is equal."""
    run_id: Text
    run_name: Text
    """Text of the user's: escape it."""
    measured_at: Amount
    """Wall clock, seconds since 1970."""

    accuracy: Share
    """Of the head on frozen features, before any fine-tuning."""
    accuracy_low: Share
    """Lower end of the 95 % interval."""
    accuracy_high: Share
    num_pictures: int = Field(ge=1, le=MOST_PICTURES)
    """How many pictures it was judged by."""
    method: Method
    """`5 folds`, or `validation split`."""
    correct: str
    """Whether each was named right: bits, packed, as base64."""
    picture_numbers: str
    """Their numbers in the dataset, rising: differences as int32, little-endian, deflated, as base64."""

    latency_p50_ms: Duration
    """Half of the answers for one picture came within this time."""
    latency_p95_ms: Duration
    pictures_per_second: Duration
    predict_peak_bytes: Bytes
    """The most memory that a process held which does nothing but ask the model."""
    training_peak_bytes: Bytes
    """The most memory that the worker held."""
    lite_bytes: int = Field(gt=0)
    """Size of the model's file, as it is taken away."""
    preparation_seconds: Amount
    """From the start of the run to its first step, as it was: next to nothing where features were in the cache."""
    feature_extraction_seconds: Amount
    fine_tuning_seconds: Amount | None = None
    """None where there was no second phase."""

    @model_validator(mode="after")
    def answers_can_be_read(self) -> Self:
        """Refuse packed answers that are damaged, so that nobody meets them later."""
        if not self.accuracy_low <= self.accuracy <= self.accuracy_high:
            raise ValueError("The accuracy is not within its interval.")
        if not np.isclose(self.answers()[1].mean(), self.accuracy, atol=1e-6):
            raise ValueError("The accuracy is not the share of right answers.")
        return self

    def answers(self) -> tuple[np.ndarray, np.ndarray]:
        """Which pictures it was judged by, and whether it was right.

        Returns:
            Numbers in the dataset, rising, int64, shape (num_pictures,), and bool, shape (num_pictures,).

        Raises:
            ValueError: The packed text is damaged.
        """
        return _unpack(self.picture_numbers, self.correct, self.num_pictures)


def pack_answers(correct: np.ndarray, *, pictures: np.ndarray) -> dict[str, str | int]:
    """Put answers into the fields of a measurement: `num_pictures`, `correct` and `picture_numbers`.

    Args:
        correct: Whether each picture was named right, bool, shape (N,).
        pictures: Their numbers in the dataset, int, shape (N,), in any order, none twice.
    """
    order = np.argsort(pictures, kind="stable")
    steps = np.diff(np.asarray(pictures, np.int64)[order], prepend=0)
    if (steps[1:] < 1).any():
        raise ValueError("A picture is there twice; each is answered once.")
    return {
        "num_pictures": len(pictures),
        "correct": _as_text(np.packbits(np.asarray(correct, bool)[order]).tobytes()),
        "picture_numbers": _as_text(zlib.compress(steps.astype("<i4").tobytes())),
    }


def save_measurement(measurement: Measurement) -> Path:
    """Keep a measurement; one run has one, whatever it measured before is replaced.

    Raises:
        OSError: The disk is full.
    """
    path = workspace().measurements / f"{measurement.run_id}.json"
    write_text(path, measurement.model_dump_json(indent=1))
    return path


def list_measurements(*, dataset_id: str | None = None) -> list[Measurement]:
    """What this machine measured, newest first: one of each dataset, version, backbone, weights and image size.

    Where there are several, those judged by more pictures go first, then the newest: a quick training
    judged by its validation split does not take the place of a cross-validation.

    Args:
        dataset_id: Of this dataset only.
    """
    found: dict[tuple[object, ...], Measurement] = {}
    for path in workspace().measurements.glob("*.json"):
        measurement = _read(path)
        if measurement is None or measurement.machine_id != machine_id():
            continue
        if dataset_id is not None and measurement.dataset_id != dataset_id:
            continue
        key = (
            measurement.dataset_id,
            measurement.dataset_version,
            measurement.backbone,
            measurement.weights,
            measurement.image_size,
        )
        if key not in found or _rank(found[key]) < _rank(measurement):
            found[key] = measurement
    return sorted(found.values(), key=lambda each: each.measured_at, reverse=True)


def _rank(measurement: Measurement) -> tuple[int, float]:
    return measurement.num_pictures, measurement.measured_at


def _read(path: Path) -> Measurement | None:
    if path.name.startswith(TEMPORARY_PREFIX):
        return None
    try:
        found = path.stat()
        return None if found.st_size > LARGEST_FILE else _parse(path, found.st_mtime_ns, found.st_size)
    except OSError:
        # Removed in this moment, or not to be read: the others still are.
        return None


@functools.lru_cache(maxsize=1024)
def _parse(path: Path, _changed: int, _size: int) -> Measurement | None:
    """Read a file once for as long as it does not change: a page asks at every rerun."""
    try:
        return Measurement.model_validate_json(path.read_bytes())
    except (ValidationError, RecursionError):
        return None


def _as_text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unpack(picture_numbers: str, correct: str, num_pictures: int) -> tuple[np.ndarray, np.ndarray]:
    try:
        deflated = base64.b64decode(picture_numbers, validate=True)
        # Counted: a few bytes may inflate to gigabytes.
        steps = zlib.decompressobj().decompress(deflated, 4 * num_pictures + 1)
        bits = base64.b64decode(correct, validate=True)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"The packed answers are damaged: {error}") from error
    if len(steps) != 4 * num_pictures or len(bits) != -(-num_pictures // 8):
        raise ValueError(f"The packed answers are not those of {num_pictures} pictures.")
    rising = np.frombuffer(steps, "<i4").astype(np.int64)
    if rising[0] < 0 or (rising[1:] < 1).any():
        raise ValueError("The numbers of the pictures do not rise.")
    right = np.unpackbits(np.frombuffer(bits, np.uint8), count=num_pictures).astype(bool)
    return np.cumsum(rising), right
