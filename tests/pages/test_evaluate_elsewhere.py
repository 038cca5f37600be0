"""The Evaluate page, judging by another dataset: which ones are offered, asking, what was left out, and every view of it."""

import json

import pytest

from cnnlab.data.library import delete_dataset
from cnnlab.data.splits import SplitSpec
from cnnlab.evaluation import elsewhere
from cnnlab.evaluation.elsewhere import find_asking
from cnnlab.evaluation.predictions import FILE
from cnnlab.jobs import folder as jobs_folder
from cnnlab.ui.evaluate import VIEWS
from cnnlab.ui.evaluate_downloads import DOWNLOADS
from tests.data.making import class_files, make_dataset
from tests.evaluation.asking import Asked, run_on
from tests.pages.judged import judged_run


@pytest.fixture
def started(monkeypatch):
    """What processes were started with."""
    calls = []
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: calls.append(what))
    monkeypatch.setattr(elsewhere, "load_predictor", lambda folder: Asked())
    return calls


@pytest.fixture
def own(tmp_path):
    return make_dataset(tmp_path, class_files({"cat": 12, "dog": 12}), name="Own")


@pytest.fixture
def run(own, started):
    return judged_run(1, own, wrong=[0])


@pytest.fixture
def tests_of_mine(tmp_path, own):
    files = class_files({"cat": 4, "dog": 5, "eel": 2}, first_seed=300)
    return make_dataset(tmp_path, files, name="Mine *bold*", split=SplitSpec(test_only=True))


def said(page) -> str:
    words = [*page.markdown, *page.caption, *page.warning, *page.error, *page.info, *page.success]
    return "\n".join(str(element.value) for element in words)


def open_asked(open_page, run, dataset, **where):
    """The page after the run was asked."""
    elsewhere.main(str(elsewhere.start_asking(run, dataset.reference()).folder))
    return open_page("evaluate", run=run.id, split="other", on=dataset.id, **where)


def test_where_there_is_no_other_dataset_it_says_how_to_have_one(open_page, run):
    page = open_page("evaluate", run=run.id, split="other")
    assert not page.exception
    assert "no other dataset here with a class of this run" in said(page)


def test_a_run_is_asked_at_a_click_and_then_judged(open_page, run, tests_of_mine, started):
    page = open_page("evaluate", run=run.id)
    page.segmented_control(key="evaluate-split").set_value("other")
    page = page.run()
    assert page.query_params["on"] == tests_of_mine.id
    assert not page.metric
    page.button(key="evaluate-elsewhere-start").click()
    page = page.run()
    assert started == [
        ("cnnlab.evaluation.elsewhere", str(find_asking(run, tests_of_mine.reference()).folder))
    ]
    assert page.button(key="evaluate-elsewhere-cancel").label == "Cancel"
    assert elsewhere.main(started[0][1]) == 0
    page = page.run()
    assert "Asked about 9 of 11 pictures. Left out: 2 of classes that it does not know." in said(page)
    assert "9 other pictures are named right" in said(page)
    assert "than on its own test pictures" in said(page) or "as on its own test pictures" in said(page)
    assert page.query_params["split"] == "other"


@pytest.mark.parametrize("view", [name for name, view in VIEWS.items() if view.elsewhere])
def test_every_view_that_is_offered_is_drawn(open_page, run, tests_of_mine, view):
    page = open_asked(open_page, run, tests_of_mine, view=view)
    assert not page.exception
    assert not page.error
    assert page.query_params["view"] == view


def test_what_is_about_the_pictures_that_it_learned_from_is_not_offered(open_page, run, tests_of_mine):
    page = open_asked(open_page, run, tests_of_mine, view="map")
    assert page.query_params["view"] == "overview"
    assert not {"map", "robustness"} & set(page.segmented_control(key="evaluate-view").options)
    page.segmented_control(key="evaluate-view").set_value("mistakes")
    assert "Likely mislabelled" not in page.run().segmented_control(key="mistakes-side").options


def test_every_file_that_can_be_had_is_of_these_pictures(run, tests_of_mine):
    elsewhere.main(str(elsewhere.start_asking(run, tests_of_mine.reference()).folder))
    judged = elsewhere.judge_elsewhere(run, tests_of_mine.reference())
    files = {name: row.make(judged) for name, row in DOWNLOADS.items()}
    told = json.loads(files["everything"])
    assert told["judged_on"]["id"] == tests_of_mine.id
    assert "checked_on_other" in told["threshold"]
    assert "judged on 9 other pictures of Mine *bold* (version 1)" in files["evaluation"]
    assert "cat/000.png" in files["predictions"]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        pytest.param(lambda job: (job.folder / FILE).write_bytes(b"torn"), "missing or damaged", id="torn"),
        pytest.param(lambda job: (job.folder / FILE).unlink(), "missing or damaged", id="missing"),
    ],
)
def test_damaged_answers_are_a_sentence_and_can_be_asked_for_again(
    open_page, run, tests_of_mine, damage, sentence
):
    elsewhere.main(str(elsewhere.start_asking(run, tests_of_mine.reference()).folder))
    damage(find_asking(run, tests_of_mine.reference()))
    page = open_page("evaluate", run=run.id, split="other")
    assert not page.exception
    assert sentence in said(page)
    assert page.button(key="evaluate-elsewhere-start").label == "Ask again"


def test_where_what_it_learned_from_is_gone_that_is_said(open_page, run, own, tests_of_mine):
    delete_dataset(own)
    page = open_asked(open_page, run, tests_of_mine)
    assert "such pictures may be among them" in said(page)


def test_a_dataset_that_was_deleted_is_no_longer_offered(open_page, run, tests_of_mine):
    page = open_asked(open_page, run, tests_of_mine)
    delete_dataset(tests_of_mine)
    page = page.run()
    assert not page.exception
    assert "no other dataset here" in said(page)


def test_a_run_of_other_classes_is_not_offered_it(open_page, tmp_path, own, started):
    make_dataset(tmp_path, class_files({"eel": 3, "fox": 3}, first_seed=800), name="Foreign")
    run = run_on(own, 2)
    assert elsewhere.datasets_to_ask_about(run.spec()) == []
