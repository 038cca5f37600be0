"""Compares the answers of an exported file with those of the network it comes from, and says whether it may be offered.

A format with the numbers of training has to give the same probabilities. One that rounds may give
others, but not worse answers: refused is a loss of accuracy that is both certain and larger than two
points. This module never asks a model.
"""

import numpy as np

from cnnlab.evaluation.comparison import difference_interval, wilson_interval
from cnnlab.export.formats import FEWEST_AGREEING, LARGEST_DIFFERENCE, MOST_LOST, Format
from cnnlab.export.pictures import ComparedPictures
from cnnlab.export.records import Comparison


def compare(answers: np.ndarray, expected: np.ndarray, *, compared: ComparedPictures) -> Comparison:
    """Compare the answers of a file with those of Keras.

    Args:
        answers: Probabilities of the file, float32, shape (N, num_classes).
        expected: Probabilities of the Keras model, the same shape.
        compared: The N pictures.
    """
    agreeing = answers.argmax(axis=1) == expected.argmax(axis=1)
    found = Comparison(
        split=compared.split,
        num_pictures=len(answers),
        of_pictures=compared.of_pictures,
        # A probability that is no number differs by more than anything.
        largest_difference=float(np.nan_to_num(np.abs(answers - expected), nan=np.inf).max()),
        agreeing_share=float(agreeing.mean()),
    )
    if compared.labels is None:
        return found
    before = expected.argmax(axis=1) == compared.labels
    after = answers.argmax(axis=1) == compared.labels
    low, high = wilson_interval(int(after.sum()), len(after))
    change_low, change_high = difference_interval(before, after)
    return found.model_copy(
        update={
            "accuracy": float(after.mean()),
            "accuracy_low": low,
            "accuracy_high": high,
            "change": float(after.mean() - before.mean()),
            "change_low": change_low,
            "change_high": change_high,
        }
    )


def verdict(format: Format, found: Comparison) -> tuple[bool, str]:
    """Whether a file may be offered, and the sentence that says why."""
    return _exact(found) if format.exact else _rounded(found)


def _exact(found: Comparison) -> tuple[bool, str]:
    difference = found.largest_difference
    if difference == 0:
        return True, f"Its probabilities are the very same on {found.num_pictures:,} pictures."
    if difference <= LARGEST_DIFFERENCE:
        return (
            True,
            f"Its probabilities differ by at most {difference:.1g} on {found.num_pictures:,} pictures.",
        )
    return False, (
        f"It answers differently from the Keras model: a probability differs by {difference:.2g}, and at most "
        f"{LARGEST_DIFFERENCE:.0e} is rounding. It is not offered; take another format."
    )


def _rounded(found: Comparison) -> tuple[bool, str]:
    same = f"{100 * found.agreeing_share:.1f} % of {found.num_pictures:,} answers stay the same"
    if not np.isfinite(found.largest_difference):
        return False, "It answers with what is no number. It is not offered; take another format."
    if found.agreeing_share < FEWEST_AGREEING:
        return False, (
            f"Only {same}, and at least {100 * FEWEST_AGREEING:.0f} % have to: rounded to 8 bits it is another network. "
            f"It is not offered; take another format."
        )
    if found.change is None:
        return True, f"{same}; what it costs in accuracy cannot be said without the dataset."
    interval = f"{100 * found.change_low:+.1f} to {100 * found.change_high:+.1f} with 95 % confidence"
    if found.change < -MOST_LOST and found.change_high < 0:
        return False, (
            f"Rounding costs {-100 * found.change:.1f} points of accuracy ({interval}), more than "
            f"{100 * MOST_LOST:.0f} and no chance. It is not offered; take another format."
        )
    return True, f"{same}; accuracy changes by {100 * found.change:+.1f} points ({interval})."
