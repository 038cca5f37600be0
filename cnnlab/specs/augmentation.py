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

    @property
    def active(self) -> bool:
        """Whether anything happens at all."""
        return self != Augmentation()
