"""Asks the LiteRT model of a finished run. The run's folder alone is needed, and no TensorFlow.

A predictor may be shared by all sessions of a server: one question is answered at a time. This
module never decodes a picture.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.errors import ModelError
from cnnlab.runs.model_record import ModelRecord

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

FILE = "model.tflite"
THREADS = 2


class Predictor:
    """The model of one run, ready to be asked."""

    def __init__(self, record: ModelRecord, interpreter: "Interpreter") -> None:
        self.record = record
        self._interpreter = interpreter
        self._lock = threading.Lock()
        self._entry = interpreter.get_input_details()[0]["index"]
        outputs = {len(each["shape"]): each["index"] for each in interpreter.get_output_details()}
        self._probabilities = outputs[2]
        self._feature_map = outputs.get(4)

    def predict(self, picture: np.ndarray) -> np.ndarray:
        """Answer for one picture.

        Args:
            picture: RGB, 0..255, shape (image_size, image_size, 3).

        Returns:
            Probabilities, float32, shape (num_classes,); they sum to 1.

        Raises:
            ModelError: The picture has another shape than the model takes.
        """
        return self.explain(picture)[0]

    def explain(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Answer for one picture, with the maps that the answer was made from.

        Args:
            picture: RGB, 0..255, shape (image_size, image_size, 3).

        Returns:
            Probabilities, float32, shape (num_classes,), and the last feature map, float32, shape
            (height, width, maps), or None for a network without one.

        Raises:
            ModelError: The picture has another shape than the model takes.
        """
        size = self.record.image_size
        if picture.shape != (size, size, 3):
            raise ModelError(
                f"The model takes pictures of {size} × {size} pixels in colour; this one is {picture.shape}."
            )
        with self._lock:
            self._interpreter.set_tensor(self._entry, picture[np.newaxis].astype(np.float32))
            self._interpreter.invoke()
            probabilities = self._interpreter.get_tensor(self._probabilities)[0]
            maps = None if self._feature_map is None else self._interpreter.get_tensor(self._feature_map)[0]
        return probabilities, maps


def load_predictor(folder: Path) -> Predictor:
    """Open the model of a run.

    Args:
        folder: The run's folder.

    Raises:
        ModelError: The run has no model, or it cannot be read.
    """
    from ai_edge_litert.interpreter import Interpreter

    record = ModelRecord.load(folder)
    path = folder / FILE
    if not path.is_file():
        raise ModelError(
            f"{record.name!r} has no LiteRT model, so it cannot be asked here; its report says why. Choose another run."
        )
    try:
        interpreter = Interpreter(model_path=str(path), num_threads=THREADS)
        interpreter.allocate_tensors()
        predictor = Predictor(record, interpreter)
    except (ValueError, RuntimeError, KeyError, IndexError) as error:
        raise ModelError(
            f"The model of {record.name!r} is damaged. Choose another run, or train this one again."
        ) from error
    _check_shapes(interpreter, record)
    return predictor


def _check_shapes(interpreter: "Interpreter", record: ModelRecord) -> None:
    entry = tuple(interpreter.get_input_details()[0]["shape"])
    classes = next(each["shape"][1] for each in interpreter.get_output_details() if len(each["shape"]) == 2)
    size = record.image_size
    if entry != (1, size, size, 3) or classes != len(record.class_names):
        raise ModelError(
            f"The model of {record.name!r} and its record do not fit: it takes {entry} and knows {classes} classes, the "
            f"record says {size} × {size} pixels and {len(record.class_names)} classes. Train it again."
        )
