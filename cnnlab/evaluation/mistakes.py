"""Where a run was wrong and how sure, where it doubted, and what wrong labels cost it.

This module never asks a model, never opens a picture and never changes a label.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cnnlab.evaluation.judged import JudgedSplit


@dataclass(frozen=True, kw_only=True)
class Order:
    """One way to put pictures in order, the most telling first."""

    label: str
    sentence: str
    choose: Callable[[pd.DataFrame], pd.DataFrame]


ORDERS: dict[str, Order] = {
    "worst": Order(
        label="Worst mistakes",
        sentence="Wrong, the surest first: what it is sure of and wrong about says most about what it has learned, "
        "or about the label.",
        choose=lambda table: table[~table["correct"]].sort_values(
            "confidence", ascending=False, kind="stable"
        ),
    ),
    "margin": Order(
        label="Closest calls",
        sentence="Right or wrong, those first where the two likeliest classes are nearly level.",
        choose=lambda table: table.sort_values("margin", kind="stable"),
    ),
    "entropy": Order(
        label="Most doubtful",
        sentence="Right or wrong, those first where the probability is spread over the most classes (highest entropy).",
        choose=lambda table: table.sort_values("entropy", ascending=False, kind="stable"),
    ),
}


def answers_table(judged: JudgedSplit) -> pd.DataFrame:
    """Every picture of a split with what the run said.

    Returns:
        One row a picture, in the order of the split: place (its position there), picture (its number), label,
        predicted (class indices), confidence (probability of the predicted class), margin (to the second
        likeliest), entropy (0 where sure, 1 where all classes are level), correct.
    """
    probabilities = judged.probabilities.astype(np.float64)
    two = np.sort(probabilities, axis=1)[:, -2:]
    logarithms = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0.0)
    entropy = -(probabilities * logarithms).sum(axis=1) / np.log(probabilities.shape[1])
    return pd.DataFrame(
        {
            "place": np.arange(len(judged)),
            "picture": judged.pictures,
            "label": judged.labels,
            "predicted": judged.predicted,
            "confidence": judged.confidence,
            "margin": two[:, 1] - two[:, 0],
            "entropy": np.clip(entropy, 0.0, 1.0),
            "correct": judged.correct,
        }
    )


@dataclass(frozen=True, kw_only=True)
class Price:
    """What labels that are likely wrong cost a run on one split."""

    split: str
    total: int
    wrong: int
    """Answers that are not the label."""
    wrong_on_suspects: int
    """Those of them whose label is likely wrong."""
    accuracy: float
    corrected_accuracy: float
    """The same answers, were every likely class the right one."""

    def sentence(self) -> str:
        """Say it in plain words."""
        if not self.wrong:
            return f"No answer on the {self.split} split is wrong."
        verb = "sits on a picture that is" if self.wrong_on_suspects == 1 else "sit on pictures that are"
        said = f"{self.wrong_on_suspects:,} of {self.wrong:,} wrong {self.split} answers {verb} likely mislabelled."
        if self.corrected_accuracy == self.accuracy:
            return said
        return (
            f"{said} Were every suggestion right, the same answers would reach "
            f"{100 * self.corrected_accuracy:.1f} % instead of {100 * self.accuracy:.1f} %."
        )


def price_of(judged: JudgedSplit, found: pd.DataFrame) -> Price:
    """Lay the likely wrong labels beside a run's answers on a split.

    Args:
        judged: The answers; at least one.
        found: As `mislabelled.load_mislabelled` reads it, of the same run.
    """
    suspects = found[found["mislabelled"]].set_index("picture")["likely"]
    suspected = np.isin(judged.pictures, suspects.index)
    corrected = judged.labels.copy()
    corrected[suspected] = suspects.loc[judged.pictures[suspected]].to_numpy()
    wrong = ~judged.correct
    return Price(
        split=judged.split,
        total=len(judged),
        wrong=int(wrong.sum()),
        wrong_on_suspects=int((wrong & suspected).sum()),
        accuracy=float(judged.correct.mean()),
        corrected_accuracy=float((judged.predicted == corrected).mean()),
    )
