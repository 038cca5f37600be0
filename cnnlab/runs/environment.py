"""`environment.json`: where each attempt at a run was carried out, exactly enough to do the same again.

The worker adds one entry an attempt; bundles carry the file along, so nothing in it names a person, a
folder or a host. This module never asks the machine: `training.surroundings` does.
"""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnnlab.files import write_text
from cnnlab.runs.records import Report
from cnnlab.specs.runs import RunSpec

FILE = "environment.json"
NEWEST_FORMAT = 1
MOST_ATTEMPTS = 100
"""Of more attempts than these the first one and the latest are kept."""
SHORT = 12
"""Letters of a hash that people compare by eye."""
CHANGE_NUMBERS = ("tensorflow", "keras", "numpy", "pillow", "ml-dtypes", "scikit-learn", "ai-edge-litert")
"""Packages whose version can change what a run computes."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DatasetSeen(_Record):
    """Which pictures an attempt saw, by what they are and not only by what they are called."""

    id: str
    version: int
    num_pictures: int
    content: str
    """Fingerprint of the pictures and their classes, whatever their order and split."""
    division: str
    """Fingerprint of which picture is in which class and split."""


class Environment(_Record):
    """Where one attempt was carried out. What is empty or None was not known."""

    attempt: int = 1
    at: float = 0.0
    """Wall clock, seconds since 1970."""
    python: str = ""
    packages: dict[str, str] = {}
    """Version of every package that was installed, by its name."""
    cnnlab: str = ""
    commit: str = ""
    """The commit that was checked out, where cnnlab ran from a repository."""
    source: str = ""
    """Fingerprint of cnnlab's own files: what the commit does not tell where somebody changed them."""
    source_of_numbers: str = ""
    """The same of the rooms alone that decide what a run computes."""
    settings: str = ""
    """Fingerprint of the run's settings."""
    seed: int | None = None
    deterministic: bool | None = None
    machine: str = ""
    cores: int | None = None
    """Those that the worker might use."""
    memory_bytes: int | None = None
    gpus: tuple[str, ...] = ()
    threads: dict[str, int] = {}
    """TensorFlow's own settings, by their names; 0 lets it choose."""
    variables: dict[str, str] = {}
    """Environment variables that change what TensorFlow computes."""
    dataset: DatasetSeen | None = None

    def requirements(self) -> str:
        """The packages as `pip freeze` writes them, one line each, in the order of the alphabet."""
        return "\n".join(f"{name}=={version}" for name, version in sorted(self.packages.items()))


class Environments(_Record):
    """The whole file."""

    format: int = Field(NEWEST_FORMAT, ge=1, le=NEWEST_FORMAT)
    attempts: tuple[Environment, ...] = ()


def fingerprint_of_settings(spec: RunSpec) -> str:
    """The same 64 letters for the same settings, in whatever order they were written: SHA-256 of their JSON."""
    text = json.dumps(spec.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def read_environments(run: Path) -> tuple[Environment, ...]:
    """The environments of a run's attempts, oldest first; none where there is no file, or one that cannot be read."""
    try:
        return Environments.model_validate_json((run / FILE).read_bytes()).attempts
    except (OSError, ValidationError):
        return ()


def add_environment(run: Path, environment: Environment) -> None:
    """Write down where an attempt is carried out; an earlier entry of the same attempt is replaced.

    Raises:
        OSError: The disk is full.
    """
    others = [other for other in read_environments(run) if other.attempt != environment.attempt]
    kept = (*others[:1], *others[1:][2 - MOST_ATTEMPTS :], environment)
    write_text(run / FILE, Environments(attempts=kept).model_dump_json(indent=1))


def environment_of_report(report: Report) -> Environment:
    """What is known of a run that was carried out before environments were written down."""
    packages = {name: version for name, version in report.versions.items() if name != "python"}
    return Environment(
        attempt=0, python=report.versions.get("python", ""), packages=packages, machine=report.machine
    )


def differences(before: Environment, after: Environment) -> tuple[str, ...]:
    """What two environments do not share and can change the numbers of a run: 'keras 3.15.1, now 3.16.0'."""
    found = [
        _change(name, before.packages.get(name, ""), after.packages.get(name, "")) for name in CHANGE_NUMBERS
    ]
    found += [
        _change("Python", before.python, after.python),
        _change("cnnlab's source", before.source_of_numbers[:SHORT], after.source_of_numbers[:SHORT]),
        _change("machine", before.machine, after.machine),
        _change("cores", before.cores, after.cores),
        _change("GPUs", ", ".join(before.gpus), ", ".join(after.gpus)),
        _change("settings", before.settings[:SHORT], after.settings[:SHORT]),
    ]
    for kind in ("threads", "variables"):
        old, new = getattr(before, kind), getattr(after, kind)
        found += [_change(name, old.get(name, ""), new.get(name, "")) for name in sorted({*old, *new})]
    if before.dataset and after.dataset:
        found.append(_change("pictures", before.dataset.division[:SHORT], after.dataset.division[:SHORT]))
    return tuple(change for change in found if change)


def _change(name: str, before: object, after: object) -> str:
    if before == after:
        return ""
    return (
        f"{name} {'none' if before in ('', None) else before}, now {'none' if after in ('', None) else after}"
    )
