"""Converts the finished network to LiteRT and compares its answers with Keras' before anybody may use it.

This module never changes the network.
"""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.files import write_atomically

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

LARGEST_DIFFERENCE = 1e-3
"""A probability that differs by more than this is another answer, not rounding."""


class LiteError(Exception):
    """The converter or the runtime cannot take a network; never shown, Keras' own form serves instead."""


@dataclass(frozen=True, kw_only=True)
class LiteResult:
    """What came of the conversion."""

    largest_difference: float | None
    bytes: int | None
    message: str = ""


def convert_to_lite(
    explaining: "keras.Model", *, path: Path, pictures: np.ndarray, expected: np.ndarray
) -> LiteResult:
    """Write the LiteRT model beside the Keras one if it says the same.

    Args:
        explaining: From one picture, float32 0..255, to probabilities and, where there is one, the last feature map.
        path: Where the LiteRT model goes.
        pictures: To compare on, uint8, shape (N, image_size, image_size, 3).
        expected: Keras' probabilities for them, shape (N, num_classes).

    Returns:
        The largest difference of a probability; a message instead of a file when it cannot be trusted.
    """
    try:
        content = convert(explaining)
        answers = _ask(content, pictures, num_classes=expected.shape[1])
    except (LiteError, ValueError, RuntimeError) as error:
        # The Keras model is good all the same.
        return LiteResult(
            largest_difference=None, bytes=None, message=f"LiteRT cannot run this network: {str(error)[:300]}"
        )
    difference = float(np.abs(answers - expected).max()) if len(expected) else 0.0
    if not difference <= LARGEST_DIFFERENCE:
        return LiteResult(
            largest_difference=difference,
            bytes=None,
            message=f"The LiteRT model answers differently from the Keras model (by {difference:.2g}); it is not kept.",
        )
    write_atomically(path, lambda temporary: temporary.write_bytes(content))
    return LiteResult(largest_difference=difference, bytes=len(content))


def convert(
    model: "keras.Model", *, prepare: "Callable[[tf.lite.TFLiteConverter], None] | None" = None
) -> bytes:
    """Convert a network to LiteRT, for one input at a time; its numbers stay as they are (float32).

    Args:
        model: From float32 of the shape of one input to whatever it says.
        prepare: Gives the converter other settings, such as rounding to 8 bits.

    Raises:
        LiteError: The converter cannot take one of its layers.
    """
    import tensorflow as tf

    signature = (tf.TensorSpec((1, *model.input_shape[1:]), tf.float32),)
    ask = tf.function(
        lambda picture: model(picture, training=False), input_signature=signature, autograph=False
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([ask.get_concrete_function()], model)
    # The way over a SavedModel, which `from_keras_model` takes, comes to the same and takes six times as long.
    converter.experimental_lower_to_saved_model = False
    if prepare is not None:
        prepare(converter)
    try:
        # The converter prints every variable; the log is for people.
        with contextlib.redirect_stdout(io.StringIO()):
            return converter.convert()
    except Exception as error:
        # It raises whatever the layers raise.
        raise LiteError(str(error)) from error


def _ask(content: bytes, pictures: np.ndarray, *, num_classes: int) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=2)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]["index"]
    exit_ = next(each["index"] for each in interpreter.get_output_details() if len(each["shape"]) == 2)
    answers = np.zeros((len(pictures), num_classes), np.float32)
    for position, picture in enumerate(pictures):
        interpreter.set_tensor(entry, picture[np.newaxis].astype(np.float32))
        interpreter.invoke()
        answers[position] = interpreter.get_tensor(exit_)[0]
    return answers
