"""Makes a dataset out of pictures that were taken, or adds them to one that is there; all or nothing.

Pictures are written into a folder of the import's own first. A new dataset appears by one renaming;
an old one is extended behind its end, and nobody sees that before its manifest says so. This module
never decodes a picture and never decides which are taken.
"""

import hashlib
import os
import re
import secrets
import shutil
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from cnnlab.data.decoding import PictureFacts
from cnnlab.data.library import (
    Dataset,
    checked_name,
    count_by_class,
    describe_split,
    editing,
    find_dataset,
    list_datasets,
    write_version,
)
from cnnlab.data.manifest import Manifest, Version
from cnnlab.data.splits import SplitSpec, groups_of, split_images
from cnnlab.data.text import counted
from cnnlab.errors import DatasetError
from cnnlab.files import write_atomically
from cnnlab.settings import MEGABYTE, workspace

COLUMNS = (
    "picture",
    "offset",
    "length",
    "class",
    "given_split",
    "group",
    "width",
    "height",
    "sha256",
    "name",
    "format",
)
COPY_BYTES = 4 * MEGABYTE


class PictureWriter:
    """Writes the bytes of pictures one after the other, and remembers a row for each."""

    def __init__(self, folder: Path) -> None:
        """Start in a folder, which is made."""
        folder.mkdir()
        self.folder = folder
        self._file = (folder / "pictures.bin").open("wb")
        self._rows: list[tuple] = []
        self._offset = 0

    def add(
        self,
        data: bytes,
        *,
        class_name: str,
        given_split: str,
        name: str,
        facts: PictureFacts,
        sha256: str,
        group: str = "",
    ) -> None:
        """Write one picture behind the others; `group` is what it has in common with others, if anything.

        Raises:
            OSError: The disk is full.
        """
        self._file.write(data)
        self._rows.append(
            (
                len(self._rows),
                self._offset,
                len(data),
                class_name,
                given_split,
                group,
                facts.width,
                facts.height,
                sha256,
                name,
                facts.format,
            )
        )
        self._offset += len(data)

    def finish(self) -> pd.DataFrame:
        """Bring everything to the disk and return the rows, with the columns of `pictures.parquet`."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return pd.DataFrame(self._rows, columns=list(COLUMNS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a dataset is called and where it came from."""

    name: str
    source: str
    """A phrase for the screen: 'flowers.zip'."""


def make_dataset(folder: Path, rows: pd.DataFrame, *, origin: Origin, split: SplitSpec) -> Dataset:
    """Turn a folder that `PictureWriter` filled into a dataset of the workspace.

    Raises:
        DatasetError: The name is empty, or the given split leaves nothing for training.
    """
    dataset_id = new_id(checked_name(origin.name))
    class_names = tuple(sorted(set(rows["class"])))
    chosen = _chosen(rows, class_names=class_names)
    chosen["split"] = split_images(
        chosen["label"].to_numpy(), spec=split, given=rows["given_split"], groups=groups_of(rows, spec=split)
    )
    now = time.time()
    version = Version(
        number=1,
        created_at=now,
        change=f"Imported; {describe_split(split)}.",
        split=split,
        class_names=class_names,
        counts=count_by_class(chosen, num_classes=len(class_names)),
        stored_pictures=len(rows),
        content=content_of(rows["class"], rows["sha256"]),
    )
    _write_pictures(folder, rows)
    write_version(folder, number=1, rows=chosen)
    Manifest(
        id=dataset_id,
        name=checked_name(origin.name),
        source=origin.source,
        created_at=now,
        versions=(version,),
    ).write(folder)
    folder.rename(workspace().datasets / dataset_id)
    return find_dataset(dataset_id)


