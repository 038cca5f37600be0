"""Transfer learning on real photographs reaches what was measured for it, whatever the seed."""

import time

import pytest

from cnnlab.data.library import find_dataset
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Control
from cnnlab.specs.networks import BackboneNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import TransferTraining
from tests.data.making import import_zip
from tests.training.test_worker import carry

pytestmark = pytest.mark.slow

WORST_VALIDATION_ACCURACY = 0.88


def test_lite0_with_the_lessons_head_tells_flowers_apart_with_each_of_three_seeds(test_data, home):
    dataset = find_dataset(import_zip(test_data / "flowers.zip").progress().dataset_id)
    accuracies = {}
    for seed in range(3):
        spec = RunSpec(
            name=f"seed {seed}",
            dataset=dataset.reference(),
            class_names=dataset.class_names,
            network=BackboneNetwork(backbone="efficientnet_lite0"),
            training=TransferTraining(head_epochs=10, unfreeze="nothing"),
            seed=seed,
        )
        folder = RunFolder(home / "runs" / f"20261122-19010{seed}-a1b2c3")
        folder.path.mkdir(parents=True)
        (folder.path / "spec.json").write_text(spec.to_json())
        folder.write_control(Control(queued_at=time.time()))
        carry(folder)
        accuracies[seed] = folder.report().val_accuracy
    assert min(accuracies.values()) >= WORST_VALIDATION_ACCURACY, accuracies
    assert len(list((home / "cache" / "activations").glob("*.npy"))) == 1, "computed once for three runs"
