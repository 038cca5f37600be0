"""Noise is called noise, limits hold, and nothing is compared that was not measured alike."""

import numpy as np
import pytest

from cnnlab.evaluation.pairing import difference_of
from cnnlab.evaluation.race import Limits, comparable, frontier, recommend
from tests.runs.measuring import measurement

NO_LIMITS = Limits()


def right(share: int, *, of: int = 500, shift: int = 0) -> np.ndarray:
    """Answers of which so many of 100 are right; `shift` moves which pictures those are."""
    return np.roll(np.arange(of) % 100 < share, shift)


FAST = measurement("mobilenet_v2", correct=right(80), latency_ms=6, megabytes=9)
GOOD = measurement("efficientnet_lite0", correct=right(88), latency_ms=8, megabytes=13.6)
SLOW = measurement("resnet50", correct=right(88, shift=3), latency_ms=48, megabytes=94)
DEMO = measurement("mobilenet", correct=right(95), latency_ms=2, megabytes=5, weights="random")


def backbones(measurements) -> list[str]:
    return [each.backbone for each in measurements]


def test_the_most_accurate_wins_and_of_what_noise_does_not_tell_apart_the_fastest():
    found = recommend([SLOW, FAST, GOOD], limits=NO_LIMITS)
    assert found.winner is GOOD
    assert backbones(found.tied) == ["resnet50"]
    assert found.sentence == (
        "EfficientNet-Lite0: 88.0 % (84.9 to 90.6), 8 ms a picture, 13.6 MB. "
        "ResNet50 (+0.0 points) is within noise of it and no faster. "
        "MobileNetV2 is 8.0 points worse (5.5 to 10.4)."
    )


def test_a_difference_within_noise_is_called_that_beyond_a_limit_too():
    near = measurement("mobilenet_v2", correct=right(80, of=100), latency_ms=6, megabytes=9)
    better = right(82, of=100, shift=10)
    other = measurement("efficientnet_lite0", correct=better, latency_ms=8, megabytes=13.6)
    found = recommend([near, other], limits=Limits(size_mb=10))
    assert found.winner is near
    assert (
        "EfficientNet-Lite0 is 2.0 points better, which is within noise, and is over your limit of 10 MB."
        in found.sentence
    )


@pytest.mark.parametrize(
    ("limits", "winner", "words"),
    [
        pytest.param(
            Limits(size_mb=10),
            FAST,
            "EfficientNet-Lite0 is 8.0 points better (5.5 to 10.4) but over your limit of 10 MB. "
            "It is the only one within your limits.",
            id="size",
        ),
        pytest.param(Limits(latency_ms=7), FAST, "but over your limit of 7 ms.", id="time"),
        pytest.param(
            Limits(size_mb=13.6, latency_ms=8),
            GOOD,
            "ResNet50, over your limits of 13.6 MB and 8 ms, is no better.",
            id="both, just met",
        ),
        pytest.param(
            Limits(size_mb=5, latency_ms=7),
            None,
            "Nothing measured is within 5 MB and 7 ms. MobileNetV2 comes closest: 80.0 % (76.3 to 83.3), "
            "6 ms a picture, 9 MB. Allow 9 MB to have it.",
            id="none, by one limit",
        ),
        pytest.param(
            Limits(size_mb=5, latency_ms=1), None, "Allow 9 MB and 6 ms to have it.", id="none, by both"
        ),
    ],
)
def test_limits_hold_and_what_they_cost_is_said(limits, winner, words):
    found = recommend([GOOD, FAST, SLOW], limits=limits)
    assert found.winner is winner
    assert words in found.sentence


def test_what_reads_as_the_limit_is_within_it():
    close = measurement(megabytes=5.04)
    assert recommend([close], limits=Limits(size_mb=5)).winner is close
    assert recommend([measurement(megabytes=5.06)], limits=Limits(size_mb=5)).winner is None


def test_random_weights_never_win_over_pretrained_ones_and_are_called_that_alone():
    assert recommend([FAST, DEMO], limits=NO_LIMITS).winner is FAST
    none = recommend([FAST, DEMO], limits=Limits(size_mb=6))
    assert none.winner is None
    alone = recommend([DEMO], limits=NO_LIMITS)
    assert alone.winner is DEMO
    assert "MobileNet (random weights): 95.0 %" in alone.sentence
    assert "says nothing about the backbones" in alone.sentence
    assert [entry.on_frontier for entry in frontier([FAST, DEMO])] == [False, True]
    assert [entry.on_frontier for entry in frontier([DEMO])] == [True]


def test_nothing_measured_is_a_sentence():
    assert recommend([], limits=NO_LIMITS).winner is None
    assert "Start a race" in recommend([], limits=NO_LIMITS).sentence
    assert frontier([]) == []


def test_one_alone_is_said_to_be_compared_with_nothing():
    assert "Nothing else is measured" in recommend([FAST], limits=NO_LIMITS).sentence


