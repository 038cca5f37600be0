"""The parts of the Build page: what to start from, the network's settings, its blocks and theirs.

Everything is worked out without TensorFlow. What is being built lives in the session and, from the
first change on, in a draft file named in the address, so neither another page nor a reload loses it.
This module never decides whether blocks fit together: `models.anatomy` does.
"""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import list_datasets
from cnnlab.errors import SpecError
from cnnlab.models.anatomy import Anatomy
from cnnlab.models.architectures import find_draft, list_architectures
from cnnlab.models.exchange import unpack_network
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import BLOCKS
from cnnlab.specs.networks import BlockNetwork
from cnnlab.specs.training import ScratchTraining
from cnnlab.ui import block_list, build_saves, build_share, forms, frame, text
from cnnlab.ui.build_draft import MOST_BLOCKS, Draft
from cnnlab.ui.build_saves import ADDRESS
from cnnlab.ui.networks import find_network, network_label

DRAFT = "build-draft"
DATASET = "build-dataset"
BATCH_SIZE = "build-batch-size"
FIRST = "preset:lesson_cnn"
EMPTY = "empty"
RARE = ("batch_normalization_momentum", "bias_before_normalization")
"""Settings of a block that are below the fold."""
USUAL_CLASSES = 10
"""Classes that figures are for while no dataset is chosen; the lesson's CIFAR-10 has as many."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What the figures are for."""

    dataset: Dataset | None
    num_classes: int
    batch_size: int
    """Pictures in memory together."""


def current_draft() -> Draft:
    """Return what is being built: as the address says, else as it was, else the lesson's CNN."""
    draft: Draft | None = st.session_state.get(DRAFT)
    asked = next(({name: st.query_params[name]} for name in ADDRESS if name in st.query_params), {})
    try:
        if asked and (draft is None or asked != draft.address):
            draft = _opened(draft, asked)
    except SpecError as error:
        frame.warning(error)
    draft = draft or Draft(_network_to_start_from(FIRST), origin=FIRST)
    st.session_state[DRAFT] = draft
    return draft


def toolbar(draft: Draft, *, anatomy: Anatomy, dataset: Dataset | None) -> None:
    """Draw what one can do with the network as a whole."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        saved = {f"architecture:{found.id}": found.network.name for found in list_architectures()}
        presets = {f"preset:{name}": row.label for name, row in PRESETS.items()}
        labels = presets | saved | {EMPTY: "An empty network"}
        start = st.menu_button(
            "Start from",
            list(labels),
            key="build-start",
            icon=":material/restart_alt:",
            format_func=lambda origin: text.escape(labels[origin], limit=60),
        )
        if start:
            draft.start_from(_network_to_start_from(start), origin=start)
            st.rerun()
        for label, possible, action in (
            ("Undo", draft.can_undo, draft.undo),
            ("Redo", draft.can_redo, draft.redo),
        ):
            name = label.lower()
            st.button(
                label, key=f"build-{name}", icon=f":material/{name}:", disabled=not possible, on_click=action
            )
        build_share.bring(draft)
        st.space("stretch")
        if draft.origin in saved and st.button(
            "Delete", key="build-delete", icon=":material/delete:", type="tertiary"
        ):
            build_saves.confirm_deletion(draft)
        build_share.share(draft)
        if st.button("Save", key="build-save", icon=":material/save:"):
            build_saves.save(draft)
        if st.button(
            "Train this",
            key="build-train",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not anatomy.works,
            help=None if anatomy.works else "The network cannot work yet: the reasons are beside its blocks.",
        ):
            build_saves.train(draft, dataset=dataset)


def network_form(draft: Draft) -> Basis:
    """Draw name, image size, and what the figures are for."""
    left, right = st.columns(2)
    with left:
        edited = forms.edit(
            BlockNetwork,
            key=f"build-network-{draft.generation}",
            values=draft.network.with_changes(blocks=()),
            only=("name", "image_size"),
            columns=2,
        )
    if edited.spec:
        draft.change(name=edited.spec.name, image_size=edited.spec.image_size)
    with right:
        grid = st.grid(2, min_column_width=forms.NARROWEST_INPUT_PIXELS)
        with grid.cell():
            dataset = _choose_dataset()
        with grid.cell():
            batch_size = _choose_batch_size()
    num_classes = dataset.num_classes if dataset else USUAL_CLASSES
    return Basis(dataset=dataset, num_classes=num_classes, batch_size=batch_size)


def block_form(draft: Draft) -> DeltaGenerator:
    """Draw the settings of the selected block; returns the place for what is wrong with it."""
    if draft.position is None:
        st.markdown("**Nothing selected**")
        st.caption("Add a block to the list; its settings appear here.")
        return st.empty()
    block = draft.network.blocks[draft.position]
    row = BLOCKS[block.kind]
    st.markdown(f"**{row.label}**&ensp;:gray[block {draft.position + 1} of {len(draft.numbers)}]")
    st.caption(row.summary)
    problem = st.empty()
    edited = forms.edit(
        row,
        key=f"build-block-{draft.selected}-{draft.generation}",
        values=block,
        columns=2,
        more=_rare(block.kind),
    )
    if edited.spec:
        draft.replace_block(edited.spec)
    last = len(draft.numbers) - 1
    with st.container(horizontal=True, gap="xsmall"):
        for label, icon, action, disabled in (
            ("Up", "arrow_upward", lambda: draft.move(-1), draft.position == 0),
            ("Down", "arrow_downward", lambda: draft.move(1), draft.position == last),
            ("Duplicate", "content_copy", draft.duplicate, len(draft.numbers) >= MOST_BLOCKS),
            ("Remove", "delete", draft.remove, False),
        ):
            st.button(
                label,
                key=f"build-{label.lower()}",
                icon=f":material/{icon}:",
                on_click=action,
                disabled=disabled,
            )
    return problem


def blocks(draft: Draft, *, anatomy: Anatomy) -> None:
    """Draw the list of blocks with what adds to it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Blocks**", width="content")
        st.space("stretch")
        st.menu_button(
            "Add a block",
            list(BLOCKS),
            key="build-add",
            icon=":material/add:",
            format_func=lambda kind: BLOCKS[kind].label,
            on_click=lambda: draft.add(st.session_state["build-add"]),
            disabled=len(draft.numbers) >= MOST_BLOCKS,
        )
    block_list.draw(draft, anatomy=anatomy)
    st.caption("Drag to reorder. With the keyboard: ↑ ↓ select, Alt + ↑ ↓ move, Delete removes.")


