"""The second half of the Predict page: asking every run about every picture, cards, and a table of all.

LiteRT answers here in the server; pictures are decoded in the child process. What was answered is
remembered while its picture is on the screen, so that nothing is asked twice.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd
import streamlit as st

from cnnlab.data.decoding import decoding_child
from cnnlab.errors import PictureError
from cnnlab.prediction.answers import Answer, Question, answer_questions
from cnnlab.prediction.predictor import Predictor
from cnnlab.prediction.tables import answers_table, to_csv
from cnnlab.ui import frame, text
from cnnlab.ui.predict_cards import Asked, cards

THUMBNAIL_PIXELS = 256
REMEMBERED = "predict-remembered"


@dataclass(frozen=True)
class Picture:
    """One file to ask about; its words are plain text, perhaps of users."""

    name: str
    data: bytes
    truth: str = ""
    """Its true class, where that is known."""

    @cached_property
    def digest(self) -> str:
        """What tells its bytes from others."""
        return hashlib.sha256(self.data).hexdigest()


def answers(pictures: Sequence[Picture], *, predictors: Sequence[Predictor]) -> None:
    """Ask and draw: a card for each picture, then the table of all."""
    asked = _ask(pictures, predictors)
    refused = [each for each in asked if each.problem]
    if refused:
        frame.warning(
            f"{text.counted(len(refused), 'file')} could not be read as a picture; the reason is on its card. "
            f"The others are answered."
        )
    cards(asked, predictors=predictors)
    _table(asked, predictors)


def _ask(pictures: Sequence[Picture], predictors: Sequence[Predictor]) -> list[Asked]:
    known: dict[tuple[str, str], Answer | bytes | None] = st.session_state.get(REMEMBERED, {})
    now: dict[tuple[str, str], Answer | bytes | None] = {}
    for predictor in predictors:
        now |= _answers(pictures, predictor, known=known)
    now |= _thumbnails(pictures, known=known)
    st.session_state[REMEMBERED] = now
    return [
        Asked(
            name=picture.name,
            truth=picture.truth,
            jpeg=now["thumbnail", picture.digest],
            answers=tuple(
                replace(now[predictor.record.run, picture.digest], name=picture.name)
                for predictor in predictors
            ),
        )
        for picture in pictures
    ]


def _answers(
    pictures: Sequence[Picture], predictor: Predictor, *, known: dict
) -> dict[tuple[str, str], Answer]:
    keys = [(predictor.record.run, picture.digest) for picture in pictures]
    found = {key: known[key] for key in keys if key in known}
    open_questions = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in found}
    if not open_questions:
        return found
    place = st.empty()
    questions = [Question(name=picture.name, data=picture.data) for picture in open_questions.values()]
    given = answer_questions(predictor, questions, decoder=decoding_child())
    for done, (key, answer) in enumerate(zip(open_questions, given, strict=True), start=1):
        found[key] = answer
        place.progress(
            done / len(questions), text=f"{done} of {text.counted(len(questions), 'picture')} answered"
        )
    place.empty()
    return found


def _thumbnails(pictures: Sequence[Picture], *, known: dict) -> dict[tuple[str, str], bytes | None]:
    keys = [("thumbnail", picture.digest) for picture in pictures]
    found = {key: known[key] for key in keys if key in known}
    missing = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in found}
    small = decoding_child().thumbnails([picture.data for picture in missing.values()], size=THUMBNAIL_PIXELS)
    return found | {
        key: None if isinstance(answer, PictureError) else answer
        for key, answer in zip(missing, small, strict=True)
    }


def _table(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    frame.section("All answers")
    shown, exported = [], []
    for place, predictor in enumerate(predictors):
        given = [each.answers[place] for each in asked]
        table = answers_table(given, class_names=predictor.record.class_names)
        table.insert(1, "true_class", [each.truth or None for each in asked])
        table.insert(1, "run", predictor.record.name)
        shown.append(table)
        exported.append(table.join(_probabilities(given, predictor)))
    hidden = [
        *(["run"] if len(predictors) == 1 else []),
        *([] if any(each.problem for each in asked) else ["problem"]),
    ]
    st.dataframe(
        _by_file(shown).drop(columns=hidden),
        hide_index=True,
        placeholder="–",
        column_config=_columns(),
        alt="Every picture with the classes that were found",
    )
    st.download_button(
        "Download as CSV",
        lambda: to_csv(_by_file(exported)).encode("utf-8-sig"),
        file_name=f"predictions-{'-'.join(predictor.record.run for predictor in predictors)}.csv",
        mime="text/csv",
        icon=":material/download:",
        key="predict-csv",
        on_click="ignore",
    )
    st.caption(
        "The file has the probability of every class too. Times are of the model alone, without decoding the picture."
    )


def _by_file(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of the same files together, the answers to one file below each other."""
    return pd.concat(tables).sort_index(kind="stable")


def _probabilities(given: Sequence[Answer], predictor: Predictor) -> pd.DataFrame:
    """One column a class: its probability, 0 to 1, one row an answer."""
    names = [f"probability of {name}" for name in predictor.record.class_names]
    empty = [None] * len(names)
    return pd.DataFrame(
        [empty if answer.probabilities is None else answer.probabilities.tolist() for answer in given],
        columns=names,
    )


def _columns() -> dict[str, object]:
    words, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "run": words("Run"),
        "file": words("File", width="medium"),
        "true_class": words("True class"),
        "predicted": words("Answer"),
        "confidence": st.column_config.ProgressColumn(
            "Confidence", format="percent", min_value=0, max_value=1
        ),
        "class_2": words("Second"),
        "confidence_2": number("", format="percent"),
        "class_3": words("Third"),
        "confidence_3": number("", format="percent"),
        "milliseconds": number("Time, ms", format="%.1f"),
        "problem": words("Problem", width="large"),
    }
