import numpy as np
import pytest

from cnnlab.charts.thinning import BUCKETS, smooth, thin

MANY = 100_000
NAN = float("nan")


@pytest.mark.parametrize(
    ("count", "most"),
    [
        pytest.param(0, 0, id="nothing"),
        pytest.param(1, 1, id="one point"),
        pytest.param(2 * BUCKETS + 2, 2 * BUCKETS + 2, id="just few enough"),
        pytest.param(2 * BUCKETS + 3, 2 * BUCKETS + 2, id="one too many"),
        pytest.param(MANY, 2 * BUCKETS + 2, id="100,000 points"),
    ],
)
def test_thinning_keeps_at_most_so_many_points_and_both_ends(count, most):
    kept = thin(np.random.default_rng(0).normal(size=count))
    assert len(kept) <= most
    assert (np.diff(kept) > 0).all()
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)


@pytest.mark.parametrize("place", [0, 1, 333, 50_000, MANY - 1])
@pytest.mark.parametrize("height", [100.0, -100.0, np.inf])
def test_a_spike_of_one_step_stays(place, height):
    values = np.random.default_rng(1).normal(size=MANY)
    values[place] = height
    assert place in thin(values)


def test_a_gap_stays_a_gap_and_hides_no_number_beside_it():
    values = np.ones(MANY)
    values[40_000:60_000] = NAN
    values[39_999] = 7.0
    kept = values[thin(values)]
    assert np.isnan(kept).any()
    assert 7.0 in kept


@pytest.mark.parametrize(
    ("values", "smoothing", "smoothed"),
    [
        pytest.param([], 0.9, [], id="nothing"),
        pytest.param([3.0, 1.0, 2.0], 0.0, [3.0, 1.0, 2.0], id="no smoothing"),
        pytest.param([5.0, 5.0, 5.0], 0.9, [5.0, 5.0, 5.0], id="the beginning is not drawn to zero"),
        pytest.param([1.0, 4.0], 0.5, [1.0, 3.0], id="the past weighs half"),
        pytest.param([1.0, NAN, 4.0], 0.5, [1.0, NAN, 3.0], id="NaN stays and is passed over"),
        pytest.param([NAN, NAN], 0.5, [NAN, NAN], id="nothing but NaN"),
    ],
)
def test_smoothing_is_a_debiased_moving_average(values, smoothing, smoothed):
    np.testing.assert_allclose(smooth(np.array(values), smoothing=smoothing), smoothed)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, 2.0])
def test_smoothing_that_would_forget_nothing_is_refused(smoothing):
    with pytest.raises(ValueError, match="less than 1"):
        smooth(np.ones(3), smoothing=smoothing)
