"""Pictures decoded once into a memory-mapped uint8 array, so that training never waits for a decoder.

    <workspace>/cache/packed/<dataset id>/<key>/
        pictures.npy   uint8 (N, size, size, 3), RGB
        pack.json      what it holds, and checksums of its blocks: written last

One pack serves every version that has the same pictures: labels and splits come from the version.
It is made beside its place and renamed, checked when opened, and made again when damaged. This
module never looks at a label and never holds more than a few blocks in memory.
"""

import functools
import hashlib
import json
import logging
import mmap
import os
import shutil
import uuid
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from filelock import FileLock
from numpy.lib import format as npy

from cnnlab.data.cache import hold, make_room, touch
from cnnlab.data.dataset import Dataset, packed_folder
from cnnlab.data.images import Resize, decode_picture, fit_picture
from cnnlab.errors import DatasetError, PictureError
from cnnlab.files import TEMPORARY_PREFIX
from cnnlab.settings import MEGABYTE, settings

BLOCK_BYTES = 4 * MEGABYTE
"""About so much is decoded, written and summed at a time."""
BLOCKS_CHECKED = 32
"""Blocks whose checksums are looked at when a pack is opened, spread over the file, first and last included."""
DECODERS = min(4, os.cpu_count() or 1)
"""Threads; Pillow lets others run while it decodes and resizes."""
RECIPE = 1
"""Grows when `images` makes other pixels of the same bytes; packs of before are then made again."""

log = logging.getLogger(__name__)

OnProgress = Callable[[int, int], None]


class MappedPictures(np.memmap):
    """Pictures mapped from a file, of which those asked for by number are read instead; in use until it is gone.

    Measured: the system maps up to 2 MB around every picture that is touched, so that a run which reads in
    random order would soon count the whole file as its memory. A read costs some microseconds a picture.
    """

    _descriptor: int | None = None
    """Of the open file; views have none."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map an array that `numpy.save` wrote; it can be read on when the file is gone from its folder.

        Raises:
            OSError, EOFError, ValueError: There is none, or it is shorter than it says.
        """
        pictures = np.load(path, mmap_mode="r", allow_pickle=False).view(cls)
        if hasattr(os, "preadv"):
            pictures._descriptor = os.open(path, os.O_RDONLY)
            weakref.finalize(pictures, os.close, pictures._descriptor)
            hold(pictures._descriptor)
        return pictures

    def __getitem__(self, index: object) -> np.ndarray:
        """Return what any array would; one picture and a batch are copies."""
        if self._descriptor is not None:
            if isinstance(index, int | np.integer):
                return self._rows(np.array([index]))[0]
            if isinstance(index, np.ndarray) and index.ndim == 1 and index.dtype.kind in "iu":
                return self._rows(index)
        found = super().__getitem__(index)
        is_copy = isinstance(found, MappedPictures) and found._mmap is None
        return found.view(np.ndarray) if is_copy else found

    def _rows(self, numbers: np.ndarray) -> np.ndarray:
        places = np.where(numbers < 0, numbers + len(self), numbers).astype(np.int64)
        if outside := numbers[(places < 0) | (places >= len(self))].tolist():
            raise IndexError(f"There is no picture {outside[0]} among {len(self):,}.")
        rows = np.empty((len(places), *self.shape[1:]), self.dtype)
        for row, place in zip(rows, places.tolist(), strict=True):
            if os.preadv(self._descriptor, [row], self.offset + place * row.nbytes) < row.nbytes:
                raise DatasetError(
                    f"The packed pictures {self.filename} became shorter while they were read. Start again; they are made anew."
                )
        return rows

    def give_back(self) -> None:
        """Let the system have the memory of what was read through the map; reading it again gives the same."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._mmap.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True, kw_only=True)
class PackedPictures:
    """All pictures of a dataset's version at one size, with their labels and splits."""

    pictures: np.ndarray
    """RGB, uint8, shape (N, image_size, image_size, 3), memory-mapped, read-only."""
    labels: np.ndarray
    """Position of the class, int32, shape (N,); -1 where this version leaves the picture out."""
    splits: np.ndarray
    """'training', 'validation' or 'test', shape (N,), dtype str; '' where it is left out."""
    picture_numbers: np.ndarray
    """Number of each picture in the dataset, int64, shape (N,)."""
    fingerprint: str
    """Equal where the pixels are equal, whatever labels and splits are."""

    def positions(self, split: str) -> np.ndarray:
        """Positions of the pictures of one split, int64, ascending."""
        return np.flatnonzero(self.splits == split)


