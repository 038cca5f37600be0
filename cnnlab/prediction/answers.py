"""Asks a model about many files: each gets an answer, or a sentence on why there is none.

Files are decoded in a child process, a few at a time, so that hundreds of them stay in bounded
memory and one that is no picture never stops the others. This module never decodes anything itself.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from cnnlab.data.decoding import DecodingChild
from cnnlab.errors import PictureError
from cnnlab.prediction.predictor import Predictor

PICTURES_AT_ONCE = 16

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One file, as somebody gave it."""

    name: str
    """What it is called. Text of a user's: escape it."""
    data: bytes
    problem: str = ""
    """Why there are no bytes, as a sentence; then nobody is asked."""


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
    features: np.ndarray | None = None
    """The mean of each of the last maps, float32, shape (maps,); None for a network without maps."""

    def top(self, k: int) -> list[tuple[int, float]]:
        """The k most probable classes as (label, probability), the most probable first."""
        if self.probabilities is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(int(label), float(self.probabilities[label])) for label in order]


def answer_questions(
    predictor: Predictor, questions: Iterable[Question], *, decoder: DecodingChild
) -> Iterator[Answer]:
    """Ask a model about files, in their order; answers come as soon as they are there.

    Args:
        predictor: The model to ask.
        questions: The files; only a few of them are held at a time.
        decoder: Decodes them.
    """
    record = predictor.record
    for part in in_parts(questions):
        pictures = decoder.fit_many(
            [question.data for question in part], image_size=record.image_size, resize=record.resize
        )
        for question, picture in zip(part, pictures, strict=True):
            lost = PictureError(question.problem) if question.problem else None
            yield _answer(predictor, question.name, lost or picture)


def in_parts(items: Iterable[T]) -> Iterator[list[T]]:
    """Cut what comes into lists of so many as are decoded at a time; nothing is taken before its turn."""
    waiting = iter(items)
    while part := list(islice(waiting, PICTURES_AT_ONCE)):
        yield part


def _answer(predictor: Predictor, name: str, picture: np.ndarray | PictureError) -> Answer:
    if isinstance(picture, PictureError):
        return Answer(name=name, probabilities=None, seconds=0.0, problem=str(picture))
    started = time.perf_counter()
    probabilities, maps = predictor.explain(picture)
    return Answer(
        name=name,
        probabilities=probabilities,
        seconds=time.perf_counter() - started,
        features=None if maps is None else maps.mean(axis=(0, 1)).astype(np.float32),
    )
