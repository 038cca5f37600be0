"""The address from which a dataset is taken away: `/datasets-as-zip/<id>/<version>.zip`.

This module never draws anything.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.data.take_away import file_name, write_dataset
from cnnlab.settings import workspace
from cnnlab.ui.parcels import Parcel, send


def address(dataset: Dataset) -> str:
    """Where a version of a dataset is taken away."""
    return f"/datasets-as-zip/{dataset.id}/{dataset.version}.zip"


def download(request: Request) -> Response:
    """Write the ZIP and send it; it is gone again when it was sent."""
    return send(lambda: _parcel(**request.path_params))


def _parcel(*, dataset: str, version: int) -> Parcel:
    found = find_dataset(dataset, version=version)
    return Parcel(file_name=file_name(found), folder=workspace().cache, write=partial(write_dataset, found))


ROUTE = Route("/datasets-as-zip/{dataset}/{version:int}.zip", download)
