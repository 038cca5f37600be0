"""An experiment is found again by its settings, started once, cancelled, read with care, and deleted when it has ended."""

import dataclasses
import json
import shutil
import time

import pytest

from cnnlab.claims import worker
from cnnlab.claims.answers import Answer
from cnnlab.claims.claim import Measuring
from cnnlab.claims.experiments import (
    Experiment,
    ExperimentRequest,
    delete_experiment,
    find_experiment,
    keep_answer,
    list_experiments,
    start_experiment,
)
from cnnlab.claims.shuffled_pixels import ShuffledPixels
from cnnlab.claims.table import CLAIMS
from cnnlab.errors import ClaimError
from cnnlab.files import write_text
from cnnlab.jobs import folder as job_folder
from cnnlab.jobs.records import JobProgress
from cnnlab.settings import workspace

CLAIM = "shuffled_pixels"
SMALL = ShuffledPixels(dataset="digits", num_training=100, epochs=1)
ANSWER = Answer(verdict="holds", sentence="So it is.", meaning="So it is.")


@pytest.fixture
def started(monkeypatch):
    """Folders that a worker would have been started for; no process is."""
    folders = []
    monkeypatch.setattr(job_folder, "start_detached", lambda module, folder, *, log: folders.append(folder))
    return folders


def say(experiment: Experiment, **progress) -> None:
    write_text(experiment.folder / "progress.json", JobProgress(**progress).model_dump_json())


def finish(experiment: Experiment) -> None:
    write_text(experiment.folder / "result.json", ANSWER.model_dump_json())
    say(experiment, state="finished")


def test_an_experiment_is_found_again_by_its_settings(started):
    assert find_experiment(CLAIM, SMALL) is None
    experiment = start_experiment(CLAIM, SMALL)
    assert find_experiment(CLAIM, SMALL) == experiment
    assert find_experiment(CLAIM, SMALL.with_changes(seed=1)) is None
    assert experiment.settings() == SMALL
    assert experiment.answer() is None, "it is under way"
    finish(experiment)
    assert experiment.answer() == ANSWER


def test_asking_twice_starts_one_worker(started):
    assert start_experiment(CLAIM, SMALL) == start_experiment(CLAIM, SMALL)
    assert len(started) == 1


def test_an_ended_experiment_may_be_run_again(started):
    finish(start_experiment(CLAIM, SMALL))
    experiment = start_experiment(CLAIM, SMALL)
    assert len(started) == 2
    assert experiment.state == "running"
    assert experiment.answer() is None


def test_a_cancelled_one_that_is_still_ending_is_not_joined(started):
    start_experiment(CLAIM, SMALL).cancel()
    with pytest.raises(ClaimError, match="cancelled and is still ending"):
        start_experiment(CLAIM, SMALL)


def test_an_unknown_claim_is_refused(started):
    with pytest.raises(ClaimError, match="no claim named 'flat_earth'"):
        start_experiment("flat_earth", SMALL)
    assert started == []


@pytest.mark.parametrize("claim", [name for name, claim in CLAIMS.items() if claim.measure is None])
def test_what_is_worked_by_hand_is_not_started(started, claim):
    with pytest.raises(ClaimError, match="worked by hand"):
        start_experiment(claim, CLAIMS[claim].settings())
    assert started == []


def test_a_workspace_that_cannot_be_written_is_said_to_be(started, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(job_folder, "write_text", full)
    with pytest.raises(ClaimError, match=r"could not be written \(No space left on device\).*Make room"):
        start_experiment(CLAIM, SMALL)


def test_experiments_are_listed_by_claim_the_newest_first(started, monkeypatch):
    first, second = (start_experiment(CLAIM, SMALL.with_changes(seed=seed)) for seed in (0, 1))
    other = start_experiment("shifted_pictures", CLAIMS["shifted_pictures"].settings())
    ages = {first.folder: 3.0, second.folder: 2.0, other.folder: 1.0}
    monkeypatch.setattr(Experiment, "started_at", property(lambda self: -ages[self.folder]))
    assert list_experiments(CLAIM) == [second, first]
    assert list_experiments() == [other, second, first]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("flat_earth-0123", id="an unknown claim"),
        pytest.param("notes", id="a folder of the user's"),
        pytest.param("-0123", id="no name"),
    ],
)
def test_folders_of_no_claim_are_passed_over(started, name):
    experiment = start_experiment(CLAIM, SMALL)
    folder = workspace().claims / name
    folder.mkdir()
    (folder / "request.json").write_text('{"claim": "flat_earth", "settings": {}, "recipe": 1}')
    assert list_experiments() == [experiment]


