"""Whichever way a frozen network is asked, it says the same; converting happens once."""

import numpy as np
import pytest

from cnnlab.training import extraction
from cnnlab.training.extraction import FEWEST_INPUTS, fastest_answer
from cnnlab.training.lite import LiteError, convert

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def below():
    import keras

    keras.utils.set_random_seed(0)
    picture = keras.Input((12, 12, 3))
    reached = keras.layers.Rescaling(1 / 255)(picture)
    reached = keras.layers.BatchNormalization()(keras.layers.Conv2D(8, 3, activation="relu")(reached))
    return keras.Model(picture, keras.layers.DepthwiseConv2D(3)(reached))


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (FEWEST_INPUTS, 12, 12, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "asked", [pytest.param(1, id="one"), pytest.param(7, id="an odd number"), pytest.param(32, id="a batch")]
)
def test_the_fast_way_says_what_the_slow_one_says(asked, below, pictures, tmp_path):
    answer = fastest_answer(below, pictures, kept=tmp_path / "below.tflite")
    assert (tmp_path / "below.tflite").is_file(), "the fast way was taken"
    batch = pictures[:asked].astype(np.float32)
    np.testing.assert_allclose(answer(batch), below(batch).numpy(), atol=1e-5)


def test_several_interpreters_keep_the_order(below, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    batch = pictures[:30].astype(np.float32)
    answer = fastest_answer(below, pictures, kept=tmp_path / "below.tflite")
    np.testing.assert_allclose(answer(batch), below(batch).numpy(), atol=1e-5)


def test_converting_happens_once(below, pictures, tmp_path, monkeypatch):
    fastest_answer(below, pictures, kept=tmp_path / "below.tflite")

    def convert(model):
        raise AssertionError("it was converted again")

    monkeypatch.setattr(extraction, "convert", convert)
    fastest_answer(below, pictures, kept=tmp_path / "below.tflite")


def test_few_pictures_are_not_worth_converting(below, pictures, tmp_path):
    fastest_answer(below, pictures[: FEWEST_INPUTS - 1], kept=tmp_path / "below.tflite")
    assert not (tmp_path / "below.tflite").exists()


def test_a_network_that_cannot_be_converted_is_asked_the_slow_way(below, pictures, tmp_path, monkeypatch):
    def convert(model):
        raise LiteError("an unknown layer")

    monkeypatch.setattr(extraction, "convert", convert)
    batch = pictures[:5].astype(np.float32)
    answer = fastest_answer(below, pictures, kept=tmp_path / "below.tflite")
    np.testing.assert_allclose(answer(batch), below(batch).numpy(), atol=1e-6)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[:-9], id="cut short"),
        pytest.param(lambda content: content[:-900] + b"\x55" * 9 + content[-891:], id="some bytes changed"),
    ],
)
def test_a_damaged_file_is_made_again(damage, below, pictures, tmp_path):
    kept = tmp_path / "below.tflite"
    fastest_answer(below, pictures, kept=kept)
    sound = kept.read_bytes()
    kept.write_bytes(damage(sound))
    batch = pictures[:5].astype(np.float32)
    answer = fastest_answer(below, pictures, kept=kept)
    np.testing.assert_allclose(answer(batch), below(batch).numpy(), atol=1e-5)
    assert kept.read_bytes() == sound


def test_a_form_that_says_something_else_is_never_asked(below, pictures, tmp_path, monkeypatch):
    import keras

    other = keras.models.clone_model(below)
    wrong = convert(other)
    monkeypatch.setattr(extraction, "convert", lambda model: wrong)
    batch = pictures[:5].astype(np.float32)
    for _ in range(2):
        answer = fastest_answer(below, pictures, kept=tmp_path / "below.tflite")
        np.testing.assert_allclose(answer(batch), below(batch).numpy(), atol=1e-6)
