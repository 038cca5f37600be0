"""What is measured once a model is kept: how fast it answers, what memory it took, how good its frozen features are.

Nothing is saved here: `finishing` writes the report first, so that no measurement is of a run without one. A
measurement that fails costs the run nothing: it is left out, and a sentence says why. The accuracy of
a measurement is that of a head on frozen features, never of the fine-tuned network: that is what two
backbones are compared by. This module never changes the model of a run.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError, ModelError, TrainingError
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.models.seeding import seeded
from cnnlab.prediction.timing import Timing, time_model
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine import describe_machine, machine_id
from cnnlab.runs.measurements import Measurement, pack_answers
from cnnlab.runs.memory import peak_memory_bytes
from cnnlab.runs.states import Wanted
from cnnlab.specs.networks import Head
from cnnlab.specs.training import TransferTraining
from cnnlab.training.folds import FoldsResult, cross_validate
from cnnlab.training.recorder import Interrupted

if TYPE_CHECKING:
    from cnnlab.training.finishing import Outcome

OnProgress = Callable[[str, int, int], None]
"""Called with (activity, done, in all); may raise to interrupt."""
FEWEST_FOLDS = 2
HOW_THE_HEAD_LEARNS = (
    "batch_size",
    "optimizer",
    "schedule",
    "label_smoothing",
    "balance_classes",
    "head_epochs",
    "head_learning_rate",
    "head_l2",
)
"""Settings that the accuracy of a head on frozen features depends on."""
HOW_A_SPLIT_LEARNS = ("early_stopping_patience", "augmentation")
"""Those that matter too where the run's own head is judged: heads of cross-validation neither stop early nor see altered pictures."""
HOW_IT_IS_ALTERED = ("augmented_route", "augmented_copies")
"""Those that matter too where pictures are altered."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What could be measured of a run."""

    timing: Timing | None
    folds: FoldsResult | None
    """None where no cross-validation was asked for, or it was left out."""
    training_peak_bytes: int
    problems: tuple[str, ...]
    """Sentences on what was left out and why."""
    measurement: Measurement | None = None
    """What two backbones are compared by; None where it is of no backbone, or not all of it is known."""

    def for_report(self) -> dict[str, Any]:
        """The fields of a report."""
        timing, folds = self.timing, self.folds
        fields: dict[str, Any] = {
            "training_peak_bytes": self.training_peak_bytes,
            "measuring_message": " ".join(self.problems),
        }
        if timing is not None:
            fields |= {
                "latency_p50_ms": timing.p50_ms,
                "latency_p95_ms": timing.p95_ms,
                "pictures_per_second": timing.pictures_per_second,
                "predict_peak_bytes": timing.peak_bytes,
            }
        if folds is not None:
            fields |= {
                "folds": folds.folds,
                "folds_accuracy": folds.accuracy,
                "folds_accuracy_low": folds.low,
                "folds_accuracy_high": folds.high,
                "num_folds_pictures": len(folds.correct),
            }
        return fields


def measure_run(
    outcome: "Outcome", *, folder: RunFolder, correct: np.ndarray, on_progress: OnProgress
) -> Measured:
    """Measure a run whose model is kept; nothing is written.

    Args:
        outcome: What the run ended with.
        folder: Where its model is.
        correct: Whether the model that is kept named each validation picture right, bool, shape (N,).
        on_progress: Hears what is measured.

    Raises:
        Interrupted: A pause is wanted. A stop leaves out what is not measured yet.
    """
    problems: list[str] = []
    # Before the other process is started: what it takes is not this one's.
    training_peak = peak_memory_bytes()
    timing = _time(folder, on_progress=on_progress, problems=problems)
    folds = _cross_validate(outcome, on_progress=on_progress, problems=problems)
    measured = Measured(
        timing=timing, folds=folds, training_peak_bytes=training_peak, problems=tuple(problems)
    )
    return replace(measured, measurement=_measurement(outcome, measured, folder=folder, correct=correct))


def _time(folder: RunFolder, *, on_progress: OnProgress, problems: list[str]) -> Timing | None:
    path = folder.path / "model.tflite"
    if not path.is_file():
        return None
    try:
        on_progress("Timing the model", 0, 0)
        return time_model(path)
    except ModelError as error:
        problems.append(str(error))
    except Interrupted as interruption:
        _leave_out("The timing", interruption, problems)
    return None


