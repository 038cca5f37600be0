"""How often a run is right: its scores with their interval, class by class, against guessing.

This module never computes a score.
"""

import pandas as pd
import streamlit as st

from cnnlab.charts import figures
from cnnlab.checks.measures import measured_at
from cnnlab.data.dataset import Dataset
from cnnlab.data.splits import TRAINING
from cnnlab.evaluation import metrics
from cnnlab.evaluation.detection import Curves, detection_curves
from cnnlab.evaluation.judged import JudgedSplit, dataset_judged, judge, judged_splits
from cnnlab.evaluation.judging_words import Words, accuracy_words, elsewhere_words
from cnnlab.evaluation.leaks import Leak, find_leak
from cnnlab.evaluation.scores import Averages, Scores, class_scores, score
from cnnlab.ui import frame, text
from cnnlab.ui.runs_table import ROW_HEIGHT, table_height

USUAL_K = 5
MOST_K = 10


def draw(judged: JudgedSplit) -> None:
    """Draw the overview of a judged run."""
    scores = scores_of(judged)
    frame.words(*accuracy_words(scores, split=judged.split))
    if judged.is_elsewhere:
        _against_its_own(judged)
    else:
        _twins(judged)
    _cards(judged, scores)
    classes = classes_of(judged)
    frame.section("Class by class")
    left, right = st.columns([2, 1], gap="medium")
    with left:
        _table(classes)
    with right, st.container(border=True):
        st.plotly_chart(
            figures.class_recall(classes, split=judged.split, accuracy=scores.accuracy),
            key="evaluate-recall",
            alt="Recall of each class with its interval",
        )
    st.fragment(_detection)(judged)


def _against_its_own(judged: JudgedSplit) -> None:
    """Say whether it is as good here as on pictures of the dataset that it has learned from."""
    words = _elsewhere(judged, judged.key)
    if words is not None:
        frame.words(*words)


