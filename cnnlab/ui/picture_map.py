"""Pictures as points on a plane that one can zoom into: the mouse on a point shows its picture, a click opens it.

Everything is drawn in the browser on a plain canvas, which stays smooth with ten thousand points. The small
pictures are cut out of sheets that cnnlab encoded itself. This module never chooses which pictures to show.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from cnnlab.charts.palette import RUN_COLORS
from cnnlab.ui.gallery import data_uri

ASSETS = Path(__file__).resolve().parent / "assets"
HTML = """
<div class="picture-map">
  <div class="field">
    <canvas class="points" tabindex="0" role="img" aria-label="Map of pictures: a point each; arrows go from one to the next, Enter opens it"></canvas>
    <canvas class="marks"></canvas>
    <div class="tip" hidden><canvas width="128" height="128"></canvas><p class="true"></p><p class="said"></p></div>
  </div>
  <div class="legend" role="group" aria-label="Classes"></div>
  <p class="hint">The wheel or two fingers zoom, dragging moves, a double click shows all. A class below shows it alone.</p>
</div>
"""

_component = st.components.v2.component(
    "cnnlab_picture_map",
    html=HTML,
    css=(ASSETS / "picture_map.css").read_text(encoding="utf-8"),
    js=(ASSETS / "picture_map.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Small pictures side by side, encoded by us."""

    jpeg: bytes | None
    columns: int


@dataclass(frozen=True, kw_only=True)
class Points:
    """What lies where; all arrays of shape (N,) but `plane`."""

    plane: np.ndarray
    """Float, shape (N, 2); only distances matter."""
    pictures: np.ndarray
    """Number of each picture, which `on_open` is told."""
    labels: np.ndarray
    """True class indices."""
    said: np.ndarray
    """What the network said, -1 where it was not asked."""
    sure: np.ndarray
    """How probable it found that, 0 to 1."""
    sheets: np.ndarray
    """In which sheet the small picture is: 0, or 1 for pictures that stay in the background."""
    places: np.ndarray
    """Where in the sheet, counted row by row."""


def picture_map(
    points: Points,
    *,
    class_names: Sequence[str],
    sheets: Sequence[Sheet],
    key: str,
    layout: str,
    on_open: Callable[[int], None],
) -> None:
    """Draw pictures as points coloured by class, with a ring around those that were named wrong.

    Args:
        points: What lies where.
        class_names: Plain text; may come from users.
        sheets: Small pictures, one sheet or two.
        key: Of the component.
        layout: A name for where the points lie: as long as it stays, the zoom stays.
        on_open: Gets the number of a clicked picture. It runs before the page is drawn again: it draws nothing.
    """
    data = _data(points) | {
        "names": list(class_names),
        "colors": list(RUN_COLORS),
        "layout": layout,
        "sprites": [
            {"source": data_uri(sheet.jpeg) if sheet.jpeg else "", "columns": sheet.columns}
            for sheet in sheets
        ],
    }

    def opened() -> None:
        picture = st.session_state[key].get("open")
        # The browser is not trusted: only a picture that is on the map can be opened.
        if isinstance(picture, int) and (points.pictures == picture).any():
            on_open(picture)

    _component(key=key, data=data, on_open_change=opened)


def _data(points: Points) -> dict[str, str]:
    low, high = points.plane.min(axis=0), points.plane.max(axis=0)
    span = float(max((high - low).max(), 1e-9))
    shown = ((points.plane - (low + high) / 2.0) / span + 0.5).astype("<f4")
    arrays = {
        "x": shown[:, 0],
        "y": shown[:, 1],
        "labels": points.labels.astype("<u2"),
        "said": points.said.astype("<i4"),
        "sure": points.sure.astype("<f4"),
        "pictures": points.pictures.astype("<i4"),
        "groups": points.sheets.astype("u1"),
        "places": points.places.astype("<i4"),
    }
    written = {name: np.ascontiguousarray(array).tobytes() for name, array in arrays.items()}
    revision = hashlib.sha256(b"".join(written.values())).hexdigest()[:16]
    return {name: base64.b64encode(each).decode("ascii") for name, each in written.items()} | {
        "revision": revision
    }
