"""What is odd about the pictures of a dataset: a table of checks, one row each, and what can be done about it.

Where no number is wrong by itself, a picture is odd by comparison with the others. A check never
changes anything: `actions` makes a version of what a person decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from cnnlab.checks.near_duplicates import near_duplicates
from cnnlab.data.dataset import FEW_PICTURES
from cnnlab.data.splits import TRAINING

Remedy = Literal["keep one", "leave out", "look"]

SMALLEST_PIXELS = 32
"""Shorter side; the smallest network of the presets takes 32 x 32."""
DARK, BRIGHT = 25.0, 235.0
"""Mean luma. A photograph of a night is about 30."""
FLAT_CONTRAST = 4.0
BLURRED_SHARE = 0.03
"""Of the dataset's median of sharpness by contrast. A Gaussian blur of 3 pixels at 256 leaves less than that of most photographs."""
ODD_ASPECT = 3.0
"""Longer by shorter side: squashed into a square, little can be recognised."""
GREY_COLOUR, COLOURED = 2.0, 8.0
MOSTLY = 0.9
"""A picture without colour is odd where so many others have some."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that may be wrong with pictures."""

    label: str
    sentence: str
    """Why it matters, and what to do."""
    find: Callable[[pd.DataFrame], pd.Series]
    """From the table of pictures: a number of its group for every odd picture, in the order they are shown."""
    remedy: Remedy


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found."""

    name: str
    check: Check
    groups: pd.Series
    """By number of the picture: which group of pictures that belong together it is in; in the order to show."""

    @property
    def pictures(self) -> tuple[int, ...]:
        """All odd pictures, those of a group beside each other."""
        return tuple(int(picture) for picture in self.groups.index)

    @property
    def num_groups(self) -> int:
        """How many groups they are in; each picture is its own where they have nothing to do with each other."""
        return int(self.groups.nunique())

    def surplus(self) -> tuple[int, ...]:
        """All pictures but the one of each group that is kept: the first, which is the largest."""
        return tuple(int(picture) for picture in self.groups[self.groups.duplicated()].index)


def table_of(pictures: pd.DataFrame, looks: pd.DataFrame) -> pd.DataFrame:
    """What the checks look at: one row a picture, by its number.

    Args:
        pictures: As `Dataset.table` gives them.
        looks: As `measures.looks_of` gives them, of the same pictures.
    """
    table = pictures.merge(looks, on="picture", validate="1:1").sort_values("picture").set_index("picture")
    table["twin"] = near_duplicates(table.reset_index())
    return table


def find_all(table: pd.DataFrame) -> list[Finding]:
    """Run every check; those that find nothing are left out. The most harmful come first."""
    found = [Finding(name=name, check=check, groups=check.find(table)) for name, check in CHECKS.items()]
    return [finding for finding in found if len(finding.groups)]


def _grouped(table: pd.DataFrame, keys: pd.Series) -> pd.Series:
    """The pictures that share a key with another, the largest of each group first."""
    shared = keys[keys.duplicated(keep=False)]
    pixels = (table["width"] * table["height"])[shared.index]
    order = pd.DataFrame(
        {"key": pd.factorize(shared)[0], "pixels": -pixels, "number": shared.index}, index=shared.index
    )
    return order.sort_values(["key", "pixels", "number"])["key"]


def _alone(odd: pd.Series, *, by: pd.Series) -> pd.Series:
    """Pictures that are odd each by itself, the oddest (smallest `by`) first."""
    order = by[odd].sort_values(kind="stable").index
    return pd.Series(np.arange(len(order)), index=order)


def _two_classes(table: pd.DataFrame) -> pd.Series:
    several = table.groupby("twin")["label"].transform("nunique") > 1
    same = table.groupby("sha256")["label"].transform("nunique") > 1
    keys = table["twin"].where(several, -1 - pd.Series(pd.factorize(table["sha256"])[0], index=table.index))
    return _grouped(table[several | same], keys[several | same])


def _across_splits(table: pd.DataFrame) -> pd.Series:
    apart = table.groupby("twin")["split"].transform("nunique") > 1
    return _grouped(table[apart], table["twin"][apart])


def _near(table: pd.DataFrame) -> pd.Series:
    different = table.groupby("twin")["sha256"].transform("nunique") > 1
    return _grouped(table[different], table["twin"][different])


def _blurred(table: pd.DataFrame) -> pd.Series:
    # By the square of the contrast: a dark picture has small differences, however sharp it is.
    relative = table["sharpness"] / table["contrast"].clip(lower=1.0) ** 2
    told = table["contrast"] >= FLAT_CONTRAST
    return _alone(told & (relative < BLURRED_SHARE * relative.median()), by=relative)


def _few(table: pd.DataFrame) -> pd.Series:
    rare = table.groupby("label")["label"].transform("size") < FEW_PICTURES
    return table.loc[rare, "label"].sort_values(kind="stable")


def _grey(table: pd.DataFrame) -> pd.Series:
    coloured = (table["colour"] > COLOURED).mean() >= MOSTLY
    return _alone((table["colour"] < GREY_COLOUR) & coloured, by=table["colour"])


def _aspect(table: pd.DataFrame) -> pd.Series:
    sides = table[["width", "height"]]
    aspect = sides.max(axis=1) / sides.min(axis=1)
    return _alone(aspect > ODD_ASPECT, by=-aspect)


def _small(table: pd.DataFrame) -> pd.Series:
    side = table[["width", "height"]].min(axis=1)
    # A whole dataset of small pictures is meant to be so.
    return _alone((side < SMALLEST_PIXELS) & (side.median() >= SMALLEST_PIXELS), by=side)


CHECKS: MappingProxyType[str, Check] = MappingProxyType(
    {
        "two classes": Check(
            label="The same picture under two classes",
            sentence="One of the labels is wrong, and whatever a network says of it counts as a mistake. Leave out those that are "
            "wrong, or all.",
            find=_two_classes,
            remedy="look",
        ),
        "across splits": Check(
            label="The same picture on two sides of the split",
            sentence="A network that has learned a picture by heart is right about its twin in the test, and looks better than it "
            "is. Keep one of each.",
            find=_across_splits,
            remedy="keep one",
        ),
        "copies": Check(
            label="Exact copies",
            sentence="The same bytes more than once: such a picture counts several times in training. Keep one of each.",
            find=lambda table: _grouped(table, table["sha256"]),
            remedy="keep one",
        ),
        "near": Check(
            label="Near-duplicates",
            sentence="Almost the same picture, such as a smaller copy or the next of a series. Keep one of each.",
            find=_near,
            remedy="keep one",
        ),
        "even": Check(
            label="Nearly one colour",
            sentence="There is nothing to be seen. Leave them out.",
            find=lambda table: _alone(table["contrast"] < FLAT_CONTRAST, by=table["contrast"]),
            remedy="leave out",
        ),
        "dark": Check(
            label="Very dark",
            sentence="Hardly anything can be recognised. Leave out what you cannot recognise either.",
            find=lambda table: _alone(
                (table["brightness"] < DARK) & (table["contrast"] >= FLAT_CONTRAST),
                by=table["brightness"],
            ),
            remedy="leave out",
        ),
        "bright": Check(
            label="Very bright",
            sentence="Hardly anything can be recognised. Leave out what you cannot recognise either.",
            find=lambda table: _alone(
                (table["brightness"] > BRIGHT) & (table["contrast"] >= FLAT_CONTRAST),
                by=-table["brightness"],
            ),
            remedy="leave out",
        ),
        "blurred": Check(
            label="Blurred",
            sentence="Far less sharp than the others. Leave them out, unless the pictures to come will be blurred as well.",
            find=_blurred,
            remedy="leave out",
        ),
        "small": Check(
            label="Very small",
            sentence=f"Less than {SMALLEST_PIXELS} pixels on a side among larger ones: enlarged, they are blurred. Leave them out.",
            find=_small,
            remedy="leave out",
        ),
        "aspect": Check(
            label="Long and narrow",
            sentence=f"More than {ODD_ASPECT:.0f} times as long as wide: squashed into a square they look like nothing else. Crop "
            "them and import them again, or leave them out.",
            find=_aspect,
            remedy="leave out",
        ),
        "few": Check(
            label=f"Classes of fewer than {FEW_PICTURES} pictures",
            sentence="So few are learned by heart, and what is measured on one or two of them says nothing. Add some, move them to "
            "a class that they belong to as well, or leave the class out.",
            find=_few,
            remedy="look",
        ),
        "grey": Check(
            label="Grey among coloured ones",
            sentence="If they are all of one class, a network learns that grey means that class. Leave them out, or add grey ones "
            "to every class.",
            find=_grey,
            remedy="leave out",
        ),
    }
)
"""The most harmful first."""


def counts_of(table: pd.DataFrame) -> list[str]:
    """Sentences on how many pictures of each class there are, where that is a reason to worry."""
    counts = table.loc[table["split"] == TRAINING, "class_name"].value_counts()
    if len(counts) < 2 or counts.iloc[0] < IMBALANCE * counts.iloc[-1]:
        return []
    return [
        f"{counts.index[0]!r} has {counts.iloc[0] / counts.iloc[-1]:.0f} times as many training pictures as {counts.index[-1]!r} "
        f"({counts.iloc[0]:,} and {counts.iloc[-1]:,}). Add pictures of the rare one, or switch on class weights."
    ]


IMBALANCE = 5.0
"""Largest by smallest class, from which accuracy says little about the small one."""
