"""The Runs page lists, compares and deletes."""

import pytest

from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from cnnlab.ui.runs_table import table_key
from tests.pages.making import past_run
from tests.runs.making import run_spec


def _select(page, *rows):
    """Select rows of the table as a click does, and draw the page again."""
    page.session_state[table_key(store.list_runs())] = {
        "selection": {"rows": list(rows), "columns": [], "cells": []}
    }
    return page.run()


def test_an_empty_workspace_says_what_to_do_first(open_page):
    page = open_page("runs")
    assert not page.exception
    assert [button.label for button in page.button] == ["Start the first run"]
    assert not page.dataframe


def test_every_run_is_a_row_with_its_scores(open_page):
    past_run(1, accuracy=0.8)
    past_run(2, accuracy=0.9)
    past_run(3, state=State.FAILED, message="The loss is not a number.")
    table = open_page("runs").dataframe[0].value
    assert [labels[0] for labels in table["state"]] == ["Failed", "Finished", "Finished"]
    assert table["test_accuracy"].tolist()[1:] == pytest.approx([89.0, 79.0])
    assert table["test_accuracy"].isna().tolist() == [True, False, False]


def test_a_damaged_run_does_not_keep_the_others_from_being_listed(open_page):
    past_run(1)
    broken = past_run(2)
    (broken.path / "spec.json").write_text("{")
    page = _select(open_page("runs"), 0)
    assert len(page.dataframe[0].value) == 2
    assert "damaged" in page.error[0].value


def test_the_list_can_be_narrowed_down(open_page):
    past_run(1, spec=run_spec("With cats"))
    past_run(2, spec=run_spec("With dogs"))
    past_run(3, spec=run_spec("With dogs"), state=State.FAILED)
    page = open_page("runs")
    page.text_input(key="runs-search").set_value("DOGS")
    page = page.run()
    assert page.dataframe[0].value["name"].tolist() == ["With dogs", "With dogs"]
    page.segmented_control(key="runs-state").set_value("Failed")
    assert len(page.run().dataframe[0].value) == 1
    page.text_input(key="runs-search").set_value("birds")
    assert not page.run().dataframe


def test_selected_runs_are_laid_over_each_other(open_page):
    for number in range(3):
        past_run(number)
    page = _select(open_page("runs"), 0, 2)
    assert not page.exception
    assert any(element.value == "Curves" for element in page.subheader)
    assert "of 2 runs" in str(page.get("plotly_chart")[0].proto.spec)


def test_one_selected_run_can_be_opened_and_asked(open_page):
    past_run(1)
    page = _select(open_page("runs"), 0)
    assert {"Open", "Predict", "Delete"} <= {button.label for button in page.button}


def test_deleting_asks_first_and_says_what_came_free(open_page):
    kept, gone = past_run(1), past_run(2)
    page = _select(open_page("runs"), 0)
    page.button(key="runs-delete").click()
    page = page.run()
    assert gone.path.is_dir()
    page.button(key="runs-delete-now").click()
    page = page.run()
    assert not gone.path.exists()
    assert kept.path.is_dir()
    assert "came free" in page.toast[0].value


def test_a_live_run_cannot_be_deleted(open_page):
    run = past_run(1, state=State.RUNNING, epochs=2)
    with run.lock():
        page = _select(open_page("runs"), 0)
        assert page.button(key="runs-delete").disabled


def test_two_hundred_runs_are_listed(open_page):
    for number in range(200):
        past_run(number)
    page = open_page("runs")
    assert len(page.dataframe[0].value) == len(list(RunFolder.list_all(workspace().runs))) == 200
