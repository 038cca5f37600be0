"""The address from which the bundle of a run is taken away: `/bundles/<run>.zip`.

This module never draws anything.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cnnlab.export.bundle import bundle_name, write_bundle
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.ui.parcels import Parcel, send


def address(run_id: str) -> str:
    """Where the bundle of a run is taken away."""
    return f"/bundles/{run_id}.zip"


def download(request: Request) -> Response:
    """Write the bundle and send it; it is gone again when it was sent."""
    return send(lambda: _parcel(**request.path_params))


def _parcel(*, run: str) -> Parcel:
    found = RunFolder.find(run, runs=workspace().runs)
    return Parcel(file_name=bundle_name(found), folder=workspace().cache, write=partial(write_bundle, found))


ROUTE = Route("/bundles/{run}.zip", download)
