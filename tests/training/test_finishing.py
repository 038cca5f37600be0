"""The end of a run is written in an order in which a kill at any moment leaves nothing that is half true."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.runs.measurements import list_measurements
from cnnlab.training import finishing
from cnnlab.training.finishing import Outcome, finish_run
from cnnlab.training.lite import LiteResult
from cnnlab.training.progress import Best, PhaseProgress, Progress
from cnnlab.training.run_measurement import Measured
from tests.runs.making import make_run, run_spec
from tests.runs.measuring import measurement


class KilledError(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def folder():
    run = make_run()
    (run.path / "model.keras").write_bytes(b"a model")
    return run


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch, folder):
    """Scores, model and measurement are there at once."""
    answers = np.eye(2, dtype=np.float32)[[0, 1, 0]]
    measured = Measured(
        timing=None,
        folds=None,
        training_peak_bytes=1,
        problems=(),
        measurement=measurement(run_id=folder.id),
    )
    lite = LiteResult(bytes=7, largest_difference=0.0, message="")
    monkeypatch.setattr(finishing, "_score", lambda *_: (np.arange(3), answers))
    monkeypatch.setattr(finishing, "_keep_model", lambda *_, **__: lite)
    monkeypatch.setattr(finishing, "measure_run", lambda *_, **__: measured)


def finish(folder):
    best = Best(phase="training", epoch=1, val_loss=0.5, val_accuracy=1.0, weights="best.npz")
    outcome = Outcome(
        spec=run_spec(),
        pictures=SimpleNamespace(
            pictures=np.zeros((3, 8, 8, 3), np.uint8),
            picture_numbers=np.arange(3),
            splits=np.array(["validation", "test", "test"]),
            labels=np.array([0, 1, 1]),
        ),
        course=SimpleNamespace(whole_model=lambda: SimpleNamespace(count_params=lambda: 15)),
        progress=Progress(phases=[PhaseProgress(name="training", epochs_done=1, best=best)], best=best),
        trainable={"training": 10},
        correct_before=None,
        seconds=1.0,
        stopped=False,
    )
    return finish_run(outcome, folder=folder, checkpoints=SimpleNamespace(), on_progress=lambda *doing: None)


def test_what_was_measured_is_kept_once_there_is_a_report(folder):
    assert finish(folder) == folder.report()
    assert folder.report().test_accuracy == 0.5
    assert [each.run_id for each in list_measurements()] == [folder.id]


def test_a_worker_that_is_killed_before_its_report_leaves_no_measurement(folder, monkeypatch):
    def kill(*_):
        raise KilledError

    monkeypatch.setattr(finishing, "write_text", kill)
    with pytest.raises(KilledError):
        finish(folder)
    assert folder.report() is None
    assert list_measurements() == []
