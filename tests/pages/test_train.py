"""The Train page: choosing, what will happen, the start, and a run while and after it learns."""

import pytest

from cnnlab.data.library import find_dataset
from cnnlab.models.architectures import save_architecture
from cnnlab.models.presets import PRESETS
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Control, Status
from cnnlab.runs.states import State, Wanted
from cnnlab.settings import workspace
from cnnlab.specs.networks import BlockNetwork
from tests.pages.making import past_run
from tests.runs.making import make_run, run_spec


def _texts(page):
    """Everything that the page says in Markdown, captions and boxes."""
    kinds = (page.markdown, page.caption, page.error, page.warning, page.success)
    return "\n".join(element.value for kind in kinds for element in kind)


def _runs():
    return list(RunFolder.list_all(workspace().runs))


def _start(page):
    page.button(key="train-start").click()
    return page.run()


def test_without_a_dataset_it_leads_to_datasets(open_page):
    page = open_page("train")
    assert not page.exception
    assert [button.label for button in page.button] == ["Bring a dataset"]


def test_the_lessons_values_are_the_defaults(open_page, dataset):
    page = open_page("train")
    assert not page.exception
    shown = {element.label: element.value for element in page.number_input}
    assert shown["Epochs of feature extraction"] == 10
    assert shown["Learning rate of feature extraction"] == 1e-3
    assert shown["Learning rate of fine-tuning"] == 1e-5
    assert shown["Units of the hidden layer"] == 256
    assert page.segmented_control(key="train-transfer-unfreeze").value == "blocks"


def test_both_phases_say_what_learns_before_starting(open_page, dataset):
    table = next(e.value for e in open_page("train").markdown if "Trainable parameters" in e.value)
    # Lite0's 1,280 features into the lesson's head for two classes: 1280*256+256 + 256*2+2.
    assert "| :small[Trainable parameters] | :small[328,450] |" in table
    assert "Feature extraction" in table
    assert "Fine-tuning" in table


def test_without_fine_tuning_there_is_one_phase(open_page, dataset):
    page = open_page("train")
    page.segmented_control(key="train-transfer-unfreeze").set_value("nothing")
    page = page.run()
    assert "Epochs of fine-tuning" not in [element.label for element in page.number_input]
    assert "There is no second phase" in _texts(page)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_started(open_page, dataset, launched, name):
    page = _start(open_page("train", network=f"preset:{name}"))
    assert not page.exception
    (run,) = _runs()
    assert run.spec().network == PRESETS[name].network
    assert launched == {run.id}


def test_the_lessons_cnn_shows_its_parameters(open_page, dataset):
    # 304,810 with ten classes; the output layer of two has 8 * 129 fewer.
    assert "303,778" in _texts(open_page("train", network="preset:lesson_cnn"))


def test_a_start_puts_exactly_what_was_chosen_into_the_queue(open_page, dataset, launched):
    page = open_page("train", dataset=dataset.id, network="backbone:mobilenet_v2")
    page.number_input(key="train-transfer-head_epochs").set_value(3)
    page.number_input(key="train-head-units").set_value(64)
    page.text_input(key="train-name").set_value("Mine")
    page.number_input(key="train-seed").set_value(7)
    _start(page.run())
    spec = _runs()[0].spec()
    assert (spec.name, spec.seed, spec.dataset.id, spec.class_names) == (
        "Mine",
        7,
        dataset.id,
        ("cat", "dog"),
    )
    assert (spec.network.backbone, spec.network.head.units, spec.training.head_epochs) == (
        "mobilenet_v2",
        64,
        3,
    )
    assert find_dataset(dataset.id).frozen


def test_a_name_is_made_up_where_none_is_given(open_page, dataset, launched):
    _start(open_page("train"))
    assert _runs()[0].spec().name == f"EfficientNet-Lite0 on {dataset.name}"


def test_a_double_click_starts_one_run(open_page, dataset, launched):
    page = open_page("train")
    page.query_params.clear()
    first = _start(page)
    first.query_params.clear()
    _start(first.run())
    assert len(_runs()) == 1


def test_a_saved_network_is_found_by_its_address(open_page, dataset, launched):
    saved = save_architecture(PRESETS["lenet5"].network.with_changes(name="Ours"))
    page = open_page("train", network=f"architecture:{saved.id}")
    assert page.selectbox(key="train-network-architecture").value == saved.id
    _start(page)
    assert _runs()[0].spec().network == saved.network


def test_a_network_that_cannot_work_is_explained_and_not_started(open_page, dataset):
    pools = [{"kind": "max_pooling"}] * 6
    saved = save_architecture(BlockNetwork.create({"name": "Too deep", "image_size": 32, "blocks": pools}))
    page = open_page("train", network=f"architecture:{saved.id}")
    assert page.error
    assert page.button(key="train-start").disabled


