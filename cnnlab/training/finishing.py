"""What is done once at the end of a run: score the test split, keep the model in two forms, write the report.

The best weights of all phases are used, never the last ones. This module never trains.
"""

import platform
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from cnnlab.data.packing import PackedPictures
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.metrics import cross_entropy
from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.files import write_atomically, write_text
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.records import PhaseResult, Report
from cnnlab.specs.runs import RunSpec
from cnnlab.training.checkpoints import CheckpointFolder
from cnnlab.training.learner import Answers
from cnnlab.training.lite import convert_to_lite
from cnnlab.training.phases import Course
from cnnlab.training.progress import Progress
from cnnlab.training.verdict import describe_outcome

PICTURES_COMPARED = 64
PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "ai-edge-litert")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run ended with, before it is scored."""

    spec: RunSpec
    pictures: PackedPictures
    course: Course
    progress: Progress
    trainable: dict[str, int]
    """Parameters that learn, by phase."""
    correct_before: np.ndarray | None
    seconds: float
    stopped: bool


def finish_run(outcome: Outcome, *, folder: RunFolder, checkpoints: CheckpointFolder) -> Report:
    """Score the best model, keep it, and write the report.

    Raises:
        OSError: The disk is full.
    """
    best, course, pictures = outcome.progress.best, outcome.course, outcome.pictures
    course.adopt(best.phase, checkpoints.load_best(best.weights))
    phase = next(each for each in course.phases if each.name == best.phase)
    scored = np.concatenate([pictures.positions("validation"), pictures.positions("test")])
    probabilities = Answers(phase.model).probabilities(phase.inputs, scored)
    table = predictions_table(
        pictures=pictures.picture_numbers[scored],
        splits=pictures.splits[scored],
        labels=pictures.labels[scored],
        probabilities=probabilities,
    )
    save_predictions(table, folder=folder.path)
    whole = course.whole_model()
    write_atomically(folder.path / "model.keras", whole.save)
    _record_model(outcome.spec, folder)
    # What is compared went two ways: through cached activations in Keras, and whole through LiteRT.
    compared = slice(-PICTURES_COMPARED, None)
    lite = convert_to_lite(
        course.explaining_model(),
        path=folder.path / "model.tflite",
        pictures=pictures.pictures[scored[compared]],
        expected=probabilities[compared],
    )
    report = Report(
        **_scores(pictures, scored, probabilities),
        phases=_phase_results(outcome, parameters=whole.count_params()),
        best_phase=best.phase,
        best_epoch=best.epoch,
        val_loss=best.val_loss,
        val_accuracy=best.val_accuracy,
        verdict=_verdict(outcome, scored, probabilities),
        parameters=whole.count_params(),
        lite_largest_difference=lite.largest_difference,
        lite_message=lite.message,
        lite_bytes=lite.bytes,
        keras_bytes=(folder.path / "model.keras").stat().st_size,
        seconds=outcome.seconds,
        stopped_early=outcome.stopped,
        versions={"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        machine=f"{platform.system()} {platform.machine()}, {_cores()} cores",
    )
    write_text(folder.path / "report.json", report.model_dump_json(indent=2))
    return report


def _scores(
    pictures: PackedPictures, scored: np.ndarray, probabilities: np.ndarray
) -> dict[str, float | int | None]:
    is_test = pictures.splits[scored] == "test"
    labels = pictures.labels[scored][is_test]
    if not len(labels):
        return dict.fromkeys(("test_loss", "test_accuracy", "test_accuracy_low", "test_accuracy_high")) | {
            "num_test_pictures": 0
        }
    correct = int((probabilities[is_test].argmax(axis=1) == labels).sum())
    low, high = wilson_interval(correct, len(labels))
    return {
        "test_loss": cross_entropy(probabilities[is_test], labels),
        "test_accuracy": correct / len(labels),
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "num_test_pictures": len(labels),
    }


def _verdict(outcome: Outcome, scored: np.ndarray, probabilities: np.ndarray) -> str:
    is_validation = outcome.pictures.splits[scored] == "validation"
    correct = probabilities[is_validation].argmax(axis=1) == outcome.pictures.labels[scored][is_validation]
    return describe_outcome(
        outcome.progress, correct_before=outcome.correct_before, correct_after=correct, seed=outcome.spec.seed
    )


def _phase_results(outcome: Outcome, *, parameters: int) -> tuple[PhaseResult, ...]:
    return tuple(
        PhaseResult(
            phase=phase.name,
            epochs=phase.epochs_done,
            best_epoch=phase.best.epoch,
            val_loss=phase.best.val_loss,
            val_accuracy=phase.best.val_accuracy,
            seconds=phase.seconds,
            trainable_parameters=outcome.trainable[phase.name],
            frozen_parameters=parameters - outcome.trainable[phase.name],
        )
        for phase in outcome.progress.phases
        if phase.best is not None
    )


def _record_model(spec: RunSpec, folder: RunFolder) -> None:
    network = spec.network
    ModelRecord(
        class_names=spec.class_names,
        image_size=network.image_size,
        run=folder.id,
        name=spec.name,
        network_name=network.name if network.kind == "blocks" else network.backbone,
    ).save(folder.path)


def _cores() -> int:
    import os

    return os.cpu_count() or 1
