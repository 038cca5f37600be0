"""What a listing would become: classes, splits, what is left out, how much room it takes; from names and sizes alone.

This module never reads an entry.
"""

import shutil
from collections import Counter
from collections.abc import Sequence

from cnnlab.data.entries import Entry, Listing
from cnnlab.data.layouts import Place, read_layout
from cnnlab.data.preview_records import CLASSES_KEPT, REFUSED_KEPT, LayoutKind, Preview
from cnnlab.data.splits import SPLITS
from cnnlab.data.text import counted
from cnnlab.errors import DatasetError
from cnnlab.settings import workspace

PICTURE_ENDINGS = (
    "jpg",
    "jpeg",
    "jpe",
    "jfif",
    "png",
    "webp",
    "bmp",
    "gif",
    "tif",
    "tiff",
    "avif",
)
"""What pictures are called; only a hint, as their content decides."""
LAYOUT = "Put the pictures of each class into a folder of their own: cat/1.jpg, dog/2.jpg; train and test may lie above them."


def preview_of(listing: Listing) -> Preview:
    """Say what importing these files is going to do.

    Raises:
        DatasetError: No file in it has a class, so nothing could be imported.
    """
    places = read_layout([entry.parts for entry in listing.entries])
    classed = [
        (entry, place)
        for entry, place in zip(listing.entries, places, strict=True)
        if entry.class_name or place.class_name
    ]
    if not classed:
        raise DatasetError(_nothing_in(listing))
    counts = Counter(entry.class_name or place.class_name for entry, place in classed)
    splits = Counter(entry.split or place.split for entry, place in classed)
    kind, wrapper = _layout(classed)
    return Preview(
        layout=kind,
        wrapper=wrapper,
        num_files=len(classed),
        num_classes=len(counts),
        classes=dict(sorted(counts.items())[:CLASSES_KEPT]),
        smallest_class=min(counts.values()),
        given={split: splits[split] for split in SPLITS if splits[split]},
        num_without_class=len(listing.entries) - len(classed),
        odd_endings=dict(
            Counter(ending for entry in listing.entries if (ending := odd_ending(entry))).most_common()
        ),
        num_refused=len(listing.refused),
        refused=listing.refused[:REFUSED_KEPT],
        passed_over=dict(listing.passed_over),
        needed_bytes=sum(entry.num_bytes for entry, _ in classed),
        free_bytes=shutil.disk_usage(workspace().home).free,
    )


def odd_ending(entry: Entry) -> str:
    """The ending of a file that is not called like a picture, as '.txt', or ''."""
    _, dot, ending = entry.parts[-1].rpartition(".")
    return "" if ending.lower() in PICTURE_ENDINGS else f".{ending.lower()[:20]}" if dot else "no ending"


def _layout(classed: Sequence[tuple[Entry, Place]]) -> tuple[LayoutKind, str]:
    """Where the classes come from, and the folder around everything."""
    if any(entry.class_name for entry, _ in classed):
        return "table", ""
    entry, place = classed[0]
    folders = entry.parts[:-1]
    if place.class_name not in folders:
        return "names", ""
    # A folder of a class may be called like one around it: the wrapper is what all files share.
    outer = folders[: folders.index(place.class_name) - (1 if place.split else 0)]
    shared = all(other.parts[: len(outer)] == outer for other, _ in classed)
    return "classes", "/".join(outer) if shared else ""


def _nothing_in(listing: Listing) -> str:
    if listing.entries:
        return f"Nothing lies in a class folder, so the classes of {counted(len(listing.entries), 'file')} are unknown. {LAYOUT}"
    if listing.refused:
        name, reason = listing.refused[0]
        return f"Not one of {counted(len(listing.refused), 'file')} can be taken. The first is {name!r}: {reason}"
    return f"There is no picture in it. {LAYOUT}"
