"""One card a picture: what it shows, and what each run says about it, as bars with the time it took.

This module never asks a model and never decodes a picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cnnlab.prediction.answers import Answer
from cnnlab.prediction.pictures import Stored
from cnnlab.prediction.predictor import Predictor
from cnnlab.ui import text
from cnnlab.ui.gallery import data_uri

ASSETS = Path(__file__).resolve().parent / "assets"
BARS = 3

_component = st.components.v2.component(
    "cnnlab_predict_cards",
    html='<div class="cards"></div>',
    css=(ASSETS / "predict_cards.css").read_text(encoding="utf-8"),
    js=(ASSETS / "predict_cards.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One file with the answers of every run that was asked; all words are plain text, perhaps of users."""

    name: str
    truth: str
    """Its true class, where that is known; else empty."""
    jpeg: bytes | None
    """A thumbnail that cnnlab encoded itself, or None where the file is no picture."""
    answers: tuple[Answer, ...]
    """One a run, in the order of the runs."""
    source: bytes | Stored = b""
    """The file as it was given, or where it waits."""
    digest: str = ""
    """What tells its bytes from others."""

    @property
    def data(self) -> bytes:
        """The file as it was given."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    @property
    def problem(self) -> str:
        """Why there is no answer, as a sentence; empty when there is one."""
        return next((answer.problem for answer in self.answers if answer.problem), "")


def cards(
    asked: Sequence[Asked],
    *,
    predictors: Sequence[Predictor],
    classes: Sequence[str],
    on_told: Callable[[str, str], None],
) -> None:
    """Draw one card for each file; `on_told` gets its digest and the true class that somebody told, or an empty text.

    `on_told` runs before the page is drawn again, so it may change the session but draw nothing.
    """

    def told() -> None:
        said = st.session_state["predict-cards"].get("told")
        # The browser is not trusted: only classes that were offered, for files that are on the screen.
        if isinstance(said, list) and len(said) == 2 and all(isinstance(each, str) for each in said):
            digest, class_name = said
            if digest in {each.digest for each in asked} and class_name in ("", *classes):
                on_told(digest, class_name)

    _component(
        key="predict-cards",
        data={
            "wide": len(predictors) > 1,
            "classes": list(classes),
            "cards": [card_of(each, predictors=predictors) for each in asked],
        },
        on_told_change=told,
    )


def card_of(asked: Asked, *, predictors: Sequence[Predictor]) -> dict[str, object]:
    """What the browser gets to draw one card: plain text and shares from 0 to 1."""
    return {
        "source": data_uri(asked.jpeg) if asked.jpeg else "",
        "alt": asked.truth or asked.name,
        "name": asked.name,
        "truth": asked.truth,
        "problem": asked.problem,
        "digest": asked.digest,
        "answers": [
            _answer(answer, predictor, truth=asked.truth, named=len(predictors) > 1)
            for answer, predictor in zip(asked.answers, predictors, strict=True)
            if not answer.problem
        ],
    }


def _answer(answer: Answer, predictor: Predictor, *, truth: str, named: bool) -> dict[str, object]:
    names = predictor.record.class_names
    top = answer.top(min(BARS, len(names)))
    right = bool(truth) and names[top[0][0]] == truth
    return {
        "run": predictor.record.name if named else "",
        "time": f"{answer.seconds * 1000:.1f} ms",
        "verdict": ("right" if right else "wrong") if truth else "",
        "right": right,
        "bars": [
            {
                "label": names[label],
                "share": share,
                "percent": text.percent(share),
                "truth": bool(truth) and names[label] == truth,
            }
            for label, share in top
        ],
    }
