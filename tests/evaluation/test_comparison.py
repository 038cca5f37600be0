"""Intervals are those of the textbooks, and cover the truth as often as they say."""

import numpy as np
import pytest

from cnnlab.evaluation.comparison import (
    difference_interval,
    mcnemar_p,
    mean_difference_interval,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        pytest.param(8, 10, 0.4902, 0.9433, id="eight of ten"),
        pytest.param(0, 10, 0.0, 0.2775, id="none"),
        pytest.param(10, 10, 0.7225, 1.0, id="all"),
        pytest.param(500, 1000, 0.4691, 0.5309, id="many"),
    ],
)
def test_wilson_interval_is_the_published_one(correct, total, low, high):
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("total", range(1, 30))
def test_none_or_all_right_ends_exactly_where_shares_end(total):
    assert wilson_interval(0, total)[0] == 0.0
    assert wilson_interval(total, total)[1] == 1.0


@pytest.mark.parametrize(("correct", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_a_share_that_is_none_is_refused(correct, total):
    with pytest.raises(ValueError, match="is no share"):
        wilson_interval(correct, total)


def test_the_interval_of_a_difference_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        # Both models are right on 70 % of pictures that both find easy; apart from these they differ by 5 points.
        shared = random.random(200) < 0.7
        before = np.where(shared, True, random.random(200) < 0.3)
        after = np.where(shared, True, random.random(200) < 0.3 + 0.05 / 0.3)
        low, high = difference_interval(before, after)
        covered += low <= 0.05 <= high
    assert 0.90 <= covered / 300 <= 0.99


def test_equal_answers_differ_by_nothing_the_surer_the_more_there_are():
    widths = []
    for total in (3, 100, 10_000):
        answers = np.arange(total) % 3 > 0
        low, high = difference_interval(answers, answers)
        assert low == pytest.approx(-high)
        assert mcnemar_p(answers, answers) == 1.0
        widths.append(high - low)
    assert widths[0] > 1.0 > 0.1 > widths[1] > 0.001 > widths[2]


@pytest.mark.parametrize(("flips", "total"), [(3, 3), (4, 20), (4, 150), (5, 100), (6, 100), (9, 400)])
def test_the_interval_and_the_exact_test_agree_on_what_is_noise(flips, total):
    before, after = np.zeros(total, bool), np.arange(total) < flips
    low, high = difference_interval(before, after)
    assert (low > 0.0) == (mcnemar_p(before, after) < 0.05)
    assert low < flips / total
    assert high <= 1.0


def test_no_pictures_are_no_comparison():
    with pytest.raises(ValueError, match="at least one"):
        difference_interval(np.zeros(0, bool), np.zeros(0, bool))


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        pytest.param(0, 5, 2 / 32, id="five flips one way"),
        pytest.param(5, 5, 1.0, id="as many both ways"),
        pytest.param(1, 9, 2 * 11 / 1024, id="one against nine"),
        pytest.param(2000, 2200, 0.0021323556719912455, id="thousands, as SciPy has it"),
    ],
)
def test_mcnemar_is_two_tails_of_a_fair_coin(only_a, only_b, p):
    a = np.array([True] * only_a + [False] * only_b + [True] * 7)
    b = np.array([False] * only_a + [True] * only_b + [True] * 7)
    assert mcnemar_p(a, b) == pytest.approx(p)
    assert mcnemar_p(b, a) == pytest.approx(p)


def test_the_interval_between_seeds_is_welchs():
    from scipy import stats

    before, after = (0.90, 0.91, 0.93), (0.95, 0.94, 0.97, 0.96)
    expected = stats.ttest_ind(after, before, equal_var=False).confidence_interval()
    assert mean_difference_interval(before, after) == pytest.approx((expected.low, expected.high))


def test_seeds_that_never_differ_leave_no_doubt_and_one_seed_leaves_nothing_to_say():
    assert mean_difference_interval((0.5, 0.5), (0.75, 0.75)) == (0.25, 0.25)
    with pytest.raises(ValueError, match="at least two of each"):
        mean_difference_interval((0.5,), (0.75, 0.75))
