"""The race on the Backbones page: choosing, the start, the runs under way, and what was measured."""

from dataclasses import replace
from datetime import date

import pytest

from cnnlab.data.library import delete_dataset
from cnnlab.models.backbones import BACKBONES
from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.machine import describe_machine
from cnnlab.runs.measurements import list_measurements
from cnnlab.runs.records import Status
from cnnlab.runs.states import State, Wanted
from cnnlab.settings import workspace
from cnnlab.training.race import list_racing
from tests.pages.racing import measure


def _words(page):
    kinds = (page.markdown, page.caption, page.error, page.warning, page.success, page.info)
    return "\n".join(element.value for kind in kinds for element in kind)


def _runs():
    return list(RunFolder.list_all(workspace().runs))


def _table(page, column):
    """The first table with this column, by backbone."""
    tables = [each.value for each in page.dataframe]
    return next(table for table in tables if column in table)


def _start(page):
    page.button(key="race-start").click()
    return page.run()


def _demonstrate(page, *backbones):
    page.toggle(key="race-random").set_value(True).run()
    page.multiselect(key="race-backbones").set_value(list(backbones)).run()
    return page


@pytest.fixture
def racing(open_page, dataset, launched):
    """The page, on which a race of two was just started; no process is."""
    page = _demonstrate(open_page("backbones"), "efficientnet_lite0", "mobilenet_v2")
    page.number_input(key="race-training-head_epochs").set_value(3)
    page = _start(page)
    assert not page.exception
    return page


@pytest.fixture
def measured(dataset):
    """Lite0 a little better than MobileNetV2 and slower, ResNet50 at random weights far behind."""
    measure(dataset, "efficientnet_lite0", number=1, right=364, latency_ms=14.0, size_mb=14)
    measure(dataset, "mobilenet_v2", number=2, right=320, latency_ms=9.0, size_mb=9)
    measure(dataset, "resnet50", number=3, right=90, latency_ms=50.0, size_mb=95, weights="random")
    return dataset


def test_without_a_dataset_it_leads_to_datasets_and_the_table_is_there(open_page):
    page = open_page("backbones")
    assert not page.exception
    assert "Bring a dataset" in [button.label for button in page.button]
    assert len(page.dataframe[0].value) == len(BACKBONES)


def test_before_a_race_it_says_what_to_do_and_keeps_the_dataset_in_the_address(open_page, dataset):
    page = open_page("backbones", dataset="gone")
    assert not page.exception
    assert "There is no dataset 'gone' any more" in _words(page)
    assert "Nothing is measured on Pets \\*of\\*" in _words(page)
    assert page.query_params["dataset"] == dataset.id
    assert not [name for name in page.dataframe[0].value if name.startswith("Here")]


def test_backbones_without_their_weights_are_offered_only_for_a_demonstration(open_page, dataset):
    page = open_page("backbones")
    assert page.multiselect(key="race-backbones").options == ["EfficientNet-Lite0"]
    _demonstrate(page, "efficientnet_lite0", "mobilenet_v2")
    assert len(page.multiselect(key="race-backbones").options) == len(BACKBONES)
    assert "MobileNetV2 (random weights)" in page.multiselect(key="race-backbones").options
    assert "Random weights, not pretrained" in _words(page)
    page.toggle(key="race-random").set_value(False).run()
    assert not page.exception
    assert page.multiselect(key="race-backbones").value == ["efficientnet_lite0"]
    assert "Random weights, not pretrained" not in _words(page)


def test_what_keeps_it_from_starting_is_said(open_page, dataset):
    page = open_page("backbones")
    page.number_input(key="race-training-fine_tune_learning_rate").set_value(0.1).run()
    assert page.button(key="race-start").disabled
    assert "Something is wrong with the settings" in _words(page)
    page.multiselect(key="race-backbones").set_value([]).run()
    assert page.button(key="race-start").disabled
    assert "No backbone is chosen" in _words(page)


def test_a_start_puts_a_run_of_each_backbone_into_the_queue(racing):
    specs = [run.spec() for run in _runs()]
    assert {(spec.network.backbone, spec.network.weights) for spec in specs} == {
        ("efficientnet_lite0", "imagenet"),
        ("mobilenet_v2", "random"),
    }
    assert {(spec.training.head_epochs, spec.training.folds) for spec in specs} == {(3, 5)}


def test_one_race_at_a_time_however_many_tabs_and_clicks(open_page, dataset, launched):
    first, second = open_page("backbones"), open_page("backbones")
    _start(first)
    assert first.button(key="race-start").disabled
    _start(second)
    assert len(_runs()) == 1
    assert "A race on these pictures is under way" in _words(second)
    assert len(_table(second, "doing")) == 1


