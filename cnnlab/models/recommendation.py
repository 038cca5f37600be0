"""Which backbone to start from, in words and with the reason; the figures in it are the table's.

This module never measures anything: what is published elsewhere is a hint, not a promise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from cnnlab.models.backbones import BACKBONE_BLOCKS, BACKBONES, Backbone


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """What somebody wants a backbone for."""

    label: str
    backbone: str
    """Key in `BACKBONES` of the one that is recommended."""
    reason: Callable[[Backbone], str]
    """Says in a sentence why, with the figures of that row."""


def _most(row: Backbone) -> str:
    baseline = BACKBONES["resnet50"]
    return (
        f"{_figures(row)}: more accurate than {baseline.label} ({baseline.top1_percent:g} %) at "
        f"{row.size_mb / baseline.size_mb:.0%} of its size and {_work(row) / _work(baseline):.0%} of its multiply-adds."
    )


def _phone(row: Backbone) -> str:
    smallest = min(BACKBONES.values(), key=lambda other: other.size_mb)
    rank = "the smallest of all" if row is smallest else f"nearly as small as {smallest.label}"
    return f"{_figures(row)}: {rank}, made for phones, with {_work(row) / 1e6:.0f} million multiply-adds a picture."


def _accuracy(row: Backbone) -> str:
    best = max(BACKBONES.values(), key=lambda other: other.top1_percent)
    return (
        f"{_figures(row)}, at {row.image_size} px: within {best.top1_percent - row.top1_percent:.1f} points of the most "
        f"accurate of all, {best.label}, which is {best.size_mb / row.size_mb:.1f} times as large. Worth it when "
        f"accuracy counts and there is compute, best a GPU."
    )


def _at_once(row: Backbone) -> str:
    return f"{_figures(row)}, and its weights come with cnnlab: nothing has to be fetched."


PURPOSES: MappingProxyType[str, Purpose] = MappingProxyType(
    {
        "most": Purpose(label="Most projects", backbone="efficientnet_v2b0", reason=_most),
        "phone": Purpose(label="Phones and small devices", backbone="mobilenet_v2", reason=_phone),
        "accuracy": Purpose(label="Accuracy above all", backbone="efficientnet_v2s", reason=_accuracy),
        "at_once": Purpose(label="Starting at once", backbone="efficientnet_lite0", reason=_at_once),
    }
)


def _work(row: Backbone) -> int:
    """Multiply-adds of one picture at the backbone's own image size."""
    return sum(block.multiply_adds for block in BACKBONE_BLOCKS[row.name].blocks)


def _figures(row: Backbone) -> str:
    return f"{row.top1_percent:g} % top-1 on ImageNet in {row.size_mb:g} MB"
