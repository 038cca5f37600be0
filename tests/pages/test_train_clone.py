"""Cloning a run: the Train page starts from its settings, and a start without a change is the same run."""

import pytest

from cnnlab.models.architectures import save_architecture
from cnnlab.models.presets import PRESETS
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.blocks import Convolution, Flatten
from cnnlab.specs.differences import differences
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork, Head
from cnnlab.specs.training import ScratchTraining, TransferTraining
from cnnlab.ui.train_clone import address_of
from tests.pages.making import past_run
from tests.runs.making import run_spec

OURS = BlockNetwork(name="Ours", image_size=16, blocks=(Convolution(filters=4), Flatten()))


def _newest():
    return list(RunFolder.list_all(workspace().runs))[-1].spec()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {
                "network": OURS,
                "training": ScratchTraining(
                    epochs=3,
                    learning_rate=0.02,
                    batch_size=8,
                    optimizer="sgd",
                    schedule="one_cycle",
                    balance_classes=True,
                    augmentation=Augmentation(shift_share=0.1),
                ),
                "seed": 5,
            },
            id="blocks",
        ),
        pytest.param({"network": PRESETS["lenet5"].network}, id="a classic"),
        pytest.param(
            {
                "network": BackboneNetwork(
                    backbone="mobilenet_v2", image_size=96, head=Head(units=0, dropout_before=0.1)
                ),
                "training": TransferTraining(
                    head_epochs=2,
                    unfreeze_blocks=3,
                    fine_tune_epochs=4,
                    fine_tune_learning_rate=3e-5,
                    block_decay=0.5,
                    augmentation=Augmentation(flip=True),
                    augmented_copies=2,
                    folds=3,
                ),
            },
            id="a backbone",
        ),
    ],
)
def test_a_clone_without_a_change_has_the_same_settings(open_page, dataset, launched, changes):
    spec = run_spec("First *one*", dataset=dataset.reference(), class_names=dataset.class_names, **changes)
    run = past_run(1, spec=spec)
    page = open_page("train", like=run.id)
    assert not page.exception
    page.button(key="train-start").click()
    assert not page.run().exception
    assert differences([spec, _newest()]) == ()
    assert _newest().name == "First *one* again"


def test_what_is_changed_after_cloning_stays(open_page, dataset, launched):
    spec = run_spec(dataset=dataset.reference(), class_names=dataset.class_names, network=OURS)
    page = open_page("train", like=past_run(1, spec=spec).id)
    page.number_input(key="train-scratch-epochs").set_value(7)
    page = page.run()
    page.button(key="train-start").click()
    page.run()
    assert [(each.title, each.values) for each in differences([spec, _newest()])] == [
        ("Learning · Epochs", (20, 7))
    ]


def test_a_run_whose_dataset_is_gone_is_cloned_onto_another(open_page, dataset):
    page = open_page("train", like=past_run(1, spec=run_spec(network=OURS)).id)
    assert not page.exception
    assert any("is not here any more" in element.value for element in page.warning)
    assert page.selectbox(key="train-dataset").value == dataset.id


@pytest.mark.parametrize("run_id", ["20260101-000000-ffffff", "../x", ""])
def test_a_run_that_is_not_there_leaves_the_page_as_it_is(open_page, dataset, run_id):
    page = open_page("train", like=run_id)
    assert not page.exception
    assert any("There is no run" in element.value for element in page.warning) == bool(run_id)


def test_a_network_is_found_by_its_name_where_it_has_one():
    saved = save_architecture(OURS)
    assert address_of(OURS, run_id="r") == f"architecture:{saved.id}"
    assert address_of(PRESETS["lenet5"].network, run_id="r") == "preset:lenet5"
    assert address_of(BlockNetwork(name="Lost"), run_id="r") == "run:r"
    assert address_of(BackboneNetwork(backbone="resnet50"), run_id="r") == "backbone:resnet50"
