"""Whether one run is better than another on the test pictures of both, and on which pictures they differ.

Classes are compared by name. Pictures are compared by number, so two versions of a dataset can be laid
side by side; where the datasets are two, or one is in another workspace, by their content. What they do
not share is left out, and said. This module never opens a picture.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cnnlab.data.contents import division_of, numbers_in
from cnnlab.errors import RunError
from cnnlab.evaluation.comparison import difference_interval, mcnemar_p
from cnnlab.evaluation.predictions import load_predictions, probabilities_of
from cnnlab.evaluation.same_pictures import find_dataset_of, pictures_of
from cnnlab.runs.folder import RunFolder
from cnnlab.specs.runs import RunSpec

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
    """Whether both saw the same pictures in the same splits."""
    dataset_id: str
    """The dataset of this workspace that the numbers belong to, '' where its pictures are not here."""

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
    here_a, here_b = find_dataset_of(run_a), find_dataset_of(run_b)
    table_a = _judged(load_predictions(run_a.path), spec_a.class_names)
    table_b = _judged(load_predictions(run_b.path), spec_b.class_names)
    same_version = spec_a.dataset.version == spec_b.dataset.version
    if spec_a.dataset.id != spec_b.dataset.id:
        seen_a, seen_b = pictures_of(run_a), pictures_of(run_b)
        if seen_a is None or seen_b is None:
            raise RunError(_not_known(spec_a, spec_b, missing=spec_a if seen_a is None else spec_b))
        # Counted as the run does whose pictures can be shown.
        if here_b is not None or here_a is None:
            table_a = _renumbered(table_a, numbers_in(seen_b, seen_a))
        else:
            table_b = _renumbered(table_b, numbers_in(seen_a, seen_b))
        same_version = division_of(seen_a) == division_of(seen_b)
    both = table_a.merge(table_b, on=["picture", "true"], suffixes=("_a", "_b")).sort_values("picture")
    if both.empty:
        raise RunError(_nothing_shared(spec_a, spec_b))
    here = here_b or here_a
    return Versus(
        pictures=both.reset_index(drop=True),
        left_out=len(table_a) + len(table_b) - 2 * len(both),
        same_version=same_version,
        dataset_id="" if here is None else here.id,
    )


def _renumbered(table: pd.DataFrame, numbers: pd.Series) -> pd.DataFrame:
    """Give pictures the numbers that another list has for them; those that it does not have get some below 0."""
    found = table["picture"].map(numbers)
    unknown = pd.Series(-1 - np.arange(len(table)), index=table.index)
    return table.assign(picture=found.fillna(unknown).astype(np.int64))


def _not_known(spec_a: RunSpec, spec_b: RunSpec, *, missing: RunSpec) -> str:
    return (
        f"These runs share no test pictures that can be found: one learned on {spec_a.dataset.name!r}, the other on "
        f"{spec_b.dataset.name!r}, and the pictures of {missing.dataset.name!r} are not here to look for the same ones "
        f"in both. Import that dataset, or compare runs on the same one."
    )


def _nothing_shared(spec_a: RunSpec, spec_b: RunSpec) -> str:
    a, b = spec_a.dataset, spec_b.dataset
    if a.id != b.id:
        return (
            f"These runs share no test pictures: one learned on {a.name!r}, the other on {b.name!r}. Compare runs on "
            f"the same dataset."
        )
    return (
        f"These runs share no test pictures: versions {a.version} and {b.version} of {a.name!r} have none in common. "
        f"Train both on the same version, with a test split."
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
