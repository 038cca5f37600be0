"""What a network makes of its last maps, as a few matrices: enough to say by how much each map speaks for a class.

A head is global pooling or Flatten, and then dense layers; `head.npz` beside the model holds it, so
that nobody needs TensorFlow to look at it. This module never sees a picture.
"""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.errors import EvaluationError
from cnnlab.files import write_atomically

if TYPE_CHECKING:
    import keras

FILE = "head.npz"
FORMAT = 1
NOTHING_IN_USE = ("Dropout", "SpatialDropout2D", "InputLayer")
"""Layers that change nothing once training is over."""


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.where(x >= 0.0, 1.0, np.exp(-np.abs(x))) / (1.0 + np.exp(-np.abs(x)))


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return erf(x)


SLOPES: MappingProxyType[
    str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]
] = MappingProxyType(
    {
        "linear": (lambda x: x, np.ones_like),
        "relu": (lambda x: np.maximum(x, 0.0), lambda x: (x > 0.0).astype(x.dtype)),
        "leaky_relu": (lambda x: np.maximum(0.2 * x, x), lambda x: np.where(x > 0.0, 1.0, 0.2)),
        "elu": (
            lambda x: np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0))),
            lambda x: np.exp(np.minimum(x, 0.0)),
        ),
        "tanh": (np.tanh, lambda x: 1.0 - np.tanh(x) ** 2),
        "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * (1.0 - _sigmoid(x))),
        "silu": (lambda x: x * _sigmoid(x), lambda x: _sigmoid(x) * (1.0 + x * (1.0 - _sigmoid(x)))),
        "hard_silu": (
            lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0,
            lambda x: np.where(x >= 3.0, 1.0, np.where(x <= -3.0, 0.0, x / 3.0 + 0.5)),
        ),
        "gelu": (
            lambda x: x * (1.0 + _erf(x / np.sqrt(2.0))) / 2.0,
            lambda x: (1.0 + _erf(x / np.sqrt(2.0))) / 2.0 + x * np.exp(-(x**2) / 2.0) / np.sqrt(2.0 * np.pi),
        ),
    }
)
"""Each activation of `specs.activations` with its slope; a test holds both to Keras."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One layer of a head."""

    kind: str
    """'dense', 'normalize' or 'activation'."""
    activation: str = "linear"
    groups: int = 1
    """Of a normalization: values that have one mean and one spread lie side by side."""
    epsilon: float = 0.0
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """Float32: kernel (inputs, outputs) and bias of a dense layer, gamma and beta of a normalization."""

    def forward(self, values: np.ndarray) -> np.ndarray:
        """What comes out, before the activation; both of shape (values,)."""
        if self.kind == "dense":
            return values @ self.arrays["kernel"] + self.arrays["bias"]
        if self.kind == "normalize":
            return self._normal(values)[0] * self.arrays["gamma"] + self.arrays["beta"]
        return values

    def backward(self, gradient: np.ndarray, values: np.ndarray) -> np.ndarray:
        """From the gradient by what comes out, before the activation, to that by what goes in."""
        if self.kind == "dense":
            return self.arrays["kernel"] @ gradient
        if self.kind == "normalize":
            normal, spread = self._normal(values)
            by_normal, grouped = (
                each.reshape(self.groups, -1) for each in (gradient * self.arrays["gamma"], normal)
            )
            along = (by_normal * grouped).mean(axis=1, keepdims=True)
            inner = by_normal - by_normal.mean(axis=1, keepdims=True) - grouped * along
            return (inner / spread).reshape(-1)
        return gradient

    def _normal(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        grouped = values.reshape(self.groups, -1)
        spread = np.sqrt(grouped.var(axis=1, keepdims=True) + self.epsilon)
        return ((grouped - grouped.mean(axis=1, keepdims=True)) / spread).reshape(-1), spread


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """From the last maps of a network to the score of every class, before the softmax."""

    pooling: str
    """'mean' over each map, or 'flatten': every value by itself."""
    layers: tuple[Layer, ...]

    def scores(self, maps: np.ndarray) -> np.ndarray:
        """Score of every class before the softmax, float, shape (num_classes,), for maps (height, width, maps)."""
        return self._forward(maps)[-1][1]

    def gradient(self, maps: np.ndarray, *, label: int) -> np.ndarray:
        """By how much the score of a class grows with every value of the maps.

        Args:
            maps: Float32, shape (height, width, maps).
            label: The class.

        Returns:
            Float32, shape (height, width, maps).
        """
        passed = self._forward(maps)
        gradient = np.zeros_like(passed[-1][1])
        gradient[label] = 1.0
        for layer, (entered, left) in zip(reversed(self.layers), reversed(passed), strict=True):
            gradient = layer.backward(gradient * SLOPES[layer.activation][1](left), entered)
        if self.pooling == "mean":
            gradient = np.broadcast_to(gradient / (maps.shape[0] * maps.shape[1]), maps.shape)
        return gradient.reshape(maps.shape).astype(np.float32)

    def _forward(self, maps: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """What enters each layer, and what leaves it before its activation."""
        values = (maps.mean(axis=(0, 1)) if self.pooling == "mean" else maps.reshape(-1)).astype(np.float64)
        passed = []
        for layer in self.layers:
            left = layer.forward(values)
            passed.append((values, left))
            values = SLOPES[layer.activation][0](left)
        return passed


def head_of(model: "keras.Model") -> Head | None:
    """Take the head out of a network that Keras built: everything behind its last maps.

    Args:
        model: From raw pictures to probabilities, as a run keeps it.

    Returns:
        None for a network without maps of its own, or with a layer behind them that is none of ours.
    """
    last = max(place for place, layer in enumerate(model.layers) if len(_shape(layer)) == 4)
    if type(model.layers[last]).__name__ in ("Rescaling", "InputLayer"):
        return None
    pooling, layers = "flatten", []
    for layer in _unfolded(model.layers[last + 1 :]):
        kind = type(layer).__name__
        if kind == "GlobalAveragePooling2D":
            pooling = "mean"
        elif kind in READ:
            layers.append(READ[kind](layer))
        elif kind not in (*NOTHING_IN_USE, "Flatten"):
            return None
    if any(layer.activation not in SLOPES for layer in layers[:-1]):
        return None
    # The last layer's activation is the softmax: a class is asked by its score before it.
    return Head(pooling=pooling, layers=(*layers[:-1], _without_softmax(layers[-1])))


def save_head(head: Head, *, folder: Path) -> None:
    """Write a head into a run's folder, atomically."""
    said = {"format": FORMAT, "pooling": head.pooling, "layers": [_settings(layer) for layer in head.layers]}
    arrays = {
        f"{place}.{name}": array
        for place, layer in enumerate(head.layers)
        for name, array in layer.arrays.items()
    }

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, settings=np.array(json.dumps(said)), **arrays)

    write_atomically(folder / FILE, write)


def load_head(folder: Path) -> Head | None:
    """Read the head of a run.

    Args:
        folder: The run's folder.

    Returns:
        None where there is none: the network has no maps, or its run finished before heads were kept.

    Raises:
        EvaluationError: The file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            said = json.loads(str(stored["settings"]))
            layers = tuple(
                Layer(
                    **settings,
                    arrays={
                        name.partition(".")[2]: stored[name]
                        for name in stored.files
                        if name.startswith(f"{place}.")
                    },
                )
                for place, settings in enumerate(said["layers"])
            )
        return Head(pooling=said["pooling"], layers=layers)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise EvaluationError(
            f"The file {FILE} of run {folder.name} is damaged ({type(error).__name__}). Delete it, and look inside "
            f"the network on the Evaluate page: that writes it anew."
        ) from error


def _shape(layer: "keras.Layer") -> tuple[int | None, ...]:
    output = layer.output
    return tuple((output[0] if isinstance(output, list) else output).shape)


def _unfolded(layers: "list[keras.Layer]") -> "list[keras.Layer]":
    return [
        inner
        for layer in layers
        for inner in (_unfolded(layer.layers) if hasattr(layer, "layers") else [layer])
    ]


def _dense(layer: Any) -> Layer:
    arrays = {"kernel": np.asarray(layer.kernel), "bias": np.asarray(layer.bias)}
    return Layer(kind="dense", activation=layer.activation.__name__, arrays=arrays)


def _normalization(layer: Any) -> Layer:
    arrays = {"gamma": np.asarray(layer.gamma), "beta": np.asarray(layer.beta)}
    return Layer(
        kind="normalize", groups=getattr(layer, "groups", 1), epsilon=float(layer.epsilon), arrays=arrays
    )


def _batch_normalization(layer: Any) -> Layer:
    """In use it is a factor and a shift of each value: a normalization in which nothing is measured."""
    spread = np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
    factor = np.asarray(layer.gamma) / spread
    shift = np.asarray(layer.beta) - factor * np.asarray(layer.moving_mean)
    return Layer(kind="dense", arrays={"kernel": np.diag(factor), "bias": shift})


def _activation(layer: Any) -> Layer:
    return Layer(kind="activation", activation=layer.activation.__name__)


READ: MappingProxyType[str, Callable[[Any], Layer]] = MappingProxyType(
    {
        "Dense": _dense,
        "LayerNormalization": _normalization,
        "GroupNormalization": _normalization,
        "BatchNormalization": _batch_normalization,
        "Activation": _activation,
    }
)
"""How a layer of Keras, by its class, becomes one of ours."""


def _without_softmax(layer: Layer) -> Layer:
    return Layer(kind=layer.kind, arrays=layer.arrays)


def _settings(layer: Layer) -> dict[str, Any]:
    return {
        "kind": layer.kind,
        "activation": layer.activation,
        "groups": layer.groups,
        "epsilon": layer.epsilon,
    }
