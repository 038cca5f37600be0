"""Size against accuracy: a mark a format, and formats that lie on each other share one."""

import pandas as pd

from cnnlab.charts.export import size_against_accuracy


def formats(*rows: tuple[str, float, float, bool]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["label", "megabytes", "accuracy", "exact"])
    return table.assign(accuracy_low=table["accuracy"] - 0.05, accuracy_high=table["accuracy"] + 0.04)


def test_formats_of_the_same_size_and_accuracy_share_a_mark():
    figure = size_against_accuracy(
        formats(("LiteRT", 14.8, 0.88, True), ("ONNX", 14.81, 0.88, True), ("8 <b>bits", 4.0, 0.87, False)),
        split="test",
    )
    exact, rounded = figure.data
    assert list(exact.text) == ["LiteRT<br>ONNX"]
    assert list(rounded.text) == ["8 &lt;b&gt;bits"]
    assert list(rounded.y) == [87.0]
    assert list(rounded.error_y.arrayminus) == [5.0]
    assert "test split" in figure.layout.yaxis.title.text


def test_formats_of_other_accuracy_are_marks_of_their_own():
    figure = size_against_accuracy(
        formats(("weights", 4.0, 0.88, False), ("all", 4.1, 0.86, False)), split="validation"
    )
    assert len(figure.data) == 1
    assert len(figure.data[0].x) == 2
    assert len(set(figure.data[0].textposition)) == 2, "their names do not lie on each other"
