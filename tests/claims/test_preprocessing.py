"""A backbone that is fed wrongly answers worse without a word; the verdict counts only what is beyond noise."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab.claims.claim import Measuring
from cnnlab.claims.preprocessing import (
    AFTERWARDS,
    FEEDINGS,
    RETRAINED,
    RIGHT,
    PreprocessingSettings,
    measure,
    verdict_of,
)

WORSE, EQUAL = (-0.2, -0.1), (-0.1, 0.1)
PIXEL = np.array([[[[255, 127, 0]]]], np.uint8)


@pytest.mark.parametrize(
    ("name", "fed"),
    [
        pytest.param(RIGHT, (1.0, 0.0, -127 / 128), id="as trained"),
        pytest.param("twice", (-126 / 128, (127 / 255 - 127) / 128, -127 / 128), id="scaled twice"),
        pytest.param("by_255", (1.0, 127 / 255, 0.0), id="0 to 1"),
        pytest.param("raw", (255.0, 127.0, 0.0), id="raw"),
        pytest.param("swapped", (-127 / 128, 0.0, 1.0), id="blue first"),
        pytest.param("caffe", (-103.939, 127 - 116.779, 255 - 123.68), id="caffe"),
    ],
)
def test_each_feeding_gives_the_backbone_what_it_says(name, fed):
    assert FEEDINGS[name].feed(PIXEL)[0, 0, 0] == pytest.approx(fed, abs=1e-5)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        pytest.param(WORSE, WORSE, "holds", id="every wrong way is worse"),
        pytest.param(WORSE, EQUAL, "partly", id="one of them is not"),
        pytest.param(EQUAL, EQUAL, "noise", id="none is"),
    ],
)
def test_the_verdict_follows_the_intervals(first, second, verdict):
    assert verdict_of({("raw", RETRAINED): first, ("raw", AFTERWARDS): second}) == verdict


@pytest.mark.slow
def test_wrong_feeding_costs_most_when_it_begins_at_prediction(tmp_path: Path):
    settings = PreprocessingSettings(dataset="digits", pictures_per_class=10, image_size=64)
    answer = measure(settings, Measuring(report=lambda *_: None, folder=tmp_path))
    scores = answer.scores
    right = scores[f"{RIGHT} {RETRAINED}"]
    # Seeds 0 to 4: right 0.72 to 0.79 where chance is 0.10; scaled twice 0.06 to 0.10 both ways; raw 0.60 to 0.70 with a
    # head of its own and 0.19 to 0.31 without; 0 to 1 without one 19 to 27 points lower. Digits are grey.
    assert right > 0.5
    for way in (RETRAINED, AFTERWARDS):
        assert scores[f"twice {way}"] < 0.25
        assert scores[f"swapped {way}"] == pytest.approx(right, abs=0.02)
    assert scores[f"raw {AFTERWARDS}"] < right - 0.2
    assert scores[f"raw {RETRAINED}"] > scores[f"raw {AFTERWARDS}"] + 0.1
    assert answer.verdict == "partly"
    assert "grey" in answer.meaning
    assert all((tmp_path / picture.file).is_file() for row in answer.pictures for picture in row.pictures)
