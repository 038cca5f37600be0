"""The drawing of the network on the Build page: every block as a box, marked where something is to be said.

A click on a box selects its block; the file that is downloaded is the same drawing in fixed, light
colours. This module never decides how a box looks: `charts.network_drawing` does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from cnnlab.charts.network_drawing import Box, network_drawing
from cnnlab.charts.network_looks import Look
from cnnlab.models.anatomy import Anatomy, Row
from cnnlab.models.lint import Finding
from cnnlab.specs.blocks import Block
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui import block_list, text
from cnnlab.ui.build_draft import Draft

ASSETS = Path(__file__).resolve().parent / "assets"
KEY = "network_drawing"
# A keyboard scrolls what has the focus; blocks are chosen with it in the list.
HTML = '<div class="drawing" tabindex="0"></div>'

ON_THE_PAGE = Look(
    ink="var(--st-text-color)",
    quiet="var(--st-gray-color)",
    paper="var(--st-background-color)",
    background="none",
    accent="var(--st-primary-color)",
    error="var(--st-red-color)",
    warning="var(--st-orange-color)",
    hint="var(--st-blue-color)",
    font="var(--st-font)",
    letter=5.7,
)
"""The colours of the theme that is on, which only the browser knows."""
SMALLEST_SCALE = 0.85
"""How far a drawing shrinks to fit its frame; what does not fit then is scrolled to."""
SAID = {"error": "Cannot work", "warning": "Could be better", "hint": "Worth knowing"}

_component = st.components.v2.component(
    "cnnlab_network_drawing",
    html=HTML,
    css=(ASSETS / "network_drawing.css").read_text(encoding="utf-8"),
    js=(ASSETS / "network_drawing.js").read_text(encoding="utf-8"),
)


def drawing(draft: Draft, *, anatomy: Anatomy, findings: Sequence[Finding]) -> None:
    """Draw what is being built, with what was found in it; a click on a box selects its block."""
    network, title = draft.network, f"Drawing of {draft.network.name}"
    boxes = network_boxes(network, anatomy=anatomy, findings=findings)
    show(
        [_choosable(box, draft) for box in boxes],
        title=title,
        key=KEY,
        selected=draft.selected,
        on_select=lambda: _select(draft),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "Height: side of the maps. Width: how many maps. A column is a vector, a thin plate keeps the maps as they are. "
            "A click on a box selects its block.",
            width="stretch",
        )
        st.download_button(
            "Download SVG",
            # Written when somebody asks for it, not at every edit; what could be better stays on the page.
            lambda: network_drawing(network_boxes(network, anatomy=anatomy), title=title),
            "network.svg",
            "image/svg+xml",
            key="build-svg",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def show(
    boxes: Sequence[Box],
    *,
    title: str,
    key: str,
    largest_side: int | None = None,
    selected: int | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:
    """Put a drawing into the page, in its theme; a long one scrolls in its own frame."""
    svg = network_drawing(boxes, title=title, look=ON_THE_PAGE, largest_side=largest_side)
    _component(
        key=key,
        data={
            "svg": svg,
            "selected": selected,
            "chooses": on_select is not None,
            # Drawings that are to be compared stay at one scale.
            "smallest": SMALLEST_SCALE if largest_side is None else 1,
        },
        on_select_change=on_select or _nothing,
    )


def network_boxes(
    network: BlockNetwork,
    *,
    anatomy: Anatomy,
    findings: Sequence[Finding] = (),
    marks: Mapping[int, str] | None = None,
) -> list[Box]:
    """Turn the figures of a network into boxes, from the picture to the output.

    Args:
        network: The blocks.
        anatomy: Their figures.
        findings: What the lint says, most severe first; each block is marked by the first about it.
        marks: Signs of `charts.network_looks.MARKS` by position, instead of those of findings.
    """
    said: dict[int | None, list[Finding]] = {}
    for finding in findings:
        said.setdefault(finding.block, []).append(finding)
    boxes = []
    for row in anatomy.rows:
        # The output is no block: what is said of none in particular is about it only if it cannot work.
        ours = said.get(row.block, []) if row.block is not None or not row.output_shape else []
        mark = ours[0].severity if ours else (marks or {}).get(row.block, "")
        block = None if row.block is None else network.blocks[row.block]
        boxes.append(_box(block, row, mark=mark, findings=ours))
    boxes[0], boxes[-1] = replace(boxes[0], kind="picture"), replace(boxes[-1], kind="output")
    return boxes


def _box(block: Block | None, row: Row, *, mark: str, findings: Sequence[Finding]) -> Box:
    number = "" if row.block is None else f"{row.block + 1} · "
    figures = [f"{number}{row.label}", row.settings, block_list.shape(row)]
    if row.parameters:
        figures.append(text.counted(row.parameters, "parameter"))
    sentences = [f"{SAID[finding.severity]}: {finding.sentence}" for finding in findings]
    return Box(
        label=row.label,
        kind=block.kind if block else "",
        shape=row.output_shape,
        number=None if row.block is None else row.block + 1,
        slices=getattr(block, "repeats", 1),
        mark=mark,
        words=" ".join([", ".join(filter(None, figures)) + ".", *sentences]),
    )


def _choosable(box: Box, draft: Draft) -> Box:
    if box.number is None:
        return box
    key = draft.numbers[box.number - 1]
    return replace(box, key=key, selected=key == draft.selected)


def _select(draft: Draft) -> None:
    number = st.session_state[KEY].get("select")
    # A bool is an int, too.
    if type(number) is int:
        draft.arrange(draft.numbers, selected=number)


def _nothing() -> None:
    """A drawing on which nothing can be chosen still has to name its event."""
