"""Networks that a run may train, by an address that fits into a link: 'preset:lesson_cnn'.

Build and Backbones lead to Train with such an address. This module never draws anything and never
imports TensorFlow.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cnnlab.errors import RunError, SpecError, unknown_name
from cnnlab.models.architectures import find_architecture, list_architectures
from cnnlab.models.backbones import BACKBONES, find_backbone
from cnnlab.models.presets import PRESETS
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.store import list_runs
from cnnlab.settings import workspace
from cnnlab.specs.networks import BackboneNetwork, BlockNetwork, Network

FIRST = "backbone:efficientnet_lite0"
"""Its weights come with a package: it works on a fresh machine."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """One kind of network to choose from."""

    label: str
    names: Callable[[], dict[str, str]]
    """What there is: the name in the address -> what the screen calls it."""
    find: Callable[[str], Network]
    """The network of a name; raises SpecError."""
    sentence: Callable[[str], str]
    """What a network of this name is good for."""


def _preset(name: str) -> BlockNetwork:
    if name not in PRESETS:
        raise SpecError(unknown_name("preset", name, PRESETS))
    return PRESETS[name].network


def _backbone(name: str) -> BackboneNetwork:
    return BackboneNetwork(backbone=name, image_size=find_backbone(name).image_size)


FAMILIES: dict[str, Family] = {
    "backbone": Family(
        label="Pretrained backbone",
        names=lambda: {name: row.label for name, row in BACKBONES.items()},
        find=_backbone,
        sentence=lambda name: find_backbone(name).best_for,
    ),
    "preset": Family(
        label="Classic CNN",
        names=lambda: {name: row.label for name, row in PRESETS.items()},
        find=_preset,
        sentence=lambda name: PRESETS[name].summary,
    ),
    "architecture": Family(
        label="Saved on Build",
        names=lambda: {saved.id: saved.network.name for saved in list_architectures()},
        find=lambda name: find_architecture(name).network,
        sentence=lambda name: f"{len(find_architecture(name).network.blocks)} blocks of your own.",
    ),
}


def _network_of_run(run_id: str) -> Network:
    try:
        return RunFolder.find(run_id, runs=workspace().runs).spec().network
    except RunError as error:
        raise SpecError(str(error)) from error


def _runs_of_blocks() -> dict[str, str]:
    rows = [row for row in list_runs() if row.kind == "blocks" and not row.damaged]
    return {row.id: f"{row.network_name}, as in {row.name}" for row in rows}


FAMILIES["run"] = Family(
    label="From a run",
    names=_runs_of_blocks,
    find=_network_of_run,
    sentence=lambda run_id: (
        f"{len(getattr(_network_of_run(run_id), 'blocks', ()))} blocks, as that run had them."
    ),
)


def find_network(address: str) -> Network:
    """Return the network of an address.

    Raises:
        SpecError: The address names no network that is here.
    """
    family, _, name = address.partition(":")
    if family not in FAMILIES:
        raise SpecError(
            f"The address {address!r} names no network. It starts with one of: {', '.join(FAMILIES)}. "
            f"Choose a network below."
        )
    return FAMILIES[family].find(name)


def network_label(network: Network) -> str:
    """What a network is called on the screen. A network of blocks has a name from a user: escape it."""
    if network.kind == "blocks":
        return network.name
    row = BACKBONES.get(network.backbone)
    label = row.label if row else network.backbone
    return label if network.weights == "imagenet" else f"{label} (random weights)"
