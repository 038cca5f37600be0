"""Opens one exported file in its own runtime, times it, and asks it about pictures; in a process of its own.

    python -m cnnlab.export.asking FORMAT FILE PICTURES.npy ANSWERS.npy

One JSON object a line comes out: first the timing, then how many pictures are answered. A process a
file, so that its memory is what that runtime takes, and what its libraries do to a process is done to
nobody else. This module never says whether an answer is good.
"""

import importlib
import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

import numpy as np

from cnnlab.runs.memory import peak_memory_bytes

THREADS = 2
"""For every runtime the same, as on the Predict page."""
PICTURES_AT_ONCE = 16
WARM_UP_ANSWERS = 3
"""The first ones are slower: memory is touched for the first time, a graph is traced."""
ENOUGH_ANSWERS, ENOUGH_SECONDS, FEWEST_ANSWERS = 60, 2.0, 5

Ask = Callable[[np.ndarray], np.ndarray]
"""From pictures, uint8, shape (N, image_size, image_size, 3), to probabilities, float32, shape (N, num_classes)."""


def open_file(format_name: str, path: Path) -> Ask:
    """Open an exported file; what is returned answers for pictures.

    Raises:
        Exception: Whatever its runtime raises about a file that it cannot take.
    """
    return RUNTIMES[format_name][0](path)


def time_one_picture(ask: Ask, picture: np.ndarray) -> dict[str, float]:
    """Ask about one picture again and again; milliseconds within which half and 19 of 20 answers came."""
    for _ in range(WARM_UP_ANSWERS):
        ask(picture[np.newaxis])
    seconds: list[float] = []
    began = time.perf_counter()
    while len(seconds) < FEWEST_ANSWERS or (
        len(seconds) < ENOUGH_ANSWERS and time.perf_counter() - began < ENOUGH_SECONDS
    ):
        started = time.perf_counter()
        ask(picture[np.newaxis])
        seconds.append(time.perf_counter() - started)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return {"p50_ms": float(p50), "p95_ms": float(p95)}


def _keras(path: Path) -> Ask:
    keras = _quiet_keras()
    return _predicting(keras.saving.load_model(path, compile=False))


def _code(path: Path) -> Ask:
    _quiet_keras()
    folder = _unpacked(path)
    # As whoever takes it away does: the folder's own file, and nothing of cnnlab in it.
    sys.path.insert(0, str(folder))
    network = importlib.import_module("network")
    model = network.build_model(len((folder / "labels.txt").read_text(encoding="utf-8").splitlines()))
    model.load_weights(folder / "model.weights.h5")
    return _predicting(model)


def _saved_model(path: Path) -> Ask:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    loaded = tf.saved_model.load(_unpacked(path) / "model")
    return lambda pictures: loaded.serve(tf.constant(pictures, tf.float32)).numpy()


def _lite(path: Path) -> Ask:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=THREADS)
    interpreter.allocate_tensors()
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    _check_raw(entry)

    def ask(pictures: np.ndarray) -> np.ndarray:
        answers = []
        for picture in pictures:
            interpreter.set_tensor(entry["index"], picture[np.newaxis].astype(entry["dtype"]))
            interpreter.invoke()
            answers.append(interpreter.get_tensor(exit_["index"])[0])
        return np.stack(answers)

    return ask


def _check_raw(entry: dict) -> None:
    """Whole numbers go in as they are only where one step of the input is one step of a picture."""
    scale, zero_point = entry["quantization"]
    if entry["dtype"] == np.uint8 and (abs(scale - 1) > 1e-3 or zero_point != 0):
        raise ValueError(f"its input is not 0..255 as it is: scale {scale}, zero point {zero_point}")


def _onnx(path: Path) -> Ask:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    # The known damage of a conversion: constants that became inputs, which nobody could give.
    names = [entry.name for entry in session.get_inputs()]
    if len(names) != 1:
        raise ValueError(f"it wants {len(names)} inputs, {', '.join(names[:5])}; a picture is all there is")
    return lambda pictures: session.run(None, {names[0]: pictures.astype(np.float32)})[0]


def _openvino(path: Path) -> Ask:
    import openvino

    # On processors that can, it would count in bfloat16 by itself, and answer by some hundredths differently.
    settings = {"INFERENCE_NUM_THREADS": THREADS, "INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().compile_model(_unpacked(path) / "model.xml", "CPU", settings)
    return lambda pictures: next(iter(model(pictures.astype(np.float32)).values()))


RUNTIMES: MappingProxyType[str, tuple[Callable[[Path], Ask], str]] = MappingProxyType(
    {
        "keras": (_keras, "keras"),
        "saved_model": (_saved_model, "tensorflow"),
        "lite": (_lite, "ai-edge-litert"),
        "lite_dynamic": (_lite, "ai-edge-litert"),
        "lite_int8": (_lite, "ai-edge-litert"),
        "onnx": (_onnx, "onnxruntime"),
        "code": (_code, "keras"),
        "openvino": (_openvino, "openvino"),
    }
)
"""How a file of each format is opened, and the package that does it."""


def _quiet_keras():
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    return keras


def _predicting(model) -> Ask:
    # A compiled graph, as a server would use it; a plain call takes ten times as long.
    return lambda pictures: np.asarray(model.predict_on_batch(pictures.astype(np.float32)))


def _unpacked(path: Path) -> Path:
    folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=".tmp-"))
    with zipfile.ZipFile(path) as packed:
        packed.extractall(folder)
    return folder


def main(format_name: str, file: str, pictures_file: str, answers_file: str) -> int:
    """Time and ask a file; return the exit code."""
    pictures = np.load(pictures_file, mmap_mode="r", allow_pickle=False)
    ask = open_file(format_name, Path(file))
    timing = time_one_picture(ask, pictures[0])
    # Now, before the pictures that are asked about count as its memory.
    timing["peak_bytes"] = peak_memory_bytes()
    _say(timing=timing, runtime=version(RUNTIMES[format_name][1]))
    answers = []
    for start in range(0, len(pictures), PICTURES_AT_ONCE):
        answers.append(ask(pictures[start : start + PICTURES_AT_ONCE]))
        _say(done=min(start + PICTURES_AT_ONCE, len(pictures)))
    np.save(answers_file, np.concatenate(answers).astype(np.float32))
    return 0


def _say(**line: object) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main(*sys.argv[1:]))
