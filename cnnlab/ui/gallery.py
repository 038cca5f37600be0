"""A grid of small pictures that one can click on; used wherever pictures of a dataset are shown.

Thumbnails are decoded in the child process and encoded anew by us: the server never decodes a user's
picture, and the browser never gets a user's bytes. This module never chooses which pictures to show.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).resolve().parent / "assets"

_component = st.components.v2.component(
    "cnnlab_gallery",
    html='<div class="gallery"></div>',
    css=(ASSETS / "gallery.css").read_text(encoding="utf-8"),
    js=(ASSETS / "gallery.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One picture of a gallery; all words are plain text and may come from users."""

    picture: int
    """What `on_open` is told when it is clicked."""
    jpeg: bytes | None
    """A thumbnail that cnnlab encoded itself, or None when the picture could not be read."""
    alt: str
    """What the picture shows, or why it is not there."""
    caption: str
    note: str = ""
    color: str = "transparent"
    """Colour of the mark before the note."""
    title: str = ""
    """Shown when the mouse rests on it."""
    detail: str = ""
    """A third line, smaller."""
    badge: str = ""
    """A few words laid over a corner of the picture."""


def gallery(
    tiles: Sequence[Tile], *, key: str, on_open: Callable[[int], None], tile_pixels: int = 128
) -> None:
    """Draw pictures in a grid that fits the width; `on_open` gets the number of a clicked one.

    `on_open` runs before the page is drawn again, so it may change the session but draw nothing.
    """

    def opened() -> None:
        picture = st.session_state[key].get("open")
        # The browser is not trusted: only a picture that is on the screen can be opened.
        if isinstance(picture, int) and picture in {tile.picture for tile in tiles}:
            on_open(picture)

    _component(
        key=key,
        data={"tile_pixels": tile_pixels, "tiles": [_data(tile) for tile in tiles]},
        on_open_change=opened,
    )


def data_uri(jpeg: bytes) -> str:
    """Write a JPEG so that a browser can show it without asking for it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"


def _data(tile: Tile) -> dict[str, object]:
    return {
        "picture": tile.picture,
        "source": data_uri(tile.jpeg) if tile.jpeg else "",
        "alt": tile.alt,
        "caption": tile.caption,
        "note": tile.note,
        "color": tile.color,
        "title": tile.title,
        "detail": tile.detail,
        "badge": tile.badge,
    }
