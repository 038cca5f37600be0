"""The guess-the-class quiz: a person against a finished model on ten pictures that the model never learned from.

The model has answered already: what it said is in its run's table of predictions. This module never
asks a model and never draws.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from cnnlab.claims.answers import Answer, BarChart, Number, Verdict, accuracy_bar
from cnnlab.claims.claim import Claim
from cnnlab.errors import ClaimError
from cnnlab.evaluation.comparison import difference_interval, mcnemar_p
from cnnlab.evaluation.predictions import probabilities_of
from cnnlab.specs.base import Spec

PICTURES = 10
SURPRISING = 0.05
"""What chance alone makes less often than this is no noise."""
OUTCOMES = ("both", "only you", "only the model", "neither")
"""Who was right about a picture; names of the scores of an answer."""


class Quiz(Spec):
    """Which game was played."""

    run: str = Field("", title="Run", description="The finished run whose model you play against.")
    game: int = Field(
        0,
        ge=0,
        le=100_000,
        title="Game",
        description="Which ten pictures, from 1. Games share no picture while the split has enough.",
    )
    pictures: tuple[int, ...] = Field((), title="Pictures", description="Their numbers in the dataset.")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One picture of a game, with what is true and what the model says; labels are positions of class names."""

    picture: int
    label: int
    model: int
    confidence: float
    """Probability that the model gives to its answer, 0..1."""


def choose_questions(predictions: pd.DataFrame, *, game: int) -> tuple[Question, ...]:
    """Choose the pictures of a game: ten of the test split, or of the validation split where there is none.

    Games take one shuffled row of pictures ten by ten, so that two of them share none until all were shown.

    Args:
        predictions: The table of a run, as `evaluation.predictions` has it.
        game: Which game, from 1.

    Raises:
        ClaimError: The table has no picture of either split.
    """
    rows = predictions[predictions["split"] == split_of(predictions)]
    if rows.empty:
        raise ClaimError(
            "This run has answered no picture that it did not learn from. Train one on a dataset with a test split."
        )
    # Sorted first: the order in which a worker wrote its answers is no part of the game.
    rows = rows.sort_values("picture", kind="stable")
    order = np.random.default_rng(0).permutation(len(rows))
    games = max(len(rows) // PICTURES, 1)
    start = (game - 1) % games * PICTURES
    chosen = rows.iloc[order[start : start + PICTURES]]
    probabilities = probabilities_of(chosen)
    return tuple(
        Question(picture=int(picture), label=int(label), model=int(row.argmax()), confidence=float(row.max()))
        for picture, label, row in zip(chosen["picture"], chosen["label"], probabilities, strict=True)
    )


def split_of(predictions: pd.DataFrame) -> str:
    """The split that a game takes its pictures from: 'test', or 'validation' where there is no test split."""
    return "test" if (predictions["split"] == "test").any() else "validation"


def count_outcomes(questions: Sequence[Question], guesses: Sequence[int]) -> dict[str, int]:
    """Count who was right: one number for each of `OUTCOMES`.

    Args:
        questions: Those answered so far.
        guesses: What you said about each, as labels.
    """
    counts = dict.fromkeys(OUTCOMES, 0)
    for question, guess in zip(questions, guesses, strict=True):
        you, model = guess == question.label, question.model == question.label
        counts[
            "both" if you and model else "only you" if you else "only the model" if model else "neither"
        ] += 1
    return counts


def answer_of(outcomes: dict[str, int]) -> Answer:
    """Say how you did against the model, and how much that proves.

    Args:
        outcomes: Pictures by who was right about them; at least one in all.
    """
    you, model = _right(outcomes)
    low, high = difference_interval(you, model)
    chance = mcnemar_p(you, model)
    verdict = verdict_of(low, high, chance=chance)
    total = len(you)
    return Answer(
        verdict=verdict,
        sentence=f"You were right about {you.sum()} of {total}, the model about {model.sum()} of {total}.",
        meaning=_meaning(outcomes, verdict=verdict, low=low, high=high),
        numbers=(
            Number(
                label="Model minus you",
                value=f"{(model.mean() - you.mean()) * 100:+.0f} points",
                sentence=f"95 % interval {low * 100:+.0f} to {high * 100:+.0f}",
            ),
            Number(
                label="If you were equally good",
                value="p < 0.01" if chance < 0.01 else f"p = {chance:.2f}",
                sentence="how often chance alone would part you this much or more (exact McNemar test)",
            ),
        ),
        charts=(
            BarChart(
                title="Pictures named right, with 95 % intervals",
                y_label="Right answers (%)",
                y_axis="share",
                bars=(accuracy_bar("You", you), accuracy_bar("Model", model)),
            ),
        ),
        scores={**{name: float(count) for name, count in outcomes.items()}, "p": chance},
    )


def verdict_of(low: float, high: float, *, chance: float) -> Verdict:
    """What was measured says of the statement that networks are good at pictures.

    Both the interval and the exact test have to agree: of ten pictures one of them alone is quickly taken in.

    Args:
        low: Lower end of the interval of 'model minus you'.
        high: Its upper end.
        chance: How often chance alone would part both this much, 0..1.
    """
    if chance >= SURPRISING or low <= 0.0 <= high:
        return "noise"
    return "holds" if low > 0.0 else "fails"


def sum_outcomes(answers: Iterable[Answer]) -> dict[str, int]:
    """Add up several games."""
    total = dict.fromkeys(OUTCOMES, 0)
    for answer in answers:
        for name in OUTCOMES:
            total[name] += round(answer.scores.get(name, 0.0))
    return total


def _right(outcomes: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Whether you and the model were right about each picture, in no particular order."""
    counts = [outcomes[name] for name in OUTCOMES]
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def _meaning(outcomes: dict[str, int], *, verdict: Verdict, low: float, high: float) -> str:
    total, parted = sum(outcomes.values()), outcomes["only you"] + outcomes["only the model"]
    if verdict == "holds":
        return "The model is better than you on pictures like these: more than chance explains."
    if verdict == "fails":
        return "You are better than the model on pictures like these: more than chance explains."
    return (
        f"{total} pictures prove little. Only those on which one of you alone was right say anything ({parted} here), "
        f"and the difference could be anything from {_span(low, high)}. Play more games: they are added up."
    )


def _span(low: float, high: float) -> str:
    """Write the interval of 'model minus you' in words."""
    if low < 0.0 < high:
        return f"{-low * 100:.0f} points in your favour to {high * 100:.0f} in the model's"
    near, far = sorted((abs(low) * 100, abs(high) * 100))
    whose = "your" if high <= 0.0 else "the model's"
    return f"{near:.0f} to {far:.0f} points in {whose} favour"


CLAIM = Claim(
    id="quiz",
    title="You against the model",
    says="Convolutional networks are what image tasks are solved with today.",
    exactly="That a network is good at pictures is measured on some pictures, and few of them prove little: of 10, "
    "9 right is anything from 60 % to 98 % (95 % interval of Wilson, 1927). So is yours.",
    experiment="Name the class of ten pictures that the model never learned from. It has named them already; after each "
    "you see what it said, and at the end who was better, and how sure that is.",
    icon=":material/quiz:",
    settings=Quiz,
    measure=None,
)
