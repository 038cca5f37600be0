"""Whether one run is better than another on the test pictures of both, and on which pictures they differ.

Classes are compared by name and pictures by number, so two versions of a dataset can be laid side by
side; what they do not share is left out, and said. This module never opens a picture.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cnnlab.errors import RunError
from cnnlab.evaluation.comparison import difference_interval, mcnemar_p
from cnnlab.evaluation.predictions import load_predictions, probabilities_of
from cnnlab.runs.folder import RunFolder

TEST = "test"
MENDED, BROKEN = "mended", "broken"
FEW_FLIPS = 6
"""Of fewer pictures on which two models differ, even all one way, chance makes as much one time in twenty: 2 / 2^5."""


@dataclass(frozen=True, kw_only=True)
class Versus:
    """Run B against run A, on the pictures that are test pictures of both."""

    pictures: pd.DataFrame
    """One row a shared picture, in the order of their numbers: picture, true (class name), said_a, said_b,
    sure_a, sure_b (probability of what was said), right_a, right_b."""
    left_out: int
    """Test pictures of one of them only, or of another class in each."""
    same_version: bool

    @property
    def shared(self) -> int:
        """How many pictures both were judged by."""
        return len(self.pictures)

    @property
    def accuracies(self) -> tuple[float, float]:
        """Share of the shared pictures that A and that B named right."""
        return float(self.pictures["right_a"].mean()), float(self.pictures["right_b"].mean())

    @property
    def change(self) -> float:
        """Accuracy of B minus that of A, in [-1, 1]."""
        before, after = self.accuracies
        return after - before

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of 95 % for the change, paired."""
        return difference_interval(*self._right())

    @property
    def p(self) -> float:
        """How often chance alone would tell two equally good models apart this much, or more (McNemar)."""
        return mcnemar_p(*self._right())

    @property
    def is_noise(self) -> bool:
        """Whether no difference at all would be no surprise, by the interval or by the test."""
        low, high = self.interval
        return bool(low <= 0.0 <= high or self.p >= 0.05)

    def flips(self, kind: str) -> pd.DataFrame:
        """The pictures that B mended (MENDED) or broke (BROKEN), those B is surest of first."""
        right_a, right_b = self.pictures["right_a"], self.pictures["right_b"]
        chosen = right_b & ~right_a if kind == MENDED else right_a & ~right_b
        return self.pictures[chosen].sort_values("sure_b", ascending=False, kind="stable")

    def sentence(self, *, name_a: str = "A", name_b: str = "B") -> str:
        """Say in plain words which is better, with its numbers, or that it is noise."""
        mended, broken = len(self.flips(MENDED)), len(self.flips(BROKEN))
        facts = f"B mended {_pictures(mended)} and broke {broken}"
        if not mended and not broken:
            return f"Within noise: on each of the {_pictures(self.shared)} both are right or both are wrong."
        low, high = (100 * end for end in self.interval)
        span = f"{100 * self.change:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}, McNemar p {_written(self.p)})"
        if self.is_noise:
            more = (
                f" With so few differing pictures nothing could be told apart; {FEW_FLIPS} all one way is the least."
                if mended + broken < FEW_FLIPS
                else ""
            )
            return f"Within noise: {facts}, {span}. Chance alone does as much.{more}"
        better, worse = (name_b, name_a) if self.change > 0 else (name_a, name_b)
        return f"{better} is better than {worse}: {facts}, {span}."

    def _right(self) -> tuple[np.ndarray, np.ndarray]:
        return self.pictures["right_a"].to_numpy(), self.pictures["right_b"].to_numpy()


def compare(run_a: RunFolder, run_b: RunFolder) -> Versus:
    """Lay the test predictions of two runs side by side.

    Raises:
        RunError: A run has no predictions, they are damaged, or the runs share no test picture; the
            sentence says which, and what to do.
    """
    spec_a, spec_b = run_a.spec(), run_b.spec()
    if spec_a.dataset.id != spec_b.dataset.id:
        raise RunError(
            f"These runs share no test pictures: one learned on {spec_a.dataset.name!r}, the other on "
            f"{spec_b.dataset.name!r}. Compare runs on the same dataset."
        )
    table_a = _judged(load_predictions(run_a.path), spec_a.class_names)
    table_b = _judged(load_predictions(run_b.path), spec_b.class_names)
    both = table_a.merge(table_b, on=["picture", "true"], suffixes=("_a", "_b")).sort_values("picture")
    if both.empty:
        raise RunError(
            f"These runs share no test pictures: versions {spec_a.dataset.version} and {spec_b.dataset.version} of "
            f"{spec_a.dataset.name!r} have none in common. Train both on the same version, with a test split."
        )
    return Versus(
        pictures=both.reset_index(drop=True),
        left_out=len(table_a) + len(table_b) - 2 * len(both),
        same_version=spec_a.dataset.version == spec_b.dataset.version,
    )


def _judged(table: pd.DataFrame, class_names: tuple[str, ...]) -> pd.DataFrame:
    table = table[table["split"] == TEST]
    names, probabilities = np.array(class_names, dtype=object), probabilities_of(table)
    said = probabilities.argmax(axis=1) if len(table) else np.zeros(0, np.int64)
    labels = table["label"].to_numpy()
    return pd.DataFrame(
        {
            "picture": table["picture"].to_numpy(),
            "true": names[labels],
            "said": names[said],
            "sure": probabilities[np.arange(len(table)), said],
            "right": said == labels,
        }
    )


def _pictures(count: int) -> str:
    return f"{count:,} picture" if count == 1 else f"{count:,} pictures"


def _written(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
