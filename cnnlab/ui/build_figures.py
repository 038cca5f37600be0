"""The figures of the Build page: totals, the table block by block, and what cannot work.

This module never works a figure out: `models.anatomy` does.
"""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnlab.models.anatomy import Anatomy, Row
from cnnlab.ui import block_list, frame, text
from cnnlab.ui.build_draft import Draft

BATCH_SIZE = 64
"""Pictures in memory at once that the figures are for; the lesson's batch size."""


def problems(draft: Draft, *, anatomy: Anatomy, place: DeltaGenerator) -> None:
    """Say what is wrong with the selected block in `place`, and above the list what concerns no single block."""
    own = anatomy.problems_of(draft.position) if draft.position is not None else ()
    if own:
        place.error(
            text.escape(" ".join(found.sentence for found in own), limit=1000), icon=":material/error:"
        )
    for found in anatomy.problems_of(None):
        frame.problem(found.sentence)


def totals(anatomy: Anatomy) -> None:
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
            f"What all layers put out for {BATCH_SIZE} pictures at once; kept until the weights are corrected.",
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
        placeholder="–",
        alt="Output shape, parameters, multiply-adds, memory and receptive field of each block",
        column_config=_columns(),
    )


def _columns() -> dict[str, object]:
    return {
        "Block": st.column_config.TextColumn(pinned=True, width="medium"),
        "Output": st.column_config.TextColumn(help="Height × width × maps, or the length of a vector."),
        "Parameters": st.column_config.NumberColumn(format="localized"),
        "Share": st.column_config.ProgressColumn(
            "Share of parameters",
            format="percent",
            min_value=0,
            max_value=1,
            help="Share of all parameters.",
        ),
        "Multiply-adds": st.column_config.NumberColumn(format="localized", help="For one picture."),
        "Memory": st.column_config.NumberColumn(
            "Memory, MB",
            format="%.2f",
            help=f"What its layers put out for {BATCH_SIZE} pictures, as float32.",
        ),
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
        "Share": row.parameters_share,
        "Multiply-adds": row.multiply_adds,
        "Memory": row.activation_bytes / 1e6,
        "Receptive field": row.receptive_field,
    }
