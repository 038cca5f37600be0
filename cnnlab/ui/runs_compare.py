"""The selected runs side by side: their curves, what differs in their settings, and whether one is better.

Everything is read from the runs' folders; a tab that is not looked at costs nothing. This module never
changes a run.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from cnnlab.charts.comparison import AGAINST, COMPARED, Run
from cnnlab.charts.comparison import comparison as comparison_chart
from cnnlab.errors import RunError
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.runs.tail import find_tail
from cnnlab.settings import workspace
from cnnlab.specs.differences import Difference, differences
from cnnlab.ui import forms, frame, run_parts, runs_versus, text
from cnnlab.ui.live_chart import live_chart

MOST_COMPARED = 8
"""More curves than colours that can be told apart help nobody."""
LONGEST_VALUE = 300
SECONDS_BETWEEN_LOOKS = 2.0


def comparison(selected: Sequence[RunRow]) -> None:
    """Draw the tabs that lay the selected runs side by side; nothing where nothing is selected."""
    if not selected:
        return
    # One by one in the order of their age, so that A, B, ... stay the same however the table is sorted.
    compared = sorted(selected, key=lambda row: row.id)[:MOST_COMPARED]
    if len(selected) > MOST_COMPARED:
        st.caption(f"The oldest {MOST_COMPARED} of the {len(selected)} selected runs are compared.")
    curves, settings, versus = st.tabs(
        [":material/show_chart: Curves", ":material/tune: Settings", ":material/balance: A or B"],
        key="runs-compared",
        on_change="rerun",
    )
    if curves.open:
        # A fragment: smoothing draws the curves again and not the page, and a live run's grow by themselves.
        every = SECONDS_BETWEEN_LOOKS if any(row.state in run_parts.LIVE for row in compared) else None
        with curves:
            st.fragment(_curves, run_every=every)(compared)
    if settings.open:
        with settings:
            _settings(compared)
    if versus.open:
        with versus, frame.errors_as_text():
            runs_versus.draw(compared)


def _curves(rows: Sequence[RunRow]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        metric = st.selectbox("What", COMPARED, format_func=COMPARED.get, key="runs-metric", width=200)
        against = st.segmented_control(
            "Over", AGAINST, default="epoch", required=True, format_func=AGAINST.get, key="runs-against"
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.0,
            step=0.01,
            key="runs-smoothing",
            width=180,
            help="How much of the past is in each value; the pale line is what was measured.",
        )
        log_scale = st.toggle("Log scale", key="runs-log-scale", help="Of the loss.")
    tails = [find_tail(RunFolder(workspace().runs / row.id)) for row in rows]
    runs = {
        row.id: Run(name=row.name, epochs=tail.epochs, steps=tail.steps, position=position)
        for position, (row, tail) in enumerate(zip(rows, tails, strict=True))
    }
    payload = comparison_chart(runs, metric=metric, against=against, smoothing=smoothing, log_scale=log_scale)
    if not payload["series"]:
        st.markdown(":gray[None of these runs has finished an epoch yet.]")
        return
    with st.container(border=True):
        live_chart(payload, key="runs-curves")


def _settings(rows: Sequence[RunRow]) -> None:
    """Draw only what differs: one row a setting, one column a run."""
    known, specs = [], []
    for row in rows:
        try:
            specs.append(RunFolder(workspace().runs / row.id).spec())
            known.append(row)
        except RunError as error:
            frame.problem(error)
    if len(known) < 2:
        st.markdown(":gray[Select another run: here is what differs between the settings of two or more.]")
        return
    found = differences(specs)
    if not found:
        st.markdown("These runs have the same settings, down to the seed.")
        return
    st.dataframe(
        _table(found, known),
        hide_index=True,
        column_config={"": st.column_config.TextColumn("Setting", pinned=True)},
        placeholder="–",
        alt="Settings that differ between the selected runs",
        key="runs-differences",
    )
    st.caption(
        "Settings that are the same in all of these runs are left out; – is a setting that a run does not have."
    )


def _table(found: Sequence[Difference], rows: Sequence[RunRow]) -> pd.DataFrame:
    headings: list[str] = []
    for row in rows:
        name = text.shorten(row.name, limit=60)
        # Two runs may be called the same, and a column of a table has to have a name of its own.
        headings.append(name if name not in (*headings, "") else f"{name} · {row.id}")
    columns = {
        heading: [_written(each.values[position], choice=each.is_choice) for each in found]
        for position, heading in enumerate(headings)
    }
    return pd.DataFrame({"": [each.title for each in found]} | columns)


def _written(value: Any, *, choice: bool) -> str | None:
    """A value of a setting as the forms write it; all text, so that numbers and words stand in one column."""
    match value:
        case None:
            return None
        case bool():
            return "on" if value else "off"
        case float():
            return text.small(value)
        case int():
            return f"{value:,}"
        case tuple() | list():
            return text.shorten(", ".join(map(str, value)), limit=LONGEST_VALUE)
        case _:
            shown = forms.choice_label(value) if choice else value
            return text.shorten(shown, limit=LONGEST_VALUE)
