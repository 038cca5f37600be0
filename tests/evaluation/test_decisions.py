"""Decisions wait in the run's folder, survive everything, and become one new version."""

import pytest

from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError, EvaluationError
from cnnlab.evaluation.decisions import Decision, decide, load_decisions, make_version, waiting
from tests.data.making import class_files, make_dataset
from tests.runs.making import make_run, run_spec

DOG = Decision(kind="correct", label=1)
OUT, RIGHT = Decision(kind="leave_out"), Decision(kind="right")


@pytest.fixture
def run(tmp_path):
    dataset = make_dataset(tmp_path, class_files({"cat": 10, "dog": 10}))
    return make_run(1, spec=run_spec(dataset=dataset.reference(), class_names=dataset.class_names))


def test_decisions_are_remembered_changed_and_forgotten_one_by_one(run):
    assert load_decisions(run) == {}
    decide(run, {0: DOG, 1: OUT})
    decide(run, {1: RIGHT, 2: DOG})
    assert load_decisions(run) == {0: DOG, 1: RIGHT, 2: DOG}
    decide(run, {0: None, 7: None})
    assert load_decisions(run) == {1: RIGHT, 2: DOG}
    assert waiting(load_decisions(run)) == {2: DOG}


def test_all_that_waits_becomes_one_version_and_what_is_right_stays_decided(run):
    decide(run, {0: DOG, 1: OUT, 2: RIGHT})
    made = make_version(run, because="looked at by hand")
    table = made.table().set_index("picture")
    assert (made.version, made.num_pictures) == (2, 19)
    assert table["class_name"][[0, 2]].tolist() == ["dog", "cat"]
    assert made.change == "1 label corrected ('cat' to 'dog') and 1 picture left out: looked at by hand."
    assert load_decisions(run) == {2: RIGHT}


def test_what_is_refused_goes_on_waiting(run):
    decide(run, {0: Decision(kind="correct", label=0)})
    with pytest.raises(DatasetError, match="Nothing would change"):
        make_version(run, because="looked at by hand")
    assert waiting(load_decisions(run))
    assert find_dataset(run.spec().dataset.id).newest_version == 1


def test_without_its_dataset_nothing_can_be_corrected():
    run = make_run(1)
    decide(run, {0: DOG})
    with pytest.raises(EvaluationError, match="was deleted"):
        make_version(run, because="looked at by hand")


def test_a_damaged_file_is_as_none(run):
    decide(run, {0: DOG})
    (run.path / "evaluation" / "decisions.json").write_text("{")
    assert load_decisions(run) == {}
    decide(run, {1: OUT})
    assert load_decisions(run) == {1: OUT}
