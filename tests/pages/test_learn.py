"""The Learn page: every statement opens, an experiment is started, watched and cancelled, and its answer is kept and shown."""

import json
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from cnnlab.claims.answers import Answer, Bar, BarChart, Line, LineChart, Number, Picture, PictureRow
from cnnlab.claims.experiments import find_experiment, keep_answer, list_experiments
from cnnlab.claims.table import CLAIMS
from cnnlab.jobs import folder as job_folder
from cnnlab.jobs.records import JobProgress
from cnnlab.settings import workspace
from cnnlab.ui import learn, learn_answer, learn_settings
from tests.pages.making import past_run

HOSTILE = "Pets *of* ![x](http://host/x) <b>$a$</b>"
FIRST = "shuffled_pixels"
"""An experiment that needs nothing in the workspace."""


@pytest.fixture
def started(monkeypatch):
    """Folders of the experiments that the page has started, the newest last; no process is."""
    folders: list[Path] = []
    monkeypatch.setattr(
        job_folder, "start_detached", lambda module, folder, *, log: folders.append(Path(folder))
    )
    return folders


def make_answer(sentence: str = "The CNN falls.", **changes: object) -> Answer:
    """An answer with one of everything."""
    line = Line(label=HOSTILE, x=(1.0, 2.0), y=(0.5, 0.6), low=(0.4, 0.5), high=(0.6, 0.7))
    values = {
        "verdict": "holds",
        "sentence": sentence,
        "meaning": f"What follows for {HOSTILE}.",
        "numbers": (Number(label=HOSTILE, value="13.3 points", sentence="95 % interval"),),
        "charts": (
            LineChart(
                title=HOSTILE, x_label="Pictures", y_label="Accuracy (%)", lines=(line,), y_axis="share"
            ),
            BarChart(title="Bars", y_label="Accuracy (%)", bars=(Bar(label=HOSTILE, value=0.5),), chance=0.1),
        ),
        "pictures": (PictureRow(title=HOSTILE, pictures=(Picture(file="one.png", caption=HOSTILE),)),),
        "scores": {"=cnn": 0.5},
        "measured_on": "2 cores",
        "seconds": 14.0,
    }
    return Answer(**{**values, **changes})


def keep(answer: Answer, *, name: str = FIRST, **changes: object):
    """Keep an answer as a worker would, with its picture."""
    experiment = keep_answer(name, CLAIMS[name].settings(**changes), answer)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(experiment.folder / "one.png")
    return experiment


def say(folder: Path, progress: JobProgress) -> None:
    """Write what a worker would."""
    (folder / "progress.json").write_text(progress.model_dump_json())


