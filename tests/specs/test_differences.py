"""Settings side by side: only what differs is told, and only seeds and names leave two runs the same."""

import pytest

from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.blocks import Convolution, Dense, Flatten, MaxPooling
from cnnlab.specs.differences import differences, fingerprint
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork, Head
from cnnlab.specs.runs import DatasetReference
from cnnlab.specs.training import ScratchTraining, TransferTraining
from tests.runs.making import run_spec


def _network(*blocks, name="Tiny"):
    return BlockNetwork(name=name, blocks=blocks)


def _backbone(**head):
    return {"network": BackboneNetwork(head=Head(**head)), "training": TransferTraining()}


def _told(*specs):
    return {each.title: each.values for each in differences(specs)}


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        pytest.param({}, {"name": "Another"}, {}, id="nothing but the name"),
        pytest.param({}, {"seed": 3}, {"Seed": (0, 3)}, id="the seed"),
        pytest.param(
            {"training": ScratchTraining(batch_size=8)}, {"training": ScratchTraining(epochs=3)},
            {"Learning · Batch size": (8, 64), "Learning · Epochs": (20, 3)}, id="how it learns",
        ),
        pytest.param(
            {}, {"training": ScratchTraining(augmentation=Augmentation(flip=True))},
            {"Augmentation · Flip": (False, True)}, id="augmentation",
        ),
        pytest.param(
            {}, {"dataset": DatasetReference(id="digits", version=2, name="Digits")},
            {"Dataset · Version": (1, 2)}, id="another version of the pictures",
        ),
        pytest.param(
            {"network": _network(Convolution(filters=8), Flatten())},
            {"network": _network(Convolution(filters=16), Flatten())},
            {"Block 1, convolution · Filters": (8, 16)}, id="one block",
        ),
        pytest.param(
            {"network": _network(Flatten(), Dense(units=4))},
            {"network": _network(MaxPooling(), Flatten())},
            {"Network · Blocks": ("Flatten → Dense (4 units)", "Max pooling (2 × 2) → Flatten")}, id="other blocks",
        ),
        pytest.param(
            _backbone(units=0), _backbone(units=64), {"Network · Head · Units of the hidden layer": (0, 64)}, id="the head",
        ),
    ],
)  # fmt: skip
def test_only_what_differs_is_told(one, other, told):
    assert _told(run_spec(**one), run_spec(**other)) == told


def test_a_setting_that_one_run_does_not_have_is_none_there():
    told = _told(run_spec(), run_spec(**_backbone()), run_spec())
    assert told["Network · Backbone"] == (None, "efficientnet_lite0", None)
    assert told["Learning · Epochs"] == (20, None, 20)
    assert told["Learning · Epochs of feature extraction"] == (None, 10, None)


def test_one_run_differs_from_nothing():
    assert differences([run_spec()]) == differences([]) == ()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"seed": 9}, id="seed"),
        pytest.param({"name": "Another (seed 9)"}, id="name of the run"),
        pytest.param({"network": BlockNetwork(name="Renamed")}, id="name of the network"),
        pytest.param(
            {"dataset": DatasetReference(id="digits", version=1, name="Renamed")}, id="name of the dataset"
        ),
    ],
)
def test_runs_that_differ_in_seed_or_names_are_of_one_family(changes):
    assert fingerprint(run_spec(**changes)) == fingerprint(run_spec())


def test_any_other_setting_makes_another_family():
    specs = [
        run_spec(),
        run_spec(training=ScratchTraining(batch_size=8)),
        run_spec(training=ScratchTraining(augmentation=Augmentation(flip=True))),
        run_spec(class_names=("1", "0")),
        run_spec(dataset=DatasetReference(id="digits", version=2, name="Digits")),
        run_spec(network=_network(Flatten())),
        run_spec(network=_network(MaxPooling())),
        run_spec(network=_network(Flatten(), MaxPooling())),
        run_spec(**_backbone()),
        run_spec(**_backbone(units=0)),
    ]
    assert len({fingerprint(spec) for spec in specs}) == len(specs)


def test_a_setting_that_is_new_and_at_its_default_leaves_families_as_they_are():
    """What is told of a spec without changes is what cannot be left out: its data, classes and kinds."""
    assert fingerprint(run_spec()) == "10c6f673a468cae3"
