"""Everything about a judged split, for whoever takes it away."""

import json

import numpy as np
import pytest

from cnnlab.evaluation.judged import judge
from cnnlab.evaluation.report import as_json, confusion_table, find_out, named_predictions, surest_mistakes
from tests.evaluation.answering import answered_run, overconfident

NAMES = ("a", "b", "=1+1", "d")


@pytest.fixture
def judged():
    run = answered_run(
        {"test": overconfident(80), "validation": overconfident(300, seed=1)}, class_names=NAMES
    )
    return judge(run)


def test_everything_is_json_without_a_number_that_json_does_not_know(judged):
    written = json.dumps(as_json(find_out(judged)), allow_nan=False)
    found = json.loads(written)
    assert found["class_names"] == list(NAMES)
    assert np.sum(found["confusion_matrix"]) == found["scores"]["pictures"] == 80
    assert found["calibration"]["fitted"]["pictures"] == 300
    assert found["calibration"]["calibrated"]["error"] < found["calibration"]["as_the_model_says"]["error"]
    assert len(found["classes"]) == 4
    assert found["threshold"]["checked_on_test"]["pictures"] == 80


def test_a_class_without_pictures_is_null_and_not_nan(judged):
    probabilities, labels = overconfident(40)
    judged = judge(answered_run({"test": (probabilities, labels % 2)}, number=2, class_names=NAMES))
    found = json.loads(json.dumps(as_json(find_out(judged)), allow_nan=False))
    assert found["classes"][3]["roc_area"] is None
    assert found["classes"][3]["recall_low"] is None
    assert found["calibration"]["calibrated"] is None
    assert found["threshold"]["recommended_on_validation"] is None


def test_a_prediction_has_the_names_of_its_classes(judged):
    table = named_predictions(judged, file_names=[f"{number}.jpg" for number in range(80)])
    assert list(table["file"][:2]) == ["0.jpg", "1.jpg"]
    assert table["true"][0] == NAMES[judged.labels[0]]
    np.testing.assert_array_equal(table["probability of d"], judged.probabilities[:, 3])
    assert named_predictions(judged)["file"].isna().all()


def test_the_confusion_matrix_has_its_names(judged):
    table = confusion_table(find_out(judged).matrix, class_names=NAMES)
    assert list(table.columns) == ["true class", *NAMES]
    assert table["true class"].tolist() == list(NAMES)


def test_the_mistakes_it_was_surest_of_come_first(judged):
    places = surest_mistakes(judged, count=5)
    assert not judged.correct[places].any()
    assert (np.diff(judged.confidence[places]) <= 0).all()
    assert judged.confidence[places[0]] == judged.confidence[~judged.correct].max()
