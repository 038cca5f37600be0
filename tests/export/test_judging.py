"""What is offered and what is refused, and the sentence that says why."""

import numpy as np
import pytest

from cnnlab.export.formats import FORMATS
from cnnlab.export.judging import compare, verdict
from cnnlab.export.pictures import ComparedPictures

EXACT, ROUNDED = FORMATS["onnx"], FORMATS["lite_int8"]
LABELS = np.arange(60) % 3


def answers(predicted: np.ndarray, *, confidence: float = 0.8) -> np.ndarray:
    """Probabilities of three classes that name these."""
    found = np.full((len(predicted), 3), (1 - confidence) / 2, np.float32)
    found[np.arange(len(predicted)), predicted] = confidence
    return found


def compared(labels: np.ndarray | None = LABELS) -> ComparedPictures:
    """Sixty pictures of nothing."""
    return ComparedPictures(
        split="test" if labels is not None else "",
        numbers=np.arange(60),
        pictures=np.zeros((60, 1, 1, 3), np.uint8),
        labels=labels,
        of_pictures=500,
    )


def wrong(count: int) -> np.ndarray:
    """The labels with some of them named wrong."""
    predicted = LABELS.copy()
    predicted[:count] = (predicted[:count] + 1) % 3
    return predicted


@pytest.mark.parametrize(
    ("format", "given", "passed", "says"),
    [
        pytest.param(EXACT, answers(LABELS), True, "the very same on 60 pictures", id="equal"),
        pytest.param(
            EXACT,
            answers(LABELS, confidence=0.80005),
            True,
            "differ by at most 5e-05",
            id="rounding of floats",
        ),
        pytest.param(
            EXACT, answers(LABELS, confidence=0.801), False, "differs by 0.001", id="another network"
        ),
        pytest.param(
            EXACT, np.full((60, 3), np.nan, np.float32), False, "differs by inf", id="no numbers in floats"
        ),
        pytest.param(
            ROUNDED,
            answers(LABELS, confidence=0.7),
            True,
            "100.0 % of 60 answers",
            id="rounded, same answers",
        ),
        pytest.param(ROUNDED, answers(wrong(1)), True, "by -1.7 points", id="one of sixty flips"),
        pytest.param(ROUNDED, answers(wrong(10)), False, "costs 16.7 points", id="a certain loss"),
        pytest.param(
            ROUNDED, answers(wrong(20)), False, "Only 66.7 % of 60 answers", id="another network, rounded"
        ),
        pytest.param(
            ROUNDED,
            np.full((60, 3), np.nan, np.float32),
            False,
            "what is no number",
            id="no numbers in 8 bits",
        ),
    ],
)
def test_what_may_be_offered(format, given, passed, says):
    found = compare(given, answers(LABELS), compared=compared())
    offered, sentence = verdict(format, found)
    assert offered is passed
    assert says in sentence


def test_eight_bits_are_compared_picture_by_picture():
    """A model that was wrong before and is wrong in the same places has lost nothing."""
    found = compare(answers(wrong(30)), answers(wrong(30)), compared=compared())
    assert (found.accuracy, found.change, found.agreeing_share) == (0.5, 0.0, 1.0)
    assert found.accuracy_low < 0.5 < found.accuracy_high
    assert found.change_low < 0 < found.change_high
    assert (found.num_pictures, found.of_pictures) == (60, 500)


def test_without_labels_there_is_no_accuracy():
    found = compare(answers(LABELS, confidence=0.7), answers(LABELS), compared=compared(labels=None))
    assert (found.accuracy, found.change) == (None, None)
    assert verdict(ROUNDED, found) == (
        True,
        "100.0 % of 60 answers stay the same; what it costs in accuracy cannot be said without the dataset.",
    )