@pytest.mark.parametrize("query", [{"network": "preset:none"}, {"network": "nonsense"}, {"dataset": "gone"}])
def test_an_address_of_something_that_is_gone_says_so(open_page, dataset, query):
    page = open_page("train", **query)
    assert not page.exception
    assert page.warning
    assert not page.button(key="train-start").disabled


def test_random_weights_carry_their_warning(open_page, dataset):
    page = open_page("train")
    page.segmented_control(key="train-efficientnet_lite0-weights").set_value("random")
    assert "accuracy stays at chance" in _texts(page.run())


def test_a_second_phase_with_larger_steps_is_refused(open_page, dataset):
    page = open_page("train")
    page.number_input(key="train-transfer-fine_tune_learning_rate").set_value(0.1)
    page = page.run()
    assert "would destroy the pretrained features" in _texts(page)
    assert page.button(key="train-start").disabled


def test_more_blocks_than_there_are_are_refused(open_page, dataset):
    page = open_page("train")
    page.number_input(key="train-transfer-unfreeze_blocks").set_value(99)
    page = page.run()
    assert "99 cannot be unfrozen" in _texts(page)
    assert page.button(key="train-start").disabled


def test_live_runs_are_shown_above_the_settings(open_page, dataset):
    run = past_run(state=State.RUNNING, epochs=2)
    with run.lock():
        page = open_page("train")
    assert any(":gray[epoch 2 of 4]" in element.value for element in page.markdown)


def test_a_running_run_is_watched(open_page):
    run = past_run(state=State.RUNNING, epochs=2)
    with run.lock():
        page = open_page("train", run=run.id)
    assert not page.exception
    assert [metric.value for metric in page.metric] == ["0.200", "0.210", "90.0 %", "85.0 %"]
    assert {"Pause", "Stop"} <= {button.label for button in page.button}
    assert len(page.get("bidi_component")) == 2
    assert "\\*5\\*" in _texts(page)


def test_what_is_asked_of_a_run_is_written_down(open_page):
    run = past_run(state=State.RUNNING, epochs=2)
    with run.lock():
        page = open_page("train", run=run.id)
        page.button(key="run-pause").click()
        page = page.run()
        assert run.control().want is Wanted.PAUSE
        assert any("Pausing" in element.value for element in page.markdown)
        page.button(key="run-stop").click()
        page.run()
    assert run.control().want is Wanted.STOP


def test_work_before_the_first_step_has_its_own_bar(open_page):
    status = Status(state=State.RUNNING, activity="Computing features", share_done=0.34)
    run = make_run(control=Control(), status=status)
    with run.lock():
        page = open_page("train", run=run.id)
    progress = page.get("progress")[0].proto
    assert (progress.text, progress.value) == ("Computing features · 34 %", 34)


def test_a_queued_run_says_what_it_waits_for(open_page, launched):
    run = make_run(control=Control())
    page = open_page("train", run=run.id)
    assert not page.exception
    assert "Waits for a free place" in _texts(page)


def test_a_finished_run_says_what_came_out(open_page):
    run = past_run(accuracy=0.9)
    page = open_page("train", run=run.id)
    assert not page.exception
    assert "validation accuracy 90.0" in page.success[0].value
    assert {metric.label: metric.value for metric in page.metric}["Test accuracy"] == "89.0 %"
    assert "85.0\u00a0% to 93.0\u00a0%" in _texts(page)
    assert "Ask it about new pictures" in [button.label for button in page.button]


def test_a_failed_run_says_why_and_can_be_resumed(open_page):
    run = past_run(state=State.FAILED, epochs=2, message="The loss is not a number. Try 1e-4.")
    page = open_page("train", run=run.id)
    assert "Try 1e\\-4" in page.error[0].value
    assert "Resume" in [button.label for button in page.button]


def test_a_lost_run_says_why_and_can_be_resumed(open_page, monkeypatch):
    monkeypatch.setenv("CNNLAB_RETRIES", "0")
    run = past_run(state=State.RUNNING, epochs=2)
    page = open_page("train", run=run.id)
    assert "Lost" in _texts(page)
    assert "ended without a word" in page.error[0].value
    assert "Resume" in [button.label for button in page.button]


@pytest.mark.parametrize("id", ["20260101-000000-abcdef", "../../etc/passwd", "x"])
def test_a_run_that_is_not_there_is_named_and_the_way_back_shown(open_page, id):
    page = open_page("train", run=id)
    assert not page.exception
    assert "There is no run" in page.error[0].value
    assert "All runs" in [button.label for button in page.button]


def test_a_hostile_name_is_only_text(open_page):
    run = past_run(spec=run_spec("![x](http://host/y) <b>b</b>"))
    page = open_page("train", run=run.id)
    assert page.subheader[0].value.startswith("\\!\\[x\\](http\\:")
