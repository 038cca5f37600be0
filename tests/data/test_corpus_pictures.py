"""The corpus of odd and hostile pictures, through the child that decodes whatever a user brings."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cnnlab.data.decoding import DecodingChild
from cnnlab.errors import PictureError
from tests.data import corpus_pictures, corpus_rare_pictures
from tests.data.corpus_pictures import OddPicture
from tests.data.making import speckled

PICTURES = corpus_pictures.PICTURES + corpus_rare_pictures.RARE
SIDE = 16
MOST_BYTES = 300e6
MOST_THUMBNAIL_BYTES = 2_000
"""Nothing of the original is in it: no comment, no EXIF."""


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """What the child said of the whole corpus, each row in its place."""

    facts: list
    pixels: list
    thumbnails: list
    one_process: bool
    peak_bytes: int | None
    """Above what the child took when it was idle; None where the system does not tell."""


@pytest.fixture(scope="module")
def decoded() -> Decoded:
    with DecodingChild() as child:
        child.fit(speckled(0), image_size=SIDE)
        before = child._running._process.pid
        idle = memory(before, "VmRSS")
        files = [picture.make() for picture in PICTURES]
        facts = child.inspect_many(files)
        pixels = child.fit_many(files, image_size=SIDE)
        thumbnails = child.thumbnails(files, size=SIDE)
        after = child._running._process.pid
        peak = None if idle is None else memory(after, "VmHWM") - idle
    return Decoded(
        facts=facts, pixels=pixels, thumbnails=thumbnails, one_process=before == after, peak_bytes=peak
    )


def memory(pid: int, name: str) -> int | None:
    """What Linux says of a process's memory, in bytes."""
    if sys.platform != "linux":
        return None
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@pytest.mark.parametrize("place", range(len(PICTURES)), ids=[picture.name for picture in PICTURES])
def test_every_odd_picture_gives_what_was_promised(decoded, place):
    picture: OddPicture = PICTURES[place]
    facts, pixels = decoded.facts[place], decoded.pixels[place]
    if picture.sentence:
        assert isinstance(facts, PictureError), facts
        assert picture.sentence in str(facts)
        assert str(facts).endswith(".")
        assert str(pixels) == str(facts)
        assert str(decoded.thumbnails[place]) == str(facts)
    else:
        assert facts.format == picture.name.split()[0].rstrip(",")
        assert (facts.width, facts.height) == picture.size
        assert np.allclose(pixels.mean(axis=(0, 1)), picture.mean, atol=3)
        assert decoded.thumbnails[place].startswith(b"\xff\xd8")
        assert len(decoded.thumbnails[place]) < MOST_THUMBNAIL_BYTES


def test_the_corpus_is_large_and_no_row_is_there_twice():
    names = [picture.name for picture in PICTURES]
    assert len(set(names)) == len(names) >= 250
    assert sum(bool(picture.sentence) for picture in PICTURES) >= 140


def test_no_file_of_the_corpus_costs_the_process_its_life_or_much_memory(decoded):
    assert decoded.one_process
    if decoded.peak_bytes is None:
        pytest.skip("this system does not tell the most memory that a process took")
    print(f"above idle: {decoded.peak_bytes / 1e6:.0f} MB")
    assert decoded.peak_bytes < MOST_BYTES
