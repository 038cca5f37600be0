"""With few pictures a backbone that has seen ImageNet beats a CNN from scratch; who wins is said only where every repeat agrees."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab.claims.claim import Measuring
from cnnlab.claims.transfer_or_scratch import (
    TransferOrScratch,
    measure,
    sizes_of,
    verdict_of,
    winner_of,
)

GOOD, BAD = np.ones(100, bool), np.zeros(100, bool)


@pytest.mark.parametrize(
    ("scratch", "transferred", "winner"),
    [
        pytest.param([BAD, BAD], [GOOD, GOOD], 1, id="transfer in every repeat"),
        pytest.param([GOOD, GOOD], [BAD, BAD], -1, id="scratch in every repeat"),
        pytest.param([BAD, GOOD], [GOOD, BAD], 0, id="each once"),
        pytest.param([BAD, GOOD], [GOOD, GOOD], 0, id="once nobody"),
    ],
)
def test_a_winner_wins_in_every_repeat(scratch, transferred, winner):
    assert winner_of(scratch, transferred) == winner


@pytest.mark.parametrize(
    ("winners", "verdict"),
    [
        pytest.param({5: 1, 20: 1}, "holds", id="transfer everywhere"),
        pytest.param({5: 1, 20: 0}, "partly", id="transfer with few"),
        pytest.param({5: 1, 20: -1}, "partly", id="the curves cross"),
        pytest.param({5: 0, 20: -1}, "fails", id="scratch"),
        pytest.param({5: 0, 20: 0}, "noise", id="nobody"),
    ],
)
def test_the_verdict_follows_the_winners(winners, verdict):
    assert verdict_of(winners) == verdict


@pytest.mark.parametrize(
    ("counts", "most", "sizes"),
    [
        pytest.param((60, 60), 100, (5, 20, 50), id="what is there"),
        pytest.param((60, 60), 20, (5, 20), id="what is wanted"),
        pytest.param((60, 7), 100, (5,), id="what the smallest class has"),
        pytest.param((60, 3), 100, (3,), id="fewer than the fewest"),
    ],
)
def test_numbers_of_pictures_that_every_class_has(counts, most, sizes):
    assert sizes_of(np.repeat(np.arange(2), counts), most=most) == sizes


@pytest.mark.slow
def test_with_few_pictures_transfer_wins_on_shapes(tmp_path: Path):
    settings = TransferOrScratch(dataset="shapes", most_per_class=5, repeats=2, image_size=64)
    answer = measure(settings, Measuring(report=lambda *_: None, folder=tmp_path))
    # Seeds 0, 2, 4, 6 and 8, two repeats each: from scratch 0.14 to 0.21, frozen 0.92 to 0.95, two phases 0.94 to 0.96.
    for way in ("frozen backbone 5", "two phases 5"):
        assert answer.scores[way] > answer.scores["CNN from scratch 5"] + 0.3
    assert answer.verdict == "holds"
    for line in answer.charts[0].lines:
        assert line.low[0] <= line.y[0] <= line.high[0]