def _rare(kind: str) -> tuple[str, ...]:
    return tuple(name for name in RARE if name in BLOCKS[kind].model_fields)


def _opened(draft: Draft | None, address: dict[str, str]) -> Draft:
    """Open what an address leads to, in the draft at hand if there is one.

    Raises:
        SpecError: It leads to nothing, or to a network that is not built from blocks.
    """
    (name, value), origin = next(iter(address.items())), ""
    match name:
        case "draft":
            network = find_draft(value)
        case "design":
            network = unpack_network(value)
        case _:
            network, origin = _network_to_start_from(value), value
    if draft is None:
        return Draft(network, origin=origin, address=address)
    draft.open(network, origin=origin, address=address)
    return draft


def _network_to_start_from(origin: str) -> BlockNetwork:
    """The network of a preset or a saved one, or an empty one.

    Raises:
        SpecError: There is no such preset or saved network, or it is a backbone.
    """
    network = BlockNetwork() if origin == EMPTY else find_network(origin)
    if network.kind != "blocks":
        raise SpecError(
            f"{network_label(network)} is a backbone, not a network of blocks. Open it on the Backbones page."
        )
    if origin.startswith("preset:"):
        return network.with_changes(name=f"My {network.name.removeprefix('The ')}")
    return network


def _choose_dataset() -> Dataset | None:
    """Draw the choice of a dataset; it is kept in the address, and in the session for other pages."""
    found = {dataset.id: dataset for dataset in list_datasets()}
    options = ["", *found]
    asked = st.query_params.get("dataset", st.session_state.get(DATASET, ""))
    chosen = st.selectbox(
        "Figures for",
        options,
        index=options.index(asked) if asked in found else 0,
        key="build-dataset-choice",
        format_func=lambda id: (
            f"{found[id].name} · {found[id].num_classes} classes" if id else f"{USUAL_CLASSES} classes"
        ),
        help="The output layer has one unit a class; the dataset says how many there are.",
    )
    st.session_state[DATASET] = chosen
    if chosen:
        st.query_params["dataset"] = chosen
    elif "dataset" in st.query_params:
        del st.query_params["dataset"]
    return found.get(chosen)


def _choose_batch_size() -> int:
    """Draw the batch size that memory is for; it is kept in the session, as inputs of a page left are not."""
    kept = st.session_state.get(BATCH_SIZE, {})
    edited = forms.edit(ScratchTraining, key="build-for", values=kept, only=("batch_size",), columns=1)
    if edited.spec:
        kept = st.session_state[BATCH_SIZE] = {"batch_size": edited.spec.batch_size}
    return ScratchTraining.create(kept).batch_size
