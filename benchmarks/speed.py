"""Two-phase transfer learning on 500 real photographs at 224 x 224: as the lesson writes it with `fit`, and in cnnlab.

All times run from building the network to the end of the phase; feature extraction has 10 epochs, fine-tuning of the last
block 5 more. Those of cnnlab are medians of three; `fit` runs once, and its epochs even out what disturbs it. 'cold' begins with
an empty cache, 'warm' with activations there. 'Pass, cold' is one forward pass over the pictures by the fastest exact route,
from an empty cache as well: built, converted, asked. 'Pass, alone' leaves building and converting out. Accuracy is that of 500
other photographs, after both phases; the interval is of the difference, on the same photographs. Random weights say nothing
of pictures, so they have none.
"""

import shutil
import time
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from benchmarks.workspaces import REAL_PICTURES, empty_workspace, import_archive, wait
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import PackedPictures, pack_pictures
from cnnlab.evaluation.comparison import difference_interval
from cnnlab.models.classifier import build_classifier
from cnnlab.models.weights import weights_status
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import DatasetReference, RunSpec
from cnnlab.specs.training import TransferTraining
from cnnlab.training.checkpoints import CheckpointFolder
from cnnlab.training.extraction import fastest_answer
from cnnlab.training.learner import Answers
from cnnlab.training.phases import plan_course
from cnnlab.training.recorder import Recorder
from cnnlab.training.trainer import Examples, Trainer

BACKBONES = ("efficientnet_lite0", "mobilenet_v2", "efficientnet_v2b0", "resnet50")
PICTURES, HEAD_EPOCHS, FINE_TUNE_EPOCHS, BATCH_SIZE = 500, 10, 5, 32
REPEATS = 3
WEIGHTS_FILE = "mobilenet_v2_imagenet_no_top.weights.h5"


def run() -> pd.DataFrame:
    """Measure every backbone, both ways in turn."""
    with empty_workspace():
        shutil.copy(REAL_PICTURES / "weights" / WEIGHTS_FILE, workspace().weights)
        dataset = find_dataset(wait(import_archive("flowers.zip")).progress().dataset_id)
        pictures = pack_pictures(dataset, image_size=224)
        chosen = np.random.default_rng(0).permutation(len(pictures.labels))
        seen, unseen = (
            _subset(pictures, chosen[:PICTURES]),
            _subset(pictures, chosen[PICTURES : 2 * PICTURES]),
        )
        rows = pd.DataFrame([_row(name, seen, unseen, dataset.class_names) for name in BACKBONES])
        return rows.set_index("backbone").T.reset_index(names="")


def _subset(pictures: PackedPictures, chosen: np.ndarray) -> PackedPictures:
    return PackedPictures(
        pictures=np.ascontiguousarray(pictures.pictures[chosen]),
        labels=pictures.labels[chosen],
        splits=np.array(["training"] * (PICTURES - 50) + ["validation"] * 50),
        picture_numbers=chosen,
        fingerprint=f"{pictures.fingerprint}-{chosen[0]}",
    )


def _row(
    name: str, seen: PackedPictures, unseen: PackedPictures, class_names: tuple[str, ...]
) -> dict[str, object]:
    weights = "imagenet" if weights_status(name).here else "random"
    network = BackboneNetwork(backbone=name, weights=weights)
    naive = _with_fit(network, seen, len(class_names))
    cold, warm, tuned, from_cold, alone = [], [], [], [], []
    for _ in range(REPEATS):
        # In turn, so that a machine that is busy for a while is so for all of them.
        _empty_cache()
        cold.append(_with_cnnlab(network, seen, class_names))
        warm.append(_with_cnnlab(network, seen, class_names))
        _empty_cache()
        from_cold.append(_forward(network, seen))
        alone.append(_forward(network, seen, build=False))
        tuned.append(_with_cnnlab(network, seen, class_names, fine_tune=True))
    fit, fit_tuning = naive.seconds
    cold_seconds, warm_seconds = (np.median([each.seconds[0] for each in way]) for way in (cold, warm))
    tuning = np.median([each.seconds[1] for each in tuned])
    pass_cold, pass_alone = np.median(from_cold), np.median(alone)
    return {
        "backbone": name,
        "weights": weights,
        "fit, s": round(fit, 1),
        "cold, s": round(cold_seconds, 1),
        "warm, s": round(warm_seconds, 2),
        "fit / cold": round(fit / cold_seconds, 1),
        "fit / warm": round(fit / warm_seconds, 1),
        "pass, cold, s": round(pass_cold, 1),
        "cold / pass, cold": round(cold_seconds / pass_cold, 2),
        "pass, alone, s": round(pass_alone, 1),
        "fine-tuning with fit, s": round(fit_tuning, 1),
        "fine-tuning, s": round(tuning, 1),
        "ratio": round(fit_tuning / tuning, 1),
        "accuracy": _accuracies(naive.model, tuned[-1].model, unseen) if weights == "imagenet" else "",
    }