def _cross_validate(
    outcome: "Outcome", *, on_progress: OnProgress, problems: list[str]
) -> FoldsResult | None:
    training, pictures = outcome.spec.training, outcome.pictures
    if training.kind != "transfer" or training.folds < FEWEST_FOLDS or outcome.stopped:
        return None
    import keras

    phase = outcome.course.phases[0]
    positions = np.flatnonzero(np.isin(pictures.splits, ("training", "validation")))
    try:
        with seeded(outcome.spec.seed):
            head = keras.models.clone_model(phase.model)
        return cross_validate(
            phase.inputs.plain,
            pictures.labels,
            positions=positions,
            groups=_copies(outcome)[positions],
            head=head,
            training=training,
            seed=outcome.spec.seed,
            on_progress=lambda done, total: on_progress(
                f"Cross-validating in {training.folds} folds", done, total
            ),
        )
    except (TrainingError, DatasetError) as error:
        problems.append(f"Cross-validation was left out. {error}")
    except Interrupted as interruption:
        _leave_out("Cross-validation", interruption, problems)
    return None


def _copies(outcome: "Outcome") -> np.ndarray:
    """The hash of each packed picture's bytes: equal where one is a copy of another."""
    reference = outcome.spec.dataset
    table = find_dataset(reference.id, version=reference.version).table().set_index("picture")
    return table["sha256"].reindex(outcome.pictures.picture_numbers).fillna("").to_numpy(dtype=str)


def _leave_out(what: str, interruption: Interrupted, problems: list[str]) -> None:
    if interruption.wanted is not Wanted.STOP:
        raise interruption
    problems.append(f"{what} was left out, because the run was stopped.")


def _measurement(
    outcome: "Outcome", measured: Measured, *, folder: RunFolder, correct: np.ndarray
) -> Measurement | None:
    spec, timing = outcome.spec, measured.timing
    if spec.network.kind != "backbone" or timing is None or outcome.stopped:
        return None
    answers = _answers(outcome, measured.folds, correct=correct)
    if answers is None:
        return None
    seconds = {phase.name: phase.seconds for phase in outcome.progress.phases}
    return Measurement(
        **answers,
        machine=describe_machine(),
        machine_id=machine_id(),
        dataset_id=spec.dataset.id,
        dataset_version=spec.dataset.version,
        dataset_name=spec.dataset.name,
        backbone=spec.network.backbone,
        weights=spec.network.weights,
        image_size=spec.network.image_size,
        settings=fingerprint_settings(
            spec.training, head=spec.network.head, cross_validated=measured.folds is not None
        ),
        run_id=folder.id,
        run_name=spec.name,
        measured_at=time.time(),
        latency_p50_ms=timing.p50_ms,
        latency_p95_ms=timing.p95_ms,
        pictures_per_second=timing.pictures_per_second,
        predict_peak_bytes=timing.peak_bytes,
        training_peak_bytes=measured.training_peak_bytes,
        lite_bytes=(folder.path / "model.tflite").stat().st_size,
        preparation_seconds=max(0.0, outcome.progress.seconds - sum(seconds.values())),
        feature_extraction_seconds=seconds["feature_extraction"],
        fine_tuning_seconds=seconds.get("fine_tuning"),
    )


def _answers(outcome: "Outcome", folds: FoldsResult | None, *, correct: np.ndarray) -> dict[str, Any] | None:
    """Who was right about which picture, of heads on frozen features; None where that is not known."""
    numbers = outcome.pictures.picture_numbers
    if folds is not None:
        method, correct, pictures = f"{folds.folds} folds", folds.correct, numbers[folds.positions]
    else:
        method, pictures = "validation split", numbers[outcome.pictures.positions("validation")]
        if len(outcome.progress.phases) > 1:
            # The model that is kept may be fine-tuned; what the head alone said was kept when that began.
            correct = outcome.correct_before
    if correct is None or len(correct) != len(pictures):
        return None
    low, high = wilson_interval(int(correct.sum()), len(correct))
    return pack_answers(correct, pictures=pictures) | {
        "accuracy": float(correct.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "method": method,
    }


def fingerprint_settings(training: TransferTraining, *, head: Head, cross_validated: bool) -> str:
    """Name how a head learned; equal where accuracies of two backbones compare fairly.

    Args:
        training: Of the run.
        head: What was put on the backbone.
        cross_validated: Whether heads of their own were judged, rather than the run's on its validation split.
    """
    names = set(HOW_THE_HEAD_LEARNS)
    if not cross_validated:
        names.update(HOW_A_SPLIT_LEARNS, HOW_IT_IS_ALTERED if training.augmentation.active else ())
    values = training.model_dump(mode="json", include=names) | {"head": head.model_dump()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
