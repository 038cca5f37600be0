"""What came out of a run's exports, side by side: a chart of size and accuracy, and the figures of each format.

This module never asks a model.
"""

import pandas as pd
import streamlit as st

from cnnlab.charts.export import size_against_accuracy
from cnnlab.export.card import write_card
from cnnlab.export.exports import Export
from cnnlab.export.formats import FORMATS
from cnnlab.export.records import ExportResult
from cnnlab.runs.folder import RunFolder
from cnnlab.ui import frame, text

UNKNOWN_WITHOUT_LABELS = ("Accuracy", "95 %", "Change", "Change, 95 %")
RULES = (
    "Formats with the numbers of training have to give the same probabilities as Keras, to 0.0001. Rounding to 8 bits may "
    "change them, but not lose more than 2 points of accuracy with certainty, and three of four answers stay the same. "
    "One picture is asked at a time, with two threads, in a process of its own; the memory is that of the whole process."
)


def in_short(found: ExportResult) -> str:
    """The figures of one format on one line, as Markdown."""
    return (
        f"**{text.file_size(found.num_bytes)}** · one picture {found.timing.p50_ms:.1f} ms · "
        f"memory {text.file_size(found.timing.peak_bytes)} ·"
    )


def side_by_side(run: RunFolder, exports: dict[str, Export]) -> None:
    """Draw what was measured of every format that was compared, offered or not; nothing when there is none."""
    results = {name: found for name, export in exports.items() if (found := export.result()) is not None}
    if not results:
        return
    first = next(iter(results.values())).comparison
    frame.section("Side by side", lead=_compared_on(first))
    table = _table(results)
    if first.accuracy is not None:
        st.plotly_chart(
            size_against_accuracy(table, split=first.split),
            key="export-chart",
            config={"displayModeBar": False},
        )
    st.dataframe(
        _shown(table),
        hide_index=True,
        key="export-table",
        column_config=_columns(),
    )
    st.caption(RULES)
    _card(run)


def _columns() -> dict[str, object]:
    """How the table writes its numbers, and what their headings mean."""
    return {
        "Size": st.column_config.NumberColumn(format="%.1f MB"),
        "Accuracy": st.column_config.NumberColumn(format="%.1f %%"),
        "Change": st.column_config.NumberColumn(format="%+.1f", help="In points, against the Keras model."),
        "Same answers": st.column_config.NumberColumn(format="%.1f %%"),
        "Largest difference": st.column_config.NumberColumn(
            format="%.1e", help="Of a probability, against the Keras model."
        ),
        "One picture": st.column_config.NumberColumn(
            format="%.1f ms", help="Half of the answers came within it."
        ),
        "19 of 20": st.column_config.NumberColumn(format="%.1f ms", help="So many answers came within it."),
        "Memory": st.column_config.NumberColumn(format="%.0f MB"),
    }


def _card(run: RunFolder) -> None:
    with st.expander("Model card", icon=":material/badge:"):
        card = write_card(run)
        st.download_button(
            "Download the card",
            card,
            "model_card.md",
            "text/markdown",
            icon=":material/download:",
            key="export-card",
        )
        # As text: names of a user's are in it, and a page gives Markdown more meanings than a file has.
        st.code(card, language="markdown", height=420)


def _compared_on(comparison) -> str:
    if not comparison.split:
        return (
            "The dataset is no longer here, so formats were compared on made-up pictures: the same probabilities, but no "
            "accuracy."
        )
    some = f"{comparison.num_pictures:,} of " if comparison.num_pictures < comparison.of_pictures else ""
    return (
        f"Every format was asked about the same pictures, {some}{comparison.of_pictures:,} of the {comparison.split} "
        f"split, and compared with the Keras model picture by picture."
    )


def _table(results: dict[str, ExportResult]) -> pd.DataFrame:
    rows = [
        {
            "label": FORMATS[name].label,
            "exact": FORMATS[name].exact,
            "megabytes": found.num_bytes / 1e6,
            "p50_ms": found.timing.p50_ms,
            "p95_ms": found.timing.p95_ms,
            "memory": found.timing.peak_bytes / 1e6,
            "passed": found.passed,
            **found.comparison.model_dump(),
        }
        for name, found in results.items()
    ]
    return pd.DataFrame(rows)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "Format": table["label"],
        "Offered": table["passed"],
        "Size": table["megabytes"],
        "Accuracy": 100 * table["accuracy"],
        "95 %": _interval(table, "accuracy", "{:.1f} to {:.1f}"),
        "Change": 100 * table["change"],
        "Change, 95 %": _interval(table, "change", "{:+.1f} to {:+.1f}"),
        "Same answers": 100 * table["agreeing_share"],
        "Largest difference": table["largest_difference"],
        "One picture": table["p50_ms"],
        "19 of 20": table["p95_ms"],
        "Memory": table["memory"],
    }
    if table["accuracy"].isna().any():
        columns = {name: column for name, column in columns.items() if name not in UNKNOWN_WITHOUT_LABELS}
    return pd.DataFrame(columns)


def _interval(table: pd.DataFrame, name: str, pattern: str) -> list[str]:
    return [
        "" if low is None else pattern.format(100 * low, 100 * high)
        for low, high in zip(table[f"{name}_low"], table[f"{name}_high"], strict=True)
    ]
