"""Pictures of a judged run as they are looked at: their order, what was said of them, what is decided.

This module never draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cnnlab.data.corrections import Fate
from cnnlab.data.dataset import Dataset
from cnnlab.evaluation.decisions import Decision
from cnnlab.evaluation.judged import JudgedSplit
from cnnlab.ui import text


@dataclass(frozen=True, kw_only=True)
class Album:
    """Pictures of a judged run, in the order in which they are looked at."""

    judged: JudgedSplit
    dataset: Dataset
    """The version that the pictures are from."""
    rows: pd.DataFrame
    """One row a picture: picture (its number), label, said (class indices), sure (probability of what was said),
    split, correct, and place (position in the judged split, -1 where it is of another)."""
    key: str
    decisions: Mapping[int, Decision]
    """What was decided and is not carried out yet, by number of the picture."""
    fates: Mapping[int, Fate]
    """What became of pictures in the newest version."""
    given: str = "True class"
    """What the label is called: where labels are doubted it is no truth."""
    verb: str = "said"

    def named(self, label: int) -> str:
        """The name of a class, as plain text that fits into a line."""
        return text.shorten(self.judged.class_names[label], limit=80)

    def row(self, picture: int) -> pd.Series | None:
        """The row of a picture, or None where it is not among them."""
        found = self.rows[self.rows["picture"] == picture]
        return None if found.empty else found.iloc[0]

    def after(self, picture: int) -> int | None:
        """The number of the picture that follows, or None after the last."""
        places = np.flatnonzero(self.rows["picture"].to_numpy() == picture)
        return int(self.rows["picture"].iloc[places[0] + 1]) if places[0] + 1 < len(self.rows) else None

    def badge(self, picture: int) -> str:
        """A few words on what is decided about a picture, or has become of it; '' where nothing is."""
        decision, fate = self.decisions.get(picture), self.fates.get(picture)
        if decision is not None and decision.kind != "right":
            return "leave out" if decision.kind == "leave_out" else f"→ {self.named(decision.label)}"
        if fate is not None:
            version = f"v{self.dataset.newest_version}"
            return f"{version}: left out" if fate.class_name is None else f"{version}: {fate.class_name}"
        return "label is right" if decision is not None else ""
