"""`cnnlab predict RUN FILES...`: asks the model of a finished run about pictures, some at a time.

This module never imports TensorFlow, and never decodes a picture itself.
"""

import argparse
import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cnnlab.command.finding import find_run
from cnnlab.command.printing import print_json
from cnnlab.data.decoding import decoding_child
from cnnlab.errors import PictureError, SpecError
from cnnlab.prediction.answers import PICTURES_AT_ONCE, Answer, Question, answer_questions
from cnnlab.prediction.predictor import Predictor, load_predictor
from cnnlab.prediction.tables import answers_table, to_csv
from cnnlab.settings import settings

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")
"""What is taken of a folder; a file that is named itself is tried whatever it is called."""


def predict(given: argparse.Namespace) -> int:
    """Ask about files; every one gets a row, with a sentence where it could not be read, and then 1 is returned.

    Raises:
        RunError, ModelError: The run cannot be asked.
        SpecError: There is no picture in what was named.
    """
    if given.top < 1:
        raise SpecError(f"--top is {given.top}; at least 1 class is listed.")
    predictor = load_predictor(find_run(given.run).path)
    names, files = predictor.record.class_names, list(_files(given.files))
    if not files:
        raise SpecError("There is no picture in these folders. Name the files themselves, or another folder.")
    answers, unread = _ask(predictor, files), 0
    if given.json:
        rows = [_plain(answer, names, top=given.top) for answer in answers]
        print_json(rows)
        return int(any(row["problem"] for row in rows))
    for number, part in enumerate(iter(lambda: list(itertools.islice(answers, PICTURES_AT_ONCE)), [])):
        text = to_csv(answers_table(part, class_names=names, k=given.top))
        # One heading, however many parts there are.
        sys.stdout.write(text if number == 0 else text.partition("\n")[2])
        sys.stdout.flush()
        unread += sum(bool(answer.problem) for answer in part)
    return int(unread > 0)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.suffix.lower() in ENDINGS)
        else:
            yield path


def _ask(predictor: Predictor, files: Sequence[Path]) -> Iterator[Answer]:
    for start in range(0, len(files), PICTURES_AT_ONCE):
        part = [_read(path) for path in files[start : start + PICTURES_AT_ONCE]]
        readable = [each for each in part if isinstance(each, Question)]
        found = answer_questions(predictor, readable, decoder=decoding_child())
        for each in part:
            yield next(found) if isinstance(each, Question) else each


def _read(path: Path) -> Question | Answer:
    """The bytes of a file, or at once an answer that says why there are none."""
    try:
        most = settings().max_picture_bytes
        if path.stat().st_size > most:
            raise PictureError(
                f"The file is larger than {most / 1e6:,.0f} MB, the most that one picture may be."
            )
        return Question(name=str(path), data=path.read_bytes())
    except OSError as error:
        problem = f"The file cannot be read ({error.strerror or error})."
    except PictureError as error:
        problem = str(error)
    return Answer(name=str(path), probabilities=None, seconds=0.0, problem=problem)


def _plain(answer: Answer, names: Sequence[str], *, top: int) -> dict:
    return {
        "file": answer.name,
        "answers": [{"class_name": names[label], "probability": share} for label, share in answer.top(top)],
        "milliseconds": 1000 * answer.seconds,
        "problem": answer.problem,
    }
