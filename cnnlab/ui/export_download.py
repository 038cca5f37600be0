"""The address from which a package is taken away: `/exports/<run>/<format>.zip`.

This module never draws anything.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cnnlab.export.exports import FOLDER
from cnnlab.export.package import package_name, write_package
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.ui.parcels import Parcel, send


def address(run_id: str, name: str) -> str:
    """Where the package of a format of a run is taken away, or of `EVERYTHING`."""
    return f"/exports/{run_id}/{name}.zip"


def download(request: Request) -> Response:
    """Write a package beside the exports and send it; it is gone again when it was sent."""
    return send(lambda: _parcel(**request.path_params))


def _parcel(*, run: str, name: str) -> Parcel:
    found = RunFolder.find(run, runs=workspace().runs)
    folder = found.path / FOLDER
    folder.mkdir(exist_ok=True)
    return Parcel(
        file_name=package_name(found, name), folder=folder, write=partial(write_package, found, name)
    )


ROUTE = Route("/exports/{run}/{name}.zip", download)
