"""Bundles for tests: a small run with all that goes into one, and ZIPs that were made to do harm."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from cnnlab.data.dataset import Dataset
from cnnlab.export.bundle_records import RECORD
from cnnlab.runs import marks
from cnnlab.runs.environment import Environment, add_environment
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.model_record import ModelRecord
from cnnlab.specs.networks import BlockNetwork
from tests.export.tiny_lite import tiny_lite
from tests.pages.judged import judged_run

IMAGE_SIZE = 16
KERAS_MODEL = b"not opened by anybody"


def whole_run(number: int, dataset: Dataset, *, name: str = "", wrong: tuple[int, ...] = (0,)) -> RunFolder:
    """A finished run on a dataset of two classes with every file that a bundle takes."""
    network = BlockNetwork(name="Tiny", image_size=IMAGE_SIZE)
    run = judged_run(number, dataset, wrong=wrong, name=name or f"Run {number}", network=network)
    ModelRecord(
        class_names=dataset.class_names,
        image_size=IMAGE_SIZE,
        run=run.id,
        name=run.spec().name,
        network_name="Tiny",
    ).save(run.path)
    (run.path / "model.tflite").write_bytes(tiny_lite(image_size=IMAGE_SIZE))
    (run.path / "model.keras").write_bytes(KERAS_MODEL)
    add_environment(run.path, Environment(attempt=1, python="3.11.7", packages={"keras": "3.15.1"}))
    marks.change_tags(run, add=["good"])
    marks.write_note(run, note="As it was.")
    return run


def members_of(bundle: Path) -> dict[str, bytes]:
    """Every member of a bundle but its record."""
    with zipfile.ZipFile(bundle) as packed:
        return {name: packed.read(name) for name in packed.namelist() if name != RECORD}


def pack(
    path: Path,
    members: Mapping[str, bytes],
    *,
    record: Callable[[dict], object] | None = None,
    packed: Callable[[zipfile.ZipFile], None] | None = None,
    method: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """Write members with a record that fits them; `record` changes what it says, `packed` the open archive."""
    values = {
        "kind": "cnnlab run bundle",
        "format": 1,
        "run": "20260101-120001-000001",
        "name": "Run 1",
        "cnnlab": "0.1.0",
        "members": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in members.items()
        },
    }
    changed = record(values) if record else None
    text = changed if isinstance(changed, str) else json.dumps(values)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(RECORD, text)
        if packed:
            packed(archive)
    return path


def changed_json(data: bytes, **changes: object) -> bytes:
    """A JSON object with some values replaced."""
    return json.dumps(json.loads(data) | changes).encode()


def table_bytes(table) -> bytes:
    """A table as a Parquet file."""
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()


def random_bytes(count: int) -> bytes:
    """Bytes that do not shrink."""
    return np.random.default_rng(0).bytes(count)
