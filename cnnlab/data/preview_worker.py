"""The process that looks before an import: `python -m cnnlab.data.preview_worker PREVIEW_FOLDER`.

It lists what would be imported, which unpacks a tar, and compares the pictures with those that are
here. It takes nothing and changes nothing. Nothing of it runs in the server.
"""

import shutil
import sys
import traceback
from pathlib import Path

from filelock import FileLock, Timeout

from cnnlab.data.children import be_a_good_neighbour
from cnnlab.data.entries import Listing
from cnnlab.data.import_progress import Cancelled, ProgressWriter
from cnnlab.data.import_records import REQUEST
from cnnlab.data.listings import listing_of
from cnnlab.data.preview_contents import preview_of
from cnnlab.data.preview_records import Preview
from cnnlab.data.preview_twins import find_twins
from cnnlab.errors import CnnlabError
from cnnlab.files import write_text

LOCK_SECONDS = 5.0


def main(path: str) -> int:
    """Look at what a folder asks for; return the exit code."""
    folder = Path(path)
    if not (folder / "request.json").exists():
        # Somebody decided before it began; the lock would make the folder again.
        return 2
    lock = FileLock(folder / "worker.lock")
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except (Timeout, OSError):
        return 2
    be_a_good_neighbour()
    try:
        look(folder, ProgressWriter(folder))
    except FileNotFoundError:
        # Whoever decides before it ends removes the folder under it.
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()
    return 0


def look(folder: Path, progress: ProgressWriter) -> None:
    """Look, and say how it ended in the progress; what was found is in `preview.json`."""
    try:
        request = REQUEST.validate_json((folder / "request.json").read_bytes())
        progress.begin("Reading the list of files")
        with listing_of(request, on_progress=progress.download) as listing:
            preview = preview_of(listing)
            _write(folder, preview)
            progress.begin("Comparing with the datasets that are here")
            _write(folder, preview.model_copy(update={"twins": _twins(listing, progress)}))
        progress.end("finished", message="")
    except Cancelled:
        progress.end("cancelled", message="It was not looked through.")
    except CnnlabError as error:
        progress.end("failed", message=str(error))
    except FileNotFoundError:
        raise
    except OSError as error:
        traceback.print_exc()
        progress.end("failed", message=f"It could not be read ({error.strerror or error}). Try it again.")
    except MemoryError:
        progress.end("failed", message="There is not enough memory to list it. Import it in parts.")


def _twins(listing: Listing, progress: ProgressWriter):
    def at(done: int, total: int) -> None:
        if done == 0:
            progress.begin("Comparing with the datasets that are here", total=total, unit="files")
        progress.at(done)

    try:
        return find_twins(listing.entries, on_progress=at)
    except (CnnlabError, OSError, ValueError):
        # A dataset that is damaged is named on the page; a preview without a comparison is still one.
        traceback.print_exc()
        return ()


def _write(folder: Path, preview: Preview) -> None:
    write_text(folder / "preview.json", preview.model_dump_json())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
