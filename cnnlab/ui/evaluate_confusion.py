"""Which classes a run takes for which: the heat map, the most confused pairs in words, and the pictures of a cell.

A click on a cell, a click on a pair and the two choices below them all say the same: which true and which
predicted class is looked at. This module never counts anything itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cnnlab.charts import figures
from cnnlab.data.corrections import Fate
from cnnlab.data.dataset import Dataset
from cnnlab.evaluation.confusions import confused_pairs, confused_together, most_confused
from cnnlab.evaluation.judged import JudgedSplit, dataset_judged
from cnnlab.evaluation.metrics import confusion_matrix
from cnnlab.ui import evaluate_corrections, frame, text
from cnnlab.ui.datasets_gallery import LARGE_PIXELS, PICTURES_A_PAGE, pager, thumbnails
from cnnlab.ui.gallery import Tile, gallery

ANY = -1
"""Stands for every class in a choice of one."""
PAIRS_NAMED = 10
FEW = 25
"""So many classes fit on a screen; more are narrowed down on request."""
MOST_DRAWN = 150
"""Of more classes only the most confused are drawn: a browser would stand still."""
ORDERS = {"names": "Names", "together": "Confused together"}
VALUES = {"pictures": "Pictures", "shares": "Shares of the true class"}
TRUE, PREDICTED, MAP = "evaluate-true", "evaluate-predicted", "evaluate-map"
OPENED = "evaluate-opened"
RIGHT_COLOR, WRONG_COLOR = "#009e73", "#d55e00"
"""Told apart by colour-blind people too; the words say it as well."""


def draw(judged: JudgedSplit) -> None:
    """Draw the confusion matrix of a judged run, and the pictures of one of its cells."""
    st.fragment(_draw)(judged)


def matrix_of(judged: JudgedSplit) -> np.ndarray:
    """Counts by true (row) and predicted class; computed once for all sessions, and never changed."""
    return _matrix(judged, judged.key)


def _draw(judged: JudgedSplit) -> None:
    with frame.errors_as_text():
        matrix = matrix_of(judged)
        pairs = confused_pairs(matrix)
        if pairs.empty:
            st.success(f"Not one {judged.split} picture is named wrong.", icon=":material/verified:")
        left, right = st.columns([5, 2], gap="medium")
        with left, st.container(border=True):
            _heat_map(judged, matrix)
        with right:
            _pairs(judged, pairs)
        _cell(judged, matrix)


def _heat_map(judged: JudgedSplit, matrix: np.ndarray) -> None:
    count = len(matrix)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        values = st.segmented_control(
            "Show", VALUES, default="pictures", required=True, format_func=VALUES.get, key="evaluate-values"
        )
        order = st.segmented_control(
            "Order", ORDERS, default="names", required=True, format_func=ORDERS.get, key="evaluate-order"
        )
        mistakes_only = st.toggle("Mistakes only", key="evaluate-mistakes-only")
        few = FEW < count <= MOST_DRAWN and st.toggle(f"The {FEW} most confused", key="evaluate-few")
    if count > MOST_DRAWN:
        few = True
        st.caption(f"Of {count} classes the {FEW} with the most mistakes are drawn.")
    labels = _order(judged, judged.key) if order == "together" else np.arange(count)
    if few:
        labels = labels[np.isin(labels, most_confused(matrix, count=FEW))]
    figure = figures.confusion_matrix(
        matrix,
        class_names=judged.class_names,
        shares=values == "shares",
        labels=labels,
        mistakes_only=mistakes_only,
    )
    st.plotly_chart(
        figure,
        key=MAP,
        on_select=_clicked,
        selection_mode="points",
        alt="Confusion matrix: a row a true class, a column a predicted one",
    )
    st.caption("Click a cell to see its pictures; drag over cells to zoom in, double-click to zoom out.")


def cell_of(points: Sequence[Mapping[str, Any]]) -> tuple[int, int] | None:
    """The true and the predicted class of what was clicked, or None where that was no cell.

    What comes from a browser may be anything; whether there is such a class is asked where it is used.
    """
    values = points[0].get("customdata") if points else None
    if isinstance(values, Mapping):
        values = [values.get("0"), values.get("1")]
    if (
        not isinstance(values, Sequence)
        or len(values) < 2
        or not all(type(each) is int for each in values[:2])
    ):
        return None
    return values[0], values[1]


def _clicked() -> None:
    """Look at the cell that was clicked. Draws nothing: it is called back."""
    if (cell := cell_of(st.session_state[MAP].selection.points)) is not None:
        _look_at(*cell)


def _look_at(true: int, predicted: int) -> None:
    st.session_state[TRUE], st.session_state[PREDICTED] = true, predicted
    st.session_state.pop(_page_key(true, predicted), None)


def _pairs(judged: JudgedSplit, pairs: pd.DataFrame) -> None:
    if pairs.empty:
        return
    st.markdown("**Most confused**")
    with st.container(gap=None):
        for row in pairs.head(PAIRS_NAMED).itertuples():
            true, predicted = (
                text.escape(judged.class_names[label], limit=40) for label in (row.true, row.predicted)
            )
            st.button(
                f"**{true}** taken for **{predicted}**: {row.pictures:,} ({text.percent(row.share, digits=0)})",
                key=f"evaluate-pair-{row.true}-{row.predicted}",
                type="tertiary",
                icon=":material/chevron_right:",
                on_click=_look_at,
                args=(row.true, row.predicted),
            )
    rest = len(pairs) - PAIRS_NAMED
    more = f" {text.counted(rest, 'other pair')} happened too." if rest > 0 else ""
    st.caption(f"How many pictures, and which share of the true class that is.{more}")


def _cell(judged: JudgedSplit, matrix: np.ndarray) -> None:
    """Draw the choice of a cell and its pictures."""
    frame.section("Pictures")
    options = [ANY, *range(len(matrix))]

    def named(label: int) -> str:
        return "Any class" if label == ANY else text.shorten(judged.class_names[label], limit=80)

    for key in (TRUE, PREDICTED):
        if st.session_state.get(key, ANY) not in options:
            st.session_state[key] = ANY
    with st.container(horizontal=True, vertical_alignment="bottom"):
        true = st.selectbox("True class", options, format_func=named, key=TRUE, width=260)
        predicted = st.selectbox("Said", options, format_func=named, key=PREDICTED, width=260)
    chosen = pictures_of(judged, true=true, predicted=predicted)
    if not len(chosen):
        st.markdown(":gray[There is no such picture. Choose another cell.]")
        return
    dataset = dataset_judged(judged)
    if dataset is None:
        frame.warning("The dataset is no longer here, so its pictures cannot be shown.")
        return
    _gallery(judged, dataset, chosen, page_key=_page_key(true, predicted))


def pictures_of(judged: JudgedSplit, *, true: int, predicted: int) -> np.ndarray:
    """Places of the pictures of a cell in the split, the surest first; ANY for both is every mistake.

    With one class left open the pictures that are right are left out, unless the cell names them.
    """
    chosen = np.ones(len(judged), bool)
    if true != ANY:
        chosen &= judged.labels == true
    if predicted != ANY:
        chosen &= judged.predicted == predicted
    if ANY in (true, predicted):
        chosen &= ~judged.correct
    places = np.flatnonzero(chosen)
    return places[np.argsort(-judged.confidence[places], kind="stable")]


def _gallery(judged: JudgedSplit, dataset: Dataset, places: np.ndarray, *, page_key: str) -> None:
    page = pager(len(places), key=page_key)
    shown = places[page * PICTURES_A_PAGE : (page + 1) * PICTURES_A_PAGE]
    small, later = thumbnails(dataset, judged.pictures[shown]), evaluate_corrections.fates(dataset)
    gallery(
        [_tile(judged, place, answer, later) for place, answer in zip(shown, small, strict=True)],
        key="evaluate-cell",
        tile_pixels=140,
        on_open=lambda picture: st.session_state.update({OPENED: picture}),
    )
    if (opened := st.session_state.pop(OPENED, None)) is not None:
        large(judged, dataset, int(shown[judged.pictures[shown] == opened][0]))


def _tile(judged: JudgedSplit, place: int, answer: bytes | str, later: Mapping[int, Fate]) -> Tile:
    true, said = (judged.class_names[label] for label in (judged.labels[place], judged.predicted[place]))
    readable, right = isinstance(answer, bytes), bool(judged.correct[place])
    sure = text.percent(float(judged.confidence[place]), digits=0)
    fate = later.get(int(judged.pictures[place]))
    return Tile(
        picture=int(judged.pictures[place]),
        jpeg=answer if readable else None,
        alt=f"{true}; said {said}" if readable else str(answer),
        caption=text.shorten(true, limit=80),
        note=text.shorten(f"right, {sure} sure" if right else f"said {said}, {sure} sure", limit=80),
        color=RIGHT_COLOR if right else WRONG_COLOR,
        title=text.shorten(f"true {true} · said {said}, {sure} sure", limit=200),
        # The run is judged by the labels that it saw; what became of them since is on the picture.
        badge="" if fate is None else f"now {text.shorten(fate.class_name or 'left out', limit=40)}",
    )


@st.dialog("Picture", width="medium")
def large(judged: JudgedSplit, dataset: Dataset, place: int) -> None:
    """Draw one picture large with what the run thinks of it; `place` is its place in the split."""
    answer = thumbnails(dataset, [judged.pictures[place]], size=LARGE_PIXELS)[0]
    true = judged.class_names[judged.labels[place]]
    if isinstance(answer, bytes):
        st.image(answer, width=420, alt=true)
    else:
        frame.problem(answer)
    st.markdown(f"True class **{text.escape(true)}**")
    st.plotly_chart(
        figures.probability_bars(judged.probabilities[place], class_names=judged.class_names),
        key="evaluate-large-bars",
    )


def _page_key(true: int, predicted: int) -> str:
    return f"evaluate-cell-page-{true}-{predicted}"


@st.cache_resource(max_entries=16, show_spinner=False)
def _matrix(_judged: JudgedSplit, key: tuple[str, str, int]) -> np.ndarray:
    return confusion_matrix(_judged.labels, _judged.predicted, num_classes=len(_judged.class_names))


@st.cache_resource(max_entries=16, show_spinner="Putting confused classes together")
def _order(_judged: JudgedSplit, key: tuple[str, str, int]) -> np.ndarray:
    return confused_together(matrix_of(_judged))
