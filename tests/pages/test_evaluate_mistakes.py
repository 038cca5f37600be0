"""The view of mistakes: the surest first, what is likely mislabelled, and corrections that become a new version."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cnnlab.data.corrections import correct_labels
from cnnlab.data.library import delete_dataset, find_dataset
from cnnlab.evaluation.decisions import Decision, decide, load_decisions
from cnnlab.evaluation.mislabelled import SearchResult, save_mislabelled, start_search
from cnnlab.jobs import folder as jobs_folder
from cnnlab.runs.model_record import ModelRecord
from cnnlab.ui import evaluate_heat, evaluate_picture
from tests.pages.judged import judged_run

CAT, DOG = 0, 1


@pytest.fixture
def run(dataset):
    """A run that was wrong about two of its six test pictures."""
    return judged_run(1, dataset, wrong=[0, 4])


@pytest.fixture
def started(monkeypatch) -> list[tuple[str, ...]]:
    """What would have been started; no process is."""
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs_folder, "start_detached", lambda *what, log: calls.append(what))
    return calls


@pytest.fixture
def open_view(open_page, run):
    """A function that opens the view, on the side that is asked for."""

    def open_(side: str = "worst", **session: object):
        app = open_page("evaluate", run=run.id, split="test", view="mistakes")
        app.session_state["mistakes-side"] = side
        for key, value in session.items():
            app.session_state[key.replace("_", "-")] = value
        app.run()
        assert not app.exception
        return app

    return open_


def numbers_in(dataset, split: str) -> list[int]:
    table = dataset.table()
    return sorted(table["picture"][table["split"] == split])


def finish_search(run, dataset, *, suspects: list[int], **changes: object) -> None:
    """Write what a search would have found: these pictures under the other class."""
    search = start_search(run)
    table = dataset.table()
    found = np.isin(table["picture"], suspects)
    likely = np.where(found, 1 - table["label"], table["label"])
    save_mislabelled(
        pd.DataFrame(
            {
                "picture": table["picture"],
                "split": table["split"],
                "label": table["label"].astype("int32"),
                "likely": likely.astype("int32"),
                "own": np.where(found, 0.02, 0.9),
                "other": np.where(found, 0.98, 0.9),
                "margin": np.where(found, -0.96, 0.8),
                "mislabelled": found,
            }
        ),
        run=run,
    )
    result = SearchResult(
        features="learned",
        folds=5,
        num_pictures=len(table),
        num_mislabelled=len(suspects),
        accuracy=0.9,
        accuracy_low=0.8,
        accuracy_high=0.95,
        wrong_share=0.05,
        attempt=1,
    )
    (search.folder / "result.json").write_text(result.model_copy(update=changes).model_dump_json())
    (search.folder / "progress.json").write_text('{"state": "finished"}')


def words_of(app) -> str:
    elements = (*app.markdown, *app.caption, *app.info, *app.success, *app.warning, *app.error)
    return " ".join(element.value for element in elements)


@pytest.mark.parametrize(
    ("side", "says"),
    [
        pytest.param("worst", "of 2 pictures", id="mistakes only"),
        pytest.param("margin", "of 6 pictures", id="closest calls, right or wrong"),
        pytest.param("entropy", "of 6 pictures", id="most doubtful, right or wrong"),
    ],
)
def test_each_side_shows_its_pictures(open_view, side, says):
    assert says in words_of(open_view(side))


def test_a_class_can_be_chosen_and_a_choice_that_leaves_none_is_not_offered(open_view, run):
    app = open_view("worst")
    chooser = app.selectbox(key="mistakes-worst-label")
    assert len(chooser.options) == 3
    chooser.set_value(CAT).run()
    assert "of 1 picture" in words_of(app)


def test_a_run_without_mistakes_says_so(open_page, dataset):
    run = judged_run(2, dataset)
    app = open_page("evaluate", run=run.id, split="test", view="mistakes")
    assert "Not one test picture is named wrong" in words_of(app)


def test_without_its_dataset_there_is_a_sentence(open_view, dataset):
    delete_dataset(dataset)
    assert "no longer here" in words_of(open_view("worst"))
    assert "no longer here" in words_of(open_view("mislabelled"))


def test_a_search_is_started_watched_and_cancelled(open_view, run, started):
    app = open_view("mislabelled")
    app.button(key="mistakes-search").click().run()
    assert [what[0] for what in started] == ["cnnlab.training.out_of_fold"]
    app.button(key="mistakes-cancel").click().run()
    assert start_search_is_cancelled(run)


def start_search_is_cancelled(run) -> bool:
    return (run.path / "evaluation" / "mislabelled" / "cancel").exists()


def test_what_a_search_found_is_shown_with_its_price(open_view, run, dataset, started):
    wrong = numbers_in(dataset, "test")[0]
    finish_search(run, dataset, suspects=[wrong, numbers_in(dataset, "training")[0]])
    app = open_view("mislabelled")
    cards = {metric.label: metric.value for metric in app.metric}
    assert cards["Likely mislabelled"] == "2"
    assert cards["Test mistakes on these"] == "1 of 2"
    assert "1 of 2 wrong test answers sits on a picture that is likely mislabelled." in words_of(app)
    assert "83.3 % instead of 66.7 %" in words_of(app)
    assert "of 2 pictures" in words_of(app)
    app.segmented_control(key="mistakes-split").set_value("training").run()
    assert "of 1 picture" in words_of(app)


def test_heads_that_know_too_little_are_not_believed(open_view, run, dataset, started):
    finish_search(run, dataset, suspects=[0], accuracy=0.4, wrong_share=0.6)
    app = open_view("mislabelled")
    assert "may be hard rather than mislabelled" in " ".join(each.value for each in app.warning)
    cards = {metric.label: metric.value for metric in app.metric}
    assert cards["Wrong labels, estimated"] == "–"


def test_suggestions_are_taken_for_a_whole_page_and_become_a_version(open_view, run, dataset, started):
    first, second = numbers_in(dataset, "training")[:2]
    finish_search(run, dataset, suspects=[first, second])
    app = open_view("mislabelled")
    app.button(key="mistakes-take-all").click().run()
    assert load_decisions(run) == {number: Decision(kind="correct", label=DOG) for number in (first, second)}
    assert find_dataset(dataset.id).newest_version == 1, "nothing has changed yet"
    assert "2 labels to correct" in words_of(app)
    app.button(key="mistakes-make").click().run()
    assert not app.exception
    made = find_dataset(dataset.id)
    assert made.version == 2
    assert set(made.table().set_index("picture")["label"][[first, second]]) == {DOG}
    assert "2 labels corrected" in words_of(app)
    assert "This run saw version 1 and is judged by it" in words_of(app)
    assert not [button for button in app.button if button.key == "mistakes-take-all"], (
        "they are corrected already"
    )


def test_what_waits_can_be_forgotten(open_view, run):
    decide(run, {0: Decision(kind="leave_out")})
    app = open_view()
    assert "1 picture to leave out" in words_of(app)
    app.button(key="mistakes-forget").click().run()
    assert load_decisions(run) == {}
    assert "to leave out" not in words_of(app)


def test_what_cannot_be_carried_out_is_a_sentence_and_goes_on_waiting(open_view, run):
    decide(run, {0: Decision(kind="correct", label=CAT)})
    app = open_view()
    app.button(key="mistakes-make").click().run()
    assert "Nothing would change" in words_of(app)
    assert load_decisions(run)


def test_a_correction_is_taken_back_as_a_version_of_its_own(open_view, dataset):
    correct_labels(dataset, labels={0: DOG}, because="looked at by hand")
    app = open_view()
    app.button(key="mistakes-back").click().run()
    newest = find_dataset(dataset.id)
    assert (newest.version, newest.change) == (3, "Taken back to version 1.")
    assert newest.table()["label"].tolist() == dataset.table()["label"].tolist()
    assert "Taken back to version 1" in words_of(app)


def test_the_next_run_begins_with_the_settings_of_this_one_on_the_new_version(open_view, dataset, run):
    correct_labels(dataset, labels={0: DOG}, because="looked at by hand")
    app = open_view()
    app.button(key="mistakes-train").click().run()
    assert not app.exception
    assert app.query_params["like"] == run.id
    assert app.selectbox(key="train-dataset").value == dataset.id


def test_an_opened_picture_says_what_the_run_said_and_asks_for_the_right_class(open_view, dataset):
    wrong = numbers_in(dataset, "test")[0]
    app = open_view("worst", **{evaluate_picture.OPENED: wrong})
    assert "True class **cat**, said **dog**" in words_of(app)
    assert app.selectbox(key=f"mistakes-class-{wrong}").value == DOG


def test_what_a_newer_version_did_with_an_opened_picture_is_said(open_view, dataset):
    wrong = numbers_in(dataset, "test")[0]
    correct_labels(dataset, labels={}, left_out=[wrong], because="looked at by hand")
    app = open_view("worst", **{evaluate_picture.OPENED: wrong})
    assert "Version 2 leaves it out" in words_of(app)


@pytest.mark.parametrize(
    ("key", "decision"),
    [
        pytest.param("mistakes-correct", Decision(kind="correct", label=DOG), id="another label"),
        pytest.param("mistakes-leave_out", Decision(kind="leave_out"), id="left out"),
        pytest.param("mistakes-right", Decision(kind="right"), id="right as it is"),
    ],
)
def test_a_decision_about_an_opened_picture_waits_and_the_next_one_opens(
    open_view, dataset, run, key, decision
):
    first = numbers_in(dataset, "test")[0]
    app = open_view("worst", **{evaluate_picture.OPENED: first})
    # A browser draws the dialog alone again, this driver the page: so it is opened once more.
    app.session_state[evaluate_picture.OPENED] = first
    app.button(key=key).click().run()
    assert not app.exception
    assert load_decisions(run) == {first: decision}
    following = numbers_in(dataset, "test")[4]
    assert app.selectbox(key=f"mistakes-class-{following}").value == CAT


def open_heat(open_view, dataset):
    """The view with its first mistake opened, and the heat map asked for."""
    first = numbers_in(dataset, "test")[0]
    app = open_view("worst", **{evaluate_picture.OPENED: first})
    app.session_state[evaluate_picture.OPENED] = first
    app.toggle(key="mistakes-heat").set_value(True).run()
    assert not app.exception
    return app


def test_where_a_run_looked_is_laid_over_a_picture_for_either_class(open_view, dataset, monkeypatch):
    record = ModelRecord(class_names=("cat", "dog"), image_size=16, run="", name="", network_name="")
    asked = []

    def explain(predictor, *, head, picture, label):
        asked.append((picture.shape, label))
        return np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)

    monkeypatch.setattr(evaluate_heat, "_model", lambda *key: (SimpleNamespace(record=record), "a head"))
    monkeypatch.setattr(evaluate_heat, "explain", explain)
    app = open_heat(open_view, dataset)
    assert asked == [((16, 16, 3), DOG)]
    app.session_state[evaluate_picture.OPENED] = numbers_in(dataset, "test")[0]
    app.segmented_control(key=f"mistakes-heat-{DOG}-{CAT}").set_value(CAT).run()
    assert not app.exception
    assert asked[1:] == [((16, 16, 3), CAT)]


@pytest.mark.parametrize(
    ("model", "says"),
    [
        pytest.param(lambda *key: (None, None), "it finished before cnnlab kept", id="no head"),
        pytest.param(None, "has no model yet", id="no model"),
    ],
)
def test_a_run_that_cannot_be_explained_says_so(open_view, dataset, monkeypatch, model, says):
    if model is not None:
        monkeypatch.setattr(evaluate_heat, "_model", model)
    assert says in words_of(open_heat(open_view, dataset))
