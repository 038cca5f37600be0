"""One picture on its way through a network: the maps of every block, and where each block saw what speaks for a class.

    <run>/evaluation/inside/KEY/               the job, as `jobs.folder` says
    <run>/evaluation/inside/KEY/stages.npz     what it found

The LiteRT model of a run carries its last maps only, so Keras is asked, in a process of its own
(`opening`); what it found is kept for some pictures. This module never loads TensorFlow.
"""

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cnnlab.errors import EvaluationError
from cnnlab.evaluation.run_jobs import RunJob, RunRequest, attempt_of, find_job, start_job
from cnnlab.jobs.folder import forget_oldest
from cnnlab.jobs.records import JobRecord
from cnnlab.runs.folder import RunFolder

WORKER = "cnnlab.evaluation.opening"
KEPT = 24
"""So many pictures of a run are remembered; the oldest are forgotten."""
FILE = "stages.npz"


class InsideRequest(RunRequest):
    """Which picture is looked at."""

    pixels: str
    """As the network takes it: a PNG in base64."""
    label: int
    """A class that is asked about besides the likeliest ones; -1 for none."""


class StageRow(JobRecord):
    """One block."""

    name: str
    height: int
    width: int
    filters: int
    shown: tuple[int, ...]
    """Which filters are kept, the strongest first."""


class InsideResult(JobRecord):
    """What was found, without the pictures."""

    labels: tuple[int, ...]
    """The classes that were asked about, the likeliest first."""
    probabilities: tuple[float, ...]
    """Of these."""
    stages: tuple[StageRow, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Inside:
    """What was found, with the pictures."""

    result: InsideResult
    picture: np.ndarray
    """As the network saw it: RGB, uint8, shape (image_size, image_size, 3)."""
    maps: tuple[np.ndarray, ...]
    """Of each block, uint8, shape (shown, height, width), each stretched from its lowest to its highest."""
    heats: tuple[np.ndarray, ...]
    """Of each block, float32 in 0..1, shape (labels, height, width)."""
    kernels: np.ndarray
    """Of the first convolution, uint8, shape (shown, height, width, 3); none where it sees no colours."""


def picture_request(run: RunFolder, picture: np.ndarray, *, label: int = -1) -> InsideRequest:
    """Ask about a picture.

    Args:
        run: A finished one.
        picture: RGB, uint8, shape (image_size, image_size, 3).
        label: A class to ask about besides the likeliest ones; -1 for none.
    """
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    pixels = base64.b64encode(file.getvalue()).decode("ascii")
    return InsideRequest(run=run.id, attempt=attempt_of(run), pixels=pixels, label=label)


def pixels_of(request: InsideRequest) -> np.ndarray:
    """The picture that is asked about, uint8, shape (image_size, image_size, 3); it is a PNG of our own."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(request.pixels))).convert("RGB"))


def find_inside(run: RunFolder, request: InsideRequest) -> RunJob | None:
    """Return the job of a request, under way or ended, or None where there was none."""
    return find_job(run, _name(request))


def start_inside(run: RunFolder, request: InsideRequest) -> RunJob:
    """Start looking inside a network, or return the job that does it already.

    Raises:
        EvaluationError: The run kept no Keras model, the job is still ending, or it cannot be written.
    """
    if not (run.path / "model.keras").is_file():
        raise EvaluationError(f"Run {run.id} has kept no Keras model to look into. Choose one that has.")
    folder = run.path / "evaluation" / "inside"
    if folder.is_dir():
        jobs = [RunJob(folder=path) for path in folder.iterdir() if path.is_dir()]
        forget_oldest([job for job in jobs if job.key != _key(request)], kept=KEPT - 1)
    return start_job(run, _name(request), request=request, module=WORKER)


def load_inside(job: RunJob) -> Inside | None:
    """Read what a job found.

    Returns:
        None while it has not finished.

    Raises:
        EvaluationError: A file is damaged.
    """
    result = job.read("result.json", InsideResult) if job.state == "finished" else None
    request = job.read("request.json", InsideRequest)
    if result is None or request is None:
        return None
    count = range(len(result.stages))
    try:
        with np.load(job.folder / FILE, allow_pickle=False) as stored:
            return Inside(
                result=result,
                picture=pixels_of(request),
                maps=tuple(stored[f"maps-{place}"] for place in count),
                heats=tuple(stored[f"heats-{place}"].astype(np.float32) for place in count),
                kernels=stored["kernels"],
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise EvaluationError(
            f"What was seen inside run {job.folder.parents[2].name} cannot be read ({type(error).__name__}). Look again."
        ) from error


def inside_path(job_folder: Path) -> Path:
    """Where the pictures of a job lie."""
    return job_folder / FILE


def _key(request: InsideRequest) -> str:
    return hashlib.sha256(f"{request.pixels} {request.label} {request.attempt}".encode()).hexdigest()[:16]


def _name(request: InsideRequest) -> str:
    return f"inside/{_key(request)}"