def _twins(judged: JudgedSplit) -> None:
    """Say what pictures are worth here that the run has learned from in another copy."""
    dataset = dataset_judged(judged)
    if dataset is None or judged.split == TRAINING:
        return
    leak = _leak(judged, dataset, judged.key, measured_at(dataset))
    if leak is None:
        return
    some = text.counted(leak.num_twins, f"{judged.split} picture")
    have = "has a twin" if leak.num_twins == 1 else "have twins"
    if leak.accuracy_without is None:
        frame.warning(f"All {some} {have} in training: this accuracy says nothing about new pictures.")
        return
    low, high = leak.interval_without
    frame.warning(
        f"{some} {have} in training: accuracy with them {text.percent(leak.accuracy)}, without "
        f"{text.percent(leak.accuracy_without)} (with 95 % confidence between {text.percent(low)} and {text.percent(high)}). "
        f"The checks of the dataset show them."
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _leak(_judged: JudgedSplit, _dataset: Dataset, key: tuple[str, str, int], measured: float) -> Leak | None:
    return find_leak(_judged, _dataset)


def scores_of(judged: JudgedSplit) -> Scores:
    """All scores of a judged split; computed once for all sessions."""
    return _scores(judged, judged.key)


def classes_of(judged: JudgedSplit) -> pd.DataFrame:
    """The scores of every class; computed once for all sessions, and never changed."""
    return _classes(judged, judged.key)


def _cards(judged: JudgedSplit, scores: Scores) -> None:
    grid = st.grid(5, min_column_width=180, border=True)
    with grid.cell():
        interval = f"{text.percent(scores.accuracy_low)} to {text.percent(scores.accuracy_high)} with 95 % confidence."
        frame.card("Accuracy", text.percent(scores.accuracy), interval)
    with grid.cell():
        _top_k(judged)
    for label, averages, sentence in (
        ("Macro F1", scores.macro, "Every class counts the same."),
        ("Weighted F1", scores.weighted, "Every picture counts the same."),
    ):
        with grid.cell():
            frame.card(label, text.percent(averages.f1), f"{_averages(averages)} {sentence}")
    with grid.cell():
        frame.card(
            "Log loss",
            text.decimal(scores.log_loss),
            f"Calibration error {text.percent(scores.calibration_error)}: how far sure and right lie apart.",
        )


def _top_k(judged: JudgedSplit) -> None:
    most = min(MOST_K, len(judged.class_names))
    card = st.container()
    asked = st.number_input(
        "Classes that count",
        1,
        most,
        value=min(USUAL_K, max(1, len(judged.class_names) // 2)),
        key="evaluate-k",
        label_visibility="collapsed",
    )
    # Another run may have fewer classes than the browser knew of.
    k = min(int(asked), most)
    with card:
        reached = metrics.top_k_accuracy(judged.probabilities, judged.labels, k=k)
        frame.card(f"Top-{k} accuracy", text.percent(reached))


def _averages(averages: Averages) -> str:
    return f"Precision {text.percent(averages.precision)}, recall {text.percent(averages.recall)}."


def _table(classes: pd.DataFrame) -> None:
    shown = classes.drop(columns=["recall_low", "recall_high"])
    shown.insert(
        5,
        "interval",
        [
            f"{100 * low:.1f} to {100 * high:.1f} %" if support else None
            for low, high, support in zip(
                classes["recall_low"], classes["recall_high"], classes["support"], strict=True
            )
        ],
    )
    # In percent: the browser's own format for shares shows 0, 1 or 2 digits below each other.
    shown[["precision", "recall", "f1"]] *= 100
    shown["class_name"] = [text.shorten(name, limit=80) for name in shown["class_name"]]
    st.dataframe(
        shown,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=table_height(len(shown)),
        placeholder="–",
        key="evaluate-classes",
        alt="Every class with its precision, recall and F1",
        column_config=_columns(),
    )


def _columns() -> dict[str, object]:
    words, whole = st.column_config.TextColumn, st.column_config.NumberColumn

    def share(title: str, sentence: str) -> object:
        return st.column_config.ProgressColumn(
            title, format="%.1f %%", min_value=0, max_value=100, width=108, help=sentence
        )

    return {
        "class_name": words("Class", pinned=True),
        "support": whole("Pictures", help="Of this class in the split.", format="localized"),
        "predicted": whole("Said", help="How often the run said this class.", format="localized"),
        "precision": share("Precision", "Right when it says this class."),
        "recall": share("Recall", "Of its pictures, how many it finds."),
        "interval": words("95 % interval", help="Of the recall."),
        "f1": share("F1", "Precision and recall in one number."),
    }


def _detection(judged: JudgedSplit) -> None:
    """Draw how well one class is told from the others, at every threshold."""
    names = judged.class_names
    frame.section(
        "One class against the rest" if len(names) > 2 else "One class against the other",
        lead="What happens when more or less than the highest probability is asked for before a picture is called this class.",
    )
    label = st.selectbox(
        "Class",
        range(len(names)),
        index=1 if len(names) == 2 else 0,
        format_func=lambda label: text.shorten(names[label], limit=80),
        key="evaluate-detect",
        width=320,
    )
    curves = _curves(judged, judged.key, label)
    if curves is None:
        st.markdown(":gray[All pictures here are of this class, or none is: there is nothing to tell apart.]")
        return
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        st.plotly_chart(
            figures.roc_curve(
                curves.false_positive_rate,
                curves.true_positive_rate,
                curves.roc_thresholds,
                area=curves.area,
                class_name=names[label],
                split=judged.split,
            ),
            key="evaluate-roc",
        )
    with right, st.container(border=True):
        st.plotly_chart(
            figures.precision_recall_curve(
                curves.recall,
                curves.precision,
                curves.precision_thresholds,
                average_precision=curves.average_precision,
                share=curves.share,
                class_name=names[label],
                split=judged.split,
            ),
            key="evaluate-precision-recall",
        )


@st.cache_data(max_entries=16, show_spinner=False)
def _elsewhere(_judged: JudgedSplit, key: tuple[str, str, int]) -> Words | None:
    for split in judged_splits(_judged.run):
        own = judge(_judged.run, split=split)
        return elsewhere_words(_judged.correct, own.correct, own_split=split)
    return None


@st.cache_resource(max_entries=16, show_spinner=False)
def _scores(_judged: JudgedSplit, key: tuple[str, str, int]) -> Scores:
    return score(_judged.probabilities, _judged.labels, class_names=_judged.class_names)


@st.cache_resource(max_entries=16, show_spinner=False)
def _classes(_judged: JudgedSplit, key: tuple[str, str, int]) -> pd.DataFrame:
    return class_scores(_judged.labels, _judged.predicted, class_names=_judged.class_names)


@st.cache_resource(max_entries=32, show_spinner=False)
def _curves(_judged: JudgedSplit, key: tuple[str, str, int], label: int) -> Curves | None:
    return detection_curves(_judged.probabilities, _judged.labels, label=label)
