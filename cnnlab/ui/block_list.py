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
  <div class="end input"><span class="label"></span><span class="figures"></span></div>
  <ol class="rows" role="listbox" aria-label="Blocks, from the picture to the output"></ol>
  <p class="nothing" hidden>No blocks yet: the picture goes straight to the output. Add one above.</p>
  <div class="end output"><span class="label"></span><span class="figures"></span></div>
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
            "input": {"label": f"{first.label} · {first.settings}", "figures": shape(first)},
            "output": {"label": f"{last.label} · {last.settings}", "figures": _figures(last)},
        },
        on_arrange_change=lambda: _arrange(draft),
        on_remove_change=lambda: _remove(draft),
    )


def shape(row: Row) -> str:
    """Write what comes out of a block: '32 × 32 × 64', or '–' where it cannot work."""
    return " × ".join(f"{side:,}" for side in row.output_shape) or "–"


def _row(draft: Draft, row: Row, *, number: int, anatomy: Anatomy) -> dict[str, Any]:
    block = draft.network.blocks[row.block]
    return {
        "number": number,
        "kind": block.kind,
        "label": BLOCKS[block.kind].label,
        "detail": row.settings,
        "shape": shape(row),
        "parameters": _parameters(row),
        "share": row.parameters_share,
        "problem": " ".join(problem.sentence for problem in anatomy.problems_of(row.block)),
    }


def _figures(row: Row) -> str:
    return f"{shape(row)} · {_parameters(row)}" if row.parameters else shape(row)


def _parameters(row: Row) -> str:
    return text.counted(row.parameters, "parameter") if row.parameters else ""


def _arrange(draft: Draft) -> None:
    event = st.session_state[KEY].get("arrange") or {}
    order, selected = event.get("order"), event.get("selected")
    if isinstance(order, list) and all(isinstance(number, int) for number in order):
        draft.arrange(order, selected=selected)


def _remove(draft: Draft) -> None:
    number = st.session_state[KEY].get("remove")
    if isinstance(number, int):
        draft.remove(number)
