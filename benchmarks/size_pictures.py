"""Many small JPEG pictures in class folders, and the same files as a ZIP: always the same bytes for the same number.

This module never measures anything.
"""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES, SIDE, PATCHES = 20, 64, 6
QUALITY = 85
CLASS_PULL = 0.5
"""How much of a picture is the colour of its class; the rest is its own."""


def write_pictures(folder: Path, *, num_pictures: int) -> Path:
    """Write so many pictures of 64 x 64 pixels in 20 class folders, and return their folder."""
    random = np.random.default_rng(0)
    colors = random.integers(0, 256, (CLASSES, 1, 1, 3))
    for label in range(CLASSES):
        (folder / f"class {label:02}").mkdir(parents=True)
    for number in range(num_pictures):
        label = number % CLASSES
        own = random.integers(0, 256, (PATCHES, PATCHES, 3))
        patches = CLASS_PULL * colors[label] + (1 - CLASS_PULL) * own
        picture = Image.fromarray(patches.astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=QUALITY)
        (folder / f"class {label:02}" / f"{number:06}.jpg").write_bytes(file.getvalue())
    return folder


def write_archive(folder: Path, *, archive: Path) -> Path:
    """Write the files of a folder into a ZIP, and return it."""
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*.jpg")):
            file.write(path, path.relative_to(folder).as_posix())
    return archive
