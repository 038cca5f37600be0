"""What the server does around the pages: start-up, the few files it serves itself, and security headers.

This module never draws anything, and nothing that it imports may import TensorFlow.
"""

import gc
import importlib
import importlib.util
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnlab.errors import CnnlabError
from cnnlab.runs import queue
from cnnlab.ui import bundle_download, dataset_download, export_download

SHELL = Path(__file__).resolve().with_name("shell.py")
"""The script that Streamlit runs for every visit; nothing imports it."""
SECONDS_BETWEEN_LOOKS = 5.0
PLOTLY_ADDRESS = f"/assets/plotly-{version('plotly')}.min.js"
"""With the version in it, so that a browser may keep the file for good."""

SECURITY_HEADERS = {
    # Streamlit's own page needs inline styles and scripts, and evaluates charts. What matters here is that
    # nothing is ever asked of another host, whatever a name or a file may try, and nobody frames the page.
    "content-security-policy": "; ".join(
        (
            "default-src 'self'",
            # A photograph of the camera is read from a data: address, which reaches no host.
            "connect-src 'self' data:",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
}


class SecurityHeaders:
    """Puts `SECURITY_HEADERS` on every answer (a pure ASGI layer: sockets pass through untouched)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write the headers as its answer starts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (n.encode(), v.encode())
                        for n, v in SECURITY_HEADERS.items()
                        if n.encode() not in given
                    ),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def healthz(_: Request) -> Response:
    """Answer that the server is up."""
    return PlainTextResponse("ok")


def plotly(_: Request) -> Response:
    """Serve plotly.js from the installed wheel, so that live charts need no other host."""
    package = importlib.util.find_spec("plotly")
    folder = Path(package.submodule_search_locations[0])
    return FileResponse(
        folder / "package_data" / "plotly.min.js",
        media_type="text/javascript",
        headers={"cache-control": "public, max-age=31536000, immutable"},
    )


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm the server up, and take up the queue where the last server left it."""
    _import_what_pages_need()
    # Streamlit collects garbage after every run of a page. What is imported by now never becomes garbage;
    # frozen, a live page costs 13 ms a second instead of 87.
    gc.collect()
    gc.freeze()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_keep_the_queue_moving)
        yield
        tasks.cancel_scope.cancel()


async def _keep_the_queue_moving() -> None:
    """Look after the queue at start-up and every few seconds, so that it moves with no browser open.

    A worker's keeper does too as the worker ends; here it is noticed when the keeper went down with it.
    """
    while True:
        await anyio.to_thread.run_sync(_advance)
        await anyio.sleep(SECONDS_BETWEEN_LOOKS)


def _advance() -> None:
    try:
        queue.advance()
    except CnnlabError:
        # The workspace cannot be written just now: pages say so to whoever looks.
        logging.getLogger(__name__).warning("The queue could not be moved on.", exc_info=True)


def _import_what_pages_need() -> None:
    """Import every module of this room, so that the first visitor does not wait for pandas and Plotly."""
    for path in sorted(SHELL.parent.glob("*.py")):
        if path != SHELL:
            importlib.import_module(f"cnnlab.ui.{path.stem}")


ROUTES = [
    Route("/healthz", healthz),
    Route(PLOTLY_ADDRESS, plotly),
    export_download.ROUTE,
    bundle_download.ROUTE,
    dataset_download.ROUTE,
]
MIDDLEWARE = [Middleware(SecurityHeaders)]
