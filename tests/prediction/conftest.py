"""A run's folder with a real, tiny LiteRT model in it."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab.runs.model_record import ModelRecord
from cnnlab.training.lite import convert_to_lite

CLASS_NAMES = ("circle", "ring", "star")


@pytest.fixture(scope="session")
def keras_model():
    import keras

    keras.utils.set_random_seed(3)
    picture = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(picture))
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    probabilities = keras.layers.Dense(3, activation="softmax", kernel_initializer="random_normal")(pooled)
    return keras.Model(picture, [probabilities, maps])


@pytest.fixture(scope="session")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def run_folder(keras_model, pictures, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    expected = keras_model(pictures.astype(np.float32))[0].numpy()
    result = convert_to_lite(keras_model, path=folder / "model.tflite", pictures=pictures, expected=expected)
    assert result.largest_difference < 1e-5
    ModelRecord(class_names=CLASS_NAMES, image_size=16, run="r", name="Small", network_name="tiny").save(
        folder
    )
    return folder
