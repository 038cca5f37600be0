"""Reads tensors from a weights file of PyTorch's first format, with NumPy alone.

Such a file is five pickles (a magic number, the protocol, the machine, the tensors without their
values, the keys of their storages) and then the raw numbers of every storage. A pickle may run any
code, so names outside a short list are refused. This module never imports torch and never knows
which network a file belongs to.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cnnlab.errors import WeightsError

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MAX_FILE_BYTES = 1024**3
STORAGE_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage:
    """A row of numbers that tensors look into; filled after the pickles are read."""

    def __init__(self, *, dtype: np.dtype, length: int) -> None:
        self.dtype = dtype
        self.length = length
        self.numbers = np.empty(0, dtype)


class _Tensor:
    """Where in a storage a tensor lies; strides in elements, and not always in row-major order."""

    def __init__(self, storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> None:
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.strides = strides

    def array(self) -> np.ndarray:
        last = self.offset + sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.shape, *self.strides)) < 0 or last >= self.storage.length:
            raise ValueError("a tensor reaches outside its storage")
        step = self.storage.dtype.itemsize
        view = np.lib.stride_tricks.as_strided(
            self.storage.numbers[self.offset :], self.shape, tuple(stride * step for stride in self.strides)
        )
        return np.ascontiguousarray(view).reshape(self.shape)


class _TensorUnpickler(pickle.Unpickler):
    """Builds ordered dictionaries and tensors, and refuses every other name."""

    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in STORAGE_TYPES:
            return STORAGE_TYPES[name]
        raise pickle.UnpicklingError(f"the name {module}.{name} is not allowed")

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, length, _ = pid
        return self._storages.setdefault(key, _Storage(dtype=dtype, length=length))


def read_torch_file(path: Path) -> dict[str, np.ndarray]:
    """Read every tensor of a file.

    Returns:
        Names and arrays (float32 or int64), as torch lays them out: convolutions are (out, in, height, width).

    Raises:
        WeightsError: The file is damaged, is no such file, or wants to run code.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"it is larger than {MAX_FILE_BYTES:,} bytes")
        with path.open("rb") as file:
            return _read(file)
    # A damaged pickle raises whatever its instructions lead to, KeyError and IndexError included.
    except Exception as error:
        raise WeightsError(
            f"The weights file {path.name} cannot be read ({error}). "
            f"Install the package that carries it again, and start anew."
        ) from error


def _read(file: BinaryIO) -> dict[str, np.ndarray]:
    storages: dict[str, _Storage] = {}
    magic, protocol, _, tensors, keys = (_TensorUnpickler(file, storages).load() for _ in range(5))
    if (magic, protocol) != (MAGIC_NUMBER, PROTOCOL):
        raise ValueError("it does not begin as a file of PyTorch's first format does")
    for key in keys:
        storage = storages[key]
        length = int.from_bytes(file.read(8), "little", signed=True)
        if length != storage.length:
            raise ValueError(f"a storage holds {length} numbers, {storage.length} were announced")
        # A copy of what was read: `frombuffer` alone would be read-only.
        storage.numbers = np.frombuffer(
            file.read(length * storage.dtype.itemsize), storage.dtype, length
        ).copy()
    return {name: tensor.array() for name, tensor in tensors.items()}