def pack_pictures(
    dataset: Dataset,
    *,
    image_size: int,
    resize: Resize = "squash",
    on_progress: OnProgress | None = None,
) -> PackedPictures:
    """Open the packed pictures of a dataset, making them first where they are not there.

    Args:
        dataset: The version to open.
        image_size: Height and width, in pixels.
        resize: How pictures are brought to that size, as `images.fit_picture` says.
        on_progress: Called with pictures done and pictures in all, several times a second; what it
            raises ends the packing and leaves nothing behind.

    Raises:
        DatasetError: The dataset is damaged, or the disk has too little room.
    """
    place = find_place(dataset, image_size=image_size, resize=resize)
    fingerprint = place.name
    shape = (dataset.entry.stored_pictures, image_size, image_size, 3)
    place.parent.mkdir(parents=True, exist_ok=True)
    # Two runs that want the same pack: the second waits, then finds it made.
    with FileLock(place.parent / f"{fingerprint}.lock"):
        pictures = _open_pack(place, fingerprint=fingerprint, shape=shape)
        if pictures is None:
            _make_pack(
                place, dataset, fingerprint=fingerprint, shape=shape, resize=resize, on_progress=on_progress
            )
            pictures = _open_pack(place, fingerprint=fingerprint, shape=shape)
        touch(place)
    if pictures is None:
        raise DatasetError(
            f"The packed pictures of {dataset.name!r} cannot be read back from {place}. The disk may be failing; "
            f"check it, then start again."
        )
    chosen = pd.read_parquet(dataset.folder / "versions" / f"{dataset.version}.parquet")
    labels, splits = np.full(shape[0], -1, dtype=np.int32), np.full(shape[0], "", dtype="<U10")
    labels[chosen["picture"]], splits[chosen["picture"]] = chosen["label"], chosen["split"]
    return PackedPictures(
        pictures=pictures,
        labels=labels,
        splits=splits,
        picture_numbers=np.arange(shape[0]),
        fingerprint=fingerprint,
    )


def find_place(dataset: Dataset, *, image_size: int, resize: Resize = "squash") -> Path:
    """The folder that holds a pack once it is made; its name is the pack's fingerprint. Opens no picture."""
    path = dataset.folder / "pictures.parquet"
    hashes = _hashes(path, path.stat().st_mtime_ns)[: dataset.entry.stored_pictures]
    return packed_folder(dataset.id) / _fingerprint(hashes, image_size=image_size, resize=resize)


def packed_bytes(dataset: Dataset, *, image_size: int) -> int:
    """How much disk a pack takes."""
    return dataset.entry.stored_pictures * image_size * image_size * 3


@functools.lru_cache(maxsize=16)
def _hashes(path: Path, _changed: int) -> tuple[str, ...]:
    return tuple(pd.read_parquet(path, columns=["sha256"])["sha256"])


