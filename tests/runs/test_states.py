"""Every state has words for the screen and a next step, and records say what they mean in JSON."""

import pytest

from cnnlab.runs.records import PHASE_LABELS, Report, Status, Step
from cnnlab.runs.states import STATES, State, Wanted
from cnnlab.runs.tail import COLUMNS
from tests.runs.stand_in_worker import report


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_label_a_sentence_an_icon_and_something_to_do(state):
    row = STATES[state]
    assert row.label
    assert row.sentence.endswith(".")
    assert row.icon.startswith(":material/")
    assert row.actions, "nothing can be done"
    assert not (row.active and row.ended)
    assert ("delete" in row.actions) <= (not row.active), "a run that a worker holds cannot be deleted"


def test_words_of_states_and_wishes_are_what_files_hold():
    assert State("running") is State.RUNNING
    assert {wanted.value for wanted in Wanted} == {"run", "pause", "stop", "cancel"}


def test_a_status_written_by_a_newer_worker_is_still_read():
    assert Status.model_validate_json('{"state": "running", "mood": "good"}').state is State.RUNNING


def test_a_status_that_does_not_say_its_state_is_never_taken_for_a_queued_run():
    assert STATES[Status().state].active


def test_a_report_survives_json_with_numbers_that_are_none():
    written = report(3).model_copy(update={"val_loss": float("nan"), "test_loss": None})
    read = Report.model_validate_json(written.model_dump_json())
    assert (read.val_loss, read.test_loss, read.verdict) == (None, None, "Fine.")


def test_every_phase_has_a_label_and_a_category_in_the_tables():
    assert set(COLUMNS[Step]["phase"].categories) == set(PHASE_LABELS)
