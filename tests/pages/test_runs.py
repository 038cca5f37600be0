"""The Runs page lists, marks and deletes."""

import pytest

from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.marks import Marks, change_tags, read_marks, star, write_note
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import DatasetReference
from cnnlab.specs.training import TransferTraining
from cnnlab.ui.runs_columns import COLUMNS, ORDERS, in_order, table_of
from cnnlab.ui.runs_table import table_key
from tests.pages.making import past_run
from tests.runs.making import run_spec


def _select(page, *rows):
    """Select rows of the table as a click does, and draw the page again."""
    page.session_state[table_key(store.list_runs())] = {
        "selection": {"rows": list(rows), "columns": [], "cells": []}
    }
    return page.run()


def _names(page):
    return page.dataframe[0].value["name"].tolist()


def test_an_empty_workspace_says_what_to_do_first(open_page):
    page = open_page("runs")
    assert not page.exception
    assert [button.label for button in page.button] == ["Open a bundle", "Start the first run"]
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


def test_the_list_can_be_narrowed_down_to_what_somebody_marked(open_page):
    good, other = past_run(1, spec=run_spec("Good")), past_run(2, spec=run_spec("Other"))
    star(good, starred=True)
    change_tags(good, add=["kept"])
    change_tags(other, add=["slow"])
    write_note(other, note="Needs a *larger* batch.")
    page = open_page("runs")
    assert page.dataframe[0].value["tags"].tolist() == [["slow"], ["kept"]]
    page.toggle(key="runs-starred").set_value(True)
    assert _names(page.run()) == ["Good"]
    page.toggle(key="runs-starred").set_value(False)
    page.multiselect(key="runs-tag").set_value(["slow"])
    assert _names(page.run()) == ["Other"]
    page.multiselect(key="runs-tag").set_value([])
    page.text_input(key="runs-search").set_value("larger BATCH")
    assert _names(page.run()) == ["Other"]


def test_the_list_can_be_narrowed_down_by_dataset_and_kind_of_network(open_page):
    flowers = DatasetReference(id="flowers", version=1, name="Flowers")
    past_run(1, spec=run_spec("Small"))
    past_run(2, spec=run_spec("Large", network=BackboneNetwork(), training=TransferTraining()))
    past_run(3, spec=run_spec("Roses", dataset=flowers))
    page = open_page("runs")
    page.multiselect(key="runs-dataset").set_value(["digits"])
    assert _names(page.run()) == ["Large", "Small"]
    page.multiselect(key="runs-kind").set_value(["backbone"])
    assert _names(page.run()) == ["Large"]
    assert "1 of 3 runs" in [caption.value for caption in page.caption]


def test_a_choice_whose_last_run_was_deleted_is_let_go(open_page):
    past_run(1)
    gone = past_run(2)
    change_tags(gone, add=["slow"])
    page = open_page("runs")
    page.multiselect(key="runs-tag").set_value(["slow"])
    assert len(page.run().dataframe[0].value) == 1
    gone.delete()
    page = page.run()
    assert not page.exception
    assert len(page.dataframe[0].value) == 1


def test_columns_and_order_are_chosen_and_remembered(open_page):
    for number, accuracy in ((1, 0.7), (2, 0.9), (3, 0.8)):
        past_run(number, spec=run_spec(f"run {number}"), accuracy=accuracy)
    page = open_page("runs")
    assert _names(page) == ["run 3", "run 2", "run 1"]
    page.pills(key="runs-columns").set_value(["seed", "test_accuracy"])
    page.selectbox(key="runs-order").set_value("test")
    page.run()
    for shown in (page, open_page("runs")):
        assert not shown.exception
        assert _names(shown) == ["run 2", "run 3", "run 1"]
        assert shown.dataframe[0].value.columns.tolist() == ["open", "star", "name", "test_accuracy", "seed"]


def test_damaged_preferences_are_those_of_a_new_workspace(open_page):
    past_run(1)
    for content in ("{", "[1]", '{"runs-columns": ["nothing"], "runs-order": 4}'):
        workspace().preferences.write_text(content)
        assert not open_page("runs").exception


def test_every_column_and_every_order_can_be_shown(open_page):
    past_run(1)
    (past_run(2).path / "spec.json").write_text("{")
    rows = store.list_runs()
    assert list(table_of(rows, columns=list(COLUMNS)))[3:] == list(COLUMNS)
    for order in ORDERS:
        assert sorted(row.id for row in in_order(rows, order=order)) == sorted(row.id for row in rows)


def test_what_is_selected_stays_so_when_another_run_appears(open_page):
    chosen = past_run(1)
    page = _select(open_page("runs"), 0)
    past_run(2)
    page = page.run()
    assert page.query_params["runs"] == chosen.id
    assert "Open" in {button.label for button in page.button}


def test_a_link_selects_the_runs_that_it_names(open_page):
    runs = [past_run(number) for number in range(3)]
    page = open_page("runs", runs=f"{runs[0].id},{runs[2].id},20200101-000000-000000")
    assert any("Delete 2" in button.label for button in page.button)


def test_tags_and_a_note_are_written_down(open_page):
    run = past_run(1)
    page = _select(open_page("runs"), 0)
    page.button(key="runs-describe").click()
    page = page.run()
    page.multiselect(key="runs-tags").set_value(["![x](http://host/x)"])
    page.text_area(key="runs-note").set_value("First line.\n# Second line.")
    page.button(key="runs-describe-save").click()
    page = page.run()
    assert not page.exception
    assert read_marks(run) == Marks(tags=("![x](http://host/x)",), note="First line.\n# Second line.")
    assert not any("\n# Second" in element.value for element in page.markdown)


def test_stars_are_put_on_all_selected_runs_and_taken_away(open_page):
    runs = [past_run(number) for number in range(2)]
    page = _select(open_page("runs"), 0, 1)
    page.button(key="runs-star").click()
    page = page.run()
    assert [read_marks(run).starred for run in runs] == [True, True]
    assert page.button(key="runs-star").label == "Take the star away"
    page.button(key="runs-star").click()
    page.run()
    assert [read_marks(run).starred for run in runs] == [False, False]


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
