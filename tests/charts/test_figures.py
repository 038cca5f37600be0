"""What holds for every figure, and what each says."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cnnlab.charts import figures
from cnnlab.charts.curves import PHASE_NAMES
from cnnlab.models.backbones import BACKBONES
from cnnlab.runs.records import PHASE_LABELS
from tests.charts.making import (
    make_classes,
    make_coverage,
    make_epochs,
    make_groups,
    make_phases,
    make_steps,
    racer,
)

HOSTILE = "<b>%{y} & 'co'</b>"


def make_counts(classes):
    names = [HOSTILE, *(f"class {number}" for number in range(1, classes))]
    return pd.DataFrame({"class_name": names, "training": 70, "validation": 15, "test": 15})


def make_rows(count):
    return [
        SimpleNamespace(
            label=HOSTILE if number == 0 else f"net {number}",
            size_mb=10 * (number + 1),
            parameters_millions=5.0,
            top1_percent=75.0,
            image_size=224,
            lesson="says so" if number == 0 else None,
        )
        for number in range(count)
    ]


def robust(name, accuracy):
    values = [accuracy, accuracy - 0.1, accuracy - 0.4]
    return {
        "name": name,
        "accuracy": values,
        "low": [value - 0.05 for value in values],
        "high": [value + 0.03 for value in values],
    }


EVERY_FIGURE = {
    "robustness": lambda: figures.robustness_curve(
        [robust(HOSTILE, 0.9), robust("the other", 0.8)],
        title="Blur",
        unit="% of the side",
        steps=(0, 1, 2),
        chance=0.2,
    ),
    "learning curves": lambda: figures.learning_curves(make_epochs(), metric="loss", phases=make_phases()),
    "learning curves with steps": lambda: figures.learning_curves(
        make_epochs(), make_steps(), metric="accuracy", phases=make_phases(), smoothing=0.9
    ),
    "no epoch yet": lambda: figures.learning_curves(
        make_epochs()[:0], metric="loss", phases=make_phases()[:0]
    ),
    "learning rate": lambda: figures.learning_rate(make_epochs(), make_steps(), phases=make_phases()),
    "2 classes": lambda: figures.class_counts(make_counts(2)),
    "100 classes": lambda: figures.class_counts(make_counts(100)),
    "pictures of one size": lambda: figures.picture_sizes(np.full(10, 28)),
    "pictures of many sizes": lambda: figures.picture_sizes(np.arange(1, 5000)),
    "probabilities": lambda: figures.probability_bars(np.array([0.7, 0.3]), class_names=["a", "b"]),
    "confusion matrix": lambda: figures.confusion_matrix(np.eye(3, dtype=int), class_names=list("abc")),
    "confusion matrix of 100 classes": lambda: figures.confusion_matrix(
        np.eye(100, dtype=int), class_names=[f"class {label}" for label in range(100)]
    ),
    "recall of 2 classes": lambda: figures.class_recall(make_classes(2), split="test", accuracy=0.8),
    "recall of 100 classes": lambda: figures.class_recall(
        make_classes(100), split="validation", accuracy=0.8
    ),
    "reliability": lambda: figures.reliability_diagram(make_groups(), split="test", calibrated=make_groups()),
    "coverage": lambda: figures.coverage_curves(
        {"validation": make_coverage(), "test": make_coverage()}, threshold=0.5, wanted=0.9
    ),
    "ROC curve": lambda: figures.roc_curve(
        np.array([0.0, 0.5, 1.0]),
        np.array([0.0, 1.0, 1.0]),
        np.array([np.inf, 0.5, 0.1]),
        area=0.75,
        class_name=HOSTILE,
        split="test",
    ),
    "precision and recall": lambda: figures.precision_recall_curve(
        np.array([0.0, 0.5, 1.0]),
        np.array([1.0, 1.0, 0.5]),
        np.array([0.9, 0.1]),
        average_precision=0.75,
        share=0.5,
        class_name=HOSTILE,
        split="test",
    ),
    "backbones": lambda: figures.backbones(list(BACKBONES.values())),
    "race": lambda: figures.race(pd.DataFrame([racer("a", 0.8, 9.0)]), dataset="Flowers"),
    "no backbone": lambda: figures.backbones([]),
    "planned rate": lambda: figures.planned_rate(np.arange(9), np.full(9, 1e-3), phase="fine_tuning"),
    "claim lines": lambda: figures.claim_lines(
        [{"label": "a", "x": (1, 2), "y": (0.5, 0.6)}],
        title="Accuracy",
        x_label="Pictures",
        y_label="%",
        chance=0.1,
    ),
    "range test": lambda: figures.range_test(
        np.geomspace(1e-6, 1.0, 9), np.linspace(2.0, 1.0, 9), phase="training", suggestion=1e-3
    ),
}


@pytest.mark.parametrize("make", EVERY_FIGURE.values(), ids=EVERY_FIGURE)
def test_a_figure_says_what_it_shows_and_leaves_the_colours_of_the_page_to_the_theme(make):
    layout = make().layout
    assert layout.title.text
    assert layout.xaxis.title.text
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    given = layout.to_plotly_json()
    given.pop("template", None)
    assert "color" not in str([given.get("font"), given["title"], given["xaxis"], given["yaxis"]])


@pytest.mark.parametrize(("classes", "named"), [(1, 1), (100, 100), (200, 100), (1000, 100)])
def test_of_very_many_classes_as_many_are_named_as_there_is_room_for(classes, named):
    axis = figures.class_counts(make_counts(classes)).layout.yaxis
    assert len(axis.ticktext) == len(axis.tickvals) == named


@pytest.mark.parametrize("make", EVERY_FIGURE.values(), ids=EVERY_FIGURE)
def test_a_figure_fits_a_page(make):
    assert 100 <= make().layout.height <= 1600


@pytest.mark.parametrize(
    "figure",
    [
        pytest.param(figures.class_counts(make_counts(2)), id="classes"),
        pytest.param(
            figures.probability_bars(np.array([0.9, 0.1]), class_names=[HOSTILE, "b"]), id="probabilities"
        ),
        pytest.param(
            figures.confusion_matrix(np.eye(2, dtype=int), class_names=[HOSTILE, "b"]), id="confusion matrix"
        ),
        pytest.param(figures.backbones(make_rows(2)), id="backbones"),
    ],
)
def test_a_name_is_never_markup_nor_part_of_a_template(figure):
    written = str(figure.to_plotly_json())
    assert "&lt;b&gt;" in written
    assert "<b>" not in written
    for trace in figure.data:
        assert "'co'" not in f"{trace.hovertemplate} {getattr(trace, 'texttemplate', None)}"


def test_phases_are_called_as_on_the_pages():
    assert dict(PHASE_NAMES) == PHASE_LABELS


def test_without_steps_the_epochs_are_a_line_of_each_split():
    figure = figures.learning_curves(make_epochs(), metric="loss", phases=make_phases())
    training, validation, best = figure.data
    assert training.mode == validation.mode == "lines+markers"
    assert training.line.dash != validation.line.dash
    assert best.x[0] == 9.0


def test_each_class_has_its_own_bar_even_where_the_shown_names_are_equal():
    long = "x" * 100
    counts = pd.DataFrame({"class_name": [long, long], "training": [5, 7], "validation": 1, "test": 1})
    training = figures.class_counts(counts).data[0]
    assert list(training.y) == [0, 1]
    assert list(training.x) == [5, 7]


@pytest.mark.parametrize("classes", [2, 100])
def test_every_class_is_named_and_has_room(classes):
    figure = figures.class_counts(make_counts(classes))
    assert len(figure.layout.yaxis.ticktext) == classes
    assert figure.layout.height / classes >= 12
    assert [trace.name for trace in figure.data] == ["training", "validation", "test"]


@pytest.mark.parametrize(
    ("probabilities", "labels", "texts"),
    [
        pytest.param([0.2, 0.5, 0.3], ["b", "c"], ["50.0 %", "30.0 %"], id="the most probable first"),
        pytest.param([0.0, 1.0, 0.0], ["b", "a"], ["100.0 %", "0.0 %"], id="quite sure"),
        pytest.param(
            [0.0003, 0.9997, 0.0], ["b", "a"], ["> 99.9 %", "< 0.1 %"], id="almost sure is not sure"
        ),
    ],
)
def test_bars_show_the_most_probable_classes(probabilities, labels, texts):
    figure = figures.probability_bars(np.array(probabilities), class_names=list("abc"), top=2)
    assert list(figure.layout.yaxis.ticktext) == labels
    assert list(figure.data[0].text) == texts


def test_a_confusion_matrix_has_true_classes_as_rows_counts_or_shares():
    matrix = np.array([[3, 1], [0, 0]])
    counts = figures.confusion_matrix(matrix, class_names=["cat", "dog"])
    shares = figures.confusion_matrix(matrix, class_names=["cat", "dog"], shares=True)
    assert np.array_equal(counts.data[0].z, matrix)
    assert np.array_equal(shares.data[0].z, [[0.75, 0.25], [0.0, 0.0]])
    assert counts.layout.yaxis.title.text == "True class"
    assert counts.layout.yaxis.range[0] > counts.layout.yaxis.range[1]


@pytest.mark.parametrize(("classes", "numbers"), [(10, True), (100, False)])
def test_cells_carry_numbers_where_they_fit(classes, numbers):
    figure = figures.confusion_matrix(
        np.eye(classes, dtype=int), class_names=[str(n) for n in range(classes)]
    )
    assert bool(figure.data[0].texttemplate) is numbers


def test_the_four_of_the_lesson_have_a_symbol_and_their_names():
    others, lesson = figures.backbones(list(BACKBONES.values())).data
    assert others.marker.symbol != lesson.marker.symbol
    assert set(lesson.text) == {row.label for row in BACKBONES.values() if row.lesson}
    assert not any(others.text)
    assert len(others.x) + len(lesson.x) == len(BACKBONES)


def test_a_backbone_that_was_chosen_is_named_too():
    others, _ = figures.backbones(make_rows(3), selected="net 2").data
    assert list(others.text) == ["", "net 2"]


def test_two_runs_stand_beside_each_other_at_every_step_and_their_intervals_are_their_own():
    figure = EVERY_FIGURE["robustness"]()
    one, other = figure.data
    assert all(left < right for left, right in zip(one.x, other.x, strict=True))
    assert one.line.dash != other.line.dash
    assert one.marker.symbol != other.marker.symbol
    assert one.error_y.array == pytest.approx([0.03] * 3)
    assert one.error_y.arrayminus == pytest.approx([0.05] * 3)
    assert list(figure.layout.xaxis.ticktext) == ["0", "1", "2"]