def extend_dataset(folder: Path, rows: pd.DataFrame, *, dataset_id: str, source: str) -> Dataset:
    """Add the pictures of a folder that `PictureWriter` filled to a dataset, as its next version.

    Pictures that were there keep their split; the new ones bring each class as near to the shares
    of the split as they can.

    Raises:
        DatasetError: There is no such dataset, or it is damaged.
    """
    with editing(dataset_id) as place:
        manifest = Manifest.read(place)
        newest = manifest.versions[-1]
        stored = pd.read_parquet(place / "pictures.parquet")
        old = find_dataset(dataset_id).table()
        added = rows.assign(
            picture=rows["picture"] + len(stored), offset=rows["offset"] + _append(folder, place, stored)
        )
        class_names = tuple(sorted({*newest.class_names, *rows["class"]}))
        chosen = _joined(old, added, class_names=class_names, split=newest.split)
        number = newest.number + 1
        # What an older cnnlab stored has no groups.
        _write_pictures(place, pd.concat([stored, added], ignore_index=True).fillna({"group": ""}))
        write_version(place, number=number, rows=chosen)
        version = newest.model_copy(
            update={
                "number": number,
                "created_at": time.time(),
                "frozen": False,
                "corrected_from": None,
                "class_names": class_names,
                "change": f"{counted(len(rows), 'picture')} added from {source}.",
                "counts": count_by_class(chosen, num_classes=len(class_names)),
                "stored_pictures": len(stored) + len(added),
                "content": content_of(chosen["class"], chosen["sha256"]),
            }
        )
        manifest.with_version(version).write(place)
    return find_dataset(dataset_id)


def _joined(
    old: pd.DataFrame, added: pd.DataFrame, *, class_names: tuple[str, ...], split: SplitSpec
) -> pd.DataFrame:
    """The rows of a version that has the pictures of another and some more; the old ones keep their split."""
    columns = ["picture", "class", "split", "given_split", "sha256", "group"]
    both = pd.concat(
        [
            old.rename(columns={"class_name": "class"}).reindex(columns=columns),
            added.assign(split="")[columns],
        ],
        ignore_index=True,
    )
    both["label"] = _chosen(both, class_names=class_names)["label"]
    both["split"] = split_images(
        both["label"].to_numpy(),
        spec=split,
        given=both["given_split"],
        groups=groups_of(both.fillna({"group": ""}), spec=split),
        kept=both["split"],
    )
    return both


def content_of(classes: pd.Series, hashes: pd.Series) -> str:
    """Fingerprint of pictures under classes, whatever their order: the same files give the same text."""
    lines = sorted(f"{sha256} {name}" for name, sha256 in zip(classes, hashes, strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def find_same_content(content: str, *, but: str) -> Dataset | None:
    """Another dataset that holds the same pictures under the same classes, if there is one."""
    return next(
        (other for other in list_datasets() if other.entry.content == content and other.id != but), None
    )


def _chosen(rows: pd.DataFrame, *, class_names: tuple[str, ...]) -> pd.DataFrame:
    labels = pd.Categorical(rows["class"], categories=list(class_names)).codes
    return pd.DataFrame({"picture": rows["picture"].to_numpy(), "label": labels.astype(np.int32)})


def _write_pictures(folder: Path, rows: pd.DataFrame) -> None:
    kept = rows.astype(
        {"picture": "int64", "offset": "int64", "length": "int64", "width": "int32", "height": "int32"}
    )
    write_atomically(
        folder / "pictures.parquet", lambda path: kept.to_parquet(path, index=False, compression="zstd")
    )


def _append(folder: Path, place: Path, stored: pd.DataFrame) -> int:
    """Copy new bytes behind those of a dataset, and return where they begin."""
    end = int((stored["offset"] + stored["length"]).max()) if len(stored) else 0
    with (folder / "pictures.bin").open("rb") as new, (place / "pictures.bin").open("r+b") as file:
        # An import that was killed in the middle may have left bytes that no row knows of.
        file.truncate(end)
        file.seek(end)
        shutil.copyfileobj(new, file, COPY_BYTES)
        file.flush()
        os.fsync(file.fileno())
    return end


def new_id(name: str) -> str:
    """An id that is safe as a folder and still says what it is: 'flowers-3f2a1c'."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "dataset"
    return f"{words}-{secrets.token_hex(3)}"


def check_room(needed: int) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        DatasetError: Less is free than needed.
    """
    free = shutil.disk_usage(workspace().home).free
    if needed > free:
        raise DatasetError(
            f"The pictures take about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free on the disk of "
            f"{workspace().home}. Free some space, then import again."
        )
