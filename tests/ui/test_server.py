"""What the server puts around the pages."""

import ast
import asyncio
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette

from cnnlab.errors import WorkspaceError
from cnnlab.ui import server
from tests.awaiting import finish

REPOSITORY = Path(__file__).resolve().parents[2]


def _get(path):
    """Ask the routes for a path and return status, headers and body, as the server would send them."""
    app = Starlette(routes=server.ROUTES, middleware=server.MIDDLEWARE)
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

    finish(app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def test_health_is_answered():
    status, _, body = _get("/healthz")
    assert (status, body) == (200, b"ok")


def test_plotly_is_served_from_the_installed_package_and_may_be_kept():
    status, headers, body = _get(server.PLOTLY_ADDRESS)
    assert status == 200
    assert b"plotly.js v" in body[:200]
    assert "immutable" in headers["cache-control"]


@pytest.mark.parametrize("path", ["/healthz", server.PLOTLY_ADDRESS, "/nothing-here"])
def test_every_answer_carries_the_security_headers(path):
    headers = _get(path)[1]
    assert "img-src 'self' data: blob:" in headers["content-security-policy"]
    assert "connect-src 'self' data:;" in headers["content-security-policy"], "the camera's photograph"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"


def test_the_app_is_a_literal_call_that_streamlit_finds():
    tree = ast.parse((REPOSITORY / "app.py").read_text(encoding="utf-8"))
    calls = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
    ]
    assert [ast.unparse(call.func) for call in calls] == ["st.App"]


def serve_until(condition, monkeypatch) -> None:
    """Run what the server does around its life until a condition holds."""
    monkeypatch.setattr(server.gc, "freeze", lambda: None)

    async def start_and_stop():
        async with server.lifespan(None):
            with anyio.fail_after(60):
                while not condition():
                    await anyio.sleep(0.01)

    finish(start_and_stop())


def test_the_server_takes_up_the_queue_and_keeps_it_moving(monkeypatch):
    advanced = []
    monkeypatch.setattr(server, "SECONDS_BETWEEN_LOOKS", 0.01)
    monkeypatch.setattr(server.queue, "advance", lambda: advanced.append(True))
    serve_until(lambda: len(advanced) >= 3, monkeypatch)


def test_a_workspace_that_cannot_be_written_does_not_end_the_server(monkeypatch):
    tried = []

    def refuse() -> None:
        tried.append(True)
        raise WorkspaceError("The workspace cannot be written.")

    monkeypatch.setattr(server, "SECONDS_BETWEEN_LOOKS", 0.01)
    monkeypatch.setattr(server.queue, "advance", refuse)
    serve_until(lambda: len(tried) >= 2, monkeypatch)
