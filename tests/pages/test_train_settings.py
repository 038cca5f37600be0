"""The settings of the Train page by idea: learning rate, augmentation, overfitting, class balance and the rest."""

import pytest

from cnnlab.data.augmentation_rules import PRESETS
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.training.schedules import SCHEDULES
from tests.data.making import class_files, make_dataset

SCRATCH = "preset:lesson_cnn"
NETWORKS = {"scratch": (SCRATCH, ScratchTraining), "transfer": ("backbone:mobilenet_v2", TransferTraining)}


def _texts(page):
    kinds = (page.markdown, page.caption, page.error, page.warning, page.info)
    return "\n".join(element.value for kind in kinds for element in kind)


def _keys(page):
    kinds = (page.number_input, page.selectbox, page.toggle, page.segmented_control, page.text_input)
    return {element.key for kind in kinds for element in kind}


def _charts(page):
    return [element.proto.spec for element in page.get("plotly_chart")]


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_setting_has_its_place(open_page, dataset, kind):
    network, spec = NETWORKS[kind]
    page = open_page("train", network=network)
    page.number_input(key="train-augmentation-rotation_degrees").set_value(10.0)
    page = page.run()
    assert not page.exception
    wanted = {f"train-{kind}-{name}" for name in spec.model_fields} - {
        f"train-{kind}-kind",
        f"train-{kind}-augmentation",
    }
    wanted |= {f"train-augmentation-{name}" for name in Augmentation.model_fields}
    assert wanted <= _keys(page)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_says_when_it_helps_and_is_called_as_in_its_table(open_page, dataset, name):
    page = open_page("train", network=SCRATCH)
    page.selectbox(key="train-scratch-schedule").set_value(name)
    page = page.run()
    assert SCHEDULES[name].helps in _texts(page)
    assert SCHEDULES[name].label in page.selectbox(key="train-scratch-schedule").options


def test_the_learning_rate_of_each_phase_is_drawn_before_the_run(open_page, dataset):
    page = open_page("train")
    first, second = _charts(page)
    assert "Feature extraction: learning rate by step" in first
    assert "Fine-tuning: learning rate by step" in second
    page.selectbox(key="train-transfer-schedule").set_value("cosine")
    assert _charts(page.run())[0] != first


def test_without_fine_tuning_one_learning_rate_is_drawn(open_page, dataset):
    page = open_page("train")
    page.segmented_control(key="train-transfer-unfreeze").set_value("nothing")
    page = page.run()
    assert len(_charts(page)) == 1
    assert "train-transfer-block_decay" not in _keys(page)


def test_smaller_rates_of_deeper_blocks_are_drawn_too(open_page, dataset):
    page = open_page("train")
    page.segmented_control(key="train-transfer-unfreeze").set_value("everything")
    page.number_input(key="train-transfer-block_decay").set_value(0.8)
    assert "deepest unfrozen block" in _charts(page.run())[1]


def test_augmentation_reaches_the_run_and_is_shown_on_pictures(open_page, dataset, launched):
    page = open_page("train", network=SCRATCH)
    assert not page.get("image")
    page.number_input(key="train-augmentation-rotation_degrees").set_value(20.0)
    page = page.run()
    assert not page.exception
    # Four pictures: as each is, and six times altered.
    assert len(page.get("image")) == 28
    page.button(key="train-start").click()
    page.run()
    (run,) = RunFolder.list_all(workspace().runs)
    assert run.spec().training.augmentation == Augmentation(rotation_degrees=20.0)


def test_the_way_of_augmentation_is_asked_for_only_where_there_are_two(open_page, dataset):
    page = open_page("train")
    assert "train-transfer-augmented_route" not in _keys(page)
    page.toggle(key="train-augmentation-flip").set_value(True)
    page = page.run()
    assert {"train-transfer-augmented_route", "train-transfer-augmented_copies"} <= _keys(page)
    page.segmented_control(key="train-transfer-augmented_route").set_value("fresh")
    assert "train-transfer-augmented_copies" not in _keys(page.run())


@pytest.mark.parametrize(
    ("names", "warned"),
    [pytest.param(("cat", "dog"), False, id="things"), pytest.param(("2", "5"), True, id="digits")],
)
def test_flipping_letters_or_digits_is_warned_of(open_page, tmp_path, names, warned):
    make_dataset(tmp_path, class_files(dict.fromkeys(names, 12)), name="Set")
    page = open_page("train", network=SCRATCH)
    page.toggle(key="train-augmentation-flip").set_value(True)
    assert ("leave Flip off" in _texts(page.run())) is warned


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        pytest.param({"cat": 20, "dog": 20}, "changes next to nothing", id="balanced"),
        pytest.param({"a *cat*": 12, "dog": 40}, "training pictures of 'a \\*cat\\*'", id="unbalanced"),
    ],
)
def test_the_balance_of_the_classes_is_told_with_counts(open_page, tmp_path, counts, sentence):
    make_dataset(tmp_path, class_files(counts), name="Set")
    assert sentence in _texts(open_page("train", network=SCRATCH))


def test_random_weights_need_nothing_fetched(open_page, dataset):
    page = open_page("train", network="backbone:resnet50")
    assert "ImageNet weights." in _texts(page)
    page.segmented_control(key="train-resnet50-weights").set_value("random")
    assert "ImageNet weights." not in _texts(page.run())


def test_another_draw_alters_the_pictures_in_another_way(open_page, dataset):
    page = open_page("train", network=SCRATCH)
    page.number_input(key="train-augmentation-rotation_degrees").set_value(20.0)
    page = page.run()
    first = [image.proto.imgs[0].url for image in page.get("image")]
    page.button(key="train-augmentation-draw-button").click()
    second = [image.proto.imgs[0].url for image in page.run().get("image")]
    alike = [before == after for before, after in zip(first, second, strict=True)]
    # Each row begins with the picture as it is.
    assert alike == [place % 7 == 0 for place in range(28)]


def test_a_button_fills_in_a_ready_made_augmentation_and_another_takes_it_back(open_page, dataset):
    page = open_page("train", network=SCRATCH)
    page.button(key="train-augmentation-preset-strong").click()
    page = page.run()
    assert page.number_input(key="train-augmentation-crop_share").value == PRESETS["Strong"].crop_share
    assert page.get("image")
    page.button(key="train-augmentation-preset-none").click()
    page = page.run()
    assert page.number_input(key="train-augmentation-crop_share").value == 0.0
    assert not page.get("image")
