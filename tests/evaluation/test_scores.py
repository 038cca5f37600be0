"""The scores of a judged split equal scikit-learn's, whatever the answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics as reference

from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.metrics import top_k_accuracy, true_ranks
from cnnlab.evaluation.scores import class_scores, score
from tests.evaluation.answering import answers


def names(count):
    return tuple(f"class {label}" for label in range(count))


@settings(max_examples=30)
@given(answers())
def test_averages_are_scikit_learns(given_answers):
    probabilities, labels = given_answers
    found = score(probabilities, labels, class_names=names(probabilities.shape[1]))
    predicted = probabilities.argmax(axis=1)
    assert found.accuracy == pytest.approx(reference.accuracy_score(labels, predicted))
    for how, averages in (("macro", found.macro), ("weighted", found.weighted)):
        how_it_is = {"average": how, "zero_division": 0.0}
        assert averages.precision == pytest.approx(reference.precision_score(labels, predicted, **how_it_is))
        assert averages.recall == pytest.approx(reference.recall_score(labels, predicted, **how_it_is))
        assert averages.f1 == pytest.approx(reference.f1_score(labels, predicted, **how_it_is))
    assert found.log_loss == pytest.approx(
        reference.log_loss(labels, probabilities, labels=range(probabilities.shape[1])), rel=1e-6
    )


@settings(max_examples=30)
@given(answers())
def test_each_class_is_scikit_learns(given_answers):
    probabilities, labels = given_answers
    predicted, count = probabilities.argmax(axis=1), probabilities.shape[1]
    found = class_scores(labels, predicted, class_names=names(count))
    report = reference.classification_report(
        labels, predicted, labels=range(count), output_dict=True, zero_division=0.0
    )
    for label, row in found.iterrows():
        expected = report[str(label)]
        assert row["precision"] == pytest.approx(expected["precision"])
        assert row["recall"] == pytest.approx(expected["recall"])
        assert row["f1"] == pytest.approx(expected["f1-score"])
        assert row["support"] == expected["support"]
    assert found["predicted"].sum() == len(labels)


@settings(max_examples=30)
@given(answers())
def test_the_rank_of_the_true_class_is_its_place_among_the_guesses(given_answers):
    probabilities, labels = given_answers
    guesses = np.argsort(-probabilities, axis=1, kind="stable")
    expected = [row.tolist().index(label) for row, label in zip(guesses, labels, strict=True)]
    assert true_ranks(probabilities, labels).tolist() == expected
    assert top_k_accuracy(probabilities, labels, k=probabilities.shape[1]) == 1.0


def test_guessing_is_said_beside_it():
    probabilities = np.tile([0.2, 0.5, 0.3], (10, 1))
    found = score(probabilities, np.array([0] * 6 + [1] * 4), class_names=("a", "b", "c"))
    assert (found.majority_class, found.majority_share) == ("a", 0.6)
    assert found.chance == pytest.approx(1 / 3)
    assert (found.right, found.accuracy_low) == (4, wilson_interval(4, 10)[0])


def test_a_class_without_pictures_has_no_interval():
    found = class_scores(np.array([0, 0]), np.array([0, 1]), class_names=("a", "b"))
    assert found.loc[0, ["recall_low", "recall_high"]].tolist() == pytest.approx(wilson_interval(1, 2))
    assert found.loc[1, ["recall_low", "recall_high"]].isna().all()
