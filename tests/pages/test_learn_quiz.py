"""The quiz on the Learn page: a whole game, what is told and when, and what is kept of it."""

import numpy as np
import pytest

from cnnlab.claims.experiments import list_experiments
from cnnlab.claims.quiz import Quiz
from cnnlab.data.library import delete_dataset
from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.runs.states import State
from cnnlab.ui import learn_quiz, learn_quiz_round, learn_settings, text
from tests.pages.making import past_run
from tests.runs.making import run_spec

HOSTILE = "![x](http://host/x)"


def _run(dataset, *, number=1, class_names=None, split="test", count=24):
    """A finished run that says the last class of every picture, and is 80 % sure."""
    names = class_names or dataset.class_names
    run = past_run(number, spec=run_spec(HOSTILE, dataset=dataset.reference(), class_names=names))
    probabilities = np.full((count, len(names)), 0.2 / (len(names) - 1), np.float32)
    probabilities[:, -1] = 0.8
    save_predictions(
        predictions_table(
            pictures=np.arange(count),
            splits=np.array([split] * count),
            labels=np.arange(count) % 2,
            probabilities=probabilities,
        ),
        folder=run.path,
    )
    return run


@pytest.fixture
def run(dataset):
    """A run on cats and dogs that takes everything for a dog."""
    return _run(dataset)


def _words(page):
    kinds = (page.markdown, page.caption, page.warning, page.info, page.error, page.subheader)
    return "\n".join(element.value for kind in kinds for element in kind)


def _start(page):
    return page.button(key="learn-quiz-start").click().run()


def _play(page, labels):
    for label in labels:
        page.button(key=f"learn-quiz-guess-{label}").click().run()
        page.button(key="learn-quiz-next").click().run()
        assert not page.exception
    return page


def _truths(page):
    return [question.label for question in page.session_state[learn_quiz.GAME].questions]


@pytest.mark.parametrize("state", [None, State.RUNNING])
def test_without_a_finished_run_it_leads_to_train(open_page, state):
    if state:
        past_run(1, state=state)
    page = open_page("learn", claim="quiz")
    assert not page.exception
    assert "No finished run yet" in _words(page)
    assert "Train a network" in [button.label for button in page.button]


def test_a_finished_run_without_predictions_is_not_offered(open_page):
    past_run(1)
    assert "No finished run yet" in _words(open_page("learn", claim="quiz"))


def test_nothing_is_told_before_the_guess_and_everything_after(open_page, run):
    page = _start(open_page("learn", claim="quiz"))
    assert not page.exception
    assert "Picture 1 of 10" in _words(page)
    assert "The model says" not in _words(page)
    truth = _truths(page)[0]
    page.button(key=f"learn-quiz-guess-{1 - truth}").click().run()
    said = _words(page)
    assert f"**It is {('cat', 'dog')[truth]}**; you said {('dog', 'cat')[truth]}." in said
    assert f"The model says **dog**, 80.0 % sure: {'right' if truth else 'wrong'}." in said
    assert f"You 0 of 1&emsp;:gray[·]&emsp;Model {truth} of 1" in said


def test_a_game_that_was_played_is_kept_with_its_pictures_and_shown(open_page, run):
    page = _start(open_page("learn", claim="quiz"))
    truths = _truths(page)
    pictures = tuple(question.picture for question in page.session_state[learn_quiz.GAME].questions)
    _play(page, truths)
    (kept,) = list_experiments("quiz")
    assert kept.settings() == Quiz(run=run.id, game=1, pictures=pictures)
    answer = kept.answer()
    dogs = sum(truths)
    assert answer.sentence == f"You were right about 10 of 10, the model about {dogs} of 10."
    assert answer.scores["both"] == dogs
    (row,) = answer.pictures
    assert len(row.pictures) == 10 - dogs
    assert all(kept.picture(picture.file).is_file() for picture in row.pictures)
    assert row.pictures[0].caption == "cat. You: cat. Model: dog, 80 % sure."
    assert text.escape(answer.sentence) in _words(page)
    assert HOSTILE not in _words(page)


def test_the_next_game_has_other_pictures_and_all_games_are_added_up(open_page, run):
    page = _start(open_page("learn", claim="quiz"))
    _play(page, _truths(page))
    page.button(key="learn-quiz-again").click().run()
    assert "Game 2" in _words(page)
    _play(_start(page), _truths(page))
    second, first = (one.settings() for one in list_experiments("quiz"))
    assert {first.game, second.game} == {1, 2}
    assert not set(first.pictures) & set(second.pictures)
    assert "All 2 games against this model" in _words(page)
    assert "You were right about 20 of 20" in _words(page)


def test_a_game_that_was_kept_opens_from_its_address(open_page, run, dataset):
    page = _start(open_page("learn", claim="quiz"))
    _play(page, _truths(page))
    (kept,) = list_experiments("quiz")
    delete_dataset(dataset.id)
    again = open_page("learn", **learn_settings.address("quiz", kept.settings()))
    assert not again.exception
    assert text.escape(kept.answer().sentence) in _words(again)


def test_with_many_classes_one_chooses_from_a_list(open_page, dataset):
    names = tuple(f"{number:02}" for number in range(learn_quiz_round.MOST_BUTTONS + 1))
    _run(dataset, class_names=names)
    page = _start(open_page("learn", claim="quiz"))
    assert page.button(key="learn-quiz-guess").disabled
    truth = _truths(page)[0]
    page.selectbox(key="learn-quiz-class-0").select(truth).run()
    page.button(key="learn-quiz-guess").click().run()
    assert f"**Right: 0{truth}.**" in _words(page)


def test_a_dataset_that_was_deleted_is_said(open_page, run, dataset):
    delete_dataset(dataset.id)
    page = open_page("learn", claim="quiz")
    assert not page.exception
    assert "The dataset of this run was deleted" in _words(page)


def test_validation_pictures_are_called_so(open_page, dataset):
    _run(dataset, split="validation")
    assert "small head start" in _words(open_page("learn", claim="quiz"))


def test_a_run_that_is_gone_is_said_and_another_can_be_chosen(open_page, run):
    page = open_page("learn", claim="quiz", run="20200101-000000-abcdef")
    assert not page.exception
    assert "was deleted" in _words(page)
    page.selectbox(key="learn-quiz-run").select(run.id).run()
    assert "Game 1" in _words(page)


def test_a_picture_that_cannot_be_read_does_not_end_the_game(open_page, run, monkeypatch):
    monkeypatch.setattr(learn_quiz_round.datasets_gallery, "thumbnails", lambda *_, **__: ["It is damaged."])
    page = _start(open_page("learn", claim="quiz"))
    assert not page.exception
    assert "It is damaged" in page.warning[0].value
    assert page.button(key="learn-quiz-guess-0")


def test_a_second_guess_about_one_picture_counts_for_nothing(open_page, run):
    page = _start(open_page("learn", claim="quiz"))
    game = page.session_state[learn_quiz.GAME]
    game.guess(0)
    game.guess(1)
    game.guess(99)
    assert game.guesses == [0]
