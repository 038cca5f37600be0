"""One picture: from bytes that somebody gave us to RGB pixels, and from there to a network's input.

Training, prediction and the gallery all come through here, so that a model is asked with exactly
what it learned from. Bytes that are not vetted yet are decoded in a child process only (`decoding`);
this module never starts one, and never trusts a file's name.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from PIL import ExifTags, Image, ImageChops

from cnnlab.data.picture_kinds import what_is_wrong, what_it_is
from cnnlab.errors import PictureError

Resize = Literal["squash", "crop"]

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
"""What may be opened, by content. Without such a list Pillow would run the parsers of EPS, PDF or PSD
on a file called `.jpg`; with "MPO" in it, it raises KeyError on whatever is no picture."""
CROP_SHARE = 224 / 256
"""How much of the short side the centre crop keeps, as the published ImageNet accuracies are measured."""
PIXELS_PER_JPEG_BYTE = 1024
"""A JPEG spends a bit on each 8 × 8 square at least, 512 pixels a byte; this is twice that. One that
claims more has lost its data, and the decoder would fill in grey without a word."""
WIDEST_PICTURE = 65_535
STRIP_PIXELS = 1024 * 1024
"""Other modes become RGB in strips of so many pixels: a whole picture as floats would take eight times its size."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the orientation that EXIF gives; 1 is upright already."""

# The header is checked against limits of ours before any pixel is decoded; Pillow's own limit would
# let 88 megapixels pass, and only warns up to twice as many.
Image.MAX_IMAGE_PIXELS = None


