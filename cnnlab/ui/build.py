"""The parts of the Build page: what to start from, the settings of a block, figures, saving, training.

Everything is worked out without TensorFlow. What is being built lives in the session and, from the
first change on, in a draft file named in the address, so neither another page nor a reload loses it.
This module never decides whether blocks fit together: `models.anatomy` does.
"""

import pandas as pd
import streamlit as st

from cnnlab.data.library import Dataset, list_datasets
from cnnlab.errors import CnnlabError, SpecError
from cnnlab.models.anatomy import Anatomy, Row
from cnnlab.models.architectures import (
    architecture_id,
    delete_architecture,
    find_architecture,
    find_draft,
    keep_architecture,
    list_architectures,
    save_architecture,
    save_draft,
)
from cnnlab.models.presets import PRESETS
from cnnlab.specs.blocks import BLOCKS
from cnnlab.specs.networks import BlockNetwork
from cnnlab.ui import block_list, forms, frame, nav, text
from cnnlab.ui.build_draft import MOST_BLOCKS, Draft

DRAFT = "build-draft"
DATASET = "build-dataset"
FIRST = "preset:lesson_cnn"
EMPTY = "empty"
USUAL_CLASSES = 10
"""Classes that figures are for while no dataset is chosen; the lesson's CIFAR-10 has as many."""
BATCH_SIZE = 64


def current_draft() -> Draft:
    """Return what is being built: as the address says, else as it was, else the lesson's CNN."""
    draft: Draft | None = st.session_state.get(DRAFT)
    file, start = st.query_params.get("draft"), st.query_params.get("network")
    try:
        if file and (draft is None or draft.file != file):
            draft = Draft(find_draft(file), file=file)
        elif start:
            del st.query_params["network"]
            draft = _started(draft, start)
    except SpecError as error:
        frame.warning(error)
        st.query_params.clear()
    draft = draft or _started(None, FIRST)
    st.session_state[DRAFT] = draft
    return draft


def remember(draft: Draft) -> None:
    """Write the draft's file when something was changed since; the first change puts its id into the address."""
    if draft.unwritten:
        draft.file = save_draft(draft.network, id=draft.file)
        draft.unwritten = False
    if draft.file and st.query_params.get("draft") != draft.file:
        st.query_params["draft"] = draft.file


