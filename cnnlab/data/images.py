"""One picture: from bytes that somebody gave us to RGB pixels, and from there to a network's input.

Training, prediction and the gallery all come through here, so that a model is asked with exactly
what it learned from. Bytes that are not vetted yet are decoded in a child process only (`decoding`);
this module never starts one, and never trusts a file's name.
"""

import io
import warnings
from typing import Literal

import numpy as np
from PIL import ExifTags, Image, ImageChops

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
KNOWN_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file, perhaps an SVG drawing"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"%!PS", "a PostScript file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"version https://git-lfs", "a placeholder of Git LFS, not the file itself"),
)
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
            f"The picture is damaged: {_reason(error)}. Save it again, or leave it out."
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
    image.save(output, format="JPEG", quality=88)
    return output.getvalue()


def _open(data: bytes, *, max_pixels: int) -> Image.Image:
    """Read the header only, and refuse what it claims where that cannot be true or is too much."""
    if not data:
        raise PictureError("The file is empty.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError:
        raise PictureError(_what_it_is(data)) from None
    width, height = image.size
    if width < 1 or height < 1:
        raise PictureError(
            f"The picture says that it is {width} × {height} pixels, so there is nothing to see."
        )
    if width * height > max_pixels or max(width, height) > WIDEST_PICTURE:
        raise PictureError(
            f"The picture is {width:,} × {height:,} pixels; at most {max_pixels / 1e6:g} million are read. "
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
    if image.mode.startswith("I;16"):
        # 16 bits of grey mean 0 to 65,535; `convert` would cut everything above 255 off to white.
        image = _grey(np.asarray(image, dtype=np.float64) / 257.0)
    elif image.mode in ("I", "F"):
        image = _grey(_scale_unknown(np.asarray(image, dtype=np.float64)))
    elif image.mode == "CMYK" and read_as == "JPEG" and "adobe" not in image.info:
        # Pillow takes every CMYK JPEG for one of Adobe's, which are stored inverted.
        image = ImageChops.invert(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        picture = image.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        image = Image.alpha_composite(ground, picture)
    image = image.convert("RGB")
    if turn is not None:
        image = image.transpose(turn)
    image.format = "JPEG" if read_as == "MPO" else read_as
    return image


def _orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:
        # EXIF is written by many hands, often wrongly; a picture with damaged EXIF still is one.
        return None


def _grey(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(values).clip(0, 255).astype(np.uint8))


def _scale_unknown(values: np.ndarray) -> np.ndarray:
    """Bring grey whose range the file does not say to 0..255.

    Floats within 0..1, and numbers within 0..255 or 0..65,535, mean what these ranges usually mean;
    anything else is stretched from its lowest value to its highest.
    """
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros_like(values)
    low, high = values[finite].min(), values[finite].max()
    values = np.where(finite, values, low)
    whole = bool((values == np.rint(values)).all())
    if low >= 0 and high <= 1 and not whole:
        return values * 255.0
    if low >= 0 and high <= 255 and (whole or high > 1):
        return values * 255.0 if high <= 1 else values
    if low >= 0 and high <= 65_535 and whole:
        return values / 257.0
    return (values - low) * (255.0 / (high - low)) if high > low else np.zeros_like(values)


def _what_it_is(data: bytes) -> str:
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    kinds = "JPEG, PNG, WebP, BMP, GIF, TIFF or AVIF"
    for beginning, kind in KNOWN_BEGINNINGS:
        if start.lower().startswith(beginning.lower()):
            return f"It is {kind}, not a picture that can be read. Save it as {kinds}."
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return f"It is a HEIC picture, which cannot be read here. Save it as {kinds}."
    return f"It is no picture, or too damaged to recognise. Pictures are {kinds}."


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:120].rstrip(".")
    return f"{type(error).__name__} ({text})" if text else type(error).__name__
