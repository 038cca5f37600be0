"""Pictures, archives and imports that the tests of this room make themselves."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cnnlab.data.decoding import decoding_child
from cnnlab.data.import_progress import ProgressWriter
from cnnlab.data.import_records import ArchiveImport, ImportRequest
from cnnlab.data.import_worker import carry
from cnnlab.data.intake import ImportJob, prepare_import, stage_upload
from cnnlab.data.library import Dataset, find_dataset
from cnnlab.data.preview_worker import look
from cnnlab.data.previews import PreviewJob, prepare_preview

ORANGE = (230, 120, 30)


def encode(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """Save a picture into bytes."""
    output = io.BytesIO()
    image.save(output, format=format, **options)
    return output.getvalue()


def plain(color: Any = ORANGE, *, size: tuple[int, int] = (12, 10), mode: str = "RGB") -> Image.Image:
    """A picture of one colour."""
    return Image.new(mode, size, color)


def speckled(seed: int, *, size: tuple[int, int] = (12, 10)) -> bytes:
    """A PNG like no other: noise from a seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return encode(Image.fromarray(pixels))


def write_zip(path: Path, files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write an archive of these names and bytes."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def class_files(counts: Mapping[str, int], *, prefix: str = "", first_seed: int = 0) -> dict[str, bytes]:
    """Names and bytes of different pictures, so many in each class folder."""
    names = [f"{prefix}{name}/{number:03}.png" for name, count in counts.items() for number in range(count)]
    return {name: speckled(first_seed + seed) for seed, name in enumerate(names)}


def carry_import(request: ImportRequest) -> ImportJob:
    """Carry an import to its end in this process, which is faster than in one of its own."""
    job = prepare_import(request)
    # The decoder of this process is warm; starting one for each import would take most of the time.
    carry(job.folder, ProgressWriter(job.folder), decoding_child())
    return job


def carry_preview(request: ImportRequest) -> PreviewJob:
    """Look before an import to the end in this process."""
    job = prepare_preview(request)
    look(job.folder, ProgressWriter(job.folder))
    return job


def import_zip(path: Path, **wanted: Any) -> ImportJob:
    """Import an archive, as if it had been uploaded."""
    with path.open("rb") as file:
        return carry_import(ArchiveImport(file=stage_upload(file, name=path.name), **wanted))


def make_dataset(folder: Path, files: Mapping[str, bytes], **wanted: Any) -> Dataset:
    """Import names and bytes, and return the dataset that came out."""
    job = import_zip(write_zip(folder / "pictures.zip", files), **wanted)
    progress = job.progress()
    assert progress.state == "finished", progress.message
    return find_dataset(progress.dataset_id)