def toolbar(draft: Draft, *, anatomy: Anatomy, dataset: Dataset | None) -> None:
    """Draw what one can do with the network as a whole."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        saved = {f"architecture:{found.id}": found.network.name for found in list_architectures()}
        labels = {f"preset:{name}": row.label for name, row in PRESETS.items()} | saved | {EMPTY: "An empty network"}
        st.menu_button(
            "Start from",
            list(labels),
            key="build-start",
            icon=":material/restart_alt:",
            format_func=lambda origin: text.escape(labels[origin], limit=60),
            on_click=lambda: _started(draft, st.session_state["build-start"]),
        )
        st.button("Undo", key="build-undo", icon=":material/undo:", disabled=not draft.can_undo, on_click=draft.undo)
        st.button("Redo", key="build-redo", icon=":material/redo:", disabled=not draft.can_redo, on_click=draft.redo)
        st.space("stretch")
        if draft.origin in saved and st.button("Delete", key="build-delete", icon=":material/delete:", type="tertiary"):
            _confirm_deletion(draft)
        if st.button("Save", key="build-save", icon=":material/save:"):
            _save(draft)
        if st.button(
            "Train this",
            key="build-train",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not anatomy.works,
            help=None if anatomy.works else "The network cannot work yet: the reasons are beside its blocks.",
        ):
            _train(draft, dataset)


def network_form(draft: Draft) -> Dataset | None:
    """Draw name, image size, and the dataset that figures are for; returns that dataset."""
    left, right = st.columns([2, 1])
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
        return _choose_dataset()


def block_form(draft: Draft) -> "st.delta_generator.DeltaGenerator":
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
        row, key=f"build-block-{draft.selected}-{draft.generation}", values=block, columns=2, more=_rare(block.kind)
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
                label, key=f"build-{label.lower()}", icon=f":material/{icon}:", on_click=action, disabled=disabled
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


def problems(draft: Draft, *, anatomy: Anatomy, place: "st.delta_generator.DeltaGenerator") -> None:
    """Say what is wrong with the selected block in `place`, and above the list what concerns no single block."""
    own = anatomy.problems_of(draft.position) if draft.position is not None else ()
    if own:
        place.error(text.escape(" ".join(found.sentence for found in own), limit=1000), icon=":material/error:")
    for found in anatomy.problems_of(None):
        frame.problem(found.sentence)


def totals(anatomy: Anatomy) -> None:
    """Draw the four figures of the whole network."""
    field = anatomy.receptive_field
    figures = (
        ("Parameters", text.count(anatomy.parameters), f"{anatomy.trainable_parameters:,} of them are trained."),
        (
            "Multiply-adds",
            f"{anatomy.multiply_adds / 1e6:,.1f} M",
            f"{anatomy.multiply_adds:,} for one picture, in convolutions and dense layers.",
        ),
        (
            "Memory for activations",
            text.file_size(anatomy.activation_bytes),
            f"What all layers put out for {BATCH_SIZE} pictures at once; kept until the weights are corrected.",
        ),
        ("Receptive field", f"{field} px", "Height and width of the patch of the picture that one value of the last map sees."),
    )
    grid = st.grid(4, min_column_width=150)
    for label, value, sentence in figures:
        grid.metric(label, value, help=sentence, border=True, height="stretch")


def table(anatomy: Anatomy) -> None:
    """Draw every figure, block by block, with a last row for the whole."""
    frame.section("Figures, block by block")
    whole = {
        "Block": "Total",
        "Settings": "",
        "Output": block_list.shape(anatomy.rows[-1]),
        "Parameters": anatomy.parameters,
        "Share": 1.0,
        "Multiply-adds": anatomy.multiply_adds,
        "Memory": anatomy.activation_bytes / 1e6,
        "Receptive field": anatomy.receptive_field,
    }
    st.dataframe(
        pd.DataFrame([*(_figures(row) for row in anatomy.rows), whole]),
        hide_index=True,
        height="content",
        alt="Output shape, parameters, multiply-adds, memory and receptive field of each block",
        column_config={
            "Block": st.column_config.TextColumn(pinned=True),
            "Output": st.column_config.TextColumn(help="Height × width × maps, or the length of a vector."),
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Share": st.column_config.ProgressColumn(
                "Share of parameters", format="percent", min_value=0, max_value=1, help="Share of all parameters."
            ),
            "Multiply-adds": st.column_config.NumberColumn(format="localized", help="For one picture."),
            "Memory": st.column_config.NumberColumn(
                "Memory, MB", format="%.2f", help=f"What its layers put out for {BATCH_SIZE} pictures, as float32."
            ),
            "Receptive field": st.column_config.NumberColumn(
                "Receptive field, px", help="What one value sees of the picture; empty once it sees all of it."
            ),
        },
    )


def _figures(row: Row) -> dict[str, object]:
    return {
        "Block": row.label if row.block is None else f"{row.block + 1} · {row.label}",
        "Settings": row.settings,
        "Output": block_list.shape(row),
        "Parameters": row.parameters,
        "Share": row.parameters_share,
        "Multiply-adds": row.multiply_adds,
        "Memory": row.activation_bytes / 1e6,
        "Receptive field": row.receptive_field,
    }


def _rare(kind: str) -> tuple[str, ...]:
    return ("batch_normalization_momentum",) if kind == "convolution" else ()


def _started(draft: Draft | None, origin: str) -> Draft:
    """Begin with a preset, a saved network or nothing, in the draft at hand if there is one.

    Raises:
        SpecError: There is no such preset or saved network.
    """
    kind, _, name = origin.partition(":")
    if kind == "architecture":
        network = find_architecture(name).network
    elif kind == "preset" and name in PRESETS:
        preset = PRESETS[name].network
        network = preset.with_changes(name=f"My {preset.name}")
    elif origin == EMPTY:
        network = BlockNetwork()
    else:
        raise SpecError(f"There is nothing named {origin!r} to start from. Choose a preset or a saved network.")
    if draft is None:
        return Draft(network, origin=origin)
    draft.start_from(network, origin=origin)
    return draft


def _choose_dataset() -> Dataset | None:
    found = {dataset.id: dataset for dataset in list_datasets()}
    asked = st.query_params.get("dataset")
    options = [None, *found]
    chosen = st.selectbox(
        "Figures for",
        options,
        index=options.index(asked) if asked in found else 0,
        key=DATASET,
        format_func=lambda id: f"{found[id].name} · {found[id].num_classes} classes" if id else f"{USUAL_CLASSES} classes",
        help="The output layer has one unit a class; the dataset says how many there are.",
        persist_state="session",
    )
    return found.get(chosen)


def _train(draft: Draft, dataset: Dataset | None) -> None:
    """Leave for the Train page with this network; whatever is not saved yet is saved first."""
    query = {"dataset": dataset.id} if dataset else {}
    for name, preset in PRESETS.items():
        if draft.network.with_changes(name=preset.network.name) == preset.network:
            nav.go("train", network=f"preset:{name}", **query)
    saved = keep_architecture(draft.network)
    _settle(draft, saved.id, name=saved.network.name)
    nav.go("train", network=f"architecture:{saved.id}", **query)


def _save(draft: Draft) -> None:
    id = architecture_id(draft.network.name)
    try:
        taken = find_architecture(id).network != draft.network and draft.origin != f"architecture:{id}"
    except CnnlabError:
        taken = False
    if taken:
        _confirm_replacement(draft)
    else:
        _save_now(draft)


def _save_now(draft: Draft) -> None:
    saved = save_architecture(draft.network)
    _settle(draft, saved.id, name=saved.network.name)
    st.toast(f"Saved as **{text.escape(saved.network.name)}**.", icon=":material/check:")


def _settle(draft: Draft, id: str, *, name: str) -> None:
    draft.origin = f"architecture:{id}"
    draft.change(name=name)
    remember(draft)


@st.dialog("Replace the saved network?", icon=":material/save:")
def _confirm_replacement(draft: Draft) -> None:
    st.markdown(
        f"A network named **{text.escape(draft.network.name)}** is saved already, with other blocks. "
        "Runs that trained it keep their own copy."
    )
    with st.container(horizontal=True):
        if st.button("Replace it", key="build-replace", type="primary"):
            _save_now(draft)
            st.rerun()
        if st.button("Keep both", key="build-keep-both"):
            saved = keep_architecture(draft.network)
            _settle(draft, saved.id, name=saved.network.name)
            draft.generation += 1
            st.rerun()


@st.dialog("Delete the saved network?", icon=":material/delete:")
def _confirm_deletion(draft: Draft) -> None:
    st.markdown("It leaves the list; what you see here stays as a draft, and runs keep their own copy.")
    if st.button("Delete it", key="build-delete-really", type="primary"):
        delete_architecture(draft.origin.partition(":")[2])
        draft.origin = ""
        st.rerun()

