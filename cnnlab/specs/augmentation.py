"""How training pictures are altered at random, so that a network sees more than there are.

Each field is a strength, and 0 or off leaves its operation out; `data.augmentation` has a row for
each. This module never touches a picture.
"""

from pydantic import Field

from cnnlab.specs.base import Spec


class Augmentation(Spec):
    """What may happen to a training picture; validation and test pictures stay as they are."""

    flip: bool = Field(
        False,
        title="Flip",
        description="Left and right are exchanged, every other time; wrong where a mirrored picture means something else, as with digits.",
    )
    rotation_degrees: float = Field(
        0.0,
        ge=0.0,
        le=45.0,
        title="Rotation, degrees",
        description="Turned by up to so much, either way; helps where the camera is not held straight.",
    )
    shift_share: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Shift",
        description="Moved by up to this share of the picture, in both directions; helps where objects are not centred.",
    )
    zoom_share: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Zoom",
        description="Larger or smaller by up to this share; helps where the distance varies.",
    )
    brightness_share: float = Field(
        0.0,
        ge=0.0,
        le=0.9,
        title="Brightness",
        description="Lighter or darker by up to this share; helps where the light varies.",
    )
    contrast_share: float = Field(
        0.0,
        ge=0.0,
        le=0.9,
        title="Contrast",
        description="Stronger or weaker by up to this share; helps with different cameras and weather.",
    )

    flip_vertically: bool = Field(
        False,
        title="Flip upside down",
        description="Above and below are exchanged, every other time; right for pictures taken straight from above or through a microscope.",
    )
    crop_share: float = Field(
        0.0,
        ge=0.0,
        le=0.9,
        title="Crop",
        description="A part is cut out and enlarged; up to this share of the area is lost. Helps where objects are seen in part.",
    )
    saturation_share: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Saturation",
        description="Colours paler or stronger by up to this share; helps with different cameras.",
    )
    hue_degrees: float = Field(
        0.0,
        ge=0.0,
        le=180.0,
        title="Hue, degrees",
        description="Colours are turned by up to so much, either way; wrong where the colour says what it is.",
    )
    blur_percent: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="Blur, percent",
        description="Blurred over up to so many percent of the side; helps where pictures are not always sharp.",
    )
    erase_share: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Erase",
        description="Every other picture loses a rectangle of up to this share to noise; helps where objects are partly hidden.",
    )
    rand_operations: int = Field(
        0,
        ge=0,
        le=3,
        title="RandAugment: operations",
        description="So many operations are chosen at random for each picture from a list of twelve; 2 is usual.",
    )
    rand_magnitude: float = Field(
        5.0,
        ge=0.0,
        le=10.0,
        title="RandAugment: magnitude",
        description="How strong each of them is; nothing happens at 0 operations.",
    )

    mixup_alpha: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="MixUp",
        description="Another picture shines through, and its class counts for as much; 0.2 is usual. Helps against overconfidence in long runs.",
    )
    cutmix_alpha: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="CutMix",
        description="A part of another picture is put in, and its class counts for its area; 1 is usual. Helps in long runs from scratch.",
    )

    @property
    def mixes(self) -> bool:
        """Whether pictures are mixed with each other; with both, each picture gets one of them."""
        return bool(self.mixup_alpha or self.cutmix_alpha)

    @property
    def active(self) -> bool:
        """Whether anything happens at all."""
        return any(value for name, value in self if name != "rand_magnitude")
