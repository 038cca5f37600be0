"""Starts the process that asks an exported file, listens to how far it is, and ends it when nobody wants it any more.

This module never opens an exported file.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cnnlab.data.children import environment, module_command
from cnnlab.errors import ModelError
from cnnlab.export.formats import find_format
from cnnlab.export.records import ExportTiming

CHILD = "cnnlab.export.asking"
LEAVE_SECONDS = 60.0
"""How long a process may take to leave after its last word."""


def ask_in_child(
    format_name: str,
    file: Path,
    pictures: np.ndarray,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[np.ndarray, ExportTiming]:
    """Open a file in its own runtime, in a fresh process, and ask it about pictures.

    Args:
        format_name: Its format.
        file: The file; its folder is where the process puts what it needs.
        pictures: RGB, uint8, shape (N, image_size, image_size, 3), N at least 1.
        on_progress: Called with pictures done and in all; what it raises ends the process.

    Returns:
        Probabilities, float32, shape (N, num_classes), and what one picture costs.

    Raises:
        ModelError: Its runtime cannot take it; the sentence says why.
    """
    row = find_format(format_name)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".tmp-") as place:
        asked, answered, said = (
            Path(place) / "pictures.npy",
            Path(place) / "answers.npy",
            Path(place) / "said",
        )
        np.save(asked, pictures)
        with said.open("wb") as errors:
            child = subprocess.Popen(
                module_command(CHILD, format_name, str(file), str(asked), str(answered)),
                env=environment(confined=False) | {"TF_CPP_MIN_LOG_LEVEL": "3"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        timing = None
        try:
            for line in child.stdout:
                found = _read(line)
                if "timing" in found:
                    timing = ExportTiming(**found["timing"], runtime_version=found["runtime"])
                if "done" in found:
                    on_progress(found["done"], len(pictures))
            child.wait(timeout=LEAVE_SECONDS)
        finally:
            # Somebody does not want it any more, or it does not leave by itself.
            if child.poll() is None:
                child.kill()
                child.wait()
            child.stdout.close()
        if child.returncode != 0 or timing is None or not answered.is_file():
            raise ModelError(f"{row.runtime} cannot open it as {row.label}: {_why(child.returncode, said)}.")
        return np.load(answered, allow_pickle=False), timing


def _read(line: bytes) -> dict:
    """One line of what it says; a library may print lines of its own between them."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _why(exit_code: int, said: Path) -> str:
    if exit_code < 0:
        return f"its process was ended by signal {-exit_code}, for want of memory perhaps"
    lines = said.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1][:300].rstrip(".") if lines else f"its process ended with code {exit_code}"