def test_pictures_are_paired_by_number_whatever_their_order():
    order = np.random.default_rng(0).permutation(500)
    shuffled = measurement("resnet50", correct=right(88, shift=3)[order], pictures=order)
    assert difference_of(shuffled, GOOD) == difference_of(SLOW, GOOD)
    # The validation split of one is among the folds of the other: on those pictures they are compared.
    some = measurement("resnet50", correct=right(88)[100:200], pictures=np.arange(100, 200))
    assert (difference_of(some, GOOD).change, difference_of(some, GOOD).paired) == (0.0, True)


def test_pictures_of_their_own_are_compared_by_their_shares_and_that_is_said():
    one = measurement("resnet50", correct=np.arange(70) < 56, pictures=np.arange(500, 570), latency_ms=48)
    other = measurement("mobilenet_v2", correct=np.arange(80) < 48)
    change = difference_of(one, other)
    assert not change.paired
    # The first example of Newcombe's paper, by its method 10.
    assert (change.change, change.low, change.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert "not judged by the same pictures" in recommend([one, other], limits=NO_LIMITS).sentence


def test_pairs_tell_apart_what_shares_alone_cannot():
    better = measurement("resnet50", correct=right(84))
    apart = measurement("resnet50", correct=right(84), pictures=np.arange(500, 1000))
    assert not difference_of(better, FAST).is_noise
    assert difference_of(apart, FAST).is_noise


def test_other_versions_and_datasets_are_left_out_and_that_is_said():
    old = measurement("resnet50", correct=right(99), dataset_version=1)
    now = measurement("mobilenet_v2", correct=right(80), dataset_version=2, measured_at=2000.0)
    other = measurement("resnet50", correct=right(99), dataset_id="digits", measured_at=500.0)
    assert comparable([old, now, other]) == [now]
    found = recommend([old, now, other], limits=NO_LIMITS)
    assert found.winner is now
    assert "Left out: 2 measurements" in found.sentence
    assert {entry.measurement: entry.on_frontier for entry in frontier([old, now])} == {old: False, now: True}


def test_another_image_size_and_other_settings_are_said():
    small = measurement("mobilenet_v2", correct=right(88), image_size=96, latency_ms=2, settings="b")
    found = recommend([small, FAST], limits=NO_LIMITS)
    assert found.sentence.startswith("MobileNetV2 at 96 px: ")
    assert "not trained alike" in found.sentence


def test_many_ties_are_counted_and_not_all_named():
    names = ["resnet50", "resnet101", "resnet152", "vgg16", "xception"]
    many = [measurement(name, latency_ms=10 + place) for place, name in enumerate(names)]
    found = recommend(many, limits=NO_LIMITS)
    assert found.winner is many[0]
    assert backbones(found.tied) == names[1:]
    assert "ResNet152 (+0.0 points), VGG16 (+0.0 points) and 1 more are within noise" in found.sentence


def test_level_with_the_best_is_not_enough_where_another_is_better_beyond_noise():
    """The fastest is level with the best, whose mistakes are others, and plainly worse than the second."""
    fast = measurement("mobilenet_v2", correct=np.arange(400) % 100 < 70, latency_ms=6)
    second = measurement("efficientnet_lite0", correct=np.arange(400) % 100 < 73, latency_ms=8)
    # Right where the others are wrong, as often as not.
    best = measurement("resnet50", correct=(np.arange(400) * 37) % 100 < 74, latency_ms=48)
    assert difference_of(best, fast).is_noise
    assert difference_of(best, second).is_noise
    assert difference_of(second, fast).low > 0
    found = recommend([fast, second, best], limits=NO_LIMITS)
    assert found.winner is second
    assert backbones(found.tied) == ["resnet50"]
    assert "MobileNetV2 is 3.0 points worse" in found.sentence


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([(80, 5), (90, 10)], [True, True], id="each is better at something"),
        pytest.param([(90, 5), (80, 10)], [True, False], id="one is better at both"),
        pytest.param([(80, 5), (80, 10)], [True, False], id="as accurate and slower"),
        pytest.param([(90, 5), (80, 5)], [True, False], id="as fast and less accurate"),
        pytest.param([(80, 5), (80, 5)], [True, True], id="twins"),
        pytest.param([(70, 1), (85, 4), (80, 6), (90, 9)], [True, True, False, True], id="a staircase"),
    ],
)
def test_the_frontier_is_what_no_other_makes_needless(points, expected):
    measured = [measurement(f"b{n}", correct=right(a), latency_ms=ms) for n, (a, ms) in enumerate(points)]
    assert [entry.on_frontier for entry in frontier(measured[::-1])] == expected


def test_the_frontier_is_drawn_against_any_cost():
    entries = frontier([FAST, GOOD, SLOW], cost="lite_bytes")
    assert [entry.measurement for entry in entries] == [FAST, GOOD, SLOW]
    assert [entry.on_frontier for entry in entries] == [True, True, False]
