"""The table and its CSV: a row a file, and nothing that a spreadsheet would run."""

import csv
import io

import numpy as np
import pytest

from cnnlab.prediction.answers import Answer
from cnnlab.prediction.tables import answers_table, to_csv

ANSWERS = [
    Answer(name="a.png", probabilities=np.array([0.1, 0.7, 0.2], np.float32), seconds=0.004),
    Answer(name="b.txt", probabilities=None, seconds=0.0, problem="It is no picture."),
]


def test_each_file_is_a_row_with_its_classes_in_order():
    table = answers_table(ANSWERS, class_names=["circle", "ring", "star"], k=2)
    assert table.loc[0, ["file", "predicted", "class_2"]].tolist() == ["a.png", "ring", "star"]
    assert table.loc[0, ["confidence", "confidence_2", "milliseconds"]].tolist() == pytest.approx(
        [0.7, 0.2, 4.0]
    )
    assert table.loc[1, "problem"] == "It is no picture."
    assert table.loc[1, ["predicted", "confidence", "milliseconds"]].isna().all()


def test_more_classes_than_there_are_cannot_be_listed():
    answer = Answer(name="a.png", probabilities=np.array([0.4, 0.6]), seconds=0.1)
    assert "class_3" not in answers_table([answer], class_names=["circle", "ring"], k=5).columns


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_starts_as_a_formula_does(start):
    table = answers_table(
        [Answer(name=f"{start}cmd|'/c calc'!A1", probabilities=np.array([1.0, 0.0]), seconds=0.1)],
        class_names=[f"{start}class", "other"],
        k=1,
    )
    cells = next(csv.DictReader(io.StringIO(to_csv(table), newline="")))
    assert cells["file"].startswith("'")
    assert cells["predicted"].startswith("'")
    assert float(cells["confidence"]) == 1.0
