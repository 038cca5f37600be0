"""Before the run starts: its time, memory and disk, trial batches, other ways, and the learning-rate finder."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from pydantic import BaseModel

from cnnlab.errors import TrainingError
from cnnlab.jobs import folder as job_folder
from cnnlab.jobs.records import JobProgress
from cnnlab.training.planning.estimate import Alternative, Estimate, Part
from cnnlab.training.planning.trial_records import RangeCurve, RangeResult
from cnnlab.ui import train_choice, train_estimate, train_trials


def make_estimate(seconds: float = 73.0, **changes: Any) -> Estimate:
    """An estimate as the room of training makes it."""
    values = {
        "parts": (
            Part(name="packing", label="Preparing *pictures*", seconds=0.0, already_there=True),
            Part(name="fine_tuning", label="Fine-tuning", seconds=seconds, already_there=False),
        ),
        "seconds": seconds,
        "memory_bytes": 1_240_000_000,
        "disk_bytes": 310_000_000,
        "basis": "rough",
        "problems": (),
    }
    return Estimate(**{**values, **changes})


def make_way(label: str, *, seconds: float = 73.0, chosen: bool = False, **changes: Any) -> Alternative:
    """One of the other ways."""
    return Alternative(label=label, changes=changes, estimate=make_estimate(seconds), chosen=chosen)


@pytest.fixture
def estimate(monkeypatch):
    """A function that makes the page believe an estimate and its other ways."""

    def believe(found: Estimate, *ways: Alternative) -> None:
        monkeypatch.setattr(train_estimate, "estimate_run", lambda spec, dataset: found)
        monkeypatch.setattr(train_choice, "list_alternatives", lambda spec, dataset: ways)

    return believe


@pytest.fixture
def trials(monkeypatch):
    """Folders of the trials that the page has started, the newest last; no process is."""
    started: list[Path] = []
    monkeypatch.setattr(
        job_folder, "start_detached", lambda module, folder, *, log: started.append(Path(folder))
    )
    return started


def _say(folder: Path, progress: JobProgress, *, result: BaseModel | None = None) -> None:
    """Write what the worker of a trial would."""
    if result is not None:
        (folder / "result.json").write_text(result.model_dump_json())
    (folder / "progress.json").write_text(progress.model_dump_json())


def _texts(page):
    kinds = (page.markdown, page.caption, page.error, page.warning, page.success)
    return "\n".join(element.value for kind in kinds for element in kind)


def _buttons(page):
    return {button.key for button in page.button}


def test_time_parts_memory_and_disk_are_told_before_the_start(open_page, dataset, estimate, trials):
    estimate(make_estimate())
    shown = _texts(open_page("train"))
    assert "About 1 min 10 s, at most" in shown
    assert "Preparing \\*pictures\\*] | :small[:green[already\N{NO-BREAK SPACE}computed]]" in shown
    assert "1.2 GB of memory" in shown
    assert "310 MB of disk" in shown


@pytest.mark.parametrize(
    ("basis", "sentence", "offers_to_measure"),
    [
        pytest.param("rough", "nothing was measured on this machine yet", True, id="rough"),
        pytest.param("calibrated", "calibration of this machine", True, id="calibrated"),
        pytest.param("measured", "Measured on this machine", False, id="measured"),
    ],
)
def test_an_estimate_says_what_it_rests_on(
    open_page, dataset, estimate, trials, basis, sentence, offers_to_measure
):
    estimate(make_estimate(basis=basis))
    page = open_page("train")
    assert sentence in _texts(page)
    assert ("train-trial-timing" in _buttons(page)) is offers_to_measure


def test_what_does_not_fit_is_warned_of_with_the_way_out(open_page, dataset, estimate, trials):
    estimate(make_estimate(problems=("It needs 9 GB of memory; 6 GB are free. Take a *smaller* batch.",)))
    page = open_page("train")
    assert any("Take a \\*smaller\\* batch" in element.value for element in page.warning)
    assert not page.button(key="train-start").disabled


def test_the_other_ways_of_a_real_plan_change_its_settings(open_page, dataset):
    page = open_page("train")
    assert not page.exception
    assert "nothing was measured on this machine yet" in _texts(page)
    take = next(button for button in page.button if (button.key or "").startswith("train-take-"))
    take.click()
    page = page.run()
    assert page.segmented_control(key="train-transfer-unfreeze").value == "nothing"
    assert "There is no second phase" in _texts(page)


def test_a_run_may_start_where_nothing_can_be_estimated(open_page, dataset, trials, monkeypatch):
    def refuse(spec, dataset):
        raise TrainingError("The calibration is damaged. Delete it.")

    monkeypatch.setattr(train_estimate, "estimate_run", refuse)
    monkeypatch.setattr(train_choice, "list_alternatives", refuse)
    page = open_page("train")
    assert "The calibration is damaged" in _texts(page)
    assert not page.button(key="train-start").disabled


def test_another_way_changes_the_settings_when_it_is_taken(open_page, dataset, estimate, trials):
    estimate(
        make_estimate(),
        make_way("Last *block*", chosen=True, unfreeze="blocks", unfreeze_blocks=1),
        make_way("Everything", seconds=2530, unfreeze="everything"),
        make_way("Last 3 blocks", unfreeze="blocks", unfreeze_blocks=3),
    )
    page = open_page("train")
    assert "Last \\*block\\*" in _texts(page)
    assert "about 42 min" in _texts(page)
    assert "train-take-0" not in _buttons(page)
    page.button(key="train-take-1").click()
    page = page.run()
    assert page.segmented_control(key="train-transfer-unfreeze").value == "everything"
    page.button(key="train-take-2").click()
    page = page.run()
    assert page.segmented_control(key="train-transfer-unfreeze").value == "blocks"
    assert page.number_input(key="train-transfer-unfreeze_blocks").value == 3


def test_with_augmentation_the_times_of_both_ways_stand_beside_their_choice(
    open_page, dataset, estimate, trials
):
    estimate(
        make_estimate(),
        make_way("Augmented copies: 4", chosen=True, augmented_route="copies", augmented_copies=4),
        make_way("Fresh", seconds=2530, augmented_route="fresh"),
    )
    page = open_page("train")
    assert "**chosen**" not in _texts(page)
    page.toggle(key="train-augmentation-flip").set_value(True)
    shown = _texts(page.run())
    assert "Augmented copies\\: 4: about 1 min 10 s · **chosen**" in shown
    assert "Fresh: about 42 min" in shown


def _start(page, kind):
    page.button(key=f"train-trial-{kind}").click()
    return page.run()


@pytest.mark.parametrize("kind", ["timing", "learning_rates"])
def test_a_trial_is_started_watched_and_cancelled(open_page, dataset, estimate, trials, kind):
    estimate(make_estimate())
    page = _start(open_page("train"), kind)
    assert not page.exception
    assert [bar.proto.text for bar in page.get("progress")] == ["Starting"]
    (folder,) = trials
    with FileLock(folder / "worker.lock"):
        _say(folder, JobProgress(activity="Trying *8* batches", share=0.4))
        page = page.run()
        assert [bar.proto.text for bar in page.get("progress")] == ["Trying \\*8\\* batches"]
        page.button(key=f"train-cancel-{kind}").click()
        page = page.run()
        assert (folder / "cancel").exists()
        assert [bar.proto.text for bar in page.get("progress")] == ["Ending"]
    _say(folder, JobProgress(state="cancelled"))
    assert f"train-trial-{kind}" in _buttons(open_page("train"))


@pytest.mark.parametrize("kind", ["timing", "learning_rates"])
def test_a_trial_that_failed_says_why_and_can_be_started_again(open_page, dataset, estimate, trials, kind):
    estimate(make_estimate())
    _start(open_page("train"), kind)
    _say(trials[0], JobProgress(state="failed", message="The *trial* failed. Try a smaller batch."))
    page = open_page("train")
    assert any("The \\*trial\\* failed" in element.value for element in page.warning)
    _start(page, kind)
    assert trials == [trials[0]] * 2


@pytest.mark.parametrize("live", [pytest.param(["a run"], id="a run"), pytest.param([], id="none")])
def test_beside_a_run_a_trial_would_look_slow_and_that_is_said(
    live, open_page, dataset, estimate, trials, monkeypatch
):
    estimate(make_estimate())
    monkeypatch.setattr(train_trials, "store", SimpleNamespace(list_runs=lambda states: live))
    assert ("A run is using this machine now" in _texts(open_page("train"))) == bool(live)


def test_a_trial_that_cannot_start_says_why(open_page, dataset, estimate, monkeypatch):
    def refuse(spec, *, kind):
        raise TrainingError("The trial could not be written. Make room on the disk.")

    monkeypatch.setattr(train_trials, "start_trial", refuse)
    estimate(make_estimate())
    page = _start(open_page("train"), "timing")
    assert not page.exception
    assert any("The trial could not be written" in element.value for element in page.error)


def _range_result(**suggestions: float | None) -> RangeResult:
    rates = tuple(np.geomspace(1e-6, 1.0, 20))
    curves = (
        RangeCurve(
            phase=phase,
            learning_rates=rates,
            losses=tuple(np.linspace(2.0, 1.0, 20)),
            suggestion=suggestion,
            sentence=f"What *{phase}* found.",
        )
        for phase, suggestion in suggestions.items()
    )
    return RangeResult(phases=tuple(curves), measured_at=1.0)


def test_a_learning_rate_that_was_found_is_used_at_a_click_and_the_curve_stays(
    open_page, dataset, estimate, trials
):
    estimate(make_estimate())
    _start(open_page("train"), "learning_rates")
    result = _range_result(feature_extraction=3.2137e-4, fine_tuning=None)
    _say(trials[0], JobProgress(state="finished"), result=result)
    page = open_page("train")
    assert not page.exception
    assert "What \\*feature\\_extraction\\* found" in _texts(page)
    assert _num_range_charts(page) == 2
    assert "train-use-fine_tuning" not in _buttons(page)
    assert page.button(key="train-use-feature_extraction").label == "Use 3.2e-4"
    page.button(key="train-use-feature_extraction").click()
    page = page.run()
    assert page.number_input(key="train-transfer-head_learning_rate").value == 3.2e-4
    assert _num_range_charts(page) == 2


def _num_range_charts(page) -> int:
    return sum("loss by learning rate" in chart.proto.spec for chart in page.get("plotly_chart"))