def test_a_dataset_that_is_deleted_meanwhile_is_a_sentence(open_page, dataset, launched):
    page = open_page("backbones", dataset=dataset.id)
    delete_dataset(dataset.id)
    _start(page)
    assert not page.exception
    assert not _runs()
    assert "There is nothing to race on yet" in _words(page)


def test_runs_under_way_say_what_they_do_and_one_button_stops_them_all(racing, dataset):
    run, waiting = list_racing(dataset.id)
    run.write_status(Status(state=State.RUNNING, activity="Computing features", share_done=0.34))
    with run.lock():
        racing.run()
        shown = _table(racing, "doing").set_index("backbone")
        assert shown.loc["EfficientNet-Lite0", ["doing", "share"]].tolist() == ["Computing features", 0.34]
        assert shown.loc["MobileNetV2 (random weights)", "state"] == ["Queued"]
        racing.button(key="race-stop").click()
        racing.run()
        assert not racing.exception
        assert run.control().want is Wanted.STOP
        assert waiting.control().want is Wanted.CANCEL
        assert _table(racing, "doing")["doing"].tolist()[1] == "It was stopped before it began."


def test_a_run_that_failed_says_why_until_it_is_deleted(racing, dataset):
    first, second = list_racing(dataset.id)
    first.write_status(Status(state=State.FINISHED))
    second.write_status(Status(state=State.FAILED, message="The loss is not a number."))
    racing.run()
    assert not racing.exception
    assert _table(racing, "doing")["doing"].tolist() == ["Measured.", "The loss is not a number."]
    assert not racing.button(key="race-start").disabled
    queue.delete(second)
    racing.run()
    assert not racing.exception
    assert not [table for table in racing.dataframe if "doing" in table.value]


def test_measured_figures_stand_beside_published_ones(open_page, measured):
    page = open_page("backbones")
    assert not page.exception
    table = _table(page, "p95").set_index("backbone")
    assert table.index.tolist() == ["EfficientNet-Lite0", "MobileNetV2", "ResNet50 (random weights)"]
    row = table.loc["MobileNetV2"]
    assert (row["Here: accuracy"], row["Here: time"], row["Here: size"]) == (80.0, 9.0, 9.0)
    assert (row["top1"], row["size_mb"]) == (71.3, 14)
    assert row["source"] == BACKBONES["mobilenet_v2"].source
    assert table["frontier"].notna().tolist() == [True, True, False]
    for words in (
        "Measured on Pets \\*of\\*",
        "version 1",
        describe_machine()[:5],
        f"{date.fromtimestamp(list_measurements()[0].measured_at):%d %b %Y}",
    ):
        assert words in _words(page)


def test_the_comparison_shows_what_was_measured_first_and_no_random_weights(open_page, measured):
    table = _table(open_page("backbones"), "Best for")
    assert set(table["Backbone"][:2]) == {"EfficientNet-Lite0", "MobileNetV2"}
    found = table.set_index("Backbone")["Here: accuracy"].dropna()
    assert found.to_dict() == {"EfficientNet-Lite0": 91.0, "MobileNetV2": 80.0}


def test_the_recommendation_follows_the_limits(open_page, measured):
    page = open_page("backbones")
    assert "EfficientNet-Lite0" in page.success[0].value.replace("\\", "")
    page.number_input(key="race-limit-latency").set_value(10.0).run()
    assert "MobileNetV2" in page.success[0].value
    page.number_input(key="race-limit-size").set_value(1.0).run()
    assert not page.exception
    assert not page.success
    assert "1 MB" in page.warning[0].value
    page.number_input(key="race-limit-size").set_value(20.0).run()
    page.button(key="race-train").click().run()
    assert page.query_params["network"] == "backbone:mobilenet_v2"


def test_what_is_unusual_about_a_measurement_is_named(open_page, dataset):
    measure(dataset, "net_of_the_future", number=1, right=380)
    measure(dataset, "efficientnet_lite0", number=2, image_size=96)
    newer = replace(dataset, version=2)
    page = open_page("backbones")
    assert not page.exception
    assert _table(page, "p95")["backbone"].tolist() == ["net_of_the_future", "EfficientNet-Lite0 at 96 px"]
    measure(newer, "efficientnet_lite0", number=3, right=300)
    page.run()
    assert _table(page, "p95")["Here: accuracy"].tolist() == [75.0]
    assert "version 1 is not measured yet" in _words(page)