def decode_picture(
    data: bytes, *, max_pixels: int, max_bytes: int, at_least: int | None = None
) -> Image.Image:
    """Decode a picture as a person expects to see it.

    Turned as EXIF says; the first frame of an animation; what is transparent is white; CMYK and
    palettes become RGB; grey of 16 or 32 bits and floats are scaled, not cut off.

    Args:
        data: The bytes of a file, whatever its name was.
        max_pixels: Most pixels that its header may claim.
        max_bytes: Most bytes that the file may have.
        at_least: The caller will make it smaller anyway and needs no side longer than this many
            pixels; a large JPEG is then decoded several times faster. For thumbnails only: the
            pixels are not exactly those of the whole picture made smaller.

    Returns:
        A picture of mode RGB; its `format` says what it was read from: 'JPEG', 'PNG'.

    Raises:
        PictureError: It is no picture of a kind that we read, damaged, or larger than allowed.
    """
    if len(data) > max_bytes:
        raise PictureError(
            f"The file is larger than {max_bytes / 1e6:,.0f} MB, the most that one picture may be."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = _open(data, max_pixels=max_pixels)
            if at_least is not None:
                image.draft(None, (at_least, at_least))
            image.load()
            return _as_rgb(image)
    except PictureError:
        raise
    except MemoryError:
        raise PictureError("There is not enough memory to decode it. Make the picture smaller.") from None
    except Exception as error:
        # Pillow raises OSError, SyntaxError, ValueError, RuntimeError and others on damaged files.
        raise PictureError(
            f"The picture is damaged: {what_is_wrong(error)}. Save it again, or leave it out."
        ) from None


def fit_picture(image: Image.Image, *, image_size: int, resize: Resize = "squash") -> np.ndarray:
    """Bring a picture to the size that a network takes; the same in training and in prediction.

    Bicubic, with antialiasing when it becomes smaller.

    Args:
        image: Of mode RGB, any size.
        image_size: Height and width of the result, in pixels.
        resize: "squash" keeps everything and changes the proportions; "crop" keeps the proportions
            and cuts the middle out of it (7/8 of the short side, as ImageNet is measured).

    Returns:
        RGB, uint8, shape (image_size, image_size, 3), 0..255.
    """
    size = (image_size, image_size)
    if resize == "squash":
        return np.asarray(image if image.size == size else image.resize(size, Image.Resampling.BICUBIC))
    width, height = image.size
    scale = round(image_size / CROP_SHARE) / min(width, height)
    wide, high = (max(image_size, round(side * scale)) for side in (width, height))
    left, top = round((wide - image_size) / 2), round((high - image_size) / 2)
    return np.asarray(
        image.resize((wide, high), Image.Resampling.BICUBIC).crop(
            (left, top, left + image_size, top + image_size)
        )
    )


def encode_thumbnail(image: Image.Image, *, size: int) -> bytes:
    """Encode a picture anew for the screen: nothing of the original file goes to a browser.

    Args:
        image: Of mode RGB.
        size: Longest side, in pixels. A picture of less than half of it is enlarged by a whole
            number, pixel by pixel: one sees what the network sees.

    Returns:
        A JPEG.
    """
    longest = max(image.size)
    if longest > size:
        image.thumbnail((size, size), Image.Resampling.BICUBIC)
    elif longest * 2 <= size:
        factor = size // longest
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    output = io.BytesIO()
    # Pillow would write the comment of the original into it.
    image.save(output, format="JPEG", quality=88, comment=b"")
    return output.getvalue()


def _open(data: bytes, *, max_pixels: int) -> Image.Image:
    """Read the header only, and refuse what it claims where that cannot be true or is too much."""
    if not data:
        raise PictureError("The file is empty.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError:
        raise PictureError(what_it_is(data)) from None
    width, height = image.size
    if width < 1 or height < 1:
        raise PictureError(
            f"The picture says that it is {width} × {height} pixels, so there is nothing to see."
        )
    if width * height > max_pixels:
        raise PictureError(
            f"The picture is {width:,} × {height:,} pixels; at most {max_pixels / 1e6:g} million are read. "
            f"Make it smaller and import it again."
        )
    if max(width, height) > WIDEST_PICTURE:
        raise PictureError(
            f"The picture is {width:,} × {height:,} pixels; no side may be longer than {WIDEST_PICTURE:,}. "
            f"Make it smaller and import it again."
        )
    if image.format in ("JPEG", "MPO") and width * height > len(data) * PIXELS_PER_JPEG_BYTE:
        raise PictureError(
            f"The picture claims {width:,} × {height:,} pixels, but its {len(data):,} bytes cannot hold them: "
            f"most of it is missing. Save it again, or leave it out."
        )
    return image


def _as_rgb(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB, and turn it upright."""
    # Read after `load`: Pillow turns a TIFF by itself while loading it, and forgets the orientation.
    turn = TURNS.get(_orientation(image))
    read_as = image.format
    if image.mode != "RGB" or "transparency" in image.info:
        image = _converted(image, _converter(image))
    if turn is not None:
        image = image.transpose(turn)
    image.format = "JPEG" if read_as == "MPO" else read_as
    return image


def _converted(image: Image.Image, as_rgb: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Bring a picture to RGB strip by strip, so that little more than it and the result is in memory."""
    if image.width * image.height <= STRIP_PIXELS:
        return as_rgb(image)
    picture = Image.new("RGB", image.size)
    for top, strip in _strips(image):
        picture.paste(as_rgb(strip), (0, top))
    return picture


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Rows of a picture, from its top to its bottom, each with the place of its first."""
    height = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, height):
        yield top, image.crop((0, top, image.width, min(top + height, image.height)))


def _converter(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """What makes a strip of this picture RGB, as a person expects it."""
    if image.mode.startswith("I;16"):
        # 16 bits of grey mean 0 to 65,535; `convert` would cut everything above 255 off to white.
        return lambda strip: _grey(np.asarray(strip, dtype=np.float32) / 257.0)
    if image.mode in ("I", "F"):
        lowest, factor = _range_of_grey(image)
        return lambda strip: _grey((_finite(strip, instead=lowest) - lowest) * factor)
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        # Pillow takes every CMYK JPEG for one of Adobe's, which are stored inverted.
        return lambda strip: ImageChops.invert(strip).convert("RGB")
    if image.mode == "LAB":
        raise PictureError("Its colours are stored as LAB, which is not read here. Save it with RGB colours.")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        return _on_white
    return lambda strip: strip.convert("RGB")


def _on_white(strip: Image.Image) -> Image.Image:
    picture = strip.convert("RGBA")
    ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:
        # EXIF is written by many hands, often wrongly; a picture with damaged EXIF still is one.
        return None


def _grey(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(values).clip(0, 255).astype(np.uint8)).convert("RGB")


def _finite(strip: Image.Image, *, instead: float) -> np.ndarray:
    values = np.asarray(strip, dtype=np.float64)
    return np.where(np.isfinite(values), values, instead)


def _range_of_grey(image: Image.Image) -> tuple[float, float]:
    """Say what is black in grey whose range the file does not say, and by how much a step above it brightens.

    Floats within 0..1, and numbers within 0..255 or 0..65,535, mean what these ranges usually mean;
    anything else is stretched from its lowest value to its highest. What is no number is black.
    """
    low, high, whole = np.inf, -np.inf, True
    for _, strip in _strips(image):
        values = np.asarray(strip, dtype=np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, values.min()), max(high, values.max())
            whole = whole and bool((values == np.rint(values)).all())
    if low >= 0 and high <= 1:
        return 0.0, 255.0
    if low >= 0 and high <= 255:
        return 0.0, 1.0
    if low >= 0 and high <= 65_535 and whole:
        return 0.0, 1.0 / 257.0
    return (low, 255.0 / (high - low)) if high > low else (0.0, 0.0)
