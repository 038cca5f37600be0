"""Asking every run about every picture on the Predict page: in parts, with a way to stop, and nothing twice.

LiteRT answers here in the server; pictures are decoded in the child process. What was answered is
remembered while its picture is on the screen, also when somebody stops or clicks elsewhere in the
middle. This module never draws an answer.
"""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cnnlab.data.decoding import decoding_child
from cnnlab.errors import CnnlabError, PictureError
from cnnlab.prediction.answers import PICTURES_AT_ONCE, Answer, Question, answer_questions, in_parts
from cnnlab.prediction.pictures import Picture
from cnnlab.prediction.predictor import Predictor
from cnnlab.ui import frame, text
from cnnlab.ui.predict_cards import Asked

THUMBNAIL_PIXELS = 256
REMEMBERED = "predict-remembered"
STOPPED = "predict-stopped"
"""The pictures of a round that somebody stopped."""
GONE = "The picture is no longer where it waited. Upload it again."

Key = tuple[str, str]
"""A run, or 'thumbnail', and the digest of a picture."""


def ask(pictures: Sequence[Picture], predictors: Sequence[Predictor]) -> list[Asked]:
    """Ask what was not asked yet, and return every picture that has all of its answers, in the order given."""
    known: dict[Key, Answer | bytes | None] = st.session_state.setdefault(REMEMBERED, {})
    whole = {picture.digest: _keys(picture, predictors) for picture in pictures}
    for old in set(known) - {key for keys in whole.values() for key in keys}:
        del known[old]
    missing = {
        picture.digest: picture
        for picture in pictures
        if any(key not in known for key in whole[picture.digest])
    }
    this_round = frozenset(whole)
    if missing and st.session_state.get(STOPPED) != this_round:
        _answer(list(missing.values()), predictors, known=known, this_round=this_round)
        missing = {}
    if missing:
        _say_stopped(len(whole) - len(missing), len(whole))
    return [_asked(picture, predictors, known) for picture in pictures if picture.digest not in missing]


def _keys(picture: Picture, predictors: Sequence[Predictor]) -> list[Key]:
    return [(name, picture.digest) for name in ("thumbnail", *(each.record.run for each in predictors))]


def _asked(picture: Picture, predictors: Sequence[Predictor], known: dict) -> Asked:
    return Asked(
        name=picture.name,
        truth=picture.truth,
        source=picture.source,
        digest=picture.digest,
        jpeg=known["thumbnail", picture.digest],
        answers=tuple(
            replace(known[predictor.record.run, picture.digest], name=picture.name)
            for predictor in predictors
        ),
    )


def _answer(
    pictures: Sequence[Picture], predictors: Sequence[Predictor], *, known: dict, this_round: frozenset[str]
) -> None:
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, text=f"{text.counted(len(pictures), 'picture')} to answer")
        if len(pictures) > PICTURES_AT_ONCE:
            st.button(
                "Stop here",
                key="predict-stop",
                icon=":material/stop:",
                on_click=st.session_state.update,
                args=({STOPPED: this_round},),
            )
    done = 0
    for part in in_parts(pictures):
        _answer_part(part, predictors, known=known)
        done += len(part)
        # Also where a click elsewhere takes effect: what was answered so far is remembered by then.
        bar.progress(
            done / len(pictures), text=f"{done} of {text.counted(len(pictures), 'picture')} answered"
        )
    st.session_state.pop(STOPPED, None)
    place.empty()


def _answer_part(pictures: Sequence[Picture], predictors: Sequence[Predictor], *, known: dict) -> None:
    """Read some pictures once, and have each made small and answered by every run that has not yet."""
    questions = [_question(picture) for picture in pictures]
    for predictor in predictors:
        open_ones = [
            (picture, question)
            for picture, question in zip(pictures, questions, strict=True)
            if (predictor.record.run, picture.digest) not in known
        ]
        given = answer_questions(predictor, (question for _, question in open_ones), decoder=decoding_child())
        for (picture, _), answer in zip(open_ones, given, strict=True):
            known[predictor.record.run, picture.digest] = answer
    small = decoding_child().thumbnails([question.data for question in questions], size=THUMBNAIL_PIXELS)
    for picture, jpeg in zip(pictures, small, strict=True):
        known["thumbnail", picture.digest] = None if isinstance(jpeg, PictureError) else jpeg


def _question(picture: Picture) -> Question:
    try:
        return Question(name=picture.name, data=picture.data)
    except (CnnlabError, OSError):
        return Question(name=picture.name, data=b"", problem=GONE)


def _say_stopped(answered: int, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        frame.note(f"You stopped: {text.count(answered)} of {text.counted(count, 'picture')} are answered.")
        st.button(
            "Go on",
            key="predict-go-on",
            icon=":material/play_arrow:",
            on_click=st.session_state.pop,
            args=(STOPPED, None),
        )
