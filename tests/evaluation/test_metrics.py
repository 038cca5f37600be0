"""Metrics equal scikit-learn's, and do not break on the edges."""

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from cnnlab.evaluation import metrics


@pytest.fixture
def probabilities() -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(5), size=400)


@pytest.fixture
def labels(probabilities: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(1)
    return np.where(random.random(400) < 0.6, probabilities.argmax(axis=1), random.integers(0, 4, 400))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_accuracy_is_scikit_learns(probabilities, labels, k):
    expected = reference.top_k_accuracy_score(labels, probabilities, k=k, labels=range(5))
    assert metrics.top_k_accuracy(probabilities, labels, k=k) == pytest.approx(expected)


def test_the_first_guess_alone_is_the_accuracy_even_with_ties():
    probabilities = np.array([[0.5, 0.5], [0.5, 0.5]])
    labels = np.array([0, 1])
    assert (
        metrics.accuracy(probabilities, labels) == metrics.top_k_accuracy(probabilities, labels, k=1) == 0.5
    )


@pytest.mark.parametrize("k", [0, 6])
def test_a_k_that_makes_no_sense_is_refused(probabilities, labels, k):
    with pytest.raises(ValueError, match="from 1 to 5"):
        metrics.top_k_accuracy(probabilities, labels, k=k)


def test_loss_is_scikit_learns_log_loss(probabilities, labels):
    assert metrics.cross_entropy(probabilities, labels) == pytest.approx(
        reference.log_loss(labels, probabilities, labels=range(5))
    )


def test_a_certain_mistake_costs_a_finite_amount():
    assert metrics.cross_entropy(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-math.log(1e-7))


def test_rows_of_the_confusion_matrix_are_true_classes():
    matrix = metrics.confusion_matrix(np.array([0, 0, 2]), np.array([0, 1, 2]), num_classes=3)
    np.testing.assert_array_equal(matrix, [[1, 1, 0], [0, 0, 0], [0, 0, 1]])


def test_a_class_that_nobody_saw_has_a_row_of_zeros(labels, probabilities):
    table = metrics.per_class_metrics(
        labels, probabilities.argmax(axis=1), class_names=("a", "b", "c", "d", "e", "f")
    )
    assert list(table["class_name"]) == ["a", "b", "c", "d", "e", "f"]
    assert table.iloc[5][["precision", "recall", "f1", "support"]].tolist() == [0, 0, 0, 0]
    assert table["support"].sum() == 400
    assert table["recall"][0] == pytest.approx(
        reference.recall_score(labels, probabilities.argmax(axis=1), labels=[0], average="macro")
    )


@pytest.mark.parametrize("metric", [metrics.accuracy, metrics.cross_entropy])
def test_without_pictures_there_is_no_number(metric):
    assert math.isnan(metric(np.zeros((0, 3)), np.zeros(0, int)))
