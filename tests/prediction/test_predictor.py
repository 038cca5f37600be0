"""A predictor says what Keras says, from the run's folder alone; a damaged folder is a sentence."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cnnlab.errors import ModelError
from cnnlab.prediction.predictor import load_predictor

pytestmark = pytest.mark.slow


def test_it_says_what_keras_says_and_gives_the_maps(run_folder, keras_model, pictures):
    predictor = load_predictor(run_folder)
    probabilities, maps = keras_model(pictures.astype(np.float32))
    for position, picture in enumerate(pictures):
        found, found_maps = predictor.explain(picture)
        np.testing.assert_allclose(found, probabilities[position], atol=1e-5)
        np.testing.assert_allclose(found_maps, maps[position], atol=1e-4)


def test_many_sessions_may_ask_at_once(run_folder, pictures):
    predictor = load_predictor(run_folder)
    expected = [predictor.predict(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(predictor.predict, list(pictures) * 20))
    for position, answer in enumerate(found):
        np.testing.assert_array_equal(answer, expected[position % len(expected)])


def test_asking_needs_no_tensorflow(run_folder):
    code = (
        "import sys; from pathlib import Path; from cnnlab.prediction.predictor import load_predictor; "
        f"load_predictor(Path({str(run_folder)!r})); print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip().splitlines()[-1] == "False"


def test_a_picture_of_another_size_is_refused(run_folder):
    with pytest.raises(ModelError, match="16 × 16"):
        load_predictor(run_folder).predict(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        pytest.param(lambda folder: (folder / "model.json").unlink(), "has no model yet", id="no record"),
        pytest.param(
            lambda folder: (folder / "model.json").write_text("{"), "is damaged", id="record cut short"
        ),
        pytest.param(lambda folder: (folder / "model.tflite").unlink(), "no LiteRT model", id="no model"),
        pytest.param(
            lambda folder: (folder / "model.tflite").write_bytes(b"TFL3"), "is damaged", id="model cut short"
        ),
        pytest.param(
            lambda folder: (folder / "model.tflite").write_bytes(b""), "is damaged", id="model empty"
        ),
        pytest.param(
            lambda folder: (folder / "model.json").write_text(
                (folder / "model.json").read_text().replace('"image_size": 16', '"image_size": 32')
            ),
            "do not fit",
            id="record of another model",
        ),
    ],
)
def test_a_damaged_run_is_a_sentence(damage, sentence, run_folder, tmp_path):
    folder = shutil.copytree(run_folder, tmp_path / "copy")
    damage(folder)
    with pytest.raises(ModelError, match=sentence):
        load_predictor(folder)
