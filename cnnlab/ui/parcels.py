"""Files that are put together when somebody fetches them: written to disk, sent from there, and gone again.

What is in a parcel is said by who offers it. This module never draws anything, and never holds a parcel in
memory.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, PlainTextResponse, Response

from cnnlab.errors import CnnlabError
from cnnlab.files import TEMPORARY_PREFIX, remove_leftovers

LEFTOVER_SECONDS = 24 * 3600.0
"""Nobody takes longer to fetch one; a parcel that is older was left by a server that was ended."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A ZIP that can be put together."""

    file_name: str
    """What the browser keeps it as."""
    folder: Path
    """Where it lies until it is sent."""
    write: Callable[[Path], object]
    """Writes it to a path; may raise a `CnnlabError` or an OSError."""


def send(find: Callable[[], Parcel]) -> Response:
    """Put a parcel together and send it; what cannot be sent is a sentence.

    Args:
        find: Says what is in it; may raise a `CnnlabError` where there is nothing to send.
    """
    try:
        parcel = find()
        return _written(parcel)
    except CnnlabError as error:
        return PlainTextResponse(str(error), status_code=404)
    except OSError as error:
        sentence = (
            f"It could not be put together ({error.strerror or error}). Make room on the disk, and try again."
        )
        return PlainTextResponse(sentence, status_code=507)


def _written(parcel: Parcel) -> Response:
    remove_leftovers(parcel.folder, older_than_seconds=LEFTOVER_SECONDS)
    with tempfile.NamedTemporaryFile(
        dir=parcel.folder, prefix=TEMPORARY_PREFIX, suffix=".zip", delete=False
    ) as file:
        path = Path(file.name)
    try:
        parcel.write(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(
        path,
        filename=parcel.file_name,
        media_type="application/zip",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )
