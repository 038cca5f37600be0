"""A run can be interrupted after any step and ends as if it never had been; one best over both phases."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnnlab.runs.records import Epoch, PhaseStart
from cnnlab.specs.training import TransferTraining
from cnnlab.training.checkpoints import CheckpointFolder
from cnnlab.training.learner import Learner, StepResult
from cnnlab.training.recorder import Interrupted
from cnnlab.training.trainer import Diverged, Examples, Trainer
from tests.training.conftest import ListRecorder

pytestmark = pytest.mark.slow

STEPS_PER_EPOCH = 6  # 44 training inputs in batches of 8


def make_trainer(
    phases,
    examples,
    folder: Path,
    recorder: ListRecorder,
    *,
    seconds_after: Callable[[str], float] = lambda phase: 0.0,
    **settings,
) -> Trainer:
    training = TransferTraining(batch_size=8, **settings)
    return Trainer(
        phases,
        examples=examples,
        training=training,
        seed=5,
        recorder=recorder,
        checkpoints=CheckpointFolder(folder),
        parameters=100,
        seconds_after=seconds_after,
    )


def final_state(trainer: Trainer) -> list[np.ndarray]:
    return [variable.numpy() for phase in trainer.phases for variable in phase.model.variables]


def scores(recorders: list[ListRecorder]) -> dict[int, tuple]:
    """What each epoch scored; a later attempt's word counts."""
    return {
        event.epoch: (event.loss, event.accuracy, event.val_loss, event.val_accuracy, event.best)
        for recorder in recorders
        for event in recorder.events
        if isinstance(event, Epoch)
    }


@pytest.mark.parametrize("step", [0, 1, 5, 6, 7, 17, 18, 19, 23, 29])
def test_interrupted_before_any_step_ends_bit_identical(step, build_phases, examples, tmp_path):
    undisturbed = ListRecorder()
    reference = make_trainer(build_phases(), examples, tmp_path / "a", undisturbed)
    reference.run()

    first = ListRecorder(interrupt_before=step)
    interrupted = make_trainer(build_phases(), examples, tmp_path / "b", first)
    with pytest.raises(Interrupted):
        interrupted.run()
    assert interrupted.progress.step == step

    second = ListRecorder()
    resumed = make_trainer(build_phases(), examples, tmp_path / "b", second)
    resumed.run(CheckpointFolder(tmp_path / "b").load_newest())

    assert resumed.progress.step == reference.progress.step == 5 * STEPS_PER_EPOCH
    assert scores([first, second]) == scores([undisturbed])
    for mine, theirs in zip(final_state(resumed), final_state(reference), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert resumed.progress.best == reference.progress.best


def test_second_phase_starts_from_the_best_epoch_of_the_first_not_from_its_last(
    build_phases, examples, tmp_path
):
    # A learning rate this high makes later epochs worse than an early one.
    phases = build_phases(epochs=(8, 1), learning_rates=(1.0, 1e-6))
    recorder = ListRecorder()
    trainer = make_trainer(
        phases, examples, tmp_path, recorder, head_learning_rate=1.0, early_stopping_patience=0
    )
    trainer.run()
    epochs = [event for event in recorder.events if isinstance(event, Epoch)]
    best = min(epochs[:8], key=lambda event: event.val_loss)
    assert best.epoch < 8, "the case needs a best epoch that is not the last"
    assert epochs[8].val_loss == pytest.approx(best.val_loss, abs=1e-3)


def test_a_second_phase_that_makes_it_worse_does_not_become_the_best(build_phases, examples, tmp_path):
    phases = build_phases(epochs=(6, 3), learning_rates=(1e-2, 5.0))
    trainer = make_trainer(
        phases, examples, tmp_path, ListRecorder(), head_learning_rate=1.0, fine_tune_learning_rate=0.9
    )
    trainer.run()
    assert trainer.progress.phases[1].best.val_loss > trainer.progress.best.val_loss
    assert trainer.progress.best.phase == "feature_extraction"
    kept = CheckpointFolder(tmp_path).load_best(trainer.progress.best)
    assert len(kept) == len(phases[0].model.variables)


def test_early_stopping_counts_epochs_without_a_better_one(build_phases, examples, tmp_path):
    recorder = ListRecorder()
    trainer = make_trainer(
        build_phases(epochs=(50, 1), learning_rates=(1.0, 1e-6)),
        examples,
        tmp_path,
        recorder,
        head_learning_rate=1.0,
        early_stopping_patience=2,
    )
    trainer.run()
    first = trainer.progress.phases[0]
    assert first.epochs_done == first.best.epoch + 2
    assert any("Early stopping" in event for event in recorder.events if isinstance(event, str))


def test_what_comes_after_a_phase_counts_as_time_left(build_phases, examples, tmp_path):
    recorder = ListRecorder()
    trainer = make_trainer(
        build_phases(),
        examples,
        tmp_path,
        recorder,
        seconds_after={"feature_extraction": 5000.0, "fine_tuning": 100.0}.get,
    )
    trainer.run()
    left = [update["seconds_left"] for update in recorder.updates if "seconds_left" in update]
    assert len(left) == 5 * STEPS_PER_EPOCH
    assert all(5000 <= seconds < 6000 for seconds in left[: 3 * STEPS_PER_EPOCH])
    assert all(100 <= seconds < 1100 for seconds in left[3 * STEPS_PER_EPOCH :])
    assert left[-1] == pytest.approx(100, abs=1)


def test_a_loss_that_only_grows_stops_the_run_and_keeps_the_best(
    build_phases, examples, tmp_path, monkeypatch
):
    trainer = make_trainer(
        build_phases(epochs=(1, 50)), examples, tmp_path, ListRecorder(), early_stopping_patience=0
    )

    def learn(self, inputs: np.ndarray, labels: np.ndarray, mix: None) -> StepResult:
        epoch = trainer.progress.step // STEPS_PER_EPOCH
        return StepResult(loss_sum=float(epoch * len(labels)), correct=0, seen=len(labels))

    monkeypatch.setattr(Learner, "learn", learn)
    # Guessing costs ln 3 = 1.1; losses of 1, 2, 3 and 4 do not fall three times.
    with pytest.raises(Diverged, match=r"has not fallen for 3 epochs and is 4\.00 after epoch 5"):
        trainer.run()
    assert trainer.progress.best is not None


def test_a_hump_while_the_rate_rises_is_left_alone(build_phases, examples, tmp_path, monkeypatch):
    trainer = make_trainer(
        build_phases(epochs=(20, 1)),
        examples,
        tmp_path,
        ListRecorder(),
        early_stopping_patience=0,
        schedule="one_cycle",
    )

    def learn(self, inputs: np.ndarray, labels: np.ndarray, mix: None) -> StepResult:
        epoch = trainer.progress.step // STEPS_PER_EPOCH
        return StepResult(
            loss_sum=float(min(epoch, 10 - epoch) + 20) * len(labels), correct=0, seen=len(labels)
        )

    monkeypatch.setattr(Learner, "learn", learn)
    trainer.run()
    assert trainer.progress.epoch == 21


def test_a_loss_above_guessing_that_falls_is_left_alone(build_phases, examples, tmp_path, monkeypatch):
    trainer = make_trainer(
        build_phases(epochs=(8, 1)), examples, tmp_path, ListRecorder(), early_stopping_patience=0
    )

    def learn(self, inputs: np.ndarray, labels: np.ndarray, mix: None) -> StepResult:
        epoch = trainer.progress.step // STEPS_PER_EPOCH
        return StepResult(loss_sum=(20.0 - epoch) * len(labels), correct=0, seen=len(labels))

    monkeypatch.setattr(Learner, "learn", learn)
    trainer.run()
    assert trainer.progress.epoch == 9


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_best(build_phases, examples, tmp_path):
    phases = build_phases(epochs=(2, 5), learning_rates=(1e-2, 1e38))
    trainer = make_trainer(phases, examples, tmp_path, ListRecorder())
    with pytest.raises(Diverged, match="learning rate ten times smaller"):
        trainer.run()
    assert trainer.progress.best.phase == "feature_extraction"
    assert CheckpointFolder(tmp_path).load_newest().progress.best == trainer.progress.best


def test_each_phase_says_how_much_of_the_network_learns(build_phases, examples, tmp_path):
    recorder = ListRecorder()
    make_trainer(build_phases(epochs=(1, 1)), examples, tmp_path, recorder).run()
    starts = [event for event in recorder.events if isinstance(event, PhaseStart)]
    head, below = 6 * 3 + 3, 8 * 6 + 6
    assert [(start.trainable_parameters, start.frozen_parameters) for start in starts] == [
        (head, 100 - head),
        (head + below, 100 - head - below),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"label_smoothing": 0.3}, id="label smoothing"),
        pytest.param({"balance_classes": True}, id="balanced classes"),
        pytest.param({"optimizer": "sgd"}, id="optimizer"),
        pytest.param({"schedule": "cosine"}, id="schedule"),
    ],
)
def test_a_setting_of_the_training_changes_what_is_learned(changed, build_phases, examples, tmp_path):
    states = []
    for name, settings in (("default", {}), ("changed", changed)):
        trainer = make_trainer(build_phases(), examples, tmp_path / name, ListRecorder(), **settings)
        trainer.run()
        states.append(final_state(trainer))
    assert any((mine != theirs).any() for mine, theirs in zip(*states, strict=True))


@pytest.mark.parametrize(
    ("training", "validation"),
    [
        pytest.param(5, 16, id="fewer pictures than a batch"),
        pytest.param(1, 16, id="one picture to learn from"),
        pytest.param(9, 16, id="one picture in the last batch"),
        pytest.param(44, 1, id="one picture to validate on"),
    ],
)
def test_few_pictures_are_enough(training, validation, build_phases, examples, tmp_path):
    recorder = ListRecorder()
    few = Examples(
        labels=examples.labels,
        training=examples.training[:training],
        validation=examples.validation[:validation],
    )
    trainer = make_trainer(build_phases(), few, tmp_path, recorder)
    trainer.run()
    assert trainer.progress.epoch == 5
    assert trainer.progress.step == 5 * -(-training // 8)
    assert all(0 <= event.val_accuracy <= 1 for event in recorder.events if isinstance(event, Epoch))


def test_pictures_that_are_left_out_are_neither_learned_from_nor_scored(build_phases, examples, tmp_path):
    left_out = Examples(
        labels=np.append(examples.labels[:-1], np.int32(-1)),
        training=examples.training,
        validation=examples.validation[:-1],
    )
    kept = make_trainer(build_phases(), left_out, tmp_path, ListRecorder(), balance_classes=True)
    kept.run()
    assert np.isfinite(kept.progress.best.val_loss)
