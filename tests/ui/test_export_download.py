"""A package is written to disk and sent from there; afterwards nothing is left beside the exports."""

import asyncio
import io
import zipfile

import pytest
from starlette.applications import Starlette

from cnnlab.runs.folder import RunFolder
from cnnlab.runs.model_record import ModelRecord
from cnnlab.ui import export_download
from tests.awaiting import finish
from tests.export.making import past_export
from tests.pages.making import past_run


@pytest.fixture
def run() -> RunFolder:
    run = past_run()
    (run.path / "model.keras").write_bytes(b"a model")
    ModelRecord(class_names=("0", "1"), image_size=8, run=run.id, name="A run", network_name="Tiny").save(
        run.path
    )
    return run


def get(path: str) -> tuple[int, dict[str, str], bytes]:
    """Ask for a path and return status, headers and body, as the server would send them."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    sent = []

    async def receive():
        # The request has no body, and the client stays until the answer is whole.
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    finish(Starlette(routes=[export_download.ROUTE])(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def test_a_format_that_is_ready_is_sent_as_a_zip(run):
    past_export(run, "onnx", file=b"weights")
    status, headers, body = get(export_download.address(run.id, "onnx"))
    assert status == 200
    assert headers["content-disposition"] == 'attachment; filename="a-run-onnx.zip"'
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        assert packed.read("model.onnx") == b"weights"
    assert [path.name for path in (run.path / "exports").iterdir()] == ["onnx"]


@pytest.mark.parametrize(
    ("run_id", "name"),
    [
        pytest.param(None, "onnx", id="not made"),
        pytest.param(None, "floppy", id="no such format"),
        pytest.param("20200101-000000-000000", "onnx", id="no such run"),
        pytest.param("..", "onnx", id="no id of ours"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(run, run_id, name):
    status, _, body = get(f"/exports/{run_id or run.id}/{name}.zip")
    assert status == 404
    assert body.endswith(b".")
    assert not list(run.path.glob("exports/*"))
