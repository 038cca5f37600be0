"""A learning rate is suggested where the loss falls, and none where it does not."""

import math

import numpy as np
import pytest

from cnnlab.training.planning.rate_range import describe_sweep, suggest_rate, sweep_rates


def valley(rate: float) -> float:
    """A loss that is lowest at 0.01 and climbs steeply after."""
    return 1.0 + 0.3 * (math.log10(rate) + 2.0) ** 2 + (10.0 if rate > 0.3 else 0.0)


def test_the_rate_of_the_lowest_loss_is_found_and_a_tenth_of_it_suggested():
    sweep = sweep_rates(valley, lowest=1e-6, highest=1.0, steps=100)
    # The running mean comes some steps later than the loss.
    lowest = sweep.learning_rates[int(np.argmin(sweep.losses))]
    assert 0.01 <= lowest <= 0.04
    assert suggest_rate(sweep) == pytest.approx(lowest / 10, rel=0.05)


def test_rates_rise_by_the_same_factor_from_the_lowest_to_the_highest():
    sweep = sweep_rates(lambda rate: 1.0, lowest=1e-4, highest=1.0, steps=41)
    assert sweep.learning_rates[0] == 1e-4
    assert sweep.learning_rates[-1] == pytest.approx(1.0)
    np.testing.assert_allclose(np.diff(np.log10(sweep.learning_rates)), 0.1)


def test_the_mean_of_equal_losses_is_that_loss_from_the_first_step_on():
    np.testing.assert_allclose(sweep_rates(lambda rate: 2.5, lowest=1e-4, highest=1.0, steps=30).losses, 2.5)


def test_it_stops_once_the_loss_has_diverged():
    sweep = sweep_rates(valley, lowest=1e-6, highest=1.0, steps=100)
    assert 0.3 < sweep.learning_rates[-1] < 1.0


@pytest.mark.parametrize(
    "loss", [pytest.param(math.nan, id="no number"), pytest.param(math.inf, id="infinite")]
)
def test_a_loss_that_is_no_number_ends_it(loss):
    sweep = sweep_rates(lambda rate: 1.0 if rate < 0.1 else loss, lowest=1e-4, highest=1.0, steps=41)
    assert sweep.learning_rates[-1] < 0.1


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        pytest.param(lambda rate: 2.3, "hardly fell", id="flat"),
        pytest.param(lambda rate: 1.0 + rate, "hardly fell", id="only climbs"),
        pytest.param(lambda rate: 0.1 if rate < 1e-5 else 9.0, "climbed before", id="climbs at once"),
        pytest.param(lambda rate: math.nan, "climbed before", id="never a number"),
    ],
)
def test_nothing_is_suggested_where_nothing_was_learned(loss, said):
    sweep = sweep_rates(loss, lowest=1e-6, highest=1.0, steps=100)
    assert suggest_rate(sweep) is None
    assert said in describe_sweep(sweep, batch_size=32, wanted=32)


def test_small_losses_may_wobble_without_being_called_diverged():
    noise = np.random.default_rng(0)
    sweep = sweep_rates(lambda rate: 0.01 * noise.random(), lowest=1e-8, highest=0.1, steps=100)
    assert len(sweep.losses) == 100


def test_the_sentence_names_rates_as_people_write_them_and_smaller_batches():
    sweep = sweep_rates(valley, lowest=1e-6, highest=1.0, steps=100)
    said = describe_sweep(sweep, batch_size=4, wanted=32)
    assert "batches of 4 instead of 32" in said
    assert "e-0" not in said
    assert "instead" not in describe_sweep(sweep, batch_size=32, wanted=32)
