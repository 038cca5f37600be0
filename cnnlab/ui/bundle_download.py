"""The address from which the bundle of a run is taken away: `/bundles/<run>.zip`, written to disk and sent from there.

This module never draws anything, and never holds a bundle in memory.
"""

import tempfile
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from cnnlab.errors import CnnlabError
from cnnlab.export.bundle import bundle_name, write_bundle
from cnnlab.files import TEMPORARY_PREFIX, remove_leftovers
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace

LEFTOVER_SECONDS = 3600.0
"""Nobody takes longer to fetch a bundle; one that is older was left by a server that was ended."""


def address(run_id: str) -> str:
    """Where the bundle of a run is taken away."""
    return f"/bundles/{run_id}.zip"


def download(request: Request) -> Response:
    """Write the bundle and send it; it is gone again when it was sent."""
    try:
        run = RunFolder.find(request.path_params["run"], runs=workspace().runs)
        folder = workspace().cache
        remove_leftovers(folder, older_than_seconds=LEFTOVER_SECONDS)
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix=TEMPORARY_PREFIX, suffix=".zip", delete=False
        ) as file:
            path = Path(file.name)
        try:
            write_bundle(run, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return FileResponse(
            path,
            filename=bundle_name(run),
            media_type="application/zip",
            background=BackgroundTask(path.unlink, missing_ok=True),
        )
    except CnnlabError as error:
        return PlainTextResponse(str(error), status_code=404)


ROUTE = Route("/bundles/{run}.zip", download)
