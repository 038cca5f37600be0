"""How long a finished model takes for one picture, and how much memory: measured in a process of its own.

    python -m cnnlab.prediction.timing MODEL.tflite     prints one line of JSON

The child loads the model as the predict page does and nothing else, so its memory is the model's, and
TensorFlow's threads in the worker do not wait beside it. This module never imports TensorFlow.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cnnlab.data.children import environment, module_command
from cnnlab.errors import ModelError
from cnnlab.prediction.predictor import THREADS, Predictor
from cnnlab.runs.memory import peak_memory_bytes
from cnnlab.runs.model_record import ModelRecord

ENOUGH_ANSWERS, ENOUGH_SECONDS = 60, 2.0
FEWEST_ANSWERS = 5
"""So many are timed however long they take."""
WARM_UP_ANSWERS = 3
"""The first ones are slower: memory is touched for the first time."""
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What one picture costs, asked one at a time with the threads that the predict page takes."""

    p50_ms: float
    """Half of the answers came within this time."""
    p95_ms: float
    pictures_per_second: float
    peak_bytes: int
    """The most memory that the process held, Python and LiteRT included."""
    answers: int
    """How many were timed."""


def time_model(path: Path, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Timing:
    """Time a LiteRT model in a fresh process; takes about three seconds.

    Args:
        path: The model's file.
        timeout_seconds: After so long the process is ended.

    Raises:
        ModelError: It could not be timed; the sentence says why.
    """
    try:
        child = subprocess.run(
            module_command("cnnlab.prediction.timing", str(path)),
            env=environment(confined=False),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_seconds,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"The model was not timed: {FEWEST_ANSWERS} answers took more than {timeout_seconds:.0f} seconds."
        ) from None
    except OSError as error:
        raise ModelError(f"The model was not timed: no process could be started ({error}).") from error
    if child.returncode != 0:
        raise ModelError(f"The model was not timed: {_why(child)}.")
    try:
        return Timing(**json.loads(child.stdout.splitlines()[-1]))
    except (ValueError, TypeError, IndexError) as error:
        raise ModelError("The model was not timed: the process did not say what it found.") from error


def measure(path: Path) -> Timing:
    """Time a LiteRT model in this process; its memory is then that of all that this process did.

    Raises:
        ValueError: The file is no LiteRT model.
    """
    predictor = _open(path)
    size = predictor.record.image_size
    picture = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    for _ in range(WARM_UP_ANSWERS):
        predictor.predict(picture)
    seconds: list[float] = []
    began = time.perf_counter()
    while len(seconds) < FEWEST_ANSWERS or (
        len(seconds) < ENOUGH_ANSWERS and time.perf_counter() - began < ENOUGH_SECONDS
    ):
        started = time.perf_counter()
        predictor.predict(picture)
        seconds.append(time.perf_counter() - started)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return Timing(
        p50_ms=float(p50),
        p95_ms=float(p95),
        pictures_per_second=len(seconds) / sum(seconds),
        peak_bytes=peak_memory_bytes(),
        answers=len(seconds),
    )


def _open(path: Path) -> Predictor:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=THREADS)
    interpreter.allocate_tensors()
    size = int(interpreter.get_input_details()[0]["shape"][1])
    # A record of no run: the predictor only wants to know how large pictures are.
    record = ModelRecord(class_names=(), image_size=size, run="", name=path.name, network_name="")
    return Predictor(record, interpreter)


def _why(child: subprocess.CompletedProcess) -> str:
    if child.returncode < 0:
        return f"its process was ended by signal {-child.returncode}, for want of memory perhaps"
    said = child.stderr.decode("utf-8", errors="replace").splitlines()
    return said[-1][:300] if said else f"its process ended with code {child.returncode}"


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Path(sys.argv[1])))))