def words(page) -> str:
    kinds = (page.title, page.subheader, page.markdown, page.caption, page.error, page.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def keys(page) -> set[str]:
    return {button.key for button in page.button}


def test_the_list_has_a_card_for_every_statement_in_the_lessons_order(open_page):
    page = open_page("learn")
    assert not page.exception
    opened = [button.key for button in page.button if (button.key or "").startswith("learn-open-")]
    assert opened == [f"learn-open-{name}" for name in CLAIMS]
    assert "Not measured yet" in words(page)


def test_a_card_opens_its_statement(open_page):
    page = open_page("learn")
    page.button(key=f"learn-open-{FIRST}").click().run()
    assert page.query_params["claim"] == FIRST
    assert page.title[0].value == CLAIMS[FIRST].title


@pytest.mark.parametrize("name", CLAIMS)
def test_every_statement_opens_on_an_empty_workspace(open_page, name):
    page = open_page("learn", claim=name)
    assert not page.exception
    assert not page.error
    assert CLAIMS[name].says in words(page)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_statement_opens_with_a_dataset_and_runs_of_hostile_names(open_page, dataset, name):
    past_run()
    page = open_page("learn", claim=name)
    assert not page.exception
    assert "![x](http" not in words(page)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_statement_opens_with_a_kept_answer(open_page, name):
    keep(make_answer(), name=name)
    page = open_page("learn", claim=name)
    assert not page.exception
    assert "The CNN falls" in words(page)


def test_what_is_worked_by_hand_has_a_drawing_and_nothing_else_has():
    assert set(learn.BY_HAND) == {name for name, claim in CLAIMS.items() if claim.measure is None}


@pytest.mark.parametrize("name", CLAIMS)
def test_the_statements_before_and_after_are_one_click_away(open_page, name):
    order = list(CLAIMS)
    place = order.index(name)
    beside = {order[other] for other in (place - 1, place + 1) if 0 <= other < len(order)}
    found = {
        key.removeprefix("learn-to-")
        for key in keys(open_page("learn", claim=name))
        if key and "learn-to-" in key
    }
    assert found == beside


def test_an_unknown_statement_is_said_and_the_list_is_shown(open_page):
    page = open_page("learn", claim="*nothing*")
    assert any("There is no claim" in element.value for element in page.warning)
    assert f"learn-open-{FIRST}" in keys(page)


def test_an_experiment_is_started_watched_and_cancelled(open_page, started):
    page = open_page("learn", claim=FIRST)
    page.button(key="learn-start").click().run()
    assert not page.exception
    (folder,) = started
    assert json.loads((folder / "request.json").read_text())["claim"] == FIRST
    assert page.query_params["claim"] == FIRST
    with FileLock(folder / "worker.lock"):
        say(folder, JobProgress(activity="Training on *pictures*", share=0.4))
        page.run()
        (bar,) = page.get("progress")
        assert bar.proto.text.startswith("Training on \\*pictures\\*")
        page.button(key="learn-cancel").click().run()
        assert (folder / "cancel").exists()
        (bar,) = page.get("progress")
        assert bar.proto.text.startswith("Ending")
    say(folder, JobProgress(state="cancelled"))
    again = open_page("learn", **page.query_params)
    assert "It was cancelled" in words(again)
    assert "learn-start" in keys(again)


def test_another_tab_without_settings_finds_the_experiment_that_is_under_way(open_page, started):
    settings = CLAIMS[FIRST].settings(seed=3)
    page = open_page("learn", **learn_settings.address(FIRST, settings))
    page.button(key="learn-start").click().run()
    with FileLock(started[0] / "worker.lock"):
        other = open_page("learn", claim=FIRST)
        assert other.get("progress")
        assert other.number_input(key=f"learn-{FIRST}-seed").value == 3
        assert any(
            badge.value.endswith("Measuring]")
            for badge in open_page("learn").markdown
            if "badge" in badge.value
        )


def test_one_that_failed_says_why_and_is_tried_again(open_page, started):
    page = open_page("learn", claim=FIRST)
    page.button(key="learn-start").click().run()
    say(started[0], JobProgress(state="failed", message="There was not enough *memory*. Try fewer pictures."))
    page.run()
    assert any("not enough \\*memory\\*" in element.value for element in page.error)
    assert page.button(key="learn-start").label == "Try again"
    page.button(key="learn-start").click().run()
    assert started == [started[0]] * 2


def test_an_answer_is_shown_with_its_verdict_its_sentence_and_what_follows(open_page):
    keep(make_answer())
    page = open_page("learn", claim=FIRST)
    assert not page.exception
    shown = words(page)
    assert "Holds" in shown
    assert "The CNN falls" in shown
    assert "What follows for Pets \\*of\\*" in shown
    assert "Measured in 14 s on 2 cores" in shown
    assert "![x](http" not in shown
    assert len(page.get("plotly_chart")) == 2
    assert len(page.get("download_button")) == 2


def test_changed_settings_go_into_the_address_and_come_back_from_it(open_page):
    page = open_page("learn", claim=FIRST)
    page.number_input(key=f"learn-{FIRST}-seed").set_value(7).run()
    assert page.query_params["seed"] == "7"
    again = open_page("learn", **page.query_params)
    assert again.number_input(key=f"learn-{FIRST}-seed").value == 7


def test_settings_that_cannot_work_in_an_address_are_said(open_page):
    page = open_page("learn", claim=FIRST, seed="-1")
    assert not page.exception
    assert any("The address holds settings that cannot work" in element.value for element in page.warning)
    assert page.number_input(key=f"learn-{FIRST}-seed").value == 0


def test_a_dataset_that_is_gone_is_said_and_another_one_chosen(open_page):
    page = open_page("learn", claim=FIRST, dataset="![x](http://host/x)")
    assert not page.exception
    assert any("There is no dataset" in element.value for element in page.warning)
    assert "![x](http" not in words(page)


@pytest.mark.parametrize("content", ["", "{", '{"verdict": "maybe"}', "[]"])
def test_a_damaged_answer_is_a_sentence(open_page, content):
    (keep(make_answer()).folder / "result.json").write_text(content)
    page = open_page("learn", claim=FIRST)
    assert not page.exception
    assert any("its file is damaged" in element.value for element in page.error)
    assert "learn-start" in keys(page)
    assert not open_page("learn").exception


def test_pictures_that_are_gone_or_damaged_are_said(open_page):
    experiment = keep(make_answer())
    experiment.picture("one.png").write_bytes(b"no picture")
    page = open_page("learn", claim=FIRST)
    assert not page.exception
    assert any("1 picture of this answer cannot be read" in element.value for element in page.warning)


def test_an_answer_of_an_older_recipe_is_marked_and_never_taken_for_one_of_today(open_page):
    experiment = keep(make_answer("An old finding."), seed=3)
    request = experiment.folder / "request.json"
    request.write_text(request.read_text().replace(f'"recipe":{CLAIMS[FIRST].recipe}', '"recipe":0'))
    page = open_page("learn", claim=FIRST)
    assert not page.exception
    assert "An older version of this experiment" in words(page)
    assert "Measure" in {button.label for button in page.button}
    assert "Not measured yet" in words(open_page("learn"))


def test_an_earlier_answer_is_opened_compared_and_deleted(open_page):
    keep(make_answer("The first finding."))
    other = keep(make_answer("The second finding.", verdict="noise"), seed=3)
    page = open_page("learn", claim=FIRST)
    assert "Seed: 3" in words(page).replace("\\", "")
    page.selectbox(key="learn-compared").set_value(other.key).run()
    assert not page.exception
    assert any("Shown above" in line.value and "The other" in line.value for line in page.markdown)
    page.button(key=f"learn-open-{other.key}").click().run()
    assert page.query_params["seed"] == "3"
    page.button(key=f"learn-delete-{other.key}").click().run()
    page.button(key="learn-delete-now").click().run()
    assert not page.exception
    assert find_experiment(FIRST, CLAIMS[FIRST].settings(seed=3)) is None
    assert len(list_experiments(FIRST)) == 1


def test_the_badge_of_a_card_is_the_verdict_of_what_was_measured_last(open_page):
    keep(make_answer(verdict="fails"))
    assert "Does not hold" in words(open_page("learn"))


def test_a_folder_of_a_statement_that_is_no_more_harms_nothing(open_page):
    folder = workspace().claims / "forgotten-0123"
    folder.mkdir()
    (folder / "request.json").write_text("{}")
    assert not open_page("learn").exception
    assert not open_page("learn", claim=FIRST).exception


def test_every_number_of_an_answer_is_in_its_table_and_no_name_is_a_formula():
    table = learn_answer.as_table(make_answer())
    assert list(table["value"]) == [0.5, 0.5, 0.6, 0.5]
    assert "'=cnn" in learn_answer.to_csv(table)


def test_home_leads_to_it(open_page):
    assert any("New to convolutional networks" in element.value for element in open_page("home").markdown)
