"""One file that somebody wants to import, wherever it lies: in an archive, in a folder, uploaded.

This module never reads a file by itself: whoever lists entries gives each a way to be read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cnnlab.errors import CnnlabError


class EntryRefused(CnnlabError):
    """A file that is not taken; the text is the reason in the report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file that may be a picture."""

    parts: tuple[str, ...]
    """Where it lies: folders and file name, as safe text; never used as a path on disk."""
    read: Callable[[], bytes]
    """Returns all of its bytes, or raises `EntryRefused`; bounded in memory."""
    class_name: str | None = None
    """Its class where the folders do not say it."""
    split: str = ""
    """The split it comes in where the folders do not say it."""
    group: str = ""
    """What it has in common with others that must not be on another side of the split, such as a patient."""
    num_bytes: int = 0
    """How large it says it is; 0 where nobody knows before it is read."""

    @property
    def name(self) -> str:
        """Its place as one text."""
        return "/".join(self.parts)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What there is to import, before a single picture is opened."""

    entries: tuple[Entry, ...]
    refused: tuple[tuple[str, str], ...] = ()
    """Name and reason of what will not even be tried."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """Files that nobody meant as pictures, counted by kind."""
