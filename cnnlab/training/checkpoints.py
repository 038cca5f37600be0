"""Checkpoints that a run can be taken up from to the last bit, and the best weights so far.

A checkpoint is two files: `step-<n>.npz` with every variable (weights, optimizer, seed generators),
then `step-<n>.json` with the progress and the hash of the first. The JSON is the commit: without it,
or when the hash does not fit, the checkpoint before it is used. Two are kept. Keras' own
`BackupAndRestore` is not used: it loses the state of dropout and the place within an epoch.
This module never knows what the variables mean.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from cnnlab.errors import RunError
from cnnlab.files import TEMPORARY_PREFIX, file_sha256, write_atomically, write_text
from cnnlab.training.progress import Best, Progress

SECONDS_BETWEEN_EPOCHS_KEPT = 1.0
"""An epoch that ends sooner than this after a checkpoint has none of its own: for a head on vectors, writing took as long as learning."""
KEPT = 2


class Variable(Protocol):
    """What a Keras variable offers here."""

    shape: Sequence[int]

    def numpy(self) -> np.ndarray:
        """Its value."""

    def assign(self, value: np.ndarray) -> object:
        """Give it another value of the same shape."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A state that was read and whose hash fits."""

    progress: Progress
    arrays: list[np.ndarray]
    damaged: tuple[str, ...] = ()
    """Newer checkpoints that were passed over because they are damaged."""


class CheckpointFolder:
    """The checkpoints of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        for left_over in path.glob(f"{TEMPORARY_PREFIX}*"):
            left_over.unlink(missing_ok=True)

    def save(self, variables: Sequence[Variable], *, progress: Progress) -> None:
        """Write a checkpoint, then forget all but the newest two and the best weights they name.

        Raises:
            OSError: The disk is full; the checkpoints before this one are as they were.
        """
        name = f"step-{progress.step:09d}"
        digest = save_arrays(self.path / f"{name}.npz", [variable.numpy() for variable in variables])
        text = json.dumps(
            {"sha256": digest, "progress": json.loads(progress.model_dump_json())}, allow_nan=False
        )
        write_text(self.path / f"{name}.json", text)
        self._forget_all_but(newest=name)

    def load_newest(self) -> Checkpoint | None:
        """Read the newest checkpoint that is whole, or None when there is none."""
        damaged: list[str] = []
        for commit in reversed(self._commits()):
            try:
                content = json.loads(commit.read_bytes())
                arrays = load_arrays(commit.with_suffix(".npz"), sha256=content["sha256"])
                progress = Progress.model_validate(content["progress"])
                if progress.best:
                    _check_hash(self.path / progress.best.weights, sha256=progress.best.sha256)
            except (OSError, ValueError, KeyError, RunError):
                damaged.append(commit.stem)
                continue
            return Checkpoint(progress=progress, arrays=arrays, damaged=tuple(damaged))
        return None

    def name_best(self, epoch: int) -> str:
        """Name the file of the best weights, if they are those of this epoch."""
        return f"best-{epoch:05d}.npz"

    def save_best(self, arrays: Sequence[np.ndarray], *, name: str) -> str:
        """Write the weights of the best epoch and return the file's SHA-256; the last best stays for now.

        Raises:
            OSError: The disk is full.
        """
        return save_arrays(self.path / name, arrays)

    def load_best(self, best: Best) -> list[np.ndarray]:
        """Read weights that `save_best` wrote.

        Raises:
            RunError: The file is not the one that was written.
            OSError: It is missing.
        """
        return load_arrays(self.path / best.weights, sha256=best.sha256)

    def _commits(self) -> list[Path]:
        return sorted(self.path.glob("step-*.json"))

    def _forget_all_but(self, *, newest: str) -> None:
        # What is beyond the newest was passed over as damaged: it belongs to a future that was lost.
        kept = {commit.stem: commit for commit in self._commits() if commit.stem <= newest}
        kept = dict(list(kept.items())[-KEPT:])
        best = {_best_weights(commit) for commit in kept.values()}
        for commit in self._commits():
            if commit.stem not in kept:
                commit.unlink()
        for file in self.path.glob("*.npz"):
            if file.stem not in kept and file.name not in best:
                file.unlink()


def _best_weights(commit: Path) -> str | None:
    try:
        return json.loads(commit.read_bytes())["progress"]["best"]["weights"]
    except (ValueError, KeyError, TypeError):
        # Damaged, or of before the first epoch: nothing is kept for it.
        return None


def save_arrays(path: Path, arrays: Sequence[np.ndarray]) -> str:
    """Write arrays in their order, atomically, and return the file's SHA-256."""
    digest = ""

    def write(temporary: Path) -> None:
        nonlocal digest
        with temporary.open("wb") as file:
            np.savez(file, **{f"v{index:05d}": array for index, array in enumerate(arrays)})
        digest = file_sha256(temporary)

    write_atomically(path, write)
    return digest


def load_arrays(path: Path, *, sha256: str = "") -> list[np.ndarray]:
    """Read what `save_arrays` wrote; without a hash to compare with it is believed.

    Raises:
        RunError: The file is not the one that was written.
        OSError: It is missing.
    """
    _check_hash(path, sha256=sha256)
    with np.load(path, allow_pickle=False) as archive:
        return [archive[name] for name in sorted(archive.files)]


def assign(variables: Sequence[Variable], arrays: Sequence[np.ndarray]) -> None:
    """Give variables the values of arrays, one by one.

    Raises:
        RunError: There are not as many, or one has another shape; nothing was assigned then.
    """
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [array.shape for array in arrays]:
        raise RunError(
            f"The checkpoint does not fit the network: {len(arrays)} arrays for {len(shapes)} variables, or other shapes. "
            f"It was written by another version of cnnlab; start the run again from the beginning."
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _check_hash(path: Path, *, sha256: str) -> None:
    if file_sha256(path) != sha256 and sha256:
        raise RunError(f"{path.name} is damaged: it is not the file that was written.")
