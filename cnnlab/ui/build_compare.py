"""Another design beside the one that is being built: totals, block lists laid against each other, both drawings.

What it is compared with stands in the address ('?compare=preset:lenet5'). While the comparison is
closed nothing is worked out. This module never decides what corresponds to what: `models.difference` does.
"""

from collections.abc import Callable
from types import MappingProxyType

import pandas as pd
import streamlit as st

from cnnlab.models.anatomy import Anatomy
from cnnlab.models.difference import FIGURES, Difference, Pair, Total, compare_networks
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui import block_list, build_drawing, frame, text
from cnnlab.ui.build_draft import Draft
from cnnlab.ui.networks import FAMILIES, find_network

ADDRESS = "compare"
OPEN = "build-compare"
CHOICE = "build-compare-with"
FAMILIES_OF_BLOCKS = ("preset", "architecture")

OURS, COMPARED, DIFFERENCE = "This design", "Compared", "Difference"
"""Headings beside the name of the other design."""
SIGNS: MappingProxyType[str, str] = MappingProxyType(
    {
        "same": ":gray[= same]",
        "changed": ":orange[**≠ other settings**]",
        "only_one": ":blue[**+ only here**]",
        "only_other": ":violet[**− only there**]",
    }
)
"""How each kind of pair is told: a sign, words, and a colour on top."""
MARKS = MappingProxyType({"changed": "changed", "only_one": "only_here", "only_other": "only_here"})
"""The sign above a box of the drawings."""
UNITS: MappingProxyType[str, Callable[[int], str]] = MappingProxyType(
    {
        "parameters": text.count,
        "multiply_adds": lambda number: f"{number / 1e6:,.1f} M",
        "activation_bytes": text.file_size,
        "receptive_field": lambda pixels: f"{pixels:,} px",
        "depth": lambda layers: text.counted(layers, "layer"),
        "image_size": lambda pixels: f"{pixels} px",
    }
)
"""How each of `models.difference.FIGURES` is written."""


def comparison(draft: Draft, *, num_classes: int, batch_size: int) -> None:
    """Draw the comparison with another design, once somebody opens it."""
    asked = st.query_params.get(ADDRESS)
    place = st.expander(
        "Compare with another design",
        icon=":material/compare_arrows:",
        key=OPEN,
        expanded=asked is not None,
        on_change="rerun",
    )
    if not place.open:
        st.query_params.pop(ADDRESS, None)
        return
    with place, frame.errors_as_text():
        address = _choose(draft, asked)
        if address is None:
            st.caption("Choose a preset, a saved network, or what this design started from.")
            return
        _draw(draft, find_network(address), address=address, num_classes=num_classes, batch_size=batch_size)


def list_designs(draft: Draft) -> dict[str, str]:
    """What there is to compare with: address -> name, what the draft started from first."""
    names = {
        f"{family}:{name}": label
        for family in FAMILIES_OF_BLOCKS
        for name, label in FAMILIES[family].names().items()
    }
    if draft.origin not in names:
        return names
    word = "As it was saved" if draft.origin.startswith("architecture:") else "As it started"
    return {draft.origin: f"{word}: {names.pop(draft.origin)}"} | names


def _choose(draft: Draft, asked: str | None) -> str | None:
    """Draw the choice of the other design; it is kept in the address."""
    names = list_designs(draft)
    if asked is not None and asked not in names:
        frame.warning(f"There is no design {text.shorten(asked, limit=80)!r} here. Choose another one below.")
        asked = None
    options = list(names)
    chosen = st.selectbox(
        "Compare with",
        options,
        index=options.index(asked) if asked else None,
        key=CHOICE,
        format_func=names.__getitem__,
        placeholder="Choose another design",
    )
    if chosen:
        st.query_params[ADDRESS] = chosen
    else:
        st.query_params.pop(ADDRESS, None)
    return chosen


