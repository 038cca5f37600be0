"""The ordered list of blocks on the Build page: drag, arrow keys, select; Python owns the list.

The browser only says what somebody did; the draft decides what that means. The same can be done with
the buttons beside the settings, so nothing needs a mouse. This module never works out a figure.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.models.anatomy import Anatomy, Row
from cnnlab.specs.blocks import BLOCKS
from cnnlab.ui import text
from cnnlab.ui.build_draft import Draft

ASSETS = Path(__file__).resolve().parent / "assets"
KEY = "block_list"

HTML = """
<div class="network">
  <div class="bars" role="group" aria-label="What the bars show">
    <span>Bars show the share of</span>
    <button type="button" data-measure="parameters">Parameters</button>
    <button type="button" data-measure="multiply_adds">Multiply-adds</button>
    <button type="button" data-measure="memory">Memory</button>
  </div>
  <div class="head" aria-hidden="true">
    <span class="words">Block</span><span>Output</span><span data-measure="parameters">Parameters</span>
    <span data-measure="multiply_adds">Mult.-adds</span><span data-measure="memory">Memory</span><span>Sees</span>
  </div>
  <div class="end input"></div>
  <ol class="rows" role="listbox" aria-label="Blocks, from the picture to the output"></ol>
  <p class="nothing" hidden>No blocks yet: the picture goes straight to the output. Add one above.</p>
  <div class="end output"></div>
</div>
"""

_component = st.components.v2.component(
    "cnnlab_block_list",
    html=HTML,
    css=(ASSETS / "block_list.css").read_text(encoding="utf-8"),
    js=(ASSETS / "block_list.js").read_text(encoding="utf-8"),
)


def draw(draft: Draft, *, anatomy: Anatomy) -> None:
    """Draw the list with each block's figures, and obey what is done to it."""
    first, *rows, last = anatomy.rows
    _component(
        key=KEY,
        data={
            "rows": [
                _row(draft, row, number=number, anatomy=anatomy)
                for row, number in zip(rows, draft.numbers, strict=True)
            ],
            "selected": draft.selected,
            "input": _end(first),
            "output": _end(last),
        },
        on_arrange_change=lambda: _arrange(draft),
        on_remove_change=lambda: _remove(draft),
    )


def shape(row: Row) -> str:
    """Write what comes out of a block: '32 × 32 × 64', or '–' where it cannot work."""
    return " × ".join(f"{side:,}" for side in row.output_shape) or "–"


def amount(number: int) -> str:
    """Write a count that may be large, in few letters: 55424 -> '55,424', 38651136 -> '38.7 M'."""
    return f"{number:,}" if number < 1_000_000 else f"{number / 1e6:,.1f} M"


def _row(draft: Draft, row: Row, *, number: int, anatomy: Anatomy) -> dict[str, Any]:
    block = draft.network.blocks[row.block]
    return {
        "number": number,
        "kind": block.kind,
        "label": BLOCKS[block.kind].label,
        "detail": row.settings,
        "problem": " ".join(problem.sentence for problem in anatomy.problems_of(row.block)),
        **_figures(row),
    }


def _end(row: Row) -> dict[str, Any]:
    return {"label": row.label, "detail": row.settings, **_figures(row)}


def _figures(row: Row) -> dict[str, Any]:
    """What a row costs, as words; nothing where it costs nothing."""
    field = f"{row.receptive_field} px" if row.receptive_field else "all"
    return {
        "shape": shape(row),
        "figures": {
            "parameters": amount(row.parameters) if row.parameters else "",
            "multiply_adds": amount(row.multiply_adds) if row.multiply_adds else "",
            "memory": text.file_size(row.activation_bytes) if row.activation_bytes else "",
            "field": field if row.output_shape else "",
        },
        "shares": {
            "parameters": row.parameters_share,
            "multiply_adds": row.multiply_adds_share,
            "memory": row.activation_share,
        },
    }


def _arrange(draft: Draft) -> None:
    event = st.session_state[KEY].get("arrange") or {}
    order, selected = event.get("order"), event.get("selected")
    if isinstance(order, list) and all(isinstance(number, int) for number in order):
        draft.arrange(order, selected=selected)


def _remove(draft: Draft) -> None:
    number = st.session_state[KEY].get("remove")
    if isinstance(number, int):
        draft.remove(number)
