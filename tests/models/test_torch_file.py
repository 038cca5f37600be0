"""PyTorch's first file format, read without torch: exact where it is good, refused where it is hostile."""

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from cnnlab.errors import WeightsError
from cnnlab.models.torch_file import MAGIC_NUMBER, PROTOCOL, read_torch_file


class _Named:
    """Stands for a name that torch's pickles contain; pickled as that name."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Pickler(pickle._Pickler):
    """Writes names and storages as torch does."""

    dispatch: ClassVar[dict] = dict(pickle._Pickler.dispatch)

    def persistent_id(self, thing: object) -> object:
        return thing.pid if isinstance(thing, _StorageId) else None

    def save_named(self, thing: _Named) -> None:
        self.write(pickle.GLOBAL + f"{thing.module}\n{thing.name}\n".encode())

    dispatch[_Named] = save_named


class _StorageId:
    def __init__(self, key: str, length: int) -> None:
        self.pid = ("storage", _Named("torch", "FloatStorage"), key, "cpu", length, None)


class _Rebuilt:
    """A tensor as a pickle knows it: a function and what it is called with."""

    def __init__(self, function: _Named, *arguments: object) -> None:
        self.function, self.arguments = function, arguments


def _save_rebuilt(pickler: _Pickler, thing: _Rebuilt) -> None:
    pickler.save(thing.function)
    pickler.save(thing.arguments)
    pickler.write(pickle.REDUCE)


_Pickler.dispatch[_Rebuilt] = _save_rebuilt


def _write(path: Path, *, numbers: np.ndarray, shape: tuple, strides: tuple, **changes: object) -> Path:
    function = changes.get("function", _Named("torch._utils", "_rebuild_tensor_v2"))
    announced = changes.get("announced", numbers.size)
    storage = _StorageId("1", announced)
    tensor = _Rebuilt(function, storage, 0, shape, strides, False, OrderedDict())
    buffer = io.BytesIO()
    magic = changes.get("magic", MAGIC_NUMBER)
    for part in (magic, PROTOCOL, {"little_endian": True}, {"w": tensor}, ["1"]):
        _Pickler(buffer, protocol=2).dump(part)
    buffer.write(np.int64(numbers.size).tobytes() + numbers.astype("<f4").tobytes())
    path.write_bytes(buffer.getvalue()[: changes.get("cut")])
    return path


NUMBERS = np.arange(6, dtype=np.float32)


def test_a_tensor_comes_back_in_row_major_order(tmp_path):
    path = _write(tmp_path / "a.pth", numbers=NUMBERS, shape=(2, 3), strides=(3, 1))
    assert np.array_equal(read_torch_file(path)["w"], NUMBERS.reshape(2, 3))


def test_a_transposed_tensor_is_read_by_its_strides(tmp_path):
    path = _write(tmp_path / "a.pth", numbers=NUMBERS, shape=(2, 3), strides=(1, 2))
    assert np.array_equal(read_torch_file(path)["w"], NUMBERS.reshape(3, 2).T)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"function": _Named("os", "system")}, "os.system is not allowed", id="runs code"),
        pytest.param(
            {"function": _Named("builtins", "eval")}, "builtins.eval is not allowed", id="evaluates code"
        ),
        pytest.param({"magic": 7}, "does not begin", id="another format"),
        pytest.param(
            {"announced": 10**12}, "6 numbers, 1000000000000 were announced", id="announces too much"
        ),
        pytest.param({"shape": (20, 3)}, "outside its storage", id="reaches too far"),
        pytest.param({"strides": (-3, 1)}, "outside its storage", id="reaches before"),
        pytest.param({"cut": -5}, "cannot be read", id="cut short"),
        pytest.param({"cut": 40}, "cannot be read", id="cut in a pickle"),
    ],
)
def test_a_damaged_or_hostile_file_is_refused_in_a_sentence(tmp_path, changes, reason):
    arguments = {"numbers": NUMBERS, "shape": (2, 3), "strides": (3, 1)} | changes
    path = _write(tmp_path / "bad.pth", **arguments)
    with pytest.raises(WeightsError, match=f"weights file bad.pth cannot be read .*{reason}|{reason}"):
        read_torch_file(path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"PK\x03\x04", b"(lp0\n."], ids=repr)
def test_what_is_no_such_file_at_all_is_refused(tmp_path, content):
    path = tmp_path / "bad.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_torch_file(path)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(WeightsError, match="Install the package that carries it again"):
        read_torch_file(tmp_path / "none.pth")
