"""The table of formats that a finished model can be taken away in: what each is for, and what it needs.

Plain data; adding a format is adding a row here, its maker in `making` and its runtime in `asking`.
This module never loads a library to see whether it is there.
"""

import importlib.util
from dataclasses import dataclass
from types import MappingProxyType

from cnnlab.errors import SpecError, unknown_name

LARGEST_DIFFERENCE = 1e-4
"""A format with the numbers of training answers alike to this; what differs more is another network."""
MOST_LOST = 0.02
"""So much accuracy may rounding to 8 bits lose on the compared pictures, or chance explain the rest."""
FEWEST_AGREEING = 0.75
"""At least so many answers stay the same after rounding, for few pictures never prove a loss."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way to take a model away."""

    label: str
    file: str
    """What its file is called."""
    runtime: str
    """Who opens it, as people say it."""
    sentence: str
    """What it is, with its input."""
    good_for: str
    exact: bool = True
    """Its numbers are those of training (float32), so its answers have to be the same."""
    packages: tuple[str, ...] = ()
    """What has to be importable besides what cnnlab always needs."""
    install: str = ""
    """The command that brings these packages."""
    calibrates: bool = False
    """Training pictures are needed to find the range of every activation."""
    served: bool = False
    """The small server of the package asks it."""

    @property
    def missing(self) -> str:
        """Why it cannot be made on this machine, as a sentence; '' where it can."""
        absent = [name for name in self.packages if importlib.util.find_spec(name) is None]
        if not absent:
            return ""
        return (
            f"{self.label} needs {' and '.join(absent)}, which is not installed. To have it: {self.install}"
        )


FORMATS: MappingProxyType[str, Format] = MappingProxyType(
    {
        "keras": Format(
            label="Keras",
            file="model.keras",
            runtime="Keras 3",
            sentence="The network with its weights in one file.",
            good_for="Python, and training it further",
        ),
        "saved_model": Format(
            label="SavedModel",
            file="saved_model.zip",
            runtime="TensorFlow",
            sentence="TensorFlow's own folder, as a ZIP; it needs no Keras to be opened.",
            good_for="TensorFlow Serving and other TensorFlow servers",
        ),
        "lite": Format(
            label="LiteRT",
            file="model.tflite",
            runtime="LiteRT",
            sentence="One small file for one picture at a time, numbers as they were trained.",
            good_for="phones, small servers, anything without TensorFlow",
            served=True,
        ),
        "lite_dynamic": Format(
            label="LiteRT, weights in 8 bits",
            file="model_dynamic.tflite",
            runtime="LiteRT",
            sentence="Weights are rounded to 8 bits; what flows between the layers stays float.",
            good_for="a quarter of the size at nearly the same answers",
            exact=False,
            served=True,
        ),
        "lite_int8": Format(
            label="LiteRT, all in 8 bits",
            file="model_int8.tflite",
            runtime="LiteRT",
            sentence="Weights and activations in 8 bits, their ranges measured on training pictures; takes uint8 pictures.",
            good_for="phones and boards that count in whole numbers only",
            exact=False,
            calibrates=True,
            served=True,
        ),
        "onnx": Format(
            label="ONNX",
            file="model.onnx",
            runtime="ONNX Runtime",
            sentence="The open format between frameworks, class names inside.",
            good_for="fast servers, C++, C#, Java, Rust, browsers",
            packages=("onnx", "onnxruntime", "tf2onnx"),
            install="pip install onnx onnxruntime tf2onnx",
        ),
        "code": Format(
            label="Python code",
            file="code.zip",
            runtime="Keras 3",
            sentence="The network as Python that can be read and changed, and its weights beside it.",
            good_for="understanding it, changing it, teaching",
        ),
        "openvino": Format(
            label="OpenVINO",
            file="openvino.zip",
            runtime="OpenVINO",
            sentence="Intel's format: a description and its weights.",
            good_for="fast answers on Intel processors",
            packages=("openvino",),
            install="pip install openvino",
        ),
    }
)
"""In the order of the page. All take RGB pictures, 0 to 255, as they are: the scaling is inside."""


def find_format(name: str) -> Format:
    """Find a format by its name in the table.

    Raises:
        SpecError: There is no such format; the message lists those there are.
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise SpecError(unknown_name("format", name, FORMATS)) from None
