"""One class against the rest: the curves and areas are scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics as reference

from cnnlab.evaluation.detection import detection_curves
from tests.evaluation.answering import answers


@settings(max_examples=30)
@given(answers())
def test_areas_are_scikit_learns(given_answers):
    probabilities, labels = given_answers
    for label in range(probabilities.shape[1]):
        positive, found = labels == label, detection_curves(probabilities, labels, label=label)
        if positive.all() or not positive.any():
            assert found is None
            continue
        assert found.area == pytest.approx(reference.roc_auc_score(positive, probabilities[:, label]))
        assert found.average_precision == pytest.approx(
            reference.average_precision_score(positive, probabilities[:, label])
        )
        assert found.share == positive.mean()


def test_both_curves_begin_with_nothing_found_and_end_with_everything():
    probabilities = np.array([[0.1, 0.9], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2]])
    found = detection_curves(probabilities, np.array([1, 0, 0, 1]), label=1)
    assert (found.true_positive_rate[0], found.true_positive_rate[-1]) == (0.0, 1.0)
    assert (found.recall[0], found.precision[0]) == (0.0, 1.0)
    assert found.recall[-1] == 1.0
    assert len(found.precision_thresholds) == len(found.precision) - 1
    assert found.precision_thresholds[0] == 0.9
