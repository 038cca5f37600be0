"""The figures of the Build page: totals, the table block by block, and what cannot work.

This module never works a figure out: `models.anatomy` does.
"""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnlab.models.anatomy import Anatomy, Row
from cnnlab.ui import block_list, frame, text
from cnnlab.ui.build_draft import Draft


def problems(draft: Draft, *, anatomy: Anatomy, place: DeltaGenerator) -> None:
    """Say what is wrong with the selected block in `place`, and above the list what concerns no single block."""
    own = anatomy.problems_of(draft.position) if draft.position is not None else ()
    if own:
        place.error(
            text.escape(" ".join(found.sentence for found in own), limit=1000), icon=":material/error:"
        )
    for found in anatomy.problems_of(None):
        frame.problem(found.sentence)


def totals(anatomy: Anatomy, *, batch_size: int) -> None:
    """Draw the four figures of the whole network."""
    field = anatomy.receptive_field
    figures = (
        (
            "Parameters",
            text.count(anatomy.parameters),
            f"{anatomy.trainable_parameters:,} of them are trained.",
        ),
        (
            "Multiply-adds",
            f"{anatomy.multiply_adds / 1e6:,.1f} M",
            f"{anatomy.multiply_adds:,} for one picture, in convolutions and dense layers.",
        ),
        (
            "Activations",
            text.file_size(anatomy.activation_bytes),
            f"What all layers put out for {text.counted(batch_size, 'picture')} at once; kept until the weights are corrected.",
        ),
        (
            "Receptive field",
            f"{field} px",
            "Height and width of the patch of the picture that one value of the last map sees.",
        ),
    )
    grid = st.grid(4, min_column_width=150)
    for label, value, sentence in figures:
        grid.metric(label, value, help=sentence, border=True, height="stretch")


def table(anatomy: Anatomy, *, batch_size: int) -> None:
    """Draw every figure to the last digit, block by block, with a last row for the whole; once it is opened."""
    # What is closed is not drawn: every edit would wait for it.
    with st.expander(
        "Figures, block by block", icon=":material/table:", key="build-table", on_change="rerun"
    ) as shown:
        if not shown.open:
            return
        whole = {
            "Block": "Total",
            "Output": block_list.shape(anatomy.rows[-1]),
            "Parameters": anatomy.parameters,
            "Share of parameters": 1.0,
            "Multiply-adds": anatomy.multiply_adds,
            "Share of multiply-adds": 1.0,
            "Memory": anatomy.activation_bytes / 1e6,
            "Share of memory": 1.0,
            "Receptive field": anatomy.receptive_field,
        }
        st.dataframe(
            pd.DataFrame([*(_figures(row) for row in anatomy.rows), whole]).fillna({"Settings": ""}),
            hide_index=True,
            height="content",
            placeholder="–",
            alt="Output shape, parameters, multiply-adds, memory and receptive field of each block",
            column_config=_columns(batch_size),
        )


def _columns(batch_size: int) -> dict[str, object]:
    def share(of: str) -> object:
        return st.column_config.ProgressColumn(
            f"Share of {of}", format="percent", min_value=0, max_value=1, width="small"
        )

    return {
        "Block": st.column_config.TextColumn(pinned=True, width="medium"),
        "Output": st.column_config.TextColumn(help="Height × width × maps, or the length of a vector."),
        "Parameters": st.column_config.NumberColumn(format="localized"),
        "Share of parameters": share("parameters"),
        "Multiply-adds": st.column_config.NumberColumn(format="localized", help="For one picture."),
        "Share of multiply-adds": share("multiply-adds"),
        "Memory": st.column_config.NumberColumn(
            "Memory, MB",
            format="%.2f",
            help=f"What its layers put out for {text.counted(batch_size, 'picture')}, as float32.",
        ),
        "Share of memory": share("memory"),
        "Receptive field": st.column_config.NumberColumn(
            "Receptive field, px", help="What one value sees of the picture; – once it sees all of it."
        ),
    }


def _figures(row: Row) -> dict[str, object]:
    return {
        "Block": row.label if row.block is None else f"{row.block + 1} · {row.label}",
        "Settings": row.settings,
        "Output": block_list.shape(row),
        "Parameters": row.parameters,
        "Share of parameters": row.parameters_share,
        "Multiply-adds": row.multiply_adds,
        "Share of multiply-adds": row.multiply_adds_share,
        "Memory": row.activation_bytes / 1e6,
        "Share of memory": row.activation_share,
        "Receptive field": row.receptive_field,
    }
