"""What is done once at the end of a run: score the test split, keep the model in two forms, write the report.

The best weights of all phases are used, never the last ones. This module never trains.
"""

import platform
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from cnnlab.data.packing import PackedPictures
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.heads import head_of, save_head
from cnnlab.evaluation.metrics import cross_entropy
from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.files import write_atomically, write_text
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine import describe_machine
from cnnlab.runs.measurements import save_measurement
from cnnlab.runs.model_record import ModelRecord
from cnnlab.runs.records import PhaseResult, Report
from cnnlab.specs.runs import RunSpec
from cnnlab.training.checkpoints import CheckpointFolder
from cnnlab.training.learner import Answers
from cnnlab.training.lite import LiteResult, convert_to_lite
from cnnlab.training.phases import Course
from cnnlab.training.progress import Progress
from cnnlab.training.run_measurement import OnProgress, measure_run
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


def finish_run(
    outcome: Outcome, *, folder: RunFolder, checkpoints: CheckpointFolder, on_progress: OnProgress
) -> Report:
    """Score the best model, keep it, measure it, and write the report.

    Raises:
        OSError: The disk is full.
        Interrupted: `on_progress` says that a pause is wanted; nothing is lost but the time since.
    """
    best, pictures = outcome.progress.best, outcome.pictures
    scored, probabilities = _score(outcome, checkpoints)
    table = predictions_table(
        pictures=pictures.picture_numbers[scored],
        splits=pictures.splits[scored],
        labels=pictures.labels[scored],
        probabilities=probabilities,
    )
    save_predictions(table, folder=folder.path)
    # What is compared went two ways: through cached activations in Keras, and whole through LiteRT.
    compared = slice(-PICTURES_COMPARED, None)
    lite = _keep_model(
        outcome, folder, pictures=pictures.pictures[scored[compared]], expected=probabilities[compared]
    )
    parameters = outcome.course.whole_model().count_params()
    correct = _correct(pictures, scored, probabilities)
    measured = measure_run(outcome, folder=folder, correct=correct, on_progress=on_progress)
    report = Report(
        **measured.for_report(),
        **_scores(pictures, scored, probabilities),
        phases=_phase_results(outcome, parameters=parameters),
        best_phase=best.phase,
        best_epoch=best.epoch,
        val_loss=best.val_loss,
        val_accuracy=best.val_accuracy,
        verdict=_verdict(outcome, correct),
        parameters=parameters,
        lite_largest_difference=lite.largest_difference,
        lite_message=lite.message,
        lite_bytes=lite.bytes,
        keras_bytes=(folder.path / "model.keras").stat().st_size,
        seconds=outcome.seconds,
        stopped_early=outcome.stopped,
        versions={"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        machine=describe_machine(),
    )
    write_text(folder.path / "report.json", report.model_dump_json(indent=2))
    # After the report: a worker that is killed in between leaves no measurement of a run without one.
    if measured.measurement is not None:
        save_measurement(measured.measurement)
    return report


def _score(outcome: Outcome, checkpoints: CheckpointFolder) -> tuple[np.ndarray, np.ndarray]:
    """Give the network its best weights and ask it about the validation and test pictures."""
    best, course, pictures = outcome.progress.best, outcome.course, outcome.pictures
    course.adopt(best.phase, checkpoints.load_best(best))
    phase = next(each for each in course.phases if each.name == best.phase)
    scored = np.concatenate([pictures.positions("validation"), pictures.positions("test")])
    return scored, Answers(phase.model).probabilities(phase.inputs.plain, scored)


def _keep_model(
    outcome: Outcome, folder: RunFolder, *, pictures: np.ndarray, expected: np.ndarray
) -> LiteResult:
    whole = outcome.course.whole_model()
    write_atomically(folder.path / "model.keras", whole.save)
    _record_model(outcome.spec, folder)
    if (head := head_of(whole)) is not None:
        save_head(head, folder=folder.path)
    return convert_to_lite(
        outcome.course.explaining_model(),
        path=folder.path / "model.tflite",
        pictures=pictures,
        expected=expected,
    )


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


def _verdict(outcome: Outcome, correct: np.ndarray) -> str:
    return describe_outcome(outcome.progress, correct_before=outcome.correct_before, correct_after=correct)


def _correct(pictures: PackedPictures, scored: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Whether each validation picture was named right, bool."""
    is_validation = pictures.splits[scored] == "validation"
    return probabilities[is_validation].argmax(axis=1) == pictures.labels[scored][is_validation]


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
