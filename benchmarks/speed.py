"""Two-phase transfer learning on 500 real photographs at 224 x 224: as the lesson writes it with `fit`, and in cnnlab.

Feature extraction runs 10 epochs, fine-tuning of the last block 5. 'cold' begins with an empty cache, 'converted' with the
frozen network already in its fast form, 'warm' with the activations there. The forward pass is the fastest exact one.
"""

import shutil
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from benchmarks.workspaces import REAL_PICTURES, empty_workspace, import_archive, wait
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import PackedPictures, pack_pictures
from cnnlab.models.classifier import build_classifier
from cnnlab.models.weights import weights_status
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import DatasetReference, RunSpec
from cnnlab.specs.training import TransferTraining
from cnnlab.training.checkpoints import CheckpointFolder
from cnnlab.training.extraction import fastest_answer
from cnnlab.training.phases import plan_course
from cnnlab.training.recorder import Recorder
from cnnlab.training.trainer import Examples, Trainer

BACKBONES = ("efficientnet_lite0", "mobilenet_v2", "efficientnet_v2b0", "resnet50")
PICTURES, HEAD_EPOCHS, FINE_TUNE_EPOCHS, BATCH_SIZE = 500, 10, 5, 32
WEIGHTS_FILE = "mobilenet_v2_imagenet_no_top.weights.h5"


def run() -> pd.DataFrame:
    """Measure every backbone, both ways in turn."""
    with empty_workspace():
        shutil.copy(REAL_PICTURES / "weights" / WEIGHTS_FILE, workspace().weights)
        dataset = find_dataset(wait(import_archive("flowers.zip")).progress().dataset_id)
        pictures = pack_pictures(dataset, image_size=224)
        return pd.DataFrame([_row(name, pictures, dataset.class_names) for name in BACKBONES])


def _row(name: str, pictures: PackedPictures, class_names: tuple[str, ...]) -> dict[str, object]:
    weights = "imagenet" if weights_status(name).here else "random"
    network = BackboneNetwork(backbone=name, weights=weights)
    chosen = np.random.default_rng(0).permutation(len(pictures.labels))[:PICTURES]
    subset = PackedPictures(
        pictures=np.ascontiguousarray(pictures.pictures[chosen]),
        labels=pictures.labels[chosen],
        splits=np.array(["training"] * (PICTURES - 50) + ["validation"] * 50),
        picture_numbers=chosen,
        fingerprint=f"{pictures.fingerprint}-{PICTURES}",
    )
    naive_head, naive_fine_tuning = _naive(network, subset, len(class_names))
    cold = _ours(network, subset, class_names)
    shutil.rmtree(workspace().cache / "activations")
    converted = _ours(network, subset, class_names)
    warm = _ours(network, subset, class_names)
    forward = _forward(network, subset)
    tuned = _ours(network, subset, class_names, fine_tune=True)
    return {
        "backbone": name,
        "weights": weights,
        "fit, s": round(naive_head, 1),
        "cold, s": round(cold["total"], 1),
        "converted, s": round(converted["total"], 1),
        "warm, s": round(warm["total"], 1),
        "fit / cold": round(naive_head / cold["total"], 1),
        "fit / converted": round(naive_head / converted["total"], 1),
        "fit / warm": round(naive_head / warm["total"], 1),
        "converted / one forward pass": round(converted["total"] / forward, 2),
        "fine-tuning with fit, s": round(naive_fine_tuning, 1),
        "fine-tuning, s": round(tuned["fine_tuning"], 1),
        "ratio": round(naive_fine_tuning / tuned["fine_tuning"], 1),
    }


def _naive(network: BackboneNetwork, subset: PackedPictures, num_classes: int) -> tuple[float, float]:
    classifier = build_classifier(network, num_classes=num_classes, seed=0)
    model = classifier.inference_model()
    training, validation = subset.positions("training"), subset.positions("validation")
    data = subset.pictures[training], subset.labels[training]
    held_out = subset.pictures[validation], subset.labels[validation]
    seconds = []
    for epochs, rate in ((HEAD_EPOCHS, 1e-3), (FINE_TUNE_EPOCHS, 1e-5)):
        if rate < 1e-3:
            classifier.split_at("blocks", 1)
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        started = time.perf_counter()
        model.fit(*data, epochs=epochs, batch_size=BATCH_SIZE, validation_data=held_out, verbose=0)
        seconds.append(time.perf_counter() - started)
    return seconds[0], seconds[1]


def _ours(
    network: BackboneNetwork, subset: PackedPictures, class_names: tuple[str, ...], *, fine_tune: bool = False
) -> dict[str, float]:
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
    course = plan_course(spec, subset, cache=workspace().cache, on_progress=lambda *_: None)
    trainer = Trainer(
        course.phases,
        examples=Examples(
            labels=subset.labels,
            training=subset.positions("training"),
            validation=subset.positions("validation"),
        ),
        training=training,
        seed=0,
        recorder=Recorder(folder, attempt=1),
        checkpoints=CheckpointFolder(Path(folder.path) / "checkpoints"),
        parameters=course.whole_model().count_params(),
    )
    trainer.run()
    seconds = {phase.name: phase.seconds for phase in trainer.progress.phases}
    return seconds | {"total": time.perf_counter() - started}


def _forward(network: BackboneNetwork, subset: PackedPictures) -> float:
    below = build_classifier(network, num_classes=5, seed=0).split_at("nothing").below
    answer = fastest_answer(below, subset.pictures, kept=workspace().cache / f"{network.backbone}.tflite")
    started = time.perf_counter()
    for start in range(0, PICTURES, BATCH_SIZE):
        answer(subset.pictures[start : start + BATCH_SIZE].astype(np.float32))
    return time.perf_counter() - started
