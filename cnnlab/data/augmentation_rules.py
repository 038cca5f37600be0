"""Ready-made augmentations, and a table of rules: which operation makes no sense for which pictures.

A rule warns and never forbids: who knows the pictures knows better. This module never reads a picture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from cnnlab.specs.augmentation import Augmentation

SIGN_MOST_LETTERS = 1
"""A class named by so many letters is a sign: '7', 'A'."""
NUMBER_WORDS = frozenset(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
MOST_DEGREES_OF_SIGNS = 20.0
MOST_MAGNITUDE_OF_SIGNS = 3.0
TINY_PIXELS = 40
MOST_CROP, MOST_CROP_OF_TINY = 0.6, 0.3
MOST_LOST = 0.6
MOST_BLUR_OF_TINY = 3.0
MOST_HUE = 40.0
MOST_BRIGHTNESS = 0.6

PRESETS = MappingProxyType(
    {
        "None": Augmentation(),
        "Gentle": Augmentation(
            flip=True, rotation_degrees=10.0, shift_share=0.05, zoom_share=0.1, brightness_share=0.1
        ),
        "Strong": Augmentation(
            flip=True,
            rotation_degrees=15.0,
            crop_share=0.3,
            brightness_share=0.3,
            contrast_share=0.3,
            saturation_share=0.3,
            erase_share=0.15,
        ),
    }
)
"""By the label of its button. Signs are never mirrored: see `preset_for`."""


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """What is known of the pictures without looking at all of them."""

    class_names: tuple[str, ...]
    image_size: int
    """Pixels a side at which the network sees them."""
    grey: bool = False
    """Whether those that were looked at have no colour."""

    @property
    def signs(self) -> bool:
        """Whether the classes are letters or digits, as far as their names tell."""
        return all(
            (len(name) <= SIGN_MOST_LETTERS and name.isalnum()) or name.lower() in NUMBER_WORDS
            for name in self.class_names
        )


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When an operation makes no sense, and what to say then."""

    applies: Callable[[Augmentation, PictureFacts], bool]
    sentence: str


RULES = (
    Rule(
        applies=lambda chosen, facts: facts.signs and (chosen.flip or chosen.flip_vertically),
        sentence="The classes of this dataset are letters or digits. Mirrored, a sign means another one or nothing: "
        "leave Flip off.",
    ),
    Rule(
        applies=lambda chosen, facts: facts.signs and chosen.rotation_degrees > MOST_DEGREES_OF_SIGNS,
        sentence="The classes of this dataset are letters or digits. Turned far, one looks like another: "
        "stay at 20 degrees or less.",
    ),
    Rule(
        applies=lambda chosen, facts: chosen.flip_vertically and not facts.signs,
        sentence="Upside down, scenes and things look as they never do: keep this only for pictures taken straight "
        "from above or through a microscope.",
    ),
    Rule(
        applies=lambda chosen, facts: facts.grey and bool(chosen.saturation_share or chosen.hue_degrees),
        sentence="The pictures shown here are grey: Saturation and Hue change nothing in them.",
    ),
    Rule(
        applies=lambda chosen, facts: not facts.grey and chosen.hue_degrees > MOST_HUE,
        sentence="Turned so far, red becomes green or blue: stay at 40 degrees or less where a colour tells what it is.",
    ),
    Rule(
        applies=lambda chosen, facts: (
            facts.image_size <= TINY_PIXELS and chosen.crop_share > MOST_CROP_OF_TINY
        ),
        sentence="These pictures are tiny. Of so small a part little is left to recognise: stay at 0.3 or less for Crop.",
    ),
    Rule(
        applies=lambda chosen, facts: facts.image_size > TINY_PIXELS and chosen.crop_share > MOST_CROP,
        sentence="Of so small a part the object may be missing: stay at 0.6 or less for Crop.",
    ),
    Rule(
        applies=lambda chosen, facts: (
            bool(chosen.crop_share and chosen.erase_share)
            and chosen.crop_share + chosen.erase_share > MOST_LOST
        ),
        sentence="Crop and Erase together may take away more than half of a picture: lower one of them.",
    ),
    Rule(
        applies=lambda chosen, facts: (
            facts.image_size <= TINY_PIXELS and chosen.blur_percent > MOST_BLUR_OF_TINY
        ),
        sentence="These pictures are tiny: blurred so much, their edges are gone. Stay at 3 percent or less.",
    ),
    Rule(
        applies=lambda chosen, facts: chosen.brightness_share > MOST_BRIGHTNESS,
        sentence="So much Brightness turns pictures nearly black or white: stay at 0.6 or less.",
    ),
    Rule(
        applies=lambda chosen, facts: (
            facts.signs and chosen.rand_operations > 0 and chosen.rand_magnitude > MOST_MAGNITUDE_OF_SIGNS
        ),
        sentence="RandAugment shears and turns, the further the larger its magnitude: for letters and digits keep its magnitude at 3 or less.",
    ),
    Rule(
        applies=lambda chosen, facts: len(facts.class_names) < 2 and chosen.mixes,
        sentence="There is one class only: mixing its pictures changes nothing about what they are called.",
    ),
    Rule(
        applies=lambda chosen, facts: facts.signs and chosen.cutmix_alpha > 0,
        sentence="The classes of this dataset are letters or digits. A part of one put into another may be a third one: "
        "use MixUp, or leave CutMix out.",
    ),
)
"""In the order in which they are told."""


def warnings_for(chosen: Augmentation, facts: PictureFacts) -> tuple[str, ...]:
    """List what makes no sense for these pictures, as sentences."""
    return tuple(rule.sentence for rule in RULES if rule.applies(chosen, facts))


def preset_for(label: str, facts: PictureFacts) -> Augmentation:
    """Return a ready-made augmentation; letters and digits are not mirrored.

    Args:
        label: Of its row in `PRESETS`.
    """
    return PRESETS[label].with_changes(flip=False) if facts.signs else PRESETS[label]
