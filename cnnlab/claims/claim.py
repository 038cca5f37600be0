"""What a claim is: a statement of the lesson, the settings of its experiment, and the function that measures it.

This module never knows a particular claim; `table` lists them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cnnlab.claims.answers import Answer, Picture
from cnnlab.specs.base import Spec

Report = Callable[[str, int, int], None]
"""Takes what is done now, how much of it is done, and of how much; raises when the experiment is to end."""


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What an experiment gets besides its settings."""

    report: Report
    folder: Path
    """Where pictures of the answer are kept."""

    def keep_picture(self, name: str, pixels: np.ndarray, *, caption: str) -> Picture:
        """Keep a picture for the answer.

        Args:
            name: Name of the file without its ending: letters, digits, '-' and '_'.
            pixels: Uint8, shape (H, W, 3) or (H, W).
            caption: What is seen on it, plain text.
        """
        file = f"{name}.png"
        Image.fromarray(pixels).save(self.folder / file)
        return Picture(file=file, caption=caption)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement of the lesson and its experiment."""

    id: str
    """Its name in addresses and folders."""
    title: str
    says: str
    """What the lesson says, in our words."""
    exactly: str
    """Where the lesson is loose: how it is said right, with both figures and the source. '' where it is not."""
    experiment: str
    """What the experiment does, in one or two sentences."""
    icon: str
    settings: type[Spec]
    """Settings of the experiment. A field `dataset` chooses pictures ('shapes', 'digits', or a dataset's id),
    a field `run` a finished run."""
    measure: Callable[[Any, Measuring], Answer] | None
    """Measures, given the settings; runs in the worker only. None for what is worked by hand on the page."""
    recipe: int = 1
    """Grows when the experiment measures something else; answers of before are then marked as old."""
