"""Puts what was exported into one ZIP on disk: the file, its labels, its card, how it is used, and a small server.

Only what passed its comparison goes in. A ZIP is written to disk and sent from there, never held in
memory. This module never makes a format.
"""

import inspect
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cnnlab.data import images, picture_kinds
from cnnlab.errors import ModelError
from cnnlab.export.card import write_card
from cnnlab.export.exports import Export, list_exports
from cnnlab.export.formats import FORMATS, find_format
from cnnlab.export.making import LABELS, labels_text
from cnnlab.export.readme import write_readme
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.model_record import ModelRecord

EVERYTHING = "everything"
"""Name of the package with all formats in it."""
SERVING = Path(__file__).resolve().with_name("serving")
SERVED_FILES = ("server.py", "index.html", "Dockerfile")
PINNED = ("ai-edge-litert", "numpy", "pillow")
"""As they were here when the file was compared; the others only carry answers to and fro."""
UNPINNED = ("fastapi>=0.115,<1", "uvicorn>=0.32,<1", "python-multipart>=0.0.18,<1")
KINDS_FILE = "picture_kinds.py"
IMPORTED_KINDS, OWN_KINDS = "from cnnlab.data.picture_kinds import", "from picture_kinds import"
IMPORTED_ERROR = "from cnnlab.errors import PictureError\n"
OWN_ERROR = 'class PictureError(Exception):\n    """One picture that cannot be read."""\n'


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One file of a package: text that is written now, or a file on disk."""

    name: str
    text: str = ""
    file: Path | None = None


def package_name(run: RunFolder, name: str) -> str:
    """What the ZIP is called: the run's name as far as every system takes it, and the format."""
    words = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in run.spec().name.lower()
    )
    return f"{'-'.join(filter(None, words.split('-')))[:60] or 'model'}-{name.replace('_', '-')}.zip"


def write_package(run: RunFolder, name: str, path: Path) -> None:
    """Write the package of one format, or of every format that passed.

    Args:
        run: Whose model it is.
        name: A format, or `EVERYTHING`.
        path: Where the ZIP goes.

    Raises:
        SpecError: There is no such format.
        ModelError: It was not made yet or did not pass, or there is no room for the ZIP.
    """
    exports = list_exports(run)
    if name != EVERYTHING:
        find_format(name)
    chosen = [each for key, each in exports.items() if name in (EVERYTHING, key) and each.is_offered]
    if not chosen:
        what = "No format of" if name == EVERYTHING else f"{FORMATS[name].label} has not been made of"
        ready = " is ready to be taken away" if name == EVERYTHING else ", or did not pass its comparison"
        raise ModelError(f"{what} {run.spec().name!r}{ready}. Make it on the Export page first.")
    parts = [part for each in chosen for part in _parts(run, each, folder=name == EVERYTHING)]
    parts.append(_Part(name="model_card.md", text=write_card(run)))
    try:
        # Stored: weights are as good as random, and packing them tighter only takes time.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
            for part in parts:
                if part.file is None:
                    packed.writestr(part.name, part.text)
                else:
                    with (
                        part.file.open("rb") as source,
                        packed.open(part.name, "w", force_zip64=True) as target,
                    ):
                        shutil.copyfileobj(source, target, 1024 * 1024)
    except OSError as error:
        raise ModelError(
            f"The package could not be written ({error.strerror or error}). Make room on the disk of {path.parent}, "
            f"and try again."
        ) from error


def _parts(run: RunFolder, export: Export, *, folder: bool) -> Iterator[_Part]:
    record, row = ModelRecord.load(run.path), export.format
    before = f"{export.format_name}/" if folder else ""
    yield _Part(name=before + row.file, file=export.file)
    yield _Part(name=before + LABELS, text=labels_text(record.class_names))
    yield _Part(name=before + "model.json", text=_record(record, row.file))
    yield _Part(
        name=before + "README.md", text=write_readme(export.format_name, image_size=record.image_size)
    )
    if row.served:
        for name in SERVED_FILES:
            yield _Part(name=before + name, file=SERVING / name)
        yield _Part(name=before + "pictures.py", text=pictures_source())
        yield _Part(name=before + KINDS_FILE, text=inspect.getsource(picture_kinds))
        yield _Part(name=before + "requirements.txt", text=requirements())


def _record(record: ModelRecord, file: str) -> str:
    values = {"name": record.name, "file": file, "input": "RGB, 0 to 255"} | record.model_dump(
        include={"class_names", "image_size", "resize", "network_name"}
    )
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def pictures_source() -> str:
    """The code that reads pictures here, for a server that has no cnnlab: the same pixels on both sides."""
    source = inspect.getsource(images).replace(IMPORTED_KINDS, OWN_KINDS)
    opening, _, code = source.partition(IMPORTED_ERROR)
    # A class between imports and constants, as formatters lay it out.
    return opening.rstrip() + "\n\n\n" + OWN_ERROR + "\n" + code


def requirements() -> str:
    """What the small server needs, for pip."""
    return "\n".join([*(f"{name}=={version(name)}" for name in PINNED), *UNPINNED]) + "\n"
