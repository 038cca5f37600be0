"""Files of a folder on the server, as entries; only below the folders that the operator allows.

Links are never followed: they could lead out of what is allowed. This module never writes.
"""

import os
import stat
from pathlib import Path

from cnnlab.data.entries import Entry, EntryRefused, Listing
from cnnlab.data.layouts import is_stray
from cnnlab.data.text import safe_text
from cnnlab.errors import DatasetError
from cnnlab.settings import MEGABYTE, settings, workspace


def allowed_roots() -> tuple[Path, ...]:
    """Folders below which may be imported: those of the operator, else the home folder."""
    named = [Path(part).expanduser() for part in settings().import_roots.split(":") if part.strip()]
    return tuple(root.resolve() for root in named or [Path.home()])


def check_folder(path: str | Path) -> Path:
    """Return the real place of a folder that may be imported.

    The workspace itself may not: it holds the runs and datasets of everybody who uses this server.

    Raises:
        DatasetError: It is not there, no folder, or not below an allowed root.
    """
    shown = safe_text(str(path))
    roots = allowed_roots()
    places = " or ".join(map(str, roots))
    try:
        folder = Path(str(path).strip()).expanduser().resolve()
    except (OSError, ValueError, RuntimeError):
        raise DatasetError(
            f"{shown!r} is not the name of a folder. Give the whole path, below {places}."
        ) from None
    # Asked before anything else: whether a folder exists outside the roots is nobody's business.
    if not any(folder.is_relative_to(root) for root in roots):
        raise DatasetError(
            f"The folder {shown!r} is not below {places}, which is all that may be imported here. "
            f"Move the pictures there, or ask the operator to add their folder to CNNLAB_IMPORT_ROOTS."
        )
    home = workspace().home
    if folder.is_relative_to(home) or home.is_relative_to(folder):
        raise DatasetError(
            f"The folder {shown!r} holds or belongs to cnnlab's own workspace {home}. Choose the folder of the pictures."
        )
    if not folder.is_dir():
        raise DatasetError(
            f"There is no folder {shown!r} on the server. Check its spelling; it has to be below {places}."
        )
    return folder


def list_folder(folder: Path) -> Listing:
    """List what may be imported of a folder, sorted by name; no file is opened.

    Raises:
        DatasetError: There are more files than allowed.
    """
    limits = settings()
    entries: list[Entry] = []
    refused: list[tuple[str, str]] = []
    passed_over: dict[str, int] = {}
    seen = 0
    waiting: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    while waiting:
        place, parts = waiting.pop()
        try:
            found = sorted(os.scandir(place), key=lambda item: item.name)
        except OSError as error:
            refused.append(("/".join(parts), f"The folder cannot be opened ({error.strerror or error})."))
            continue
        for item in found:
            seen += 1
            if seen > limits.max_archive_files:
                raise DatasetError(
                    f"The folder holds more than {limits.max_archive_files:,} files, which is the most that may be imported at once. "
                    f"Import it in parts, or ask the operator to raise CNNLAB_MAX_ARCHIVE_FILES."
                )
            name = (*parts, safe_text(item.name) or "?")
            if kind := is_stray(name[-1]):
                passed_over[kind] = passed_over.get(kind, 0) + 1
            elif item.is_symlink():
                refused.append(
                    ("/".join(name), "It is a link; links are not followed. Put the file itself there.")
                )
            elif item.is_dir(follow_symlinks=False):
                waiting.append((Path(item.path), name))
            elif item.is_file(follow_symlinks=False):
                entries.append(
                    Entry(
                        parts=name,
                        read=FileReader(Path(item.path), most=limits.max_picture_bytes),
                        num_bytes=_size_of(item),
                    )
                )
            else:
                refused.append(("/".join(name), "It is no ordinary file."))
    entries.sort(key=lambda entry: entry.parts)
    return Listing(entries=tuple(entries), refused=tuple(refused), passed_over=passed_over)


def _size_of(item: os.DirEntry) -> int:
    """How large a file is; 0 where it is gone already, which its reader will say."""
    try:
        return item.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


class FileReader:
    """Reads one whole file, if it is an ordinary one and not larger than a picture may be."""

    __slots__ = ("most", "path")

    def __init__(self, path: Path, *, most: int) -> None:
        self.path, self.most = path, most

    def __call__(self) -> bytes:
        """Return its bytes.

        Raises:
            EntryRefused: It is gone, too large, or something else has taken its place.
        """
        most = self.most
        # It may have been exchanged since it was listed: no link is followed, no pipe waited for.
        flags = (
            os.O_RDONLY
            | getattr(os, "O_NOFOLLOW", 0)
            | getattr(os, "O_NONBLOCK", 0)
            | getattr(os, "O_BINARY", 0)
        )
        try:
            with os.fdopen(os.open(self.path, flags), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise EntryRefused("It is no ordinary file.")
                data = file.read(most + 1)
        except OSError as error:
            raise EntryRefused(f"It cannot be read ({error.strerror or error}).") from error
        if len(data) > most:
            raise EntryRefused(
                f"It is larger than {most // MEGABYTE:,} MB, the most that one picture may be."
            )
        return data
