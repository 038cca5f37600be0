"""The quiz on the screen: which run one plays against, the game, who won, and all games together.

What the model said is in the predictions of its run: this module never asks a model.
"""

import contextlib
from collections.abc import Mapping

import streamlit as st

from cnnlab.claims.answers import Answer, Picture, PictureRow
from cnnlab.claims.claim import Claim, Measuring
from cnnlab.claims.experiments import Experiment, find_experiment, keep_answer, list_experiments
from cnnlab.claims.quiz import Quiz, answer_of, choose_questions, count_outcomes, split_of, sum_outcomes
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError
from cnnlab.evaluation.predictions import FILE, load_predictions
from cnnlab.runs import store
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.ui import datasets_gallery, frame, learn_answer, learn_quiz_round, learn_settings, run_parts, text
from cnnlab.ui.learn_address import read_address
from cnnlab.ui.learn_quiz_round import Round

GAME = "learn-quiz"
"""The game as far as it is played; in the session."""


def draw(claim: Claim) -> None:
    """Draw the choice of a run, then the game, or how it ended."""
    rows = {
        row.id: row
        for row in store.list_runs(states=run_parts.CAN_PREDICT)
        if (workspace().runs / row.id / FILE).is_file()
    }
    settings = _of_address()
    kept = find_experiment(claim.id, settings) if settings.pictures else None
    if not rows and kept is None:
        frame.empty(
            "No finished run yet",
            "Train a network first; once its run is done, you can play against it.",
            page="train",
            label="Train a network",
            icon=":material/quiz:",
        )
        return
    run = _choose(rows, settings.run)
    if kept is not None and run in (settings.run, None):
        _result(kept, run=run)
    elif run is not None:
        _play(claim, run)


def _of_address() -> Quiz:
    with frame.errors_as_text():
        return Quiz.create(read_address(Quiz))
    return Quiz()


def _choose(rows: Mapping[str, RunRow], asked: str) -> str | None:
    """Draw the choice of a run; None where there is none."""
    if asked and asked not in rows:
        frame.warning(f"Run {asked!r} is not finished, or was deleted. Choose another.")
    if not rows:
        return None

    def label(id: str) -> str:
        row = rows[id]
        return text.shorten(f"{row.name} · {run_parts.network_name(row)} on {row.dataset_name}", limit=100)

    options = list(rows)
    index = options.index(asked) if asked in rows else None if asked else 0
    return st.selectbox("Play against", options, index=index, key="learn-quiz-run", format_func=label)


def _play(claim: Claim, run: str) -> None:
    dataset = _dataset(run)
    if dataset is None:
        frame.note(
            "The dataset of this run was deleted, so its pictures cannot be shown. Choose another run, or import the "
            "dataset again and train on it."
        )
        return
    game: Round | None = st.session_state.get(GAME)
    if game is None or game.run != run:
        _invite(claim, run, dataset)
    elif game.is_over:
        _finish(claim, game, dataset)
    else:
        learn_quiz_round.draw(game, dataset)


def _dataset(run: str) -> Dataset | None:
    """The dataset of a run as it was then, or None when it is no longer here."""
    reference = RunFolder.find(run, runs=workspace().runs).spec().dataset
    try:
        return find_dataset(reference.id, version=reference.version)
    except DatasetError:
        return None


def _invite(claim: Claim, run: str, dataset: Dataset) -> None:
    """Say what is played, and draw the button that starts it."""
    folder = RunFolder.find(run, runs=workspace().runs)
    predictions = load_predictions(folder.path)
    number = 1 + max((settings.game for settings in _games(run)), default=0)
    questions = choose_questions(predictions, game=number)
    with st.container(border=True):
        st.markdown(
            f"**Game {number}: {text.counted(len(questions), 'picture')} of {text.escape(dataset.name)}**, of "
            f"{text.counted(dataset.num_classes, 'class', plural='classes')}. The model never learned from them."
        )
        if split_of(predictions) != "test":
            st.caption(
                "This dataset has no test split, so these are validation pictures. The model was chosen by them, which gives "
                "it a small head start."
            )
        class_names = folder.spec().class_names
        if st.button("Start", type="primary", icon=":material/play_arrow:", key="learn-quiz-start"):
            st.session_state[GAME] = Round(run=run, game=number, questions=questions, class_names=class_names)
            learn_settings.remember(claim.id, Quiz(run=run))
            st.rerun()


def _finish(claim: Claim, game: Round, dataset: Dataset) -> None:
    """Keep how the game ended, and show it."""
    answer = answer_of(count_outcomes(game.questions, game.guesses))
    settings = Quiz(run=game.run, game=game.game, pictures=tuple(each.picture for each in game.questions))
    kept = keep_answer(claim.id, settings, answer)
    # Without room for the pictures the game still counts.
    with contextlib.suppress(OSError):
        keep_answer(
            claim.id, settings, answer.model_copy(update={"pictures": _differences(game, dataset, kept)})
        )
    del st.session_state[GAME]
    learn_settings.remember(claim.id, settings)
    st.rerun()


def _differences(game: Round, dataset: Dataset, kept: Experiment) -> tuple[PictureRow, ...]:
    """The pictures about which you and the model said different things, with what each said."""
    asked = [
        (question, guess)
        for question, guess in zip(game.questions, game.guesses, strict=True)
        if question.model != guess
    ]
    pixels = datasets_gallery.squares(dataset, [question.picture for question, _ in asked])
    measuring = Measuring(report=lambda *_: None, folder=kept.folder)
    names = game.class_names
    pictures: list[Picture] = [
        measuring.keep_picture(
            f"picture-{question.picture}",
            square,
            caption=f"{names[question.label]}. You: {names[guess]}. Model: {names[question.model]}, "
            f"{text.percent(question.confidence, digits=0)} sure.",
        )
        for (question, guess), square in zip(asked, pixels, strict=True)
        if square is not None
    ]
    row = PictureRow(
        title="Where you and the model differed",
        sentence="First what it is, then what you said, then the model.",
        pictures=tuple(pictures),
    )
    return (row,) if pictures else ()


def _result(kept: Experiment, *, run: str | None) -> None:
    """Show how a game ended, all games against the run together, and the way to the next one."""
    learn_answer.draw(kept)
    if run is None:
        return
    games = _games(run)
    if len(games) > 1:
        together = answer_of(sum_outcomes(games.values()))
        frame.section(f"All {len(games)} games against this model")
        st.markdown(f"**{together.sentence}** {together.meaning}")
        learn_answer.numbers(together)
    if st.button(
        "Play again with other pictures", type="primary", icon=":material/replay:", key="learn-quiz-again"
    ):
        learn_settings.remember("quiz", Quiz(run=run))
        st.rerun()


def _games(run: str) -> dict[Quiz, Answer]:
    """The games that were played against a run; of games with the same pictures only the newest."""
    found: dict[tuple[int, ...], tuple[Quiz, Answer]] = {}
    for one in list_experiments("quiz"):
        settings, answer = one.settings(), one.answer()
        if settings is not None and answer is not None and settings.run == run:
            found.setdefault(settings.pictures, (settings, answer))
    return dict(found.values())
