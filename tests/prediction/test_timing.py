"""A model is timed in a process of its own, whose memory is the model's; what cannot be timed is a sentence."""

import time

import pytest

from cnnlab.errors import ModelError
from cnnlab.prediction.timing import ENOUGH_ANSWERS, FEWEST_ANSWERS, time_model


@pytest.mark.slow
def test_a_model_is_timed_in_a_process_without_tensorflow_and_without_our_memory(run_folder):
    ours = bytearray(b"x") * 300_000_000
    began = time.perf_counter()
    found = time_model(run_folder / "model.tflite")
    took_ms = (time.perf_counter() - began) * 1000
    assert FEWEST_ANSWERS <= found.answers <= ENOUGH_ANSWERS
    # Milliseconds: half of the answers took p50 or more, and all of them no longer than this test.
    assert 0 < found.p50_ms <= found.p95_ms < took_ms
    assert found.p50_ms * found.answers / 2 < took_ms
    assert found.answers / found.pictures_per_second * 1000 < took_ms
    assert found.pictures_per_second <= 2 * 1000 / found.p50_ms
    # TensorFlow alone takes more, and a child that inherited our peak would have it.
    assert 10_000_000 < found.peak_bytes < 200_000_000 < len(ours)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "was not timed: ValueError: Could not open", id="no file"),
        pytest.param(b"TFL3 but no model", "was not timed: ValueError", id="no model"),
    ],
)
@pytest.mark.slow
def test_what_is_no_model_is_a_sentence(content, words, tmp_path):
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=words):
        time_model(path)


@pytest.mark.slow
def test_one_that_takes_too_long_is_ended(run_folder):
    with pytest.raises(ModelError, match=r"took more than 0 seconds"):
        time_model(run_folder / "model.tflite", timeout_seconds=0.05)
