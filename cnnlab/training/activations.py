"""What frozen layers answer, computed once for a dataset and kept on disk.

A frozen network says the same about the same picture in every epoch, so its answers are computed
once: ten epochs of a head then take a second, not a minute. A file is named by everything that its
content depends on; the one that was not used for longest goes when room is needed. This module never
decides what is frozen.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout
from numpy.lib import format as npy

from cnnlab.data.cache import make_room, touch
from cnnlab.errors import TrainingError
from cnnlab.files import write_atomically
from cnnlab.training.extraction import Answer, fastest_answer

if TYPE_CHECKING:
    import keras
    from filelock import AcquireReturnProxy

BATCH_SIZE = 32
WAIT_SECONDS = 0.5
log = logging.getLogger(__name__)
RECIPE = 2
"""Grows when the same network and pictures give other numbers; files of before are then made again."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Everything that activations depend on."""

    pictures: str
    """Fingerprint of the packed pictures."""
    backbone: str
    """Row of the backbone table."""
    weights: str
    """Fingerprint of all weights between the picture and the boundary."""
    image_size: int
    """Height and width of the pictures, in pixels."""
    boundary: str
    """Name of the first block that is not frozen, or 'features' for the pooled vector."""
    augmentation: str = ""
    """How the pictures were altered and which of them: empty where they were not."""

    @property
    def key(self) -> str:
        """Name of the activations, as 32 hexadecimal digits."""
        return _name([RECIPE, self.pictures, *self._network, self.augmentation])

    @property
    def network_key(self) -> str:
        """Name of the frozen network alone, which other pictures may be given to as well."""
        return _name([RECIPE, *self._network])

    @property
    def _network(self) -> list[str | int]:
        return [self.backbone, self.weights, self.image_size, self.boundary]


def compute_activations(
    below: "keras.Model",
    inputs: np.ndarray,
    *,
    origin: Origin,
    cache: Path,
    on_progress: Progress,
    answer: Answer | None = None,
    keep: Collection[Path] = (),
) -> np.ndarray:
    """Return what a frozen network answers for all inputs, from the cache where it is there.

    Args:
        below: The frozen network.
        inputs: Shape (N, ...): packed pictures, altered ones, or activations of a lower boundary.
        origin: What they depend on; it names the file.
        cache: Folder of the cache.
        on_progress: Called with (inputs done, inputs in all); may raise to end the computation.
        answer: How to ask the network, where the caller knows it already; chosen here otherwise.
        keep: What has to stay in the cache when room is made, because the same run needs it.

    Returns:
        Float32, shape (N, ...), memory-mapped and read-only.

    Raises:
        TrainingError: The disk has no room for it.
    """
    folder = cache / "activations"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{origin.key}.npy"
    # Two workers may want the same file: the second waits, then reads what the first wrote.
    with _patiently(FileLock(folder / f"{origin.key}.lock"), lambda: on_progress(0, len(inputs))):
        if not _is_whole(path, rows=len(inputs)):
            needed = len(inputs) * int(np.prod(below.output_shape[1:])) * 4
            if sentence := make_room(needed, keep=keep, cache=cache).sentence:
                log.warning(sentence)
            _check_disk(folder, num_inputs=len(inputs), needed=needed)
            if answer is None:
                answer = fastest_answer(below, inputs, kept=cache / "frozen" / f"{origin.network_key}.tflite")
            shape = (len(inputs), *below.output_shape[1:])
            write_atomically(path, lambda temporary: _compute(answer, inputs, shape, temporary, on_progress))
        touch(path)
        # Opened while the lock is held: nobody who makes room can come in between.
        activations = np.load(path, mmap_mode="r")
    on_progress(len(inputs), len(inputs))
    return activations


def fingerprint_weights(model: "keras.Model") -> str:
    """Hash the values of a network's variables, in their order."""
    digest = hashlib.sha256()
    for variable in model.variables:
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()[:32]


def _patiently(lock: FileLock, look_up: Callable[[], None]) -> "AcquireReturnProxy":
    """Wait for a lock as long as it takes, but hear a pause or a stop meanwhile."""
    while True:
        try:
            return lock.acquire(timeout=WAIT_SECONDS)
        except Timeout:
            look_up()


def _name(parts: list[str | int]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _compute(
    answer: Answer, inputs: np.ndarray, shape: tuple[int, ...], path: Path, on_progress: Progress
) -> None:
    with path.open("wb") as file:
        npy.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        # Written, not memory-mapped: a map on a full disk ends the process without a word.
        for start in range(0, len(inputs), BATCH_SIZE):
            stop = min(start + BATCH_SIZE, len(inputs))
            file.write(np.ascontiguousarray(answer(np.asarray(inputs[start:stop], np.float32)), dtype="<f4"))
            on_progress(stop, len(inputs))


def _is_whole(path: Path, *, rows: int) -> bool:
    try:
        return len(np.load(path, mmap_mode="r")) == rows
    except (OSError, ValueError, EOFError):
        return False


def _check_disk(folder: Path, *, num_inputs: int, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free * 0.9:
        raise TrainingError(
            f"The activations of {num_inputs:,} pictures take {needed / 1e9:.1f} GB, and the disk has {free / 1e9:.1f} GB "
            f"free. Make room, unfreeze fewer or more blocks (another boundary), or use a smaller image size."
        )
