"""One round of the quiz: the picture at hand, the buttons to guess with, and what is told afterwards.

Nothing of the answer is sent to the browser before the guess: no name of a file, no class. This
module never keeps a game.
"""

import io
from dataclasses import dataclass, field

import streamlit as st
from PIL import Image

from cnnlab.claims.quiz import Question
from cnnlab.data.dataset import Dataset
from cnnlab.ui import datasets_gallery, forms, frame, text

MOST_BUTTONS = 10
"""So many classes have a button and a key of the keyboard each; more are chosen from a list."""
KEYS = "1234567890"
WIDEST_PIXELS, TALLEST_PIXELS = 520, 460


@dataclass
class Round:
    """A game as far as it is played; in the session."""

    run: str
    game: int
    questions: tuple[Question, ...]
    class_names: tuple[str, ...]
    guesses: list[int] = field(default_factory=list)
    told: bool = False
    """Whether the answer to the last guess is on the screen."""

    @property
    def position(self) -> int:
        """Which question is on the screen, from 0."""
        return len(self.guesses) - self.told

    @property
    def is_over(self) -> bool:
        """Whether every question was guessed and told."""
        return self.position == len(self.questions)

    def guess(self, label: int) -> None:
        """Say what one sees; a second guess about the same picture counts for nothing."""
        if not self.told and not self.is_over and 0 <= label < len(self.class_names):
            self.guesses.append(label)
            self.told = True

    def go_on(self) -> None:
        """Leave the answer for the next picture."""
        self.told = False

    def score(self) -> tuple[int, int]:
        """How many you and the model have right so far."""
        asked = list(zip(self.questions, self.guesses, strict=False))
        return (
            sum(guess == question.label for question, guess in asked),
            sum(question.model == question.label for question, _ in asked),
        )


def draw(game: Round, dataset: Dataset) -> None:
    """Draw the question at hand."""
    question = game.questions[game.position]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _picture(game, dataset, question)
    with right:
        _score(game)
        if game.told:
            _told(game, question)
        else:
            _ask(game)


def told_in_words(game: Round, question: Question, guess: int) -> tuple[str, str]:
    """What is said after a guess about you, and about the model; Markdown."""
    truth, said, model = (
        text.escape(game.class_names[label]) for label in (question.label, guess, question.model)
    )
    yours = f"**Right: {truth}.**" if guess == question.label else f"**It is {truth}**; you said {said}."
    verdict = "right" if question.model == question.label else "wrong"
    return yours, f"The model says **{model}**, {text.percent(question.confidence)} sure: {verdict}."


def _picture(game: Round, dataset: Dataset, question: Question) -> None:
    answer = datasets_gallery.thumbnails(dataset, [question.picture], size=datasets_gallery.LARGE_PIXELS)[0]
    if isinstance(answer, str):
        frame.warning(
            f"This picture cannot be shown. {answer} Guess, or start again: the next game has others."
        )
        return
    # Our own JPEG; small pictures are enlarged so that one can see them, tall ones still fit on the screen.
    width, height = Image.open(io.BytesIO(answer)).size
    shown = round(min(WIDEST_PIXELS, TALLEST_PIXELS * width / height))
    st.image(answer, width=max(shown, 1), alt=f"Picture {game.position + 1} of {len(game.questions)}")


def _score(game: Round) -> None:
    you, model = game.score()
    done = len(game.guesses)
    st.markdown(f"**Picture {game.position + 1} of {len(game.questions)}**")
    st.progress(done / len(game.questions))
    if done:
        st.markdown(f"You {you} of {done}&emsp;:gray[·]&emsp;Model {model} of {done}")
    else:
        st.markdown(":gray[The model has answered already.]")


def _ask(game: Round) -> None:
    st.markdown("What is it?")
    if len(game.class_names) > MOST_BUTTONS:
        label = st.selectbox(
            "Class",
            range(len(game.class_names)),
            index=None,
            format_func=lambda label: text.shorten(game.class_names[label], limit=80),
            key=f"learn-quiz-class-{game.position}",
            placeholder="Type to search",
            label_visibility="collapsed",
        )
        st.button(
            "That is it",
            type="primary",
            disabled=label is None,
            key="learn-quiz-guess",
            on_click=game.guess,
            args=(label,),
        )
        return
    grid = st.grid(2, min_column_width=forms.NARROWEST_INPUT_PIXELS // 2)
    for label, name in enumerate(game.class_names):
        with grid.cell():
            st.button(
                text.escape(name, limit=60),
                key=f"learn-quiz-guess-{label}",
                width="stretch",
                shortcut=KEYS[label],
                on_click=game.guess,
                args=(label,),
            )
    st.caption("The number on a button is its key.")


def _told(game: Round, question: Question) -> None:
    for sentence in told_in_words(game, question, game.guesses[-1]):
        st.markdown(sentence)
    last = len(game.guesses) == len(game.questions)
    st.button(
        "See who won" if last else "Next picture",
        type="primary",
        icon=":material/arrow_forward:",
        key="learn-quiz-next",
        shortcut="Enter",
        on_click=game.go_on,
    )