def test_a_folder_named_by_hand_is_not_taken_out_of_the_workspace(started):
    experiment = start_experiment(CLAIM, SMALL)
    for file in ("../../secret.png", "/etc/passwd", "..\\secret.png"):
        assert experiment.picture(file).parent == experiment.folder


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param('{"verdict": "holds"', id="cut off"),
        pytest.param('{"verdict": "maybe", "sentence": "", "meaning": ""}', id="no answer of ours"),
        pytest.param("[]", id="a list"),
    ],
)
def test_a_damaged_answer_is_none(started, content):
    experiment = start_experiment(CLAIM, SMALL)
    finish(experiment)
    (experiment.folder / "result.json").write_text(content)
    assert experiment.answer() is None
    assert experiment.state == "finished"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"recipe": 0}, id="of an older recipe"),
        pytest.param({"settings": "none"}, id="no settings"),
    ],
)
def test_settings_of_another_day_are_none(started, changes):
    experiment = start_experiment(CLAIM, SMALL)
    request = json.loads((experiment.folder / "request.json").read_text())
    (experiment.folder / "request.json").write_text(json.dumps(request | changes))
    assert experiment.settings() is None


def test_an_answer_found_on_the_page_is_kept_and_found_again():
    experiment = keep_answer(CLAIM, SMALL, ANSWER)
    assert find_experiment(CLAIM, SMALL) == experiment
    assert experiment.answer() == ANSWER
    assert list_experiments(CLAIM) == [experiment]


def test_only_what_has_ended_is_deleted(started):
    experiment = start_experiment(CLAIM, SMALL)
    with pytest.raises(ClaimError, match="Cancel it first"):
        delete_experiment(experiment)
    finish(experiment)
    delete_experiment(experiment)
    assert find_experiment(CLAIM, SMALL) is None
    assert list_experiments() == []


def wait(experiment: Experiment) -> None:
    deadline = time.monotonic() + 600.0
    while experiment.state == "running":
        assert time.monotonic() < deadline, experiment.progress()
        time.sleep(0.1)


def test_one_that_another_tab_deletes_meanwhile_is_left_out(started, monkeypatch):
    kept, deleted = (start_experiment(CLAIM, SMALL.with_changes(seed=seed)) for seed in (0, 1))
    looked = Experiment.started_at.fget

    def deletes_first(self):
        if self == deleted:
            shutil.rmtree(self.folder)
        return looked(self)

    monkeypatch.setattr(Experiment, "started_at", property(deletes_first))
    assert list_experiments() == [kept]


def test_a_measured_value_that_is_no_number_is_said_to_be(monkeypatch, tmp_path):
    def runs_away(settings, measuring):
        return ANSWER.model_validate(ANSWER.model_dump() | {"scores": {"loss": float("nan")}})

    claim = dataclasses.replace(CLAIMS[CLAIM], measure=runs_away)
    monkeypatch.setattr(worker, "find_claim", lambda name: claim)
    request = ExperimentRequest(claim=CLAIM, settings=SMALL.model_dump(), recipe=1)
    with pytest.raises(ClaimError, match="is no number: a training ran away"):
        worker._measure(request, Measuring(report=lambda *_: None, folder=tmp_path))


@pytest.mark.slow
def test_a_worker_measures_and_keeps_its_answer_with_pictures():
    experiment = start_experiment(CLAIM, SMALL)
    wait(experiment)
    assert experiment.state == "finished", experiment.message
    answer = experiment.answer()
    assert answer.seconds > 0.0
    assert "cores" in answer.measured_on
    assert answer.verdict in ("holds", "partly", "fails", "noise")
    for picture in answer.pictures[0].pictures:
        assert experiment.picture(picture.file).is_file()


@pytest.mark.slow
def test_a_worker_that_cannot_measure_says_why():
    experiment = start_experiment(CLAIM, SMALL.with_changes(dataset="20200101-000000-abcdef"))
    wait(experiment)
    assert experiment.state == "failed"
    assert "There is no dataset" in experiment.message
