"""Makes the file of each format from a network that is ready to answer; for a child with TensorFlow.

One function a format, in the table `MAKERS`. What is made is a guess until `asking` has opened it in
its own runtime. This module never compares anything.
"""

import contextlib
import importlib.util
import io
import json
import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.errors import ModelError
from cnnlab.export.code import write_network
from cnnlab.export.formats import find_format
from cnnlab.specs.runs import RunSpec
from cnnlab.training.lite import LiteError, convert

if TYPE_CHECKING:
    import keras

LABELS = "labels.txt"
INPUT, OUTPUT = "picture", "probabilities"
MOST_PACKED_BYTES = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a format is made from."""

    spec: RunSpec
    model: "keras.Model"
    """Without the layers of training: raw RGB 0..255, float32, to probabilities."""
    calibration: np.ndarray | None = None
    """Training pictures, uint8, shape (N, image_size, image_size, 3); None where the dataset is gone."""


def make(format_name: str, material: Material, path: Path) -> None:
    """Make the file of a format.

    Raises:
        ModelError: Its converter cannot take this network, or something that it needs is missing.
        OSError: The disk is full.
    """
    row = find_format(format_name)
    if row.calibrates and material.calibration is None:
        raise ModelError(
            f"{row.label} measures ranges on training pictures, and the dataset of {material.spec.name!r} is no longer "
            f"here. Import it again and train again, or take another format."
        )
    try:
        # Converters print pages of their own; the log is for people.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            MAKERS[format_name](material, path)
    except (OSError, MemoryError, ModelError):
        raise
    except Exception as error:
        # A converter raises whatever its parts raise.
        raise ModelError(f"{row.label} cannot take this network: {_first_line(error)}.") from error


def labels_text(class_names: tuple[str, ...]) -> str:
    """One class a line, in the order of the probabilities; a line break in a name becomes a space."""
    return "".join(" ".join(name.splitlines()) + "\n" for name in class_names)


def _keras(material: Material, path: Path) -> None:
    material.model.save(path)


def _saved_model(material: Material, path: Path) -> None:
    with _folder(path) as folder:
        material.model.export(folder / "model", format="tf_saved_model", verbose=False)
        # Where TensorFlow keeps files that only travel along.
        extra = folder / "model" / "assets.extra"
        extra.mkdir()
        (extra / LABELS).write_text(labels_text(material.spec.class_names), encoding="utf-8")
        pack_folder(folder, path)


def _lite(material: Material, path: Path) -> None:
    path.write_bytes(convert(material.model))


def _lite_dynamic(material: Material, path: Path) -> None:
    import tensorflow as tf

    def prepare(converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]

    path.write_bytes(convert(material.model, prepare=prepare))


def _lite_int8(material: Material, path: Path) -> None:
    import tensorflow as tf

    def examples() -> Iterator[list[np.ndarray]]:
        for position, picture in enumerate(material.calibration):
            picture = picture.astype(np.float32)
            if position == 0:
                # One black and one white value: then 0..255 is the measured range of the input, its scale
                # is 1 and its zero point 0, and a raw picture is what goes in.
                picture[0, 0, 0], picture[0, 0, 1] = 0.0, 255.0
            yield [picture[np.newaxis]]

    def prepare(converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = examples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.float32

    path.write_bytes(convert(material.model, prepare=prepare))


def _onnx(material: Material, path: Path) -> None:
    import keras
    import onnx

    model = material.model
    shape = (None, *model.input_shape[1:])
    model.export(
        path,
        format="onnx",
        verbose=False,
        input_signature=[keras.InputSpec(shape=shape, dtype="float32", name=INPUT)],
    )
    made = onnx.load(path)
    _name_output(made.graph)
    onnx.helper.set_model_props(
        made,
        {
            "class_names": json.dumps(material.spec.class_names, ensure_ascii=False),
            "image_size": str(model.input_shape[1]),
            "input": "RGB, 0 to 255, float32",
        },
    )
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, path)


def _name_output(graph: Any) -> None:
    """Give the output its meaning as a name, and the number of pictures a word."""
    old = graph.output[0].name
    for node in graph.node:
        node.output[:] = [OUTPUT if name == old else name for name in node.output]
        node.input[:] = [OUTPUT if name == old else name for name in node.input]
    graph.output[0].name = OUTPUT
    for end in (graph.input[0], graph.output[0]):
        end.type.tensor_type.shape.dim[0].dim_param = "pictures"


def _code(material: Material, path: Path) -> None:
    with _folder(path) as folder:
        (folder / "network.py").write_text(write_network(material.spec), encoding="utf-8")
        (folder / LABELS).write_text(labels_text(material.spec.class_names), encoding="utf-8")
        # Built by the very file that is given away, so that its weights are in that file's order.
        network = load_module(folder / "network.py")
        built = network.build_model(len(material.spec.class_names))
        built.set_weights(material.model.get_weights())
        built.save_weights(folder / "model.weights.h5")
        pack_folder(folder, path)


def _openvino(material: Material, path: Path) -> None:
    with _folder(path) as folder:
        # A text: this one of the exports of Keras takes no path.
        material.model.export(str(folder / "model.xml"), format="openvino", verbose=False)
        (folder / LABELS).write_text(labels_text(material.spec.class_names), encoding="utf-8")
        pack_folder(folder, path)


MAKERS: MappingProxyType[str, Callable[[Material, Path], None]] = MappingProxyType(
    {
        "keras": _keras,
        "saved_model": _saved_model,
        "lite": _lite,
        "lite_dynamic": _lite_dynamic,
        "lite_int8": _lite_int8,
        "onnx": _onnx,
        "code": _code,
        "openvino": _openvino,
    }
)


def load_module(path: Path) -> Any:
    """Import one Python file that we wrote ourselves."""
    spec = importlib.util.spec_from_file_location(f"exported_{os.getpid()}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pack_folder(folder: Path, path: Path) -> None:
    """Put everything in a folder into a ZIP, names relative to it, in order."""
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(folder.rglob("*")):
            if not file.is_file() or "__pycache__" in file.parts:
                continue
            # Weights are as good as random: packing them tighter takes seconds and gains a few percent.
            tight = file.stat().st_size < MOST_PACKED_BYTES
            method = zipfile.ZIP_DEFLATED if tight else zipfile.ZIP_STORED
            packed.write(file, file.relative_to(folder).as_posix(), method)


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=".tmp-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _first_line(error: Exception) -> str:
    reason = error.__cause__ if isinstance(error, LiteError) and error.__cause__ else error
    lines = str(reason).strip().splitlines()
    return (lines[0] if lines else type(reason).__name__)[:300].rstrip(".")
