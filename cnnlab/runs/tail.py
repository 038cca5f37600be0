"""Follows the events of a run: reads what is new, and keeps it as tables that charts can take.

What a lost attempt recorded after the step where the next one takes up is dropped. One `EventTail` a
run serves all browser sessions (`find_tail`). This module never writes.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import AttemptStart, Epoch, Event, Note, PhaseName, PhaseStart, Step

TAILS_KEPT = 32

_PHASE = pd.CategoricalDtype(get_args(PhaseName))
_WHERE = {"attempt": np.int64, "phase": _PHASE, "epoch": np.int64, "step": np.int64}
_SCORES = {"loss": np.float64, "accuracy": np.float64}

COLUMNS = {
    Step: {**_WHERE, **_SCORES, "learning_rate": np.float64, "at": np.float64},
    Epoch: {
        **_WHERE,
        **_SCORES,
        "val_loss": np.float64,
        "val_accuracy": np.float64,
        "learning_rate": np.float64,
        "seconds": np.float64,
        "pictures_per_second": np.float64,
        "best": np.bool_,
        "drift": object,
        "at": np.float64,
    },
    PhaseStart: {**_WHERE, "trainable_parameters": np.int64, "frozen_parameters": np.int64, "at": np.float64},
    Note: {"attempt": np.int64, "step": np.int64, "text": "str", "at": np.float64},
}
"""The columns of each table: the fields of its event. A number that was null is NaN."""

RECORDED_ONCE = {Epoch: ["phase", "epoch"], PhaseStart: ["phase"], Note: ["step", "text"]}
"""What a taken-up attempt may record again when the one before was lost in between; the last one counts."""


class EventTail:
    """The events of one run as tables, brought up to date whenever one is asked for.

    Safe to share between threads. A table that was handed out may be changed: no other changes with it.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._offset = 0
        self._step = 0
        self._revision = 0
        self._tables = {kind: _as_table([], kind) for kind in COLUMNS}

    @property
    def revision(self) -> int:
        """Grows whenever something was read; a chart of the same revision need not be drawn again."""
        with self._lock:
            self._read()
            return self._revision

    @property
    def steps(self) -> pd.DataFrame:
        """One row a `Step` event, with its fields as columns."""
        return self._table(Step)

    @property
    def epochs(self) -> pd.DataFrame:
        """One row an epoch that was scored, with the fields of `Epoch` as columns."""
        return self._table(Epoch)

    @property
    def phases(self) -> pd.DataFrame:
        """One row a phase that has begun, with the fields of `PhaseStart` as columns."""
        return self._table(PhaseStart)

    @property
    def notes(self) -> pd.DataFrame:
        """One row a sentence, with the step after which it was written."""
        return self._table(Note)

    def _table(self, kind: type) -> pd.DataFrame:
        with self._lock:
            self._read()
            # A lazy copy: pandas copies a column only when somebody changes it.
            return self._tables[kind].copy(deep=False)

    def _read(self) -> None:
        events, self._offset = self.folder.read_events(self._offset)
        if not events:
            return
        self._revision += 1
        taken: list[Event] = []
        for event in events:
            if isinstance(event, AttemptStart):
                self._append(taken)
                taken = []
                self._drop_what_was_lost(event)
            else:
                taken.append(event)
        self._append(taken)

    def _append(self, events: Sequence[Event]) -> None:
        rows: dict[type, list[dict]] = {}
        for event in events:
            if not isinstance(event, Note):
                self._step = event.step
            rows.setdefault(type(event), []).append({"step": self._step, **event.__dict__})
        for kind, new in rows.items():
            table = pd.concat([self._tables[kind], _as_table(new, kind)], ignore_index=True)
            if kind in RECORDED_ONCE:
                table = table.drop_duplicates(RECORDED_ONCE[kind], keep="last", ignore_index=True)
            self._tables[kind] = table

    def _drop_what_was_lost(self, start: AttemptStart) -> None:
        self._step = start.step
        for kind, table in self._tables.items():
            kept = table["step"] <= start.step
            if kind is Epoch:
                # The last step of an epoch may be in the checkpoint and its scoring not.
                kept &= table["epoch"] <= start.epoch
            self._tables[kind] = table[kept].reset_index(drop=True)


def _as_table(rows: Sequence[dict], kind: type) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=dtype) for name, dtype in COLUMNS[kind].items()}
    )


@lru_cache(maxsize=TAILS_KEPT)
def _tail_at(path: Path) -> EventTail:
    return EventTail(RunFolder(path))


def find_tail(folder: RunFolder) -> EventTail:
    """The tail of this run that the whole process shares, so that its events are read once."""
    return _tail_at(folder.path)
