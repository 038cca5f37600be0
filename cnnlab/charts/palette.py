"""Colours and what goes with them: a split, a run or a phase looks the same in every chart.

Nothing is told by colour alone: each split has its symbol, dash and pattern, each run its dash and
symbol. This module never draws.
"""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class SplitLook:
    """How a split is drawn, in lines and in bars."""

    color: str
    dash: str
    symbol: str
    pattern: str
    """Of bars, Plotly's; empty is plain."""


SPLITS = MappingProxyType(
    {
        "training": SplitLook(color="#6366f1", dash="solid", symbol="circle", pattern=""),
        "validation": SplitLook(color="#f59e0b", dash="5px,3px", symbol="diamond", pattern="/"),
        "test": SplitLook(color="#14b8a6", dash="dot", symbol="square", pattern="."),
    }
)
JUDGED = MappingProxyType(
    {**SPLITS, "other": SplitLook(color="#cc79a7", dash="9px,3px,2px,3px", symbol="triangle-up", pattern="x")}
)
"""What a run may be judged on: the splits, and pictures of another dataset."""

ACCENT = "#6366f1"
QUIET = "#8b90a8"
"""For what is there to compare with; seen on white and on near-black."""
SHADE = "rgba(128, 128, 128, 0.10)"
BOUNDARY = "rgba(128, 128, 128, 0.55)"
"""Grey, so that a phase is never taken for a split, and half transparent, so that both themes show it."""
PATTERN = "rgba(255, 255, 255, 0.6)"
"""Laid over the colour of a bar."""
TRANSPARENT = "rgba(0, 0, 0, 0)"

RUN_COLORS = ("#6366f1", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#0072b2", "#b8a200")
"""Okabe and Ito's colours (https://jfly.uni-koeln.de/color/) with our indigo for black; black is lost on a
dark page, and pure yellow on a white one."""
RUN_DASHES = ("solid", "7px,3px", "2px,3px", "9px,3px,2px,3px", "12px,4px")
RUN_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star")


@dataclass(frozen=True, kw_only=True)
class RunLook:
    """How one of several runs is drawn."""

    color: str
    dash: str
    symbol: str


def run_look(position: int) -> RunLook:
    """The look of the run at this place of a comparison, from 0.

    Colours, dashes and symbols come round at different lengths, so that 280 runs look different.
    """
    return RunLook(
        color=RUN_COLORS[position % len(RUN_COLORS)],
        dash=RUN_DASHES[position % len(RUN_DASHES)],
        symbol=RUN_SYMBOLS[position % len(RUN_SYMBOLS)],
    )
