"""A judged split is what the worker wrote down, of one split, shared by all sessions and changed by none."""

import numpy as np
import pytest

from cnnlab.errors import EvaluationError, RunError
from cnnlab.evaluation.judged import both_splits, dataset_of, judge, judged_splits
from tests.evaluation.answering import answered_run, overconfident
from tests.runs.making import make_run


def test_each_split_has_its_own_pictures_and_answers():
    test, validation = overconfident(30), overconfident(20, seed=1)
    run = answered_run({"test": test, "validation": validation})
    assert judged_splits(run) == ("test", "validation")
    judged = judge(run, split="validation")
    assert len(judged) == 20
    assert judged.pictures.tolist() == list(range(30, 50))
    np.testing.assert_array_equal(judged.probabilities, validation[0])
    np.testing.assert_array_equal(judged.predicted, validation[0].argmax(axis=1))
    np.testing.assert_array_equal(judged.correct, judged.predicted == validation[1])
    np.testing.assert_array_equal(judged.confidence, validation[0].max(axis=1))
    assert judged.key != judge(run).key
    assert list(both_splits(judged)) == ["validation", "test"]


@pytest.mark.parametrize(
    "name", ["pictures", "labels", "probabilities", "predicted", "confidence", "correct"]
)
def test_what_sessions_share_cannot_be_changed(name):
    judged = judge(answered_run({"test": overconfident(10)}))
    with pytest.raises(ValueError, match="read-only"):
        getattr(judged, name)[0] = 0


def test_a_split_that_is_not_there_is_a_sentence_with_those_that_are():
    run = answered_run({"validation": overconfident(10)})
    with pytest.raises(EvaluationError, match="it has them for validation"):
        judge(run)
    assert list(both_splits(judge(run, split="validation"))) == ["validation"]


def test_predictions_of_other_classes_than_the_settings_are_a_sentence():
    run = answered_run({"test": overconfident(10, num_classes=4)}, class_names=("a", "b"))
    with pytest.raises(EvaluationError, match="of 4 classes, its settings of 2"):
        judge(run)


def test_a_run_that_is_not_done_has_nothing_to_judge():
    run = make_run()
    assert judged_splits(run) == ()
    with pytest.raises(RunError, match="Let it finish"):
        judge(run)


def test_a_dataset_that_was_deleted_is_none():
    assert dataset_of(answered_run({"test": overconfident(10)})) is None
