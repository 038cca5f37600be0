"""What cannot be measured is left out and said; only what was trained to its end is compared with others."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.errors import ModelError
from cnnlab.prediction.timing import Timing
from cnnlab.runs.states import Wanted
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork, Head
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training import run_measurement
from cnnlab.training.progress import PhaseProgress, Progress
from cnnlab.training.recorder import Interrupted
from cnnlab.training.run_measurement import fingerprint_settings, measure_run
from tests.runs.making import make_run, run_spec

TIMING = Timing(p50_ms=5.0, p95_ms=6.0, pictures_per_second=190.0, peak_bytes=90_000_000, answers=60)
CORRECT = np.array([True, False, True, True])


NETWORK, TRAINING = BackboneNetwork(weights="random"), TransferTraining()


def outcome(*, training=TRAINING, network=NETWORK, **changes):
    """A run of ten pictures, of which four are for validation, after both phases."""
    values = {
        "spec": run_spec(network=network, training=training),
        "pictures": SimpleNamespace(
            splits=np.array(["training"] * 5 + ["validation"] * 4 + ["test"]),
            picture_numbers=np.arange(10) * 7,
            labels=np.zeros(10, np.int32),
            positions=lambda split: np.arange(5, 9),
        ),
        "course": SimpleNamespace(phases=[]),
        "progress": Progress(
            phases=[
                PhaseProgress(name="feature_extraction", seconds=2.0),
                PhaseProgress(name="fine_tuning", seconds=3.0),
            ],
            seconds=11.0,
        ),
        "correct_before": CORRECT,
        "stopped": False,
    }
    return SimpleNamespace(**{**values, **changes})


@pytest.fixture
def folder():
    run = make_run()
    (run.path / "model.tflite").write_bytes(b"a model")
    return run


@pytest.fixture(autouse=True)
def timed(monkeypatch):
    """The model is not really timed."""
    monkeypatch.setattr(run_measurement, "time_model", lambda path: TIMING)


def measure(asked, folder, *, on_progress=lambda *doing: None):
    return measure_run(asked, folder=folder, correct=np.zeros(4, bool), on_progress=on_progress)


def test_without_folds_it_is_what_the_head_said_before_fine_tuning_that_is_kept(folder):
    measured = measure(outcome(), folder)
    kept = measured.measurement
    assert (kept.method, kept.accuracy, kept.run_id) == ("validation split", 0.75, folder.id)
    np.testing.assert_array_equal(kept.answers()[0], [35, 42, 49, 56])
    np.testing.assert_array_equal(kept.answers()[1], CORRECT)
    assert (kept.preparation_seconds, kept.feature_extraction_seconds, kept.fine_tuning_seconds) == (6, 2, 3)
    assert measured.for_report()["latency_p50_ms"] == 5.0
    assert "folds" not in measured.for_report()


def test_without_fine_tuning_it_is_the_model_that_is_kept(folder):
    only = Progress(phases=[PhaseProgress(name="feature_extraction", seconds=2.0)], seconds=5.0)
    kept = measure(outcome(progress=only, correct_before=None), folder).measurement
    assert (kept.accuracy, kept.fine_tuning_seconds) == (0.0, None)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"stopped": True}, id="stopped before its end"),
        pytest.param({"correct_before": None}, id="what the head said is not known"),
        pytest.param({"correct_before": CORRECT[:3]}, id="what the head said is of other pictures"),
        pytest.param({"network": BlockNetwork(), "training": ScratchTraining()}, id="no backbone"),
    ],
)
def test_what_does_not_compare_leaves_no_measurement_but_its_time(changes, folder):
    measured = measure(outcome(**changes), folder)
    assert measured.measurement is None
    assert measured.timing == TIMING


def test_a_model_that_cannot_be_timed_is_a_sentence_and_no_measurement(folder, monkeypatch):
    def fail(path):
        raise ModelError("The model was not timed: it was too slow.")

    monkeypatch.setattr(run_measurement, "time_model", fail)
    measured = measure(outcome(), folder)
    assert measured.for_report()["measuring_message"] == "The model was not timed: it was too slow."
    assert "latency_p50_ms" not in measured.for_report()
    assert measured.measurement is None


def test_a_run_without_a_litert_model_is_not_timed(folder):
    (folder.path / "model.tflite").unlink()
    assert measure(outcome(), folder).timing is None


def test_a_stop_leaves_the_rest_out_and_a_pause_is_heard(folder):
    def want(wanted):
        def on_progress(*doing):
            raise Interrupted(wanted)

        return on_progress

    measured = measure(outcome(), folder, on_progress=want(Wanted.STOP))
    assert measured.problems == ("The timing was left out, because the run was stopped.",)
    with pytest.raises(Interrupted):
        measure(outcome(), folder, on_progress=want(Wanted.PAUSE))


@pytest.mark.slow
def test_cross_validation_that_cannot_be_is_a_sentence_and_the_validation_split_counts(folder):
    import keras

    head = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    inputs = SimpleNamespace(plain=np.zeros((10, 3), np.float32))
    course = SimpleNamespace(phases=[SimpleNamespace(model=head, inputs=inputs)])
    measured = measure(outcome(training=TransferTraining(folds=3), course=course), folder)
    assert measured.folds is None
    assert "Cross-validation was left out." in measured.problems[0], "the dataset is gone"
    assert measured.measurement.method == "validation split"


def test_settings_are_alike_where_the_head_learns_alike():
    def fingerprint(*, head: Head | None = None, cross_validated: bool = False, **training) -> str:
        return fingerprint_settings(
            TransferTraining(**training), head=head or Head(), cross_validated=cross_validated
        )

    usual = fingerprint()
    assert fingerprint(unfreeze="nothing", folds=5, augmented_copies=2) == usual
    assert fingerprint(head_epochs=3) != usual
    assert fingerprint(head=Head(units=8)) != usual
    assert fingerprint(early_stopping_patience=9) != usual, "the run's own head stops early"
    mirrored = Augmentation(flip=True)
    assert fingerprint(augmentation=mirrored) != usual
    assert fingerprint(augmentation=mirrored, augmented_copies=2) != fingerprint(augmentation=mirrored)
    judged_apart = fingerprint(cross_validated=True)
    assert fingerprint(cross_validated=True, augmentation=mirrored, early_stopping_patience=9) == judged_apart
