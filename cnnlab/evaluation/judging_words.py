"""A judged run in words: each with its numbers and its interval, and noise called noise.

Plain text: whoever shows it escapes it. This module never computes a score.
"""

from typing import NamedTuple

import numpy as np

from cnnlab.data.splits import TEST
from cnnlab.evaluation.calibration import Calibration
from cnnlab.evaluation.pairing import unpaired_difference
from cnnlab.evaluation.reliability import Certainty
from cnnlab.evaluation.scores import Scores
from cnnlab.evaluation.thresholds import Answered

AS_IT_SHOULD_BE = (0.95, 1.05)
"""A run with a temperature within these was about as sure as it should be."""


class Words(NamedTuple):
    """What matters in one sentence, and what belongs to it."""

    headline: str
    details: str


def accuracy_words(scores: Scores, *, split: str) -> Words:
    """Say how often it is right, against guessing."""
    return Words(
        f"{scores.right:,} of {_pictures(scores.pictures, split)} are named right: {_percent(scores.accuracy)}",
        f"({_span(scores.accuracy_low, scores.accuracy_high)} with 95 % confidence). Always saying "
        f"“{scores.majority_class}” would be right {_percent(scores.majority_share)} of the time, "
        f"guessing {_percent(scores.chance)}.",
    )


def elsewhere_words(right: np.ndarray, own_right: np.ndarray, *, own_split: str) -> Words:
    """Say whether a run is as good on other pictures as on those of its own dataset.

    Args:
        right: Whether each of the others was named right, bool, shape (N,).
        own_right: The same for the pictures of a split of its own, shape (M,).
        own_split: Which one that is.
    """
    found = unpaired_difference(right, own_right)
    own = f"its own {own_split} pictures"
    if found.is_noise:
        headline = f"As far as these pictures can tell, it is as good on them as on {own}."
    else:
        headline = f"It is {'better' if found.change > 0 else 'worse'} on them than on {own}."
    return Words(
        headline,
        f"{_percent(float(right.mean()))} against {_percent(float(own_right.mean()))}: {100 * found.change:+.1f} points "
        f"({100 * found.low:+.1f} to {100 * found.high:+.1f} with 95 % confidence). Other shares of the classes would "
        f"change it too.",
    )


def certainty_words(
    before: Certainty, after: Certainty | None, calibration: Calibration | None, *, split: str, pictures: int
) -> Words:
    """Say whether it is as sure as it is right, and what the temperature makes of it."""
    if before.is_noise:
        headline = "It is about as sure as it is right."
        noise = f"is within noise: a perfectly calibrated model has up to {_percent(before.by_chance)} on so few pictures."
    else:
        more = before.confidence > before.accuracy
        headline = f"It is {'surer than it is right' if more else 'less sure than it is right'}."
        noise = f"is more than chance makes (up to {_percent(before.by_chance)})."
    details = (
        f"On {_pictures(pictures, split)} it is {_percent(before.confidence)} sure on average and "
        f"{_percent(before.accuracy)} right. Its calibration error of {_percent(before.error)} {noise}"
    )
    if after is not None and calibration is not None and calibration.temperature != 1.0:
        details += f" With the temperature {calibration.temperature:.2f} it is {_percent(after.error)}."
    return Words(headline, details)


def temperature_words(calibration: Calibration) -> Words:
    """Say what the temperature does, and what it was fitted on."""
    if not calibration.mistakes:
        return Words(
            "Nothing says how sure is too sure.",
            "Not one validation picture is named wrong, so the probabilities are left as they are. "
            "More validation pictures would tell.",
        )
    low, high = AS_IT_SHOULD_BE
    if low <= round(calibration.temperature, 2) <= high:
        headline = "On validation it was about as sure as it should be."
    else:
        headline = (
            f"On validation it was {'too sure' if calibration.temperature > 1.0 else 'not sure enough'}."
        )
    return Words(
        headline,
        f"Its scores are divided by the temperature before they become probabilities; which class is said stays the "
        f"same. Fitted on {_pictures(calibration.pictures, 'validation')}, where the log loss goes from "
        f"{calibration.log_loss_before:.4f} to {calibration.log_loss_after:.4f}.",
    )


def threshold_words(
    found: Answered | None, checked: Answered | None, *, wanted: float, split: str = TEST
) -> Words:
    """Say where to draw the line below which it should say nothing.

    Args:
        found: What validation recommends, or None where no threshold reaches what is wanted.
        checked: The same threshold on other pictures, or None where there are none.
        wanted: Share of the answers that should be right, in [0, 1].
        split: Which pictures those are.
    """
    if found is None:
        return Words(
            f"No threshold reaches {_short(wanted)} on validation.",
            "There the answers it is surest of are wrong too often. Ask for less, or train a better run.",
        )
    right = f"{_percent(found.accuracy)} of them right ({_span(*found.interval)} with 95 % confidence)"
    if found.threshold == 0.0:
        headline = f"No threshold is needed for {_short(wanted)}."
        details = f"On validation every picture gets an answer, {right}."
    else:
        headline = f"Answer from a confidence of {_percent(found.threshold)} on."
        details = f"On validation that leaves {_percent(found.coverage)} of the pictures, {right}."
    return Words(headline, f"{details} {_checked(checked, wanted=wanted, split=split)}")


def _checked(checked: Answered | None, *, wanted: float, split: str) -> str:
    if checked is None:
        return "There is no test split to check it on."
    if checked.interval is None:
        return f"Checked on {split} pictures: none is that sure."
    low, high = checked.interval
    if low >= wanted:
        verdict = "it holds"
    else:
        verdict = "it may hold: so few pictures cannot tell" if high >= wanted else "it does not hold"
    return (
        f"Checked on {split} pictures, which did not choose it: {_percent(checked.coverage)} answered, "
        f"{_percent(checked.accuracy)} of them right ({_span(low, high)}); {verdict}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _short(share: float) -> str:
    return f"{100 * share:.4g} %"


def _span(low: float, high: float) -> str:
    return f"{_percent(low)} to {_percent(high)}"


def _pictures(count: int, split: str) -> str:
    return f"{count:,} {split} picture{'' if count == 1 else 's'}"