def _draw(draft: Draft, other: BlockNetwork, *, address: str, num_classes: int, batch_size: int) -> None:
    found = compare_networks(draft.network, other, num_classes=num_classes, batch_size=batch_size)
    name = _heading(other)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_summary(found, name=name), width="stretch")
        st.button(
            "Take that one instead",
            key="build-compare-take",
            icon=":material/swap_horiz:",
            on_click=draft.start_from,
            args=(other,),
            kwargs={"origin": address},
            disabled=found.nothing_differs,
            help="It takes the place of what you are building; Undo brings that back.",
        )
    for network, anatomy in ((draft.network, found.one), (other, found.other)):
        if not anatomy.works:
            frame.warning(f"{network.name} cannot work as it is; its figures leave out what cannot work.")
    _totals(found.totals, name=name)
    _drawings(draft.network, other, found)
    _blocks(draft.network, other, found)


def _heading(other: BlockNetwork) -> str:
    """The other design's name, which somebody may have chosen to be one of our headings."""
    name = text.escape(other.name, limit=60)
    return f"{name} (the other one)" if name in (OURS, COMPARED, DIFFERENCE) else name


def _summary(found: Difference, *, name: str) -> str:
    """Say in one sentence how much differs."""
    if found.nothing_differs:
        return f"**Nothing differs** but perhaps the name: this is {name}."
    counts = (
        (found.count("changed"), "has other settings", "have other settings"),
        (found.count("only_one"), "is only here", "are only here"),
        (found.count("only_other"), f"is only in {name}", f"are only in {name}"),
        (found.count("same"), "is the same", "are the same"),
    )
    parts = [
        f"{text.counted(number, 'block')} {one if number == 1 else many}"
        for number, one, many in counts
        if number
    ]
    return "; ".join(parts) + "." if parts else "Only the image size differs."


def _totals(totals: tuple[Total, ...], *, name: str) -> None:
    """Draw the figures of both, and how this design stands to the other one."""
    columns: dict[str, dict[str, str]] = {OURS: {}, name: {}, COMPARED: {}}
    for total in totals:
        label, write = FIGURES[total.name].label, UNITS[total.name]
        columns[OURS][label] = write(total.one)
        columns[name][label] = write(total.other)
        columns[COMPARED][label] = f"**{total.words}**" if total.one != total.other else total.words
    frame.figures(columns)


def _drawings(one: BlockNetwork, other: BlockNetwork, found: Difference) -> None:
    """Draw both at one scale, with a sign above every block that differs."""
    largest = max(one.image_size, other.image_size)
    for network, anatomy, side, title in (
        (one, found.one, "one", OURS),
        (other, found.other, "other", other.name),
    ):
        marks = {
            getattr(pair, side): MARKS[pair.kind]
            for pair in found.pairs
            if pair.kind in MARKS and getattr(pair, side) is not None
        }
        st.markdown(f"**{text.escape(title, limit=60)}**")
        build_drawing.show(
            build_drawing.network_boxes(network, anatomy=anatomy, marks=marks),
            title=f"Drawing of {network.name}",
            key=f"network_drawing_{side}",
            largest_side=largest,
        )


def _blocks(one: BlockNetwork, other: BlockNetwork, found: Difference) -> None:
    """Draw both lists of blocks, row by row."""
    name = _heading(other)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Block by block**", width="stretch")
        brief = st.toggle("Only what differs", key="build-compare-brief")
    pairs = [pair for pair in found.pairs if not brief or pair.kind != "same"]
    if not pairs:
        st.caption("Every block is the same.")
        return
    rows = [
        {
            OURS: _block(found.one, pair.one),
            DIFFERENCE: _sign(pair),
            name: _block(found.other, pair.other),
        }
        for pair in pairs
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")


def _block(anatomy: Anatomy, position: int | None) -> str:
    if position is None:
        return ""
    row = anatomy.rows[position + 1]
    words = " · ".join(filter(None, (f"{position + 1}", f"**{row.label}**", row.settings)))
    return f"{words}  \n:small[:gray[{block_list.shape(row)}]]"


def _sign(pair: Pair) -> str:
    changes = [
        f":small[{change.title}: {text.escape(change.one)} here, {text.escape(change.other)} there]"
        for change in pair.changes
    ]
    return "  \n".join([SIGNS[pair.kind], *changes])