def _fingerprint(hashes: Sequence[str], *, image_size: int, resize: str) -> str:
    text = "\n".join([f"recipe {RECIPE}", str(image_size), resize, *hashes])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _make_pack(
    place: Path,
    dataset: Dataset,
    *,
    fingerprint: str,
    shape: tuple[int, ...],
    resize: Resize,
    on_progress: OnProgress | None,
) -> None:
    if sentence := make_room(int(np.prod(shape))).sentence:
        log.warning(sentence)
    _check_room(place.parent, dataset, needed=int(np.prod(shape)))
    temporary = place.with_name(f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}")
    temporary.mkdir()
    try:
        checksums = []
        with (temporary / "pictures.npy").open("wb") as file:
            npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
            # Written, not memory-mapped: pages of a map that wait for the disk count as our memory.
            done = 0
            for block in decode_blocks(dataset, range(shape[0]), image_size=shape[1], resize=resize):
                file.write(block)
                checksums.append(zlib.crc32(block))
                done += len(block)
                if on_progress is not None:
                    on_progress(done, shape[0])
            file.flush()
            os.fsync(file.fileno())
        record = {
            "fingerprint": fingerprint,
            "shape": shape,
            "rows": _rows_a_block(shape),
            "checksums": checksums,
        }
        (temporary / "pack.json").write_text(json.dumps(record), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        temporary.rename(place)
    except OSError as error:
        raise DatasetError(
            f"The pictures of {dataset.name!r} could not be packed ({error.strerror or error}). "
            f"Free some space on the disk of {place.parent}, and start again."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def decode_blocks(
    dataset: Dataset, pictures: Sequence[int], *, image_size: int, resize: Resize = "squash"
) -> Iterator[np.ndarray]:
    """Decode some pictures of a dataset as packing does, block after block, and keep nothing.

    Args:
        dataset: The version they are of.
        pictures: Their numbers.
        image_size: Height and width, in pixels.
        resize: How they are brought to that size, as `images.fit_picture` says.

    Yields:
        RGB, uint8, shape (n, image_size, image_size, 3), in the order asked for; about `BLOCK_BYTES` each.

    Raises:
        DatasetError: A picture can no longer be read.
    """
    limits, rows = settings(), _rows_a_block((len(pictures), image_size, image_size, 3))

    def decode(item: tuple[int, bytes]) -> np.ndarray:
        number, data = item
        try:
            image = decode_picture(
                data, max_pixels=limits.max_picture_pixels, max_bytes=limits.max_picture_bytes
            )
        except PictureError as error:
            raise DatasetError(
                f"Picture {number} of {dataset.name!r} can no longer be read. {error} The file of its pictures may be "
                f"damaged, or a limit was lowered since its import; import the dataset again."
            ) from error
        return fit_picture(image, image_size=image_size, resize=resize)

    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
        for start in range(0, len(pictures), rows):
            numbers = pictures[start : start + rows]
            # A block at a time: `map` over all pictures would read every one of them into memory.
            yield np.stack(list(pool.map(decode, zip(numbers, dataset.read_pictures(numbers), strict=True))))


def _open_pack(place: Path, *, fingerprint: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """Map a pack, or return None where there is none, or it is not what it should be."""
    try:
        record = json.loads((place / "pack.json").read_text(encoding="utf-8"))
        pictures = MappedPictures.open(place / "pictures.npy")
        if record["fingerprint"] != fingerprint or pictures.shape != shape or pictures.dtype != np.uint8:
            return None
        rows, checksums = record["rows"], record["checksums"]
        chosen = np.unique(np.linspace(0, len(checksums) - 1, BLOCKS_CHECKED).astype(int))
        sound = all(
            zlib.crc32(np.ascontiguousarray(pictures[block * rows : (block + 1) * rows])) == checksums[block]
            for block in chosen
        )
        pictures.give_back()
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError):
        return None
    return pictures if sound else None


def _rows_a_block(shape: tuple[int, ...]) -> int:
    return max(1, min(BLOCK_BYTES // (shape[1] * shape[2] * 3), 1024))


def _check_room(folder: Path, dataset: Dataset, *, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + 64 * MEGABYTE > free:
        raise DatasetError(
            f"Packing {dataset.entry.stored_pictures:,} pictures of {dataset.name!r} takes {needed / 1e9:.1f} GB of disk, "
            f"and {free / 1e9:.1f} GB are free. Free some space, or choose a smaller image size."
        )
