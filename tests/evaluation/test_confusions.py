"""Which classes are taken for which, in which order."""

import numpy as np
from hypothesis import given, settings

from cnnlab.evaluation.confusions import confused_pairs, confused_together, most_confused
from cnnlab.evaluation.metrics import confusion_matrix
from tests.evaluation.answering import answers

MATRIX = np.array([[10, 0, 3, 0], [0, 9, 0, 1], [5, 0, 4, 0], [0, 0, 0, 0]])


def test_the_most_frequent_confusion_comes_first_and_what_is_right_is_none():
    pairs = confused_pairs(MATRIX)
    assert pairs[["true", "predicted", "pictures"]].to_numpy().tolist() == [[2, 0, 5], [0, 2, 3], [1, 3, 1]]
    assert pairs["share"].tolist() == [5 / 9, 3 / 13, 1 / 10]
    assert confused_pairs(np.eye(3, dtype=int)).empty


def test_confused_classes_stand_side_by_side():
    order = confused_together(MATRIX).tolist()
    assert abs(order.index(0) - order.index(2)) == 1
    assert sorted(order) == [0, 1, 2, 3]


@settings(max_examples=30)
@given(answers())
def test_an_order_has_every_class_once(given_answers):
    probabilities, labels = given_answers
    matrix = confusion_matrix(labels, probabilities.argmax(axis=1), num_classes=probabilities.shape[1])
    assert sorted(confused_together(matrix)) == list(range(len(matrix)))
    assert confused_pairs(matrix)["pictures"].sum() == matrix.sum() - np.trace(matrix)


def test_classes_with_the_most_mistakes_of_either_kind_are_kept():
    assert most_confused(MATRIX, count=2).tolist() == [0, 2]
