"""Selected runs side by side on the Runs page: curves, settings that differ, and which one is better."""

import shutil

import pytest

from cnnlab.runs import store
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.ui import runs_compare, runs_versus
from cnnlab.ui.runs_table import table_key
from tests.pages.judged import judged_run
from tests.pages.making import past_run
from tests.runs.making import run_spec

HOSTILE = "![x](http://host/x) <b>*bold*</b>"
CURVES, SETTINGS, VERSUS = (
    ":material/show_chart: Curves",
    ":material/tune: Settings",
    ":material/balance: A or B",
)


@pytest.fixture
def compare(open_page):
    """A function that opens the Runs page with all runs selected, on one of the tabs."""

    def compare_(tab=CURVES):
        page = open_page("runs")
        rows = store.list_runs()
        page.session_state["runs-compared"] = tab
        page.session_state[table_key(rows)] = {
            "selection": {"rows": list(range(len(rows))), "columns": [], "cells": []}
        }
        page = page.run()
        assert not page.exception
        return page

    return compare_


@pytest.fixture
def charted(monkeypatch):
    """What the chart of the curves was given, newest last."""
    given = []
    monkeypatch.setattr(runs_compare, "live_chart", lambda payload, key: given.append(payload))
    return given


@pytest.fixture
def shown(monkeypatch):
    """The tiles of each gallery that was drawn, newest last."""
    given = []
    monkeypatch.setattr(runs_versus, "gallery", lambda tiles, **_: given.append(tiles))
    return given


def test_selected_runs_are_laid_over_each_other(compare, charted):
    for number in range(3):
        past_run(number, spec=run_spec(f"run {number}"))
    page = compare()
    assert charted[-1]["title"] == "Validation accuracy of 3 runs"
    assert [each["name"] for each in charted[-1]["series"]] == ["run 0", "run 1", "run 2"]
    page.selectbox(key="runs-metric").set_value("loss")
    page.segmented_control(key="runs-against").set_value("seconds")
    page.slider(key="runs-smoothing").set_value(0.9)
    assert not page.run().exception
    assert charted[-1]["x_axis"]["title"] == "Training time, s"
    assert len(charted[-1]["series"]) == 6


def test_runs_without_an_epoch_have_no_curve_and_say_so(compare, charted):
    past_run(1, epochs=0)
    page = compare()
    assert charted == []
    assert any("finished an epoch" in element.value for element in page.markdown)


def test_only_the_settings_that_differ_are_shown(compare):
    past_run(1, spec=run_spec("Small batches", training=ScratchTraining(batch_size=8, balance_classes=True)))
    past_run(2, spec=run_spec(HOSTILE, network=BlockNetwork(name="last_blocks"), seed=3))
    table = compare(SETTINGS).dataframe[-1].value
    assert table.columns.tolist() == ["", "Small batches", HOSTILE]
    assert table.values.tolist() == [
        ["Network · Name", "Tiny", "last_blocks"],
        ["Learning · Batch size", "8", "64"],
        ["Learning · Balance classes", "on", "off"],
        ["Seed", "0", "3"],
    ]


def test_runs_of_the_same_name_each_have_their_column(compare):
    for number, seed in ((1, 1), (2, 2), (3, 2)):
        past_run(number, spec=run_spec("Again", seed=seed))
    table = compare(SETTINGS).dataframe[-1].value
    assert len(set(table.columns)) == 4
    assert table.iloc[0].tolist() == ["Seed", "1", "2", "2"]


def test_a_backbone_beside_a_network_of_blocks_leaves_cells_empty(compare):
    past_run(1)
    past_run(2, spec=run_spec("Lite", network=BackboneNetwork(), training=TransferTraining()))
    table = compare(SETTINGS).dataframe[-1].value.set_index("")
    assert table.loc["Network · Backbone"].fillna("").tolist() == ["", "efficientnet_lite0"]
    assert table.loc["Learning · Epochs"].isna().tolist() == [False, True]


def test_equal_settings_are_a_sentence(compare):
    past_run(1)
    past_run(2, spec=run_spec("Again"))
    assert any("same settings" in element.value for element in compare(SETTINGS).markdown)


def test_a_damaged_run_is_a_sentence_and_the_others_are_compared(compare):
    past_run(1)
    past_run(2, spec=run_spec(seed=4))
    (past_run(3).path / "spec.json").write_text("{")
    page = compare(SETTINGS)
    assert any("damaged" in element.value for element in page.error)
    assert page.dataframe[-1].value.values.tolist() == [["Seed", "0", "4"]]


def test_the_older_run_is_a_and_what_b_mended_is_shown_as_pictures(compare, shown, dataset):
    judged_run(1, dataset, wrong=[0, 1], name=HOSTILE)
    judged_run(2, dataset, wrong=[2])
    page = compare(VERSUS)
    verdict = page.info[0].value
    assert verdict.startswith("Within noise")
    assert "mended 2 pictures and broke 1" in verdict
    assert [len(tiles) for tiles in shown] == [2]
    assert all(tile.jpeg and tile.note.startswith("A said") for tile in shown[-1])
    page.segmented_control(key="runs-flips").set_value("broken")
    assert not page.run().exception
    assert [tile.note.split()[0] for tile in shown[-1]] == ["B"]


def test_of_a_deleted_dataset_the_flips_are_words(compare, shown, dataset):
    judged_run(1, dataset, wrong=[0, 1])
    judged_run(2, dataset)
    shutil.rmtree(dataset.folder)
    page = compare(VERSUS)
    assert any("pictures cannot be shown" in element.value for element in page.warning)
    assert page.dataframe[-1].value["B said"].tolist() == page.dataframe[-1].value["Class"].tolist()
    assert shown == []


def test_another_version_of_the_dataset_is_said(compare, dataset):
    judged_run(1, dataset, wrong=[0])
    judged_run(2, dataset, dataset=dataset.reference().with_changes(version=2))
    assert any("different versions" in element.value for element in compare(VERSUS).warning)


def test_another_dataset_is_a_sentence(compare, dataset):
    judged_run(1, dataset)
    judged_run(2, dataset, dataset=dataset.reference().with_changes(id="other", name=HOSTILE))
    (warning,) = compare(VERSUS).warning
    assert "share no test pictures" in warning.value
    assert "![x](" not in warning.value


def test_one_judged_run_is_not_enough(compare, dataset):
    judged_run(1, dataset)
    past_run(2)
    assert any("Two runs with predictions" in element.value for element in compare(VERSUS).markdown)
