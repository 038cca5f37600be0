"""The second half of the Predict page: what is to be said of all answers, and a card for each picture.

This module never asks a model, and never decodes a picture.
"""

from collections.abc import Sequence

import streamlit as st

from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.prediction.pictures import Picture
from cnnlab.prediction.predictor import Predictor
from cnnlab.ui import frame, predict_closer, predict_familiarity, predict_table, predict_truths, text
from cnnlab.ui.predict_asking import ask
from cnnlab.ui.predict_cards import Asked, cards

MOST_NAMED = 5
CARDS = 24
"""So many cards are drawn at a time."""


def answers(pictures: Sequence[Picture], *, predictors: Sequence[Predictor]) -> None:
    """Ask and draw: a card for each picture, then the table of all."""
    asked = _disagreements_first(ask(pictures, predictors), predictors)
    if not asked:
        return
    refused = [each for each in asked if each.problem]
    if refused:
        frame.warning(
            f"{text.counted(len(refused), 'file')} could not be read as a picture; the reason is on its card. "
            f"The others are answered."
        )
    _say_what_is_unfamiliar(asked, predictors)
    _say_score(asked, predictors)
    predict_truths.keep(asked)
    _say_disagreement(asked, predictors)
    page = _page_of(asked)
    cards(
        page,
        predictors=predictors,
        classes=predict_truths.classes_of(predictors),
        on_told=predict_truths.tell,
    )
    predict_closer.closer(asked, predictors=predictors)
    predict_table.table(asked, predictors)


def _disagrees(asked: Asked, predictors: Sequence[Predictor]) -> bool:
    """Whether the runs name different classes; by name, because their classes may be numbered differently."""
    named = {
        predictor.record.class_names[answer.top(1)[0][0]]
        for answer, predictor in zip(asked.answers, predictors, strict=True)
        if not answer.problem
    }
    return len(named) > 1


def _disagreements_first(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> list[Asked]:
    return sorted(asked, key=lambda each: not _disagrees(each, predictors))


def _say_disagreement(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    answered = [each for each in asked if not each.problem]
    if len(predictors) < 2 or not answered:
        return
    apart = [each for each in answered if _disagrees(each, predictors)]
    if not apart:
        st.markdown(
            f"The runs agree on {'all ' if len(answered) > 1 else ''}{text.counted(len(answered), 'picture')}."
        )
        return
    surer = [max(range(len(predictors)), key=lambda run: each.answers[run].top(1)[0][1]) for each in apart]
    who = ", ".join(
        f"{text.escape(predictor.record.name, limit=60)} on {surer.count(place)}"
        for place, predictor in enumerate(predictors)
    )
    st.markdown(
        f"**The runs disagree on {len(apart)} of {text.counted(len(answered), 'picture')}**; those come first. "
        f"More sure there: {who}."
    )


def _page_of(asked: Sequence[Asked]) -> Sequence[Asked]:
    """Draw the choice of a page where there are more pictures than cards; returns those of the page."""
    pages = -(-len(asked) // CARDS)
    if pages < 2:
        return asked
    page = st.selectbox(
        "Pictures",
        range(pages),
        format_func=lambda page: (
            f"{page * CARDS + 1} to {min(len(asked), (page + 1) * CARDS)} of {text.count(len(asked))}"
        ),
        key=f"predict-page-{pages}",
        width=240,
    )
    return asked[page * CARDS : (page + 1) * CARDS]


def _say_score(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    """Say how many answers are right, where true classes are known."""
    known = [each for each in asked if each.truth and not each.problem]
    for place, predictor in enumerate(predictors if known else ()):
        names = predictor.record.class_names
        right = sum(names[each.answers[place].top(1)[0][0]] == each.truth for each in known)
        low, high = wilson_interval(right, len(known))
        whose = f"{text.escape(predictor.record.name, limit=80)}: " if len(predictors) > 1 else ""
        st.markdown(
            f"{whose}**{right} of {len(known)} right**, {text.percent(right / len(known))} "
            f"(with 95 % confidence between {text.percent(low)} and {text.percent(high)})"
        )


def _say_what_is_unfamiliar(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    for place, predictor in enumerate(predictors):
        found = predict_familiarity.unfamiliar(asked, predictor, place)
        names = [each.name for each, is_unfamiliar in zip(asked, found, strict=True) if is_unfamiliar]
        if names:
            whose = f" by {predictor.record.name}" if len(predictors) > 1 else ""
            frame.warning(
                f"{text.counted(len(names), 'picture is', plural='pictures are')} unlike anything learned from{whose}: "
                f"{', '.join(names[:MOST_NAMED])}{' and others' if len(names) > MOST_NAMED else ''}. Do not trust these answers."
            )
