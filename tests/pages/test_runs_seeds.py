"""The Runs page over seeds: one row a group, and more seeds with one click."""

import pytest

from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.ui.runs_table import table_key
from tests.pages.making import past_run
from tests.runs.making import run_spec


def test_runs_that_differ_in_the_seed_only_are_one_row_with_mean_and_spread(open_page):
    for seed, accuracy in enumerate((0.7, 0.8, 0.9)):
        past_run(seed, spec=run_spec(f"Tiny (seed {seed})", seed=seed), accuracy=accuracy)
    past_run(9, spec=run_spec("Other", class_names=("a", "b")), accuracy=0.5)
    page = open_page("runs")
    page.toggle(key="runs-over-seeds").set_value(True)
    page = page.run()
    assert not page.exception
    other, tiny = page.dataframe[0].value.to_dict("records")
    assert (tiny["name"], tiny["seeds"], other["seeds"]) == ("Tiny", 3, 1)
    assert (tiny["test"], tiny["test_spread"]) == (pytest.approx(79.0), pytest.approx(10.0))
    assert other["test_spread"] != other["test_spread"]


def test_a_selected_group_is_all_its_runs(open_page):
    for seed in range(3):
        past_run(seed, spec=run_spec("Tiny", seed=seed))
    page = open_page("runs")
    page.toggle(key="runs-over-seeds").set_value(True)
    page = page.run()
    key = f"runs-families-{hash(tuple(row.id for row in store.list_runs()))}"
    page.session_state[key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page = page.run()
    assert "Delete 3" in {button.label for button in page.button}


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        pytest.param((0.90, 0.91, 0.92), "is better than", id="better"),
        pytest.param((0.60, 0.70, 0.80), "Within noise", id="noise"),
        pytest.param((0.90,), "at least two seeds", id="one seed"),
    ],
)
def test_two_groups_are_told_apart_only_beyond_what_their_seeds_differ(open_page, accuracies, said):
    for seed, accuracy in enumerate((0.70, 0.71, 0.72)):
        past_run(seed, spec=run_spec("Old", seed=seed), accuracy=accuracy)
    for seed, accuracy in enumerate(accuracies):
        past_run(10 + seed, spec=run_spec("New", seed=seed, class_names=("a", "b")), accuracy=accuracy)
    page = open_page("runs")
    page.toggle(key="runs-over-seeds").set_value(True)
    page = page.run()
    key = f"runs-families-{hash(tuple(row.id for row in store.list_runs()))}"
    page.session_state[key] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    page = page.run()
    assert not page.exception
    assert any(said in element.value for element in (*page.success, *page.info))


def test_other_seeds_are_queued_under_names_that_say_them(open_page, dataset, launched):
    spec = run_spec("Tiny on Pets", dataset=dataset.reference(), class_names=dataset.class_names, seed=1)
    first = past_run(1, spec=spec)
    page = open_page("runs")
    page.session_state[table_key(store.list_runs())] = {
        "selection": {"rows": [0], "columns": [], "cells": []}
    }
    page = page.run()
    page.button(key="runs-seeds").click()
    page = page.run()
    page.number_input(key="runs-copies").set_value(2)
    page.button(key="runs-seeds-queue").click()
    page = page.run()
    assert not page.exception
    rows = store.list_runs()
    assert sorted((row.name, row.seed) for row in rows if row.id != first.id) == [
        ("Tiny on Pets (seed 0)", 0),
        ("Tiny on Pets (seed 2)", 2),
    ]
    assert len({row.family for row in rows}) == 1


def test_seeds_of_a_run_whose_dataset_is_gone_are_a_sentence(open_page):
    past_run(1)
    page = open_page("runs")
    page.session_state[table_key(store.list_runs())] = {
        "selection": {"rows": [0], "columns": [], "cells": []}
    }
    page = page.run()
    page.button(key="runs-seeds").click()
    page = page.run()
    page.button(key="runs-seeds-queue").click()
    page = page.run()
    assert not page.exception
    assert "There is no dataset" in page.toast[0].value
    assert len(list(RunFolder.list_all(workspace().runs))) == 1
