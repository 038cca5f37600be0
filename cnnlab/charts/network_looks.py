"""How a drawing of a network looks: colours, one row a kind of block, and the signs above a box.

Nothing is told by colour alone: each sign has a form of its own. This module never draws.
"""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Look:
    """Colours and font of a drawing, as SVG writes them."""

    ink: str
    quiet: str
    paper: str
    """Behind what must cover a line."""
    background: str
    accent: str
    error: str
    warning: str
    hint: str
    font: str
    letter: float
    """Width in pixels that a letter of a label takes on average; no font is at hand to ask."""


PAPER = Look(
    ink="#1b1d2e",
    quiet="#6b7085",
    paper="#ffffff",
    background="#ffffff",
    accent="#4f46e5",
    error="#dc2626",
    warning="#b45309",
    hint="#4f46e5",
    font="Source Sans Pro, Helvetica, Arial, sans-serif",
    # Wide enough for whatever font the viewer has.
    letter=6.8,
)
"""For a file that leaves the page: light, with a background, whatever the viewer's theme is."""


@dataclass(frozen=True, kw_only=True)
class KindLook:
    """How one kind of block is drawn."""

    color: str
    plate: bool = False
    """Thin: it changes values, but neither the size nor the number of maps."""
    joins: str = ""
    """'+' or '×' where a way around the block ends in a sum or a product."""


OTHER_KIND = KindLook(color="#6366f1")
KINDS: MappingProxyType[str, KindLook] = MappingProxyType(
    {
        "picture": KindLook(color="#94a3b8"),
        "output": KindLook(color="#64748b"),
        "convolution": KindLook(color="#6366f1"),
        "max_pooling": KindLook(color="#14b8a6"),
        "average_pooling": KindLook(color="#14b8a6"),
        "dropout": KindLook(color="#94a3b8", plate=True),
        "spatial_dropout": KindLook(color="#94a3b8", plate=True),
        "residual": KindLook(color="#4f46e5", joins="+"),
        "bottleneck": KindLook(color="#4f46e5", joins="+"),
        "separable_convolution": KindLook(color="#818cf8"),
        "depthwise_convolution": KindLook(color="#818cf8"),
        "squeeze_excitation": KindLook(color="#f59e0b", plate=True, joins="×"),
        "layer_normalization": KindLook(color="#10b981", plate=True),
        "group_normalization": KindLook(color="#10b981", plate=True),
        "flatten": KindLook(color="#0ea5e9"),
        "global_average_pooling": KindLook(color="#0ea5e9"),
        "dense": KindLook(color="#a855f7"),
    }
)
"""The colours are those of the list of blocks; a kind that is missing here is drawn like a convolution."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A sign above a box, with a form of its own: never told by colour alone."""

    form: str
    sign: str
    color: str
    """Which colour of the look."""


MARKS: MappingProxyType[str, Mark] = MappingProxyType(
    {
        "error": Mark(form="octagon", sign="!", color="error"),
        "warning": Mark(form="triangle", sign="!", color="warning"),
        "hint": Mark(form="circle", sign="i", color="hint"),
        "changed": Mark(form="diamond", sign="≠", color="warning"),
        "only_here": Mark(form="square", sign="+", color="accent"),
    }
)
FORMS: MappingProxyType[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        "octagon": ((-3, -8), (3, -8), (8, -3), (8, 3), (3, 8), (-3, 8), (-8, 3), (-8, -3)),
        "triangle": ((0, -9), (10, 8), (-10, 8)),
        "diamond": ((0, -10), (10, 0), (0, 10), (-10, 0)),
        "square": ((-7, -7), (7, -7), (7, 7), (-7, 7)),
    }
)
"""Corners around the middle of a mark; a circle has none."""
