"""What the table of runs can show: a row a column, and a row an order. Which of them are shown is remembered.

This module never reads a run: its columns are made from rows of the index.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import STATES
from cnnlab.ui import preferences, run_parts, text

COLUMNS_KEY = "runs-columns"
ORDER_KEY = "runs-order"

STAR, NO_STAR = "★", "☆"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column that can be chosen."""

    label: str
    value: Callable[[RunRow], Any]
    config: Callable[[str], Any]
    """Makes Streamlit's settings of the column from its label."""
    at_first: bool = True
    """Whether it is shown before anybody has chosen."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One way to put runs in order; those without a value come last."""

    label: str
    value: Callable[[RunRow], Any]
    descending: bool = True


def _words(label: str) -> Any:
    return st.column_config.TextColumn(label)


def _percent(help: str) -> Callable[[str], Any]:
    return lambda label: st.column_config.NumberColumn(label, help=help, format="%.1f %%", width="small")


def _number(help: str, *, format: str = "localized") -> Callable[[str], Any]:
    return lambda label: st.column_config.NumberColumn(label, help=help, format=format, width="small")


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _state(label: str) -> Any:
    labels, colors = zip(*((row.label, row.color) for row in STATES.values()), strict=True)
    return st.column_config.MultiselectColumn(label, options=labels, color=list(colors), width="small")


COLUMNS: dict[str, Column] = {
    "state": Column(label="State", value=lambda row: [STATES[row.state].label], config=_state),
    "dataset": Column(
        label="Dataset", value=lambda row: text.shorten(row.dataset_name, limit=60), config=_words
    ),
    "network": Column(
        label="Network", value=lambda row: text.shorten(run_parts.network_name(row), limit=60), config=_words
    ),
    "epochs": Column(label="Epochs", value=lambda row: row.epoch, config=_number("Epochs finished.")),
    "val_accuracy": Column(
        label="Validation",
        value=lambda row: _in_percent(row.val_accuracy),
        config=_percent("Accuracy of the best epoch."),
    ),
    "val_loss": Column(
        label="Validation loss",
        value=lambda row: row.val_loss,
        config=_number("Of the best epoch.", format="%.4f"),
        at_first=False,
    ),
    "test_accuracy": Column(
        label="Test",
        value=lambda row: _in_percent(row.test_accuracy),
        config=_percent("Accuracy of the model that was kept."),
    ),
    "test_low": Column(
        label="Test, at least",
        value=lambda row: _in_percent(row.test_accuracy_low),
        config=_percent("Lower end of the 95 % interval."),
        at_first=False,
    ),
    "test_high": Column(
        label="Test, at most",
        value=lambda row: _in_percent(row.test_accuracy_high),
        config=_percent("Upper end of the 95 % interval."),
        at_first=False,
    ),
    "seconds": Column(
        label="Time",
        value=lambda row: None if row.seconds is None else timedelta(seconds=round(row.seconds)),
        config=lambda label: st.column_config.NumberColumn(
            label, width="small", format="compact", help="Hours, minutes, seconds."
        ),
    ),
    "created": Column(
        label="Asked for",
        value=run_parts.created,
        config=lambda label: st.column_config.DatetimeColumn(label, format="D MMM YYYY, HH:mm"),
    ),
    "tags": Column(
        label="Tags",
        value=lambda row: list(row.tags),
        config=lambda label: st.column_config.ListColumn(label, help="Set below the table."),
    ),
    "note": Column(
        label="Note", value=lambda row: text.shorten(row.note, limit=200), config=_words, at_first=False
    ),
    "seed": Column(
        label="Seed",
        value=lambda row: row.seed,
        config=_number("Where everything random comes from.", format="%d"),
        at_first=False,
    ),
    "image_size": Column(
        label="Image size", value=lambda row: row.image_size, config=_number("In pixels."), at_first=False
    ),
    "parameters": Column(
        label="Parameters",
        value=lambda row: row.parameters,
        config=_number("Trainable and frozen ones."),
        at_first=False,
    ),
    "version": Column(
        label="Version",
        value=lambda row: row.dataset_version,
        config=_number("Of the dataset."),
        at_first=False,
    ),
    "id": Column(label="Id", value=lambda row: row.id, config=_words, at_first=False),
}

ORDERS: dict[str, Order] = {
    "newest": Order(label="Newest first", value=lambda row: None),
    "test": Order(label="Best test accuracy", value=lambda row: row.test_accuracy),
    "validation": Order(label="Best validation accuracy", value=lambda row: row.val_accuracy),
    "quickest": Order(label="Shortest", value=lambda row: row.seconds, descending=False),
    "name": Order(label="Name", value=lambda row: row.name.casefold(), descending=False),
    "dataset": Order(label="Dataset", value=lambda row: row.dataset_name.casefold(), descending=False),
}


def choose_columns() -> tuple[str, ...]:
    """Draw the choice of columns; what is chosen is there again after a reload."""
    before = [name for name in preferences.recall(COLUMNS_KEY, otherwise=_at_first()) if name in COLUMNS]
    chosen = st.pills(
        "Columns",
        COLUMNS,
        selection_mode="multi",
        default=before,
        format_func=lambda name: COLUMNS[name].label,
        key=COLUMNS_KEY,
    )
    # In the order of the table, whatever the order of the clicks.
    columns = [name for name in COLUMNS if name in chosen]
    if columns != before:
        preferences.remember(COLUMNS_KEY, columns)
    return tuple(columns)


def choose_order() -> str:
    """Draw the choice of an order; what is chosen is there again after a reload."""
    before = preferences.recall(ORDER_KEY, otherwise="newest")
    names = list(ORDERS)
    chosen = st.selectbox(
        "Order",
        names,
        index=names.index(before) if before in ORDERS else 0,
        format_func=lambda name: ORDERS[name].label,
        key=ORDER_KEY,
        help="A click on the heading of a column puts the table in another order for as long as it is looked at.",
    )
    if chosen != before:
        preferences.remember(ORDER_KEY, chosen)
    return chosen


def in_order(rows: Sequence[RunRow], *, order: str) -> list[RunRow]:
    """Put rows in order; equal ones stay newest first, as they come."""
    wanted = ORDERS[order]
    known = [row for row in rows if wanted.value(row) is not None]
    unknown = [row for row in rows if wanted.value(row) is None]
    return sorted(known, key=wanted.value, reverse=wanted.descending) + unknown


def table_of(rows: Sequence[RunRow], *, columns: Sequence[str]) -> pd.DataFrame:
    """One row a run, with the chosen columns; shares become percent."""
    shown = {
        "open": ":material/open_in_new:",
        "star": [STAR if row.starred else NO_STAR for row in rows],
        "name": [text.shorten(row.name, limit=80) for row in rows],
    }
    return pd.DataFrame(shown | {name: list(map(COLUMNS[name].value, rows)) for name in columns})


def _at_first() -> list[str]:
    return [name for name, column in COLUMNS.items() if column.at_first]
