"""Networks that somebody saved under a name, and drafts that nobody saved yet: one JSON file each.

An id is made here, from the name or by chance, and is the file's name; no path ever comes from a
user. A run keeps its own copy of its network, so saving again or deleting here never changes a run.
This module never judges whether a network works: a half-built one may be saved too.
"""

import hashlib
import re
import unicodedata
import uuid
from dataclasses import dataclass
from pathlib import Path

from cnnlab.errors import SpecError, WorkspaceError
from cnnlab.files import write_text
from cnnlab.settings import workspace
from cnnlab.specs.networks import BlockNetwork

ARCHITECTURE_ID = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{8}$")
DRAFT_ID = re.compile(r"^[0-9a-f]{12}$")
KEPT_DRAFTS = 100
"""The last edited drafts are kept; older ones make room."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A saved network."""

    id: str
    network: BlockNetwork
    saved_at: float
    """Wall clock, seconds since 1970."""


def architecture_id(name: str) -> str:
    """Make the id of a name: readable, safe as a file name, and another one for every other name."""
    plain = unicodedata.normalize("NFC", name).strip()
    letters = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", letters))[:40].strip("-") or "network"
    # The readable part drops what is no ASCII letter, so two names may share it; the digest tells them apart.
    return f"{slug}-{hashlib.sha256(plain.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"


def list_architectures() -> list[Architecture]:
    """Every saved network, the last saved first. A file that cannot be read is left out."""
    found = []
    for path in workspace().architectures.glob("*.json"):
        try:
            found.append(find_architecture(path.stem))
        except SpecError:
            continue
    return sorted(found, key=lambda architecture: architecture.saved_at, reverse=True)


def find_architecture(id: str) -> Architecture:
    """Read one saved network.

    Raises:
        SpecError: There is none with this id, or its file is damaged.
    """
    path = workspace().architectures / f"{id}.json"
    if not ARCHITECTURE_ID.match(id) or not path.is_file():
        raise SpecError(
            f"There is no saved network {id!r}. It may have been deleted; choose another on the Build page."
        )
    try:
        text = path.read_bytes()
        network = BlockNetwork.from_json(text)
    except (OSError, SpecError) as error:
        raise SpecError(
            f"The saved network {id!r} cannot be read ({error}) "
            f"Build it again and save it under the same name."
        ) from error
    return Architecture(id=id, network=network, saved_at=path.stat().st_mtime)


def save_architecture(network: BlockNetwork) -> Architecture:
    """Save a network under its name; what was saved under the same name before is replaced.

    Raises:
        WorkspaceError: The disk is full or the workspace cannot be written.
    """
    id = architecture_id(network.name)
    path = workspace().architectures / f"{id}.json"
    _write(path, network)
    return Architecture(id=id, network=network, saved_at=path.stat().st_mtime)


def keep_architecture(network: BlockNetwork) -> Architecture:
    """Save a network without replacing another: when its name is taken, a number is put behind it."""
    name, number = network.name, 1
    while (saved := _saved_as(network.name)) is not None:
        if saved.network == network:
            return saved
        number += 1
        network = network.with_changes(name=f"{name[:70]} {number}")
    return save_architecture(network)


def delete_architecture(id: str) -> None:
    """Remove a saved network; runs that trained it keep their own copy."""
    if ARCHITECTURE_ID.match(id):
        (workspace().architectures / f"{id}.json").unlink(missing_ok=True)


def save_draft(network: BlockNetwork, *, id: str | None = None) -> str:
    """Write what is being built and return the draft's id; without one a new draft begins.

    Raises:
        WorkspaceError: The disk is full or the workspace cannot be written.
    """
    drafts = _drafts()
    if id is None or not DRAFT_ID.match(id):
        id = uuid.uuid4().hex[:12]
        for old in sorted(drafts.glob("*.json"), key=lambda path: path.stat().st_mtime)[: 1 - KEPT_DRAFTS]:
            old.unlink(missing_ok=True)
    _write(drafts / f"{id}.json", network)
    return id


def find_draft(id: str) -> BlockNetwork:
    """Read a draft.

    Raises:
        SpecError: There is none with this id any more, or its file is damaged.
    """
    path = _drafts() / f"{id}.json"
    if not DRAFT_ID.match(id) or not path.is_file():
        raise SpecError(f"There is no draft {id!r} any more. Start from a preset or a saved network.")
    return BlockNetwork.from_json(path.read_bytes())


def _drafts() -> Path:
    folder = workspace().architectures / "drafts"
    folder.mkdir(exist_ok=True)
    return folder


def _write(path: Path, network: BlockNetwork) -> None:
    try:
        write_text(path, network.to_json())
    except OSError as error:
        raise WorkspaceError(
            f"The network {network.name!r} could not be saved ({error.strerror or error}). "
            f"Make room in the workspace {workspace().home}, and save again."
        ) from error


def _saved_as(name: str) -> Architecture | None:
    try:
        return find_architecture(architecture_id(name))
    except SpecError:
        return None