@dataclass(frozen=True, kw_only=True)
class _Trained:
    seconds: tuple[float, float]
    """Of feature extraction, from building the network on, and of fine-tuning alone."""
    model: "keras.Model"


def _with_fit(network: BackboneNetwork, seen: PackedPictures, num_classes: int) -> _Trained:
    training, validation = seen.positions("training"), seen.positions("validation")
    data = seen.pictures[training], seen.labels[training]
    held_out = seen.pictures[validation], seen.labels[validation]
    started = time.perf_counter()
    classifier = build_classifier(network, num_classes=num_classes, seed=0)
    model = classifier.inference_model()
    seconds = []
    for epochs, rate in ((HEAD_EPOCHS, 1e-3), (FINE_TUNE_EPOCHS, 1e-5)):
        if seconds:
            started = time.perf_counter()
            classifier.split_at("blocks", 1)
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(*data, epochs=epochs, batch_size=BATCH_SIZE, validation_data=held_out, verbose=0)
        seconds.append(time.perf_counter() - started)
    return _Trained(seconds=(seconds[0], seconds[1]), model=model)


def _with_cnnlab(
    network: BackboneNetwork, seen: PackedPictures, class_names: tuple[str, ...], *, fine_tune: bool = False
) -> _Trained:
    training = TransferTraining(
        head_epochs=HEAD_EPOCHS,
        fine_tune_epochs=FINE_TUNE_EPOCHS,
        unfreeze="blocks" if fine_tune else "nothing",
        early_stopping_patience=0,
        batch_size=BATCH_SIZE,
    )
    reference = DatasetReference(id="flowers", version=1, name="flowers")
    spec = RunSpec(
        name="speed", dataset=reference, class_names=class_names, network=network, training=training
    )
    folder = RunFolder(workspace().runs / f"speed-{time.monotonic_ns()}")
    folder.path.mkdir()
    started = time.perf_counter()
    course = plan_course(spec, seen, cache=workspace().cache, on_progress=lambda *_: None)
    checkpoints = CheckpointFolder(folder.path / "checkpoints")
    trainer = Trainer(
        course.phases,
        examples=Examples(
            labels=seen.labels, training=seen.positions("training"), validation=seen.positions("validation")
        ),
        training=training,
        seed=0,
        recorder=Recorder(folder, attempt=1),
        checkpoints=checkpoints,
        parameters=course.whole_model().count_params(),
    )
    trainer.run()
    total = time.perf_counter() - started
    tuning = sum(phase.seconds for phase in trainer.progress.phases[1:])
    best = trainer.progress.best
    course.adopt(best.phase, checkpoints.load_best(best.weights))
    return _Trained(seconds=(total - tuning, tuning), model=course.whole_model())


def _forward(network: BackboneNetwork, seen: PackedPictures, *, build: bool = True) -> float:
    kept = workspace().cache / "frozen" / f"{network.backbone}.tflite"
    started = time.perf_counter()
    below = build_classifier(network, num_classes=5, seed=0).split_at("nothing").below
    answer = fastest_answer(below, seen.pictures, kept=kept)
    if not build:
        started = time.perf_counter()
    for start in range(0, PICTURES, BATCH_SIZE):
        answer(seen.pictures[start : start + BATCH_SIZE].astype(np.float32))
    return time.perf_counter() - started


def _empty_cache() -> None:
    for name in ("activations", "frozen"):
        shutil.rmtree(workspace().cache / name, ignore_errors=True)


def _accuracies(with_fit: "keras.Model", with_cnnlab: "keras.Model", unseen: PackedPictures) -> str:
    right = [
        Answers(model).probabilities(unseen.pictures, np.arange(PICTURES)).argmax(axis=1) == unseen.labels
        for model in (with_fit, with_cnnlab)
    ]
    low, high = difference_interval(*right)
    return (
        f"fit {right[0].mean() * 100:.1f} %, cnnlab {right[1].mean() * 100:.1f} %: "
        f"{(right[1].mean() - right[0].mean()) * 100:+.1f} points ({low * 100:+.1f} to {high * 100:+.1f})"
    )
