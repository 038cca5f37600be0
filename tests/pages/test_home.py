"""Home says where one stands, and what comes next."""

import pytest

from cnnlab.runs.states import State
from tests.pages.making import past_run


def _primary(page):
    """Labels of the buttons that stand out; there is one at most."""
    return [button.label for button in page.button if button.proto.type == "primary"]


def test_an_empty_workspace_leads_to_datasets(open_page):
    page = open_page("home")
    assert not page.exception
    assert _primary(page) == ["Bring a dataset"]
    assert not page.subheader


def test_with_pictures_training_comes_next(open_page, dataset):
    page = open_page("home")
    assert _primary(page) == ["Train a network"]
    assert any("1 dataset, 40 pictures" in element.value for element in page.markdown)


def test_with_a_finished_run_asking_comes_next(open_page, dataset):
    past_run(accuracy=0.9)
    page = open_page("home")
    assert _primary(page) == ["Ask about new pictures"]
    assert page.subheader[0].value == "Recent runs"
    assert any("test accuracy **89.0 %**" in element.value for element in page.markdown)


def test_while_a_run_is_live_watching_comes_next(open_page, dataset):
    past_run(1)
    run = past_run(2, state=State.RUNNING, epochs=2)
    with run.lock():
        page = open_page("home")
    assert _primary(page) == ["Train a network"]
    assert any("epoch **2** of 4" in element.value for element in page.markdown)


@pytest.mark.parametrize("number", [0, 1, 30])
def test_only_the_last_runs_are_listed(open_page, number):
    for place in range(number):
        past_run(place)
    page = open_page("home")
    assert not page.exception
    assert sum("test accuracy" in element.value for element in page.markdown) == min(number, 6)
