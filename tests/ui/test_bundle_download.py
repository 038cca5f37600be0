"""A bundle is written to disk and sent from there; afterwards nothing of it is left."""

import zipfile

import pytest
from starlette.requests import Request
from starlette.responses import Response

from cnnlab.export.bundle_records import RECORD
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from cnnlab.ui import bundle_download
from tests.awaiting import finish
from tests.pages.making import past_run


def ask_for(run_id: str) -> Response:
    """What the server answers, before it has sent anything."""
    return bundle_download.download(Request({"type": "http", "path_params": {"run": run_id}}))


def test_a_finished_run_is_sent_as_a_zip_and_then_nothing_of_it_is_left():
    run = past_run()
    ModelRecord(class_names=("0", "1"), image_size=8, run=run.id, name="A run", network_name="Tiny").save(
        run.path
    )
    (run.path / "predictions.parquet").write_bytes(b"a table")
    answer = ask_for(run.id)
    assert answer.headers["content-disposition"] == f'attachment; filename="a-run-{run.id}.zip"'
    with zipfile.ZipFile(answer.path) as packed:
        assert packed.testzip() is None
        assert RECORD in packed.namelist()
    finish(answer.background())
    assert list(workspace().cache.iterdir()) == []


@pytest.mark.parametrize(
    "run_id",
    [
        pytest.param(None, id="not finished"),
        pytest.param("20200101-000000-000000", id="no such run"),
        pytest.param("..", id="no id of ours"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(run_id):
    run = past_run(state=State.FAILED)
    answer = ask_for(run_id or run.id)
    assert answer.status_code == 404
    assert list(workspace().cache.iterdir()) == []
