"""Places to train in: one a graphics card, as many as set, or one."""

import os
from pathlib import Path

import pytest

from cnnlab.runs import slots
from cnnlab.runs.executors import find_executor
from cnnlab.runs.slots import count_slots, environment_of, free_slot, graphics_cards

TWO_CARDS = "GPU-aaaa\nGPU-bbbb\n"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a driver's command in the way that answers as given."""

    def answer(text: str, *, code: int = 0) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\nprintf '{text}'\nexit {code}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        slots._list_cards.cache_clear()

    yield answer
    slots._list_cards.cache_clear()


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        pytest.param(TWO_CARDS, 0, ("GPU-aaaa", "GPU-bbbb"), id="two cards"),
        pytest.param("", 0, (), id="a driver without cards"),
        pytest.param("NVIDIA-SMI has failed", 9, (), id="a driver that does not work"),
        pytest.param("No devices were found\n", 0, (), id="a sentence"),
    ],
)
def test_cards_are_those_that_the_driver_names(driver, text, code, expected):
    driver(text, code=code)
    assert graphics_cards() == expected
    assert count_slots() == (len(expected) or 1)


def test_each_card_is_a_place_and_a_run_sees_its_own_only(driver):
    driver(TWO_CARDS)
    assert [environment_of(slot) for slot in range(3)] == [
        {"CUDA_VISIBLE_DEVICES": "GPU-aaaa"},
        {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"},
        {"CUDA_VISIBLE_DEVICES": "GPU-aaaa"},
    ]


def test_an_operator_may_choose_cards_and_places(driver, monkeypatch):
    driver(TWO_CARDS)
    monkeypatch.setenv("CNNLAB_CARDS", "GPU-bbbb, ")
    assert (count_slots(), environment_of(0)) == (1, {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"})
    monkeypatch.setenv("CNNLAB_SLOTS", "3")
    assert count_slots() == find_executor("local").capacity() == 3


def test_a_keeper_that_sees_one_card_knows_of_all(driver, monkeypatch):
    driver(TWO_CARDS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-bbbb")
    assert count_slots() == 2


@pytest.mark.parametrize(("taken", "expected"), [((), 0), ((0, 2), 1), ((1,), 0), ((0, 1, 0), 2)])
def test_the_lowest_free_place_is_taken(taken, expected):
    assert free_slot(taken) == expected
