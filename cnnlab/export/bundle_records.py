"""What a bundle of a run is made of: the table of its members, and the record that names their hashes.

This module never opens a bundle.
"""

import hashlib
import json
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from cnnlab.data.splits import SplitSpec
from cnnlab.settings import MEGABYTE

NEWEST_FORMAT = 1
KIND = "cnnlab run bundle"
RECORD = "bundle.json"
RECORD_BYTES = 64 * 1024
MARKS = "marks.json"
MOST_BYTES = 2_000 * MEGABYTE
"""Of a whole bundle, packed or not: below what needs the large form of a ZIP."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file of a bundle."""

    most_bytes: int
    required: bool = False
    packed: bool = True
    """Deflated; weights and tables are as good as random, and are stored as they are."""


MEMBERS: MappingProxyType[str, Member] = MappingProxyType(
    {
        "spec.json": Member(most_bytes=MEGABYTE, required=True),
        "report.json": Member(most_bytes=MEGABYTE, required=True),
        "model.json": Member(most_bytes=MEGABYTE, required=True),
        "environment.json": Member(most_bytes=2 * MEGABYTE),
        MARKS: Member(most_bytes=256 * 1024),
        "dataset.json": Member(most_bytes=MEGABYTE),
        "pictures.parquet": Member(most_bytes=256 * MEGABYTE, packed=False),
        "events.jsonl": Member(most_bytes=128 * MEGABYTE, required=True),
        "predictions.parquet": Member(most_bytes=512 * MEGABYTE, required=True, packed=False),
        "model.tflite": Member(most_bytes=1000 * MEGABYTE, packed=False),
        "model.keras": Member(most_bytes=1000 * MEGABYTE, packed=False),
    }
)
"""All that may be in a bundle beside its record, in the order in which it is written."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MemberRecord(_Record):
    """What a member has to be."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0, le=MOST_BYTES)


class BundleRecord(_Record):
    """`bundle.json`: whose bundle it is, and what each member has to be."""

    kind: str = Field(KIND, pattern=f"^{KIND}$")
    format: int = Field(NEWEST_FORMAT, ge=1, le=NEWEST_FORMAT)
    run: str = Field(pattern=r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$")
    """Id of the run where it was trained."""
    name: str = Field(min_length=1, max_length=120)
    """What the run is called. Text of a user's: escape it."""
    cnnlab: str = Field(max_length=40)
    """Version of the cnnlab that wrote it."""
    members: dict[str, MemberRecord]

    @property
    def content(self) -> str:
        """Fingerprint of all members but the marks, which change when somebody gives a star."""
        hashes = {name: member.sha256 for name, member in self.members.items() if name != MARKS}
        return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


class DatasetRecord(_Record):
    """`dataset.json`: what the run's dataset was; where it came from stays out, for that may be a folder."""

    id: str = Field(max_length=64)
    version: int = Field(ge=1)
    name: str = Field(max_length=300)
    class_names: tuple[str, ...]
    num_pictures: int = Field(ge=0)
    counts: tuple[tuple[int, int, int], ...]
    """Pictures of each class in training, validation and test."""
    split: SplitSpec
    content: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Fingerprint of the pictures and their classes."""
    division: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Fingerprint of which picture is in which class and split."""
