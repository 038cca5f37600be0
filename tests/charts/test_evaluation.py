"""Figures of the Evaluate page: what can be clicked, what is marked, and what is left out."""

import numpy as np
import pytest

from cnnlab.charts import figures, offline
from tests.charts.making import make_classes, make_coverage, make_groups

MATRIX = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])
NAMES = ("cat", "<b>dog</b>", "owl")


def test_every_cell_with_pictures_has_a_point_that_names_it():
    heat, points = figures.confusion_matrix(MATRIX, class_names=NAMES).data
    cells = [tuple(values) for values in points.customdata]
    assert cells[1] == (0, 1, "cat", "&lt;b&gt;dog&lt;/b&gt;", 2, 0.2)
    assert [(int(x), int(y)) for x, y in zip(points.x, points.y, strict=True)] == [
        (0, 0),
        (1, 0),
        (0, 1),
        (1, 1),
    ]
    assert heat.hoverinfo == "skip"


def test_a_point_names_its_cell_in_whatever_order_classes_are_drawn():
    figure = figures.confusion_matrix(MATRIX, class_names=NAMES, labels=[1, 0])
    heat, points = figure.data
    np.testing.assert_array_equal(heat.z, [[9, 1], [2, 8]])
    assert list(figure.layout.xaxis.ticktext) == ["&lt;b&gt;dog&lt;/b&gt;", "cat"]
    assert {(x, y): tuple(values[:2]) for x, y, values in zip(points.x, points.y, points.customdata, strict=True)} == {
        (0, 0): (1, 1), (1, 0): (1, 0), (0, 1): (0, 1), (1, 1): (0, 0),
    }  # fmt: skip


def test_shares_are_of_all_pictures_of_a_class_also_where_few_classes_are_drawn():
    heat, _ = figures.confusion_matrix(MATRIX, class_names=NAMES, shares=True, labels=[0]).data
    np.testing.assert_allclose(heat.z, [[0.8]])


def test_without_what_is_right_only_mistakes_have_a_colour():
    heat, points = figures.confusion_matrix(MATRIX, class_names=NAMES, mistakes_only=True).data
    assert np.isnan(np.diag(heat.z)).all()
    assert np.nanmax(heat.z) == 2
    assert len(points.x) == 4


def test_the_class_that_is_found_worst_is_on_top_and_one_without_pictures_is_left_out():
    figure = figures.class_recall(make_classes(4), split="test", accuracy=0.5)
    assert list(figure.layout.yaxis.ticktext) == [
        f"&lt;b&gt;class {number}&lt;/b&gt;" for number in (2, 1, 0)
    ]


def test_of_many_classes_the_worst_are_drawn_and_it_is_said():
    figure = figures.class_recall(make_classes(100), split="test", accuracy=0.5)
    assert len(figure.data[0].x) == 40
    assert "40 worst" in figure.layout.title.text


@pytest.mark.parametrize(
    ("threshold", "coverage"), [(0.0, 1.0), (0.5, 0.8), (0.7, 0.8), (0.9, 0.3), (1.0, 0.3)]
)
def test_the_threshold_is_marked_where_it_leads_to(threshold, coverage):
    figure = figures.coverage_curves({"test": make_coverage()}, threshold=threshold)
    assert list(figure.data[-1].x) == [coverage]


def test_pictures_are_counted_as_they_are_drawn():
    calibrated = make_groups().assign(pictures=[50, 50])
    bars = figures.reliability_diagram(make_groups(), split="test", calibrated=calibrated).data[-1]
    assert list(bars.y) == [50, 50]


def test_a_figure_in_a_page_cannot_end_its_script_and_leaves_the_theme_behind():
    figure = figures.class_recall(make_classes(3), split="test", accuracy=0.5)
    figure.layout.title.text = "</script><script>alert(1)</script>"
    written = offline.figure_html(figure, label='"><img src=x>')
    assert written.count("<script") == written.count("</script") == 1
    assert "<img" not in written
    assert '"template"' not in written
