"""The fastest exact way to ask a frozen network about many pictures: LiteRT on a CPU, TensorFlow else.

On two cores LiteRT takes a fraction of the time of `tf.function` (`python -m benchmarks extraction`).
Converting takes some seconds, once for a network and its weights; the result is compared and kept.
Which way is taken depends on nothing that varies from run to run, so that equal runs see equal bits.
This module never decides what is frozen.
"""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from cnnlab.data.cache import touch
from cnnlab.files import write_atomically
from cnnlab.training.lite import LiteError, convert

if TYPE_CHECKING:
    import keras

Answer = Callable[[np.ndarray], np.ndarray]
"""From a batch of inputs, shape (B, ...), to what the network says about them, float32, shape (B, ...)."""

FEWEST_INPUTS = 256
"""For fewer, converting takes longer than it saves even when it is never needed again."""
LARGEST_DIFFERENCE = 1e-4
"""Of an answer, as a share of the largest one; more is not rounding."""
INPUTS_COMPARED = 4
THREADS_EACH = 2
CHECKSUM_BYTES = 32


def fastest_answer(below: "keras.Model", inputs: np.ndarray, *, kept: Path) -> Answer:
    """Choose the way to ask a frozen network.

    Args:
        below: The frozen network.
        inputs: Everything that it will be asked about, shape (N, ...).
        kept: Where its LiteRT form is kept, or goes.
    """
    if len(inputs) < FEWEST_INPUTS or _has_gpu():
        return _with_tensorflow(below)
    try:
        return _with_lite(_converted(below, np.asarray(inputs[:INPUTS_COMPARED], np.float32), kept=kept))
    except LiteError:
        return _with_tensorflow(below)


def _with_tensorflow(below: "keras.Model") -> Answer:
    import tensorflow as tf

    signature = (tf.TensorSpec((None, *below.input_shape[1:]), tf.float32),)
    ask = tf.function(lambda batch: below(batch, training=False), input_signature=signature, autograph=False)
    return lambda batch: ask(batch).numpy()


def _with_lite(content: bytes) -> Answer:
    from ai_edge_litert.interpreter import Interpreter

    # One picture at a time on two threads each is faster than batches, and uses all cores.
    interpreters = []
    for _ in range(max(1, (os.cpu_count() or 1) // THREADS_EACH)):
        try:
            interpreter = Interpreter(model_content=content, num_threads=THREADS_EACH)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise LiteError(str(error)) from error
        interpreters.append(interpreter)
    pool = ThreadPoolExecutor(len(interpreters))
    entry = interpreters[0].get_input_details()[0]["index"]
    exit_ = interpreters[0].get_output_details()[0]["index"]

    def share(interpreter: Interpreter, pictures: np.ndarray) -> list[np.ndarray]:
        answers = []
        for picture in pictures:
            interpreter.set_tensor(entry, picture[np.newaxis])
            interpreter.invoke()
            answers.append(interpreter.get_tensor(exit_)[0])
        return answers

    def answer(batch: np.ndarray) -> np.ndarray:
        parts = pool.map(share, interpreters, np.array_split(batch, len(interpreters)))
        return np.stack([each for part in parts for each in part])

    return answer


def _converted(below: "keras.Model", sample: np.ndarray, *, kept: Path) -> bytes:
    """Return the LiteRT form of a network, converting and comparing it where it is not kept yet.

    Raises:
        LiteError: There is none, or it says something else than the network.
    """
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        touch(kept)
        content = _read_whole(kept)
        if content is None:
            # Nothing behind the checksum says that the form of this network says something else. A converter that
            # failed is not remembered: it may have been short of memory.
            content = _checked(below, sample) or b""
            write_atomically(kept, lambda temporary: temporary.write_bytes(_checksum(content) + content))
    if not content:
        raise LiteError("It says something else than the network.")
    return content


def _read_whole(kept: Path) -> bytes | None:
    if not kept.is_file():
        return None
    checksum, content = (data := kept.read_bytes())[:CHECKSUM_BYTES], data[CHECKSUM_BYTES:]
    return content if checksum == _checksum(content) else None


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _checked(below: "keras.Model", sample: np.ndarray) -> bytes | None:
    content = convert(below)
    answers = _with_lite(content)(sample)
    expected = below(sample, training=False).numpy()
    alike = np.abs(answers - expected).max() <= LARGEST_DIFFERENCE * max(np.abs(expected).max(), 1e-6)
    return content if alike else None


def _has_gpu() -> bool:
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
