"""The address from which a package is taken away: `/exports/<run>/<format>.zip`, written to disk and sent from there.

This module never draws anything, and never holds a package in memory.
"""

import tempfile
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from cnnlab.errors import CnnlabError
from cnnlab.export.exports import FOLDER
from cnnlab.export.package import package_name, write_package
from cnnlab.files import TEMPORARY_PREFIX
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace


def address(run_id: str, name: str) -> str:
    """Where the package of a format of a run is taken away, or of `EVERYTHING`."""
    return f"/exports/{run_id}/{name}.zip"


def download(request: Request) -> Response:
    """Write a package beside the exports and send it; it is gone again when it was sent."""
    name = request.path_params["name"]
    try:
        run = RunFolder.find(request.path_params["run"], runs=workspace().runs)
        folder = run.path / FOLDER
        folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix=TEMPORARY_PREFIX, suffix=".zip", delete=False
        ) as file:
            path = Path(file.name)
        try:
            write_package(run, name, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return FileResponse(
            path,
            filename=package_name(run, name),
            media_type="application/zip",
            background=BackgroundTask(path.unlink, missing_ok=True),
        )
    except CnnlabError as error:
        return PlainTextResponse(str(error), status_code=404)


ROUTE = Route("/exports/{run}/{name}.zip", download)
