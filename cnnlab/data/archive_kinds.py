"""Which kind of archive a file is, by what is in it, and how each is read.

This module never reads an entry.
"""

from pathlib import Path

from cnnlab.data.archives import ZipReader
from cnnlab.data.tars import TarReader, is_tar

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""What names of archives end with; the longest that fits is cut off to call a dataset."""


def open_archive(path: Path, *, name: str) -> ZipReader | TarReader:
    """Open an archive and list it; close it when all entries are read.

    Args:
        path: Where it lies.
        name: What the user called it, for messages.

    Raises:
        ArchiveError: It is no archive that can be read, damaged as a whole, or larger than allowed.
    """
    return TarReader(path, name=name) if is_tar(path) else ZipReader(path, name=name)


def is_archive_name(name: str) -> bool:
    """Whether a file is called like an archive."""
    return name.lower().endswith(ENDINGS)


def without_ending(name: str) -> str:
    """The name of an archive without what says its kind."""
    fitting = [ending for ending in ENDINGS if name.lower().endswith(ending)]
    return name[: -len(max(fitting, key=len))] if fitting else name
