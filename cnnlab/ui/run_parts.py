"""Small parts that every page with runs on it shares: badges, names, and which runs are live.

This module never reads a run's folder: it draws rows of the index.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import streamlit as st

from cnnlab.models.backbones import BACKBONES
from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import STATES, State

LIVE = tuple(state for state, row in STATES.items() if not row.ended and state is not State.PAUSED)
"""States in which something happens by itself: waiting for a place, training, on the way to an end."""
CAN_PREDICT = (State.FINISHED, State.STOPPED)


def badge(state: State) -> None:
    """Draw the state of a run as a coloured badge with its icon."""
    row = STATES[state]
    st.badge(row.label, icon=row.icon, color=row.color, help=row.sentence)


def network_name(row: RunRow) -> str:
    """What the network of a run is called. A network of blocks has a name from a user: escape it."""
    backbone = BACKBONES.get(row.network_name) if row.kind == "backbone" else None
    label = backbone.label if backbone else row.network_name
    return f"{label} (random weights)" if row.weights == "random" else label


def created(row: RunRow) -> datetime:
    """When a run was asked for, in this machine's time."""
    return datetime.fromtimestamp(row.created_at).astimezone()


@contextmanager
def split_row(*, border: bool = False, key: str | None = None) -> Iterator[None]:
    """Lay two things out at both ends of a line; on a narrow screen below each other."""
    with (
        st.container(border=border, key=key),
        st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"),
    ):
        yield


@contextmanager
def line() -> Iterator[None]:
    """Lay things out beside each other, as wide as they are."""
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        yield
