"""Runs that differ in the seed only are one group, with its mean and spread."""

from itertools import islice

import pytest

from cnnlab.runs.families import LONGEST_NAME, families, unused_seeds, with_seed
from cnnlab.runs.rows import RunRow
from cnnlab.runs.states import State
from cnnlab.specs.differences import fingerprint
from tests.runs.making import run_spec


def row(id, *, family="f", seed=0, name="Tiny", test_accuracy=None):
    return RunRow(
        id=id, name=name, state=State.FINISHED, created_at=0.0, family=family, seed=seed, test_accuracy=test_accuracy
    )  # fmt: skip


def test_runs_are_grouped_by_their_settings_in_the_order_they_come():
    rows = [row("d", seed=2), row("c", family="g"), row("b", seed=1), row("a", family="g", seed=5)]
    first, second = families(rows)
    assert [each.id for each in first.rows] == ["d", "b"]
    assert (first.seeds, second.seeds) == ((1, 2), (0, 5))


def test_a_group_is_called_as_its_oldest_run_without_the_seed():
    (family,) = families([row("b", name="Renamed (seed 2)"), row("a", name="Tiny on Digits (seed 0)")])
    assert family.name == "Tiny on Digits"


def test_within_a_group_the_newest_comes_first_however_the_list_is_in_order():
    (family,) = families([row("a", name="Oldest"), row("c"), row("b")])
    assert ([each.id for each in family.rows], family.name) == (["c", "b", "a"], "Oldest")


def test_damaged_runs_are_no_group():
    assert len(families([row("a", family=""), row("b", family="")])) == 2


@pytest.mark.parametrize(
    ("scores", "mean", "deviation", "count"),
    [
        pytest.param([0.8, 0.9, 1.0], 0.9, 0.1, 3, id="three seeds"),
        pytest.param([0.8, None], 0.8, None, 1, id="one that has ended"),
    ],
)
def test_the_spread_is_that_between_the_seeds(scores, mean, deviation, count):
    rows = [row(str(seed), seed=seed, test_accuracy=score) for seed, score in enumerate(scores)]
    spread = families(rows)[0].spread("test_accuracy")
    assert (spread.mean, spread.count) == (pytest.approx(mean), count)
    assert spread.deviation == (None if deviation is None else pytest.approx(deviation))
    assert (spread.low, spread.high) == (0.8, max(score for score in scores if score))


def test_without_a_score_there_is_no_spread():
    assert families([row("a")])[0].spread("test_accuracy") is None


def test_the_same_seed_twice_is_one_draw_the_newest():
    rows = [
        row("c", seed=1, test_accuracy=0.9),
        row("b", seed=0, test_accuracy=0.7),
        row("a", seed=1, test_accuracy=0.1),
    ]
    spread = families(rows)[0].spread("test_accuracy")
    assert (spread.count, spread.low) == (2, 0.7)


def test_seeds_that_were_used_are_passed_over():
    assert list(islice(unused_seeds([0, 2, 7]), 4)) == [1, 3, 4, 5]


def test_a_copy_with_another_seed_is_of_the_same_family_and_says_its_seed_once():
    spec = run_spec("Tiny on Digits")
    copy = with_seed(spec, seed=3)
    assert (copy.name, copy.seed) == ("Tiny on Digits (seed 3)", 3)
    assert with_seed(copy, seed=12).name == "Tiny on Digits (seed 12)"
    assert fingerprint(copy) == fingerprint(spec)


def test_the_longest_name_keeps_its_seed():
    name = with_seed(run_spec("x" * LONGEST_NAME), seed=2**31 - 1).name
    assert len(name) == LONGEST_NAME
    assert name.endswith("x (seed 2147483647)")
