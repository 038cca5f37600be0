"""The card of a dataset: its numbers, what is wrong with it, and its classes by split.

This module never opens a picture itself.
"""

import streamlit as st

from cnnlab.charts import figures
from cnnlab.data.dataset import Dataset
from cnnlab.ui import datasets_about, frame, text


def draw(dataset: Dataset) -> None:
    """Draw what is known of a dataset at a glance."""
    _numbers(dataset)
    for problem in dataset.problems():
        # A test set is what somebody wanted, not a mistake.
        (frame.note if dataset.split.test_only else frame.problem)(problem)
    _warnings(() if dataset.split.test_only else dataset.warnings())
    with st.container(border=True):
        st.plotly_chart(
            figures.class_counts(dataset.counts()), key="class-counts", alt="Pictures by class and split"
        )
    datasets_about.draw(dataset)


def _numbers(dataset: Dataset) -> None:
    grid = st.grid(5, min_column_width=120)
    for label, number, sentence in (
        ("Pictures", dataset.num_pictures, "In this version of the dataset."),
        ("Classes", dataset.num_classes, ", ".join(dataset.class_names)),
        ("Training", dataset.num_training, "What a network learns from."),
        ("Validation", dataset.num_validation, "Looked at after every epoch: it says when to stop."),
        ("Test", dataset.num_test, "Looked at once, at the very end."),
    ):
        grid.metric(label, text.count(number), help=text.escape(sentence), border=True, height="stretch")


def _warnings(sentences: tuple[str, ...]) -> None:
    for sentence in sentences[:3]:
        frame.warning(sentence)
    if len(sentences) > 3:
        with st.expander(f"{len(sentences) - 3} more warnings", icon=":material/warning:"):
            for sentence in sentences[3:]:
                frame.warning(sentence)
