"""The process that looks inside a network: `python -m cnnlab.evaluation.opening FOLDER`.

Keras says the maps of every block for one picture, and its tape leads from the scores of some classes
back to each of them; from the last maps to a score `heads` leads. This module never trains.
"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cnnlab.errors import EvaluationError
from cnnlab.evaluation.explanations import grad_cam
from cnnlab.evaluation.heads import FILE as HEAD_FILE
from cnnlab.evaluation.heads import Head, head_of, save_head
from cnnlab.evaluation.inside import InsideRequest, InsideResult, StageRow, inside_path, pixels_of
from cnnlab.evaluation.run_jobs import MOST_SECONDS, NO_MEMORY, TOO_LONG
from cnnlab.files import write_atomically
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.models.backbones import find_backbone
from cnnlab.models.boundaries import stages_of_backbone
from cnnlab.models.network import block_outputs, first_kernels, last_feature_map
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.networks import Network

if TYPE_CHECKING:
    import keras

MOST_CLASSES = 3
"""So many of the likeliest classes are asked about."""
MAPS_SHOWN, KERNELS_SHOWN = 16, 32
MOST_SIDE = 112
"""Larger maps are kept smaller: they are looked at, not computed with."""


def main(path: str) -> int:
    """Carry the look in a folder; return the exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    folder = Path(path)

    def work(reporter: Reporter) -> InsideResult:
        request = InsideRequest.model_validate_json((folder / "request.json").read_bytes())
        with alone(workspace().cache / "opening.lock", reporter, noun="look"):
            return look(RunFolder.find(request.run, runs=workspace().runs), request, folder, reporter)

    return carry(folder, work, noun="look", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY)


def look(run: RunFolder, request: InsideRequest, folder: Path, reporter: Reporter) -> InsideResult:
    """Look at a picture on its way through a run's network, and keep what is to be seen.

    Raises:
        EvaluationError: The network has no maps.
    """
    started = time.perf_counter()
    reporter.report("Loading TensorFlow")
    import keras

    reporter.report("Loading the model")
    spec = run.spec()
    model = keras.models.load_model(run.path / "model.keras", compile=False)
    head = head_of(model)
    if head is None:
        raise EvaluationError(
            f"The network of {spec.name!r} has no maps of its own, so there is nothing to look at inside. Choose a CNN."
        )
    if not (run.path / HEAD_FILE).is_file():
        save_head(head, folder=run.path)
    reporter.report("Asking the network")
    picture = pixels_of(request)
    probabilities = np.asarray(model(picture[np.newaxis].astype(np.float32), training=False))[0]
    labels = classes_to_ask(probabilities, also=request.label)
    names, maps, heats = stages(model, spec.network, head, picture=picture, labels=labels)
    shown = [strongest(each) for each in maps]
    _keep(folder, maps, heats, shown, kernels=first_kernels(model))
    return InsideResult(
        labels=labels,
        probabilities=tuple(float(probabilities[label]) for label in labels),
        stages=tuple(
            StageRow(name=name, height=each.shape[0], width=each.shape[1], filters=each.shape[2], shown=which)
            for name, each, which in zip(names, maps, shown, strict=True)
        ),
        seconds=time.perf_counter() - started,
    )


def classes_to_ask(probabilities: np.ndarray, *, also: int) -> tuple[int, ...]:
    """The likeliest classes, likeliest first, and one more that somebody wants to know about; -1 for none."""
    likeliest = [int(label) for label in np.argsort(-probabilities, kind="stable")[:MOST_CLASSES]]
    wanted = [also] if 0 <= also < len(probabilities) and also not in likeliest else []
    return tuple(likeliest + wanted)


def stages(
    model: "keras.Model", network: Network, head: Head, *, picture: np.ndarray, labels: tuple[int, ...]
) -> tuple[list[str], list[np.ndarray], list[np.ndarray]]:
    """Ask every block what it puts out, and where that speaks for some classes.

    Args:
        model: From raw pictures to probabilities.
        network: Its blocks, or its backbone.
        head: Of the model.
        picture: RGB, uint8, shape (image_size, image_size, 3).
        labels: The classes.

    Returns:
        Names of the blocks; their maps, each of shape (height, width, maps); Grad-CAM at each of them,
        shape (labels, height, width).
    """
    import keras
    import tensorflow as tf

    inputs, found, last = _symbolic(model, network)
    opened = keras.Model(inputs, [*(tensor for _, tensor in found), last])
    # One copy a class: all of them go forward and back together.
    entered = tf.constant(np.repeat(picture[np.newaxis].astype(np.float32), len(labels), axis=0))
    with tf.GradientTape() as tape:
        tape.watch(entered)
        *reached, maps = opened(entered, training=False)
    towards = np.stack(
        [head.gradient(maps[place].numpy(), label=label) for place, label in enumerate(labels)]
    )
    gradients = tape.gradient(maps, reached, output_gradients=tf.constant(towards))
    heats = [
        np.stack([grad_cam(each[0].numpy(), by_class) for by_class in _numbers(gradient, each)])
        for each, gradient in zip(reached, gradients, strict=True)
    ]
    return [name for name, _ in found], [each[0].numpy() for each in reached], heats


def strongest(maps: np.ndarray) -> tuple[int, ...]:
    """Positions of the maps with the largest mean, the strongest first, as many as are shown."""
    return tuple(int(place) for place in np.argsort(-maps.mean(axis=(0, 1)), kind="stable")[:MAPS_SHOWN])


def stretched(values: np.ndarray) -> np.ndarray:
    """From their lowest to their highest, as uint8; all alike becomes black."""
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return np.zeros(values.shape, np.uint8)
    return np.rint((values - low) / (high - low) * 255.0).astype(np.uint8)


def _symbolic(model: "keras.Model", network: Network) -> tuple[Any, list[tuple[str, Any]], Any]:
    """A symbolic picture, every block's output, and the last maps: those that the head begins with."""
    if network.kind == "backbone":
        inputs, found = stages_of_backbone(model, family=find_backbone(network.backbone).family)
        return inputs, found, found[-1][1]
    return model.inputs[0], block_outputs(model, network), last_feature_map(model)


def _numbers(gradient: Any, like: Any) -> np.ndarray:
    # None where nothing leads from there to the last maps.
    return np.zeros(like.shape, np.float32) if gradient is None else gradient.numpy()


def _keep(
    folder: Path,
    maps: list[np.ndarray],
    heats: list[np.ndarray],
    shown: list[tuple[int, ...]],
    *,
    kernels: np.ndarray,
) -> None:
    arrays = {"kernels": _kernel_pictures(kernels)}
    for place, (each, which) in enumerate(zip(maps, shown, strict=True)):
        arrays[f"maps-{place}"] = np.stack([_small(stretched(each[..., number])) for number in which])
        arrays[f"heats-{place}"] = heats[place].astype(np.float16)

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    write_atomically(inside_path(folder), write)


def _kernel_pictures(kernels: np.ndarray) -> np.ndarray:
    if not kernels.size or kernels.shape[2] != 3:
        return np.zeros((0, 1, 1, 3), np.uint8)
    return np.stack(
        [stretched(kernels[..., number]) for number in range(min(KERNELS_SHOWN, kernels.shape[3]))]
    )


def _small(shade: np.ndarray) -> np.ndarray:
    if max(shade.shape) <= MOST_SIDE:
        return shade
    scale = MOST_SIDE / max(shade.shape)
    size = round(shade.shape[1] * scale), round(shade.shape[0] * scale)
    return np.asarray(Image.fromarray(shade).resize(size, Image.Resampling.BOX))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
