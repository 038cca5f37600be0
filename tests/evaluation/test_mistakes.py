"""The surest mistakes come first, doubt is a number, and wrong labels have a price."""

import numpy as np
import pandas as pd
import pytest

from cnnlab.evaluation.judged import JudgedSplit
from cnnlab.evaluation.mistakes import ORDERS, answers_table, price_of
from cnnlab.runs.folder import RunFolder
from tests.runs.making import run_spec

PROBABILITIES = np.array(
    [
        [0.9, 0.05, 0.05],
        [0.7, 0.3, 0.0],
        [0.05, 0.95, 0.0],
        [0.35, 0.33, 0.32],
        [0.02, 0.49, 0.49],
        [1.0, 0.0, 0.0],
    ],
    np.float32,
)
LABELS = np.array([0, 1, 0, 0, 2, 0], np.int32)
"""Wrong: 1 and 2, and 4, where argmax takes the first of two that are level."""
PICTURES = np.array([10, 11, 12, 13, 14, 15])


@pytest.fixture
def judged(tmp_path) -> JudgedSplit:
    return JudgedSplit(
        run=RunFolder(tmp_path),
        spec=(spec := run_spec(class_names=("a", "b", "c"))),
        split="test",
        dataset=spec.dataset,
        pictures=PICTURES,
        labels=LABELS,
        probabilities=PROBABILITIES,
        written_at=0,
    )


@pytest.mark.parametrize(
    ("order", "first"),
    [
        pytest.param("worst", [12, 11, 14], id="wrong and sure"),
        pytest.param("margin", [14, 13, 11], id="two classes nearly level"),
        pytest.param("entropy", [13, 14, 11], id="spread over the most classes"),
    ],
)
def test_the_most_telling_pictures_come_first(judged, order, first):
    assert ORDERS[order].choose(answers_table(judged))["picture"].tolist()[:3] == first


def test_only_mistakes_are_among_the_worst_mistakes_and_all_of_them(judged):
    assert set(ORDERS["worst"].choose(answers_table(judged))["picture"]) == {11, 12, 14}


def test_doubt_is_none_where_sure_and_one_where_all_classes_are_level(judged):
    table = answers_table(judged).set_index("picture")
    assert table["entropy"][15] == 0.0
    assert table["entropy"][13] == pytest.approx(1.0, abs=0.01)
    assert table["margin"][10] == pytest.approx(0.85)
    assert table["place"].tolist() == list(range(6))


def found(**likely: int) -> pd.DataFrame:
    """What a search would have found: these pictures to be of these classes."""
    numbers = [int(name[1:]) for name in likely]
    return pd.DataFrame(
        {
            "picture": [*numbers, 99],
            "likely": [*likely.values(), 0],
            "mislabelled": [True] * len(likely) + [False],
        }
    )


@pytest.mark.parametrize(
    ("suspects", "on_suspects", "corrected"),
    [
        pytest.param({}, 0, 3 / 6, id="none"),
        pytest.param({"p12": 1}, 1, 4 / 6, id="the answer is the class that it likely is"),
        pytest.param({"p12": 2}, 1, 3 / 6, id="the answer is wrong either way"),
        pytest.param({"p15": 1}, 0, 2 / 6, id="an answer that only fits a wrong label"),
        pytest.param({"p12": 1, "p11": 0, "p77": 1}, 2, 5 / 6, id="several, and one of another split"),
    ],
)
def test_the_price_counts_wrong_answers_on_likely_wrong_labels(judged, suspects, on_suspects, corrected):
    price = price_of(judged, found(**suspects))
    assert (price.total, price.wrong, price.wrong_on_suspects) == (6, 3, on_suspects)
    assert price.accuracy == pytest.approx(0.5)
    assert price.corrected_accuracy == pytest.approx(corrected)
    assert price.sentence().startswith(f"{on_suspects} of 3 wrong test answers sit")
    assert ("Were every suggestion right" in price.sentence()) == (price.corrected_accuracy != 0.5)
