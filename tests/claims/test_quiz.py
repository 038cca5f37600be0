"""The quiz: which pictures a game has, how it is counted, and what ten pictures are said to prove."""

import numpy as np
import pandas as pd
import pytest

from cnnlab.claims.answers import Answer
from cnnlab.claims.experiments import find_experiment, keep_answer, list_experiments
from cnnlab.claims.quiz import (
    OUTCOMES,
    Question,
    Quiz,
    answer_of,
    choose_questions,
    count_outcomes,
    split_of,
    sum_outcomes,
)
from cnnlab.errors import ClaimError
from cnnlab.evaluation.predictions import predictions_table


def _predictions(num_test: int, num_validation: int = 7) -> pd.DataFrame:
    """Pictures 100, 101, ...; the model says class 1 of all, and is surer of each next one."""
    total = num_validation + num_test
    sure = np.linspace(0.6, 0.9, max(total, 1))[:total]
    return predictions_table(
        pictures=np.arange(100, 100 + total),
        splits=np.array(["validation"] * num_validation + ["test"] * num_test),
        labels=np.arange(total) % 3,
        probabilities=np.stack([(1 - sure) / 2, sure, (1 - sure) / 2], axis=1),
    )


def _outcomes(*counts: int) -> dict[str, int]:
    return dict(zip(OUTCOMES, counts, strict=True))


def test_games_have_ten_test_pictures_and_share_none_until_all_were_shown():
    predictions = _predictions(40)
    games = [{q.picture for q in choose_questions(predictions, game=game)} for game in (1, 2, 3, 4)]
    assert [len(game) for game in games] == [10] * 4
    assert set.union(*games) == set(predictions.loc[predictions["split"] == "test", "picture"])
    assert {q.picture for q in choose_questions(predictions, game=5)} == games[0]


def test_a_game_is_the_same_however_the_worker_wrote_its_answers():
    predictions = _predictions(40)
    turned = predictions.iloc[::-1].reset_index(drop=True)
    assert choose_questions(turned, game=2) == choose_questions(predictions, game=2)


def test_a_question_knows_what_is_true_and_what_the_model_says():
    predictions = _predictions(12).set_index("picture")
    for question in choose_questions(_predictions(12), game=1):
        row = predictions.loc[question.picture]
        assert (question.label, question.model) == (row["label"], 1)
        assert question.confidence == pytest.approx(row["p1"])


def test_few_pictures_make_a_short_game():
    assert len(choose_questions(_predictions(4), game=3)) == 4


def test_without_a_test_split_validation_pictures_are_shown():
    predictions = _predictions(0)
    assert split_of(predictions) == "validation"
    assert len(choose_questions(predictions, game=1)) == 7


def test_a_run_without_any_answer_is_refused():
    with pytest.raises(ClaimError, match="with a test split"):
        choose_questions(_predictions(0, 0), game=1)


def test_outcomes_are_counted():
    questions = [
        Question(picture=n, label=0, model=model, confidence=1.0) for n, model in enumerate((0, 1, 0, 1))
    ]
    assert count_outcomes(questions, [0, 0, 1, 2]) == _outcomes(1, 1, 1, 1)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        pytest.param(_outcomes(5, 0, 5, 0), "noise", id="five more on ten pictures are within noise"),
        pytest.param(_outcomes(6, 1, 3, 0), "noise", id="two more"),
        pytest.param(_outcomes(10, 0, 0, 0), "noise", id="both perfect"),
        pytest.param(_outcomes(0, 0, 10, 0), "holds", id="the model alone is always right"),
        pytest.param(_outcomes(0, 10, 0, 0), "fails", id="you alone are always right"),
    ],
)
def test_the_verdict_is_no_surer_than_its_interval(outcomes: dict[str, int], verdict: str):
    answer = answer_of(outcomes)
    assert answer.verdict == verdict
    assert ("prove little" in answer.meaning) == (verdict == "noise")


@pytest.mark.parametrize(
    ("outcomes", "span"),
    [
        pytest.param(
            _outcomes(6, 1, 3, 0), "from 22 points in your favour to 56 in the model's", id="either way"
        ),
        pytest.param(_outcomes(5, 0, 5, 0), "points in the model's favour", id="the model's"),
        pytest.param(_outcomes(5, 5, 0, 0), "points in your favour", id="yours"),
    ],
)
def test_how_large_the_difference_could_be_is_said(outcomes: dict[str, int], span: str):
    assert span in answer_of(outcomes).meaning


def test_an_answer_says_both_scores_the_interval_and_p():
    answer = answer_of(_outcomes(6, 1, 3, 0))
    assert answer.sentence == "You were right about 7 of 10, the model about 9 of 10."
    assert answer.numbers[0].value == "+20 points"
    # 4 coins, at most one of them the other way: 2 * (1 + 4) / 16.
    assert answer.scores["p"] == pytest.approx(0.625)
    you, model = answer.charts[0].bars
    assert (you.value, model.value) == (0.7, 0.9)
    assert you.low < 0.45 < 0.85 < you.high


def test_games_are_added_up():
    games = [answer_of(_outcomes(6, 1, 3, 0)), answer_of(_outcomes(4, 2, 4, 0))]
    assert sum_outcomes(games) == _outcomes(10, 3, 7, 0)
    assert (
        answer_of(sum_outcomes(games)).sentence == "You were right about 13 of 20, the model about 17 of 20."
    )


def test_an_answer_is_kept_with_run_game_and_pictures():
    settings = Quiz(run="20260101-120001-000001", game=2, pictures=(3, 1, 2))
    answer = answer_of(_outcomes(1, 1, 1, 0))
    keep_answer("quiz", settings, answer)
    found = find_experiment("quiz", settings)
    assert isinstance(found.answer(), Answer)
    assert found.answer().scores == answer.scores
    assert [one.settings() for one in list_experiments("quiz")] == [settings]
