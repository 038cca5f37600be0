"""The process that searches for wrong labels of a run: `python -m cnnlab.training.out_of_fold FOLDER`.

Every picture of the version that the run saw, of all three splits, is judged by a head that never saw
it. The features are those of the run's frozen backbone, which the run has left in the cache; a CNN from
scratch has only its own, and the result says so. No head is kept, so nobody learns from the test
split. This module never changes a label.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.data.packing import PackedPictures, pack_pictures
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.confident_learning import find_mislabelled
from cnnlab.evaluation.mislabelled import (
    FOLDS,
    SearchRequest,
    SearchResult,
    mislabelled_table,
    save_mislabelled,
)
from cnnlab.jobs.carrying import Reporter, alone, carry
from cnnlab.models.seeding import seeded
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine import describe_machine
from cnnlab.settings import workspace
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import TransferTraining
from cnnlab.training.activations import Origin, compute_activations, fingerprint_weights
from cnnlab.training.folds import FoldsResult, OnProgress, cross_validate
from cnnlab.training.phases import plan_course
from cnnlab.training.worker import prepare_tensorflow

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

MOST_SECONDS = 3600.0
TOO_LONG = (
    f"The search took more than {MOST_SECONDS / 60:.0f} minutes and was ended. Try it on a run with a smaller image "
    f"size, or with fewer epochs of its head."
)
NO_MEMORY = "There was not enough memory. Try it on a run with a smaller image size."
PROBE = TransferTraining(folds=FOLDS, head_epochs=20, head_learning_rate=1e-3, batch_size=64)
"""How a head learns on features that a CNN from scratch has learned: it had no phase of its own."""


@dataclass(frozen=True, kw_only=True)
class Judges:
    """What heads are trained on, and from what they begin."""

    features: np.ndarray
    """Of every stored picture, float32, shape (N, num_features)."""
    head: "keras.Model"
    training: TransferTraining


def main(path: str) -> int:
    """Carry the search in a folder; return the exit code."""
    folder = Path(path)

    def work(reporter: Reporter) -> SearchResult:
        request = SearchRequest.model_validate_json((folder / "request.json").read_bytes())
        with alone(workspace().cache / "judging.lock", reporter, noun="search"):
            return search(RunFolder.find(request.run, runs=workspace().runs), report=reporter.report)

    return carry(
        folder, work, noun="search", most_seconds=MOST_SECONDS, too_long=TOO_LONG, no_memory=NO_MEMORY
    )


def search(run: RunFolder, *, report: "Callable[[str, int, int], None]") -> SearchResult:
    """Judge every picture out of fold, write the table of a run, and return the sum of it.

    Raises:
        DatasetError: The dataset is gone, or damaged.
        EvaluationError: The run kept no model to take features from.
        TrainingError: There are too few pictures to judge, or the disk has no room.
    """
    spec, started = run.spec(), time.perf_counter()
    dataset = find_dataset(spec.dataset.id, version=spec.dataset.version)
    pictures = pack_pictures(
        dataset,
        image_size=spec.network.image_size,
        on_progress=lambda done, total: report("Packing pictures", done, total),
    )
    report("Loading TensorFlow", 0, 0)
    prepare_tensorflow(spec)
    frozen = spec.network.kind == "backbone"
    judges = (_frozen if frozen else _learned)(spec, pictures, run=run, report=report)
    folds = judge_out_of_fold(
        judges,
        pictures,
        dataset=dataset,
        seed=spec.seed,
        on_progress=lambda done, total: report(f"Training {FOLDS} heads", done, total),
    )
    findings = find_mislabelled(folds.probabilities, pictures.labels[folds.positions])
    table = mislabelled_table(pictures, folds.positions, probabilities=folds.probabilities, findings=findings)
    save_mislabelled(table, run=run)
    status = run.status()
    return SearchResult(
        features="frozen" if frozen else "learned",
        folds=folds.folds,
        num_pictures=len(folds.positions),
        num_mislabelled=len(findings.mislabelled),
        accuracy=folds.accuracy,
        accuracy_low=folds.low,
        accuracy_high=folds.high,
        wrong_share=findings.wrong_share,
        attempt=status.attempt if status else 1,
        seconds=time.perf_counter() - started,
        machine=describe_machine(),
    )


def judge_out_of_fold(
    judges: Judges, pictures: PackedPictures, *, dataset: Dataset, seed: int, on_progress: OnProgress
) -> FoldsResult:
    """Have every picture of a version judged by a head that saw neither it nor a copy of it.

    Raises:
        TrainingError: There are fewer than two pictures that are not copies of one another.
    """
    positions = np.flatnonzero(pictures.splits != "")
    hashes = dataset.table().set_index("picture")["sha256"]
    return cross_validate(
        judges.features,
        pictures.labels,
        positions=positions,
        groups=hashes.loc[pictures.picture_numbers[positions]].to_numpy(dtype=str),
        head=judges.head,
        training=judges.training,
        seed=seed,
        on_progress=on_progress,
    )


def _frozen(
    spec: RunSpec, pictures: PackedPictures, *, run: RunFolder, report: "Callable[[str, int, int], None]"
) -> Judges:
    """Features of the backbone as pretrained, by the same way as the run took: so they are in the cache."""
    import keras

    plain = spec.training.with_changes(augmentation=Augmentation(), folds=FOLDS)
    course = plan_course(
        spec.with_changes(training=plain), pictures, cache=workspace().cache, on_progress=report
    )
    phase = course.phases[0]
    with seeded(spec.seed):
        head = keras.models.clone_model(phase.model)
    return Judges(features=phase.inputs.plain, head=head, training=plain)


def _learned(
    spec: RunSpec, pictures: PackedPictures, *, run: RunFolder, report: "Callable[[str, int, int], None]"
) -> Judges:
    """What the network of a run answers right before its probabilities."""
    import keras

    path = run.path / "model.keras"
    if not path.is_file():
        raise EvaluationError(
            f"The run {spec.name!r} has kept no model, so there are no features to judge by. Choose one that has finished."
        )
    report("Loading the model", 0, 0)
    model = keras.models.load_model(path, compile=False)
    below = keras.Model(model.inputs[0], model.get_layer("probabilities").input)
    features = compute_activations(
        below,
        pictures.pictures,
        origin=Origin(
            pictures=pictures.fingerprint,
            backbone="from blocks",
            weights=fingerprint_weights(below),
            image_size=spec.network.image_size,
            boundary="features",
        ),
        cache=workspace().cache,
        on_progress=lambda done, total: report("Computing features", done, total),
    )
    with seeded(spec.seed):
        head = keras.Sequential(
            [
                keras.Input(features.shape[1:]),
                # Features of different networks differ in size by orders; a head learns best around 1.
                keras.layers.BatchNormalization(center=False, scale=False),
                keras.layers.Dense(len(spec.class_names), activation="softmax"),
            ]
        )
    return Judges(features=features, head=head, training=PROBE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
