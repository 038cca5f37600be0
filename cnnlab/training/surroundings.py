"""Asks the machine where an attempt is carried out, once TensorFlow is loaded, and writes it into the run.

What names a person, a folder or a host stays out: bundles carry the file to strangers. This module
never changes a setting and never ends a run: a machine that does not say something leaves a gap.
"""

import hashlib
import os
import platform
import re
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path

import psutil

import cnnlab
from cnnlab.data.contents import division_of
from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.runs.environment import (
    DatasetSeen,
    Environment,
    add_environment,
    differences,
    fingerprint_of_settings,
    read_environments,
)
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine import describe_machine
from cnnlab.specs.runs import RunSpec

PACKAGE = Path(cnnlab.__file__).resolve().parent
VARIABLES = re.compile(r"^(TF|XLA|OMP|MKL|OPENBLAS|ONEDNN|DNNL|CUDA|CUDNN|CUBLAS|KERAS|NVIDIA_TF32)_")
PLACES = re.compile(r"(HOME|PATH|DIR|ROOT|CACHE)$|^TF_CONFIG$|DUMP")
"""Names of variables that say where something lies, and change no number."""
LONGEST_VALUE = 200
ROOMS_OF_NUMBERS = ("specs", "data", "models", "training")
"""Where it is decided what a run computes; the words of a page change no number."""
COMMIT = re.compile(r"^[0-9a-f]{40,64}$")


def keep_surroundings(folder: RunFolder, *, spec: RunSpec, attempt: int) -> tuple[str, ...]:
    """Write down where this attempt is carried out; sentences on what is not as it was in the attempt before.

    Raises:
        OSError: The disk is full.
        DatasetError: The dataset went away meanwhile.
    """
    now = describe_surroundings(spec, attempt=attempt)
    earlier = [each for each in read_environments(folder.path) if each.attempt < attempt]
    add_environment(folder.path, now)
    changed = differences(earlier[-1], now) if earlier else ()
    if not changed:
        return ()
    return (
        f"This attempt is carried out in another environment than the one before ({'; '.join(changed)}), so its "
        f"numbers may differ a little from those of a run that nothing interrupted.",
    )


def describe_surroundings(spec: RunSpec, *, attempt: int) -> Environment:
    """Ask the machine, the packages and TensorFlow, which is loaded where it is not."""
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    return Environment(
        attempt=attempt,
        at=time.time(),
        python=platform.python_version(),
        packages=installed_packages(),
        cnnlab=cnnlab.__version__,
        commit=find_commit(PACKAGE.parent),
        source=fingerprint_of_source(PACKAGE),
        source_of_numbers=fingerprint_of_source(PACKAGE, rooms=ROOMS_OF_NUMBERS),
        settings=fingerprint_of_settings(spec),
        seed=spec.seed,
        deterministic=spec.training.deterministic,
        machine=describe_machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        memory_bytes=psutil.virtual_memory().total,
        gpus=_gpus(),
        threads=_threads(),
        variables=telling_variables(os.environ),
        dataset=_dataset_seen(dataset),
    )


def installed_packages() -> dict[str, str]:
    """Version of every installed package, by its name in small letters with '-' between words."""
    found = {}
    for package in distributions():
        if name := package.metadata["Name"]:
            # The first one found is the one that is imported.
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), package.version)
    return dict(sorted(found.items()))


def find_commit(repository: Path) -> str:
    """The commit that is checked out, '' where this is no repository; without asking git, which may not be there."""
    try:
        head = (repository / ".git/HEAD").read_text(encoding="ascii").strip()
        if head.startswith("ref: "):
            head = _commit_of(repository / ".git", head.removeprefix("ref: "))
    except (OSError, ValueError):
        return ""
    return head if COMMIT.match(head) else ""


def fingerprint_of_source(package: Path, *, rooms: Sequence[str] = (".",)) -> str:
    """SHA-256 of every file in some rooms of the package with its name, whatever time it was written."""
    digest = hashlib.sha256()
    for path in sorted(path for room in rooms for path in (package / room).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def telling_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that change what TensorFlow computes; none that says where something lies."""
    return {
        name: value[:LONGEST_VALUE]
        for name, value in sorted(environment.items())
        if VARIABLES.match(name) and not PLACES.search(name) and os.sep not in value
    }


def _commit_of(git: Path, reference: str) -> str:
    if ".." in reference:
        return ""
    if (git / reference).is_file():
        return (git / reference).read_text(encoding="ascii").strip()
    packed = (git / "packed-refs").read_text(encoding="ascii", errors="replace").splitlines()
    return next((line.split(" ")[0] for line in packed if line.endswith(f" {reference}")), "")


def _gpus() -> tuple[str, ...]:
    import tensorflow as tf

    names = []
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        names.append(str(details.get("device_name", "GPU")))
    return tuple(names)


def _threads() -> dict[str, int]:
    import tensorflow as tf

    threading = tf.config.threading
    return {
        "intra_op_parallelism_threads": threading.get_intra_op_parallelism_threads(),
        "inter_op_parallelism_threads": threading.get_inter_op_parallelism_threads(),
    }


def _dataset_seen(dataset: Dataset) -> DatasetSeen:
    return DatasetSeen(
        id=dataset.id,
        version=dataset.version,
        num_pictures=dataset.num_pictures,
        content=dataset.entry.content,
        division=division_of(dataset.table()),
    )
