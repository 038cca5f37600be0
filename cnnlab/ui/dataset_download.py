"""The address from which a dataset is taken away: `/datasets-as-zip/<id>/<version>.zip`, written to disk and sent from there.

This module never draws anything, and never holds a dataset in memory.
"""

import tempfile
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.data.take_away import file_name, write_dataset
from cnnlab.errors import CnnlabError
from cnnlab.files import TEMPORARY_PREFIX, remove_leftovers
from cnnlab.settings import workspace

LEFTOVER_SECONDS = 24 * 3600.0
"""Nobody takes longer to fetch a dataset; one that is older was left by a server that was ended."""


def address(dataset: Dataset) -> str:
    """Where a version of a dataset is taken away."""
    return f"/datasets-as-zip/{dataset.id}/{dataset.version}.zip"


def download(request: Request) -> Response:
    """Write the ZIP and send it; it is gone again when it was sent."""
    try:
        dataset = find_dataset(request.path_params["dataset"], version=request.path_params["version"])
        folder = workspace().cache
        remove_leftovers(folder, older_than_seconds=LEFTOVER_SECONDS)
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix=TEMPORARY_PREFIX, suffix=".zip", delete=False
        ) as file:
            path = Path(file.name)
        try:
            write_dataset(dataset, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return FileResponse(
            path,
            filename=file_name(dataset),
            media_type="application/zip",
            background=BackgroundTask(path.unlink, missing_ok=True),
        )
    except CnnlabError as error:
        return PlainTextResponse(str(error), status_code=404)
    except OSError as error:
        sentence = f"The dataset could not be packed ({error.strerror or error}). Make room on the disk, and try again."
        return PlainTextResponse(sentence, status_code=507)


ROUTE = Route("/datasets-as-zip/{dataset}/{version:int}.zip", download)
