"""Asks a model about many files: each gets an answer, or a sentence on why there is none.

Files are decoded in a child process, a few at a time, so that hundreds of them stay in bounded
memory and one that is no picture never stops the others. This module never decodes anything itself.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab.data.decoding import DecodingChild
from cnnlab.errors import PictureError
from cnnlab.prediction.predictor import Predictor

PICTURES_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class Question:
    """One file, as somebody gave it."""

    name: str
    """What it is called. Text of a user's: escape it."""
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model says about one file."""

    name: str
    probabilities: np.ndarray | None
    """Float32, shape (num_classes,); None where the file could not be read."""
    seconds: float
    """What the model took; decoding is not counted."""
    problem: str = ""
    """Why there is no answer, as a sentence."""

    def top(self, k: int) -> list[tuple[int, float]]:
        """The k most probable classes as (label, probability), the most probable first."""
        if self.probabilities is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(int(label), float(self.probabilities[label])) for label in order]


def answer_questions(
    predictor: Predictor, questions: Sequence[Question], *, decoder: DecodingChild
) -> Iterator[Answer]:
    """Ask a model about files, in their order; answers come as soon as they are there.

    Args:
        predictor: The model to ask.
        questions: The files.
        decoder: Decodes them.
    """
    record = predictor.record
    for start in range(0, len(questions), PICTURES_AT_ONCE):
        part = questions[start : start + PICTURES_AT_ONCE]
        pictures = decoder.fit_many(
            [question.data for question in part], image_size=record.image_size, resize=record.resize
        )
        for question, picture in zip(part, pictures, strict=True):
            yield _answer(predictor, question.name, picture)


def _answer(predictor: Predictor, name: str, picture: np.ndarray | PictureError) -> Answer:
    if isinstance(picture, PictureError):
        return Answer(name=name, probabilities=None, seconds=0.0, problem=str(picture))
    started = time.perf_counter()
    probabilities = predictor.predict(picture)
    return Answer(name=name, probabilities=probabilities, seconds=time.perf_counter() - started)
