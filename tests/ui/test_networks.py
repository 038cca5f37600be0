"""A network is found by an address that fits into a link."""

import pytest

from cnnlab.errors import SpecError
from cnnlab.models.architectures import save_architecture
from cnnlab.models.backbones import BACKBONES
from cnnlab.models.presets import PRESETS
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork
from cnnlab.specs.training import TransferTraining
from cnnlab.ui.networks import FAMILIES, FIRST, find_network, network_label
from tests.runs.making import make_run, run_spec


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_an_address(name):
    assert find_network(f"preset:{name}") == PRESETS[name].network


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_has_an_address_and_its_own_image_size(name):
    network = find_network(f"backbone:{name}")
    assert (network.backbone, network.image_size) == (name, BACKBONES[name].image_size)


def test_a_saved_network_has_an_address():
    saved = save_architecture(BlockNetwork(name="Ours"))
    assert find_network(f"architecture:{saved.id}") == saved.network
    assert FAMILIES["architecture"].names() == {saved.id: "Ours"}


def test_the_network_of_a_run_of_blocks_has_an_address(home):
    run = make_run(spec=run_spec("First", network=BlockNetwork(name="Ours")))
    make_run(2, spec=run_spec(network=BackboneNetwork(), training=TransferTraining()))
    assert find_network(f"run:{run.id}") == BlockNetwork(name="Ours")
    assert FAMILIES["run"].names() == {run.id: "Ours, as in First"}


def test_the_first_network_needs_no_download():
    assert find_network(FIRST).backbone == "efficientnet_lite0"


@pytest.mark.parametrize(
    "address", ["", "preset", "preset:none", "backbone:none", "architecture:../x", "x:y"]
)
def test_an_address_of_nothing_says_what_there_is(address):
    with pytest.raises(SpecError, match=r"[Cc]hoose"):
        find_network(address)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_choice_has_a_sentence(family):
    save_architecture(BlockNetwork(name="Ours"))
    row = FAMILIES[family]
    assert all(row.sentence(name).endswith(".") for name in row.names())


@pytest.mark.parametrize(
    ("network", "label"),
    [
        pytest.param(BlockNetwork(name="*Ours*"), "*Ours*", id="blocks"),
        pytest.param(BackboneNetwork(), "EfficientNet-Lite0", id="backbone"),
        pytest.param(BackboneNetwork(weights="random"), "EfficientNet-Lite0 (random weights)", id="random"),
        pytest.param(BackboneNetwork(backbone="of a newer cnnlab"), "of a newer cnnlab", id="unknown"),
    ],
)
def test_random_weights_are_never_called_pretrained(network, label):
    assert network_label(network) == label
