"""One picture, as a person expects to see it, or a sentence."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnlab.data.images import FORMATS, decode_picture, encode_thumbnail, fit_picture
from cnnlab.errors import PictureError
from tests.data.making import ORANGE, encode, plain

LIMITS = {"max_pixels": 50_000_000, "max_bytes": 10_000_000}


def ramp(dtype, high):
    """Grey from 0 to `high`, left to right."""
    return np.tile(np.linspace(0, high, 16), (8, 1)).astype(dtype)


def cmyk_without_adobe():
    """A CMYK JPEG whose Adobe segment is cut out; what it stores is then not inverted."""
    data = encode(plain((0, 0, 0, 0), mode="CMYK"), "JPEG", quality=95)
    start = data.index(b"\xff\xee")
    return data[:start] + data[start + 2 + struct.unpack(">H", data[start + 2 : start + 4])[0] :]


def animation(format):
    frames = [plain((200, 0, 0)), plain((0, 0, 200))]
    return encode(
        frames[0],
        format,
        save_all=True,
        append_images=frames[1:],
        **({"lossless": True} if format == "WEBP" else {}),
    )


def palette_with_transparency():
    image = Image.new("P", (4, 4), 1)
    image.putpalette([255, 0, 0, 10, 20, 30])
    return encode(image, transparency=1)


@pytest.mark.parametrize(
    ("data", "mean"),
    [
        pytest.param(encode(plain()), ORANGE, id="PNG"),
        pytest.param(encode(plain(), "JPEG", quality=95), ORANGE, id="JPEG"),
        pytest.param(encode(plain(), "WEBP", lossless=True), ORANGE, id="WebP"),
        pytest.param(encode(plain(), "BMP"), ORANGE, id="BMP"),
        pytest.param(encode(plain(), "GIF"), ORANGE, id="GIF"),
        pytest.param(encode(plain(), "TIFF"), ORANGE, id="TIFF"),
        pytest.param(encode(plain(), "AVIF", quality=95), ORANGE, id="AVIF"),
        pytest.param(encode(plain(90, mode="L")), (90, 90, 90), id="grey"),
        pytest.param(encode(plain(1, mode="1")), (255, 255, 255), id="one bit"),
        pytest.param(encode(plain().quantize(8)), ORANGE, id="palette"),
        pytest.param(palette_with_transparency(), (255, 255, 255), id="transparent palette on white"),
        pytest.param(encode(plain((255, 0, 0, 0), mode="RGBA")), (255, 255, 255), id="transparent is white"),
        pytest.param(encode(plain((0, 0, 0, 128), mode="RGBA")), (127, 127, 127), id="half transparent"),
        pytest.param(encode(plain((0, 255), mode="LA")), (0, 0, 0), id="grey with alpha"),
        pytest.param(
            encode(plain((0, 0, 0, 0), mode="CMYK"), "JPEG"),
            (255, 255, 255),
            id="CMYK of Adobe: no ink is white",
        ),
        pytest.param(cmyk_without_adobe(), (0, 0, 0), id="CMYK not of Adobe is not inverted"),
        pytest.param(
            encode(plain((0, 0, 0, 255), mode="CMYK"), "TIFF"), (0, 0, 0), id="CMYK TIFF: black ink"
        ),
        pytest.param(encode(Image.fromarray(ramp(np.uint16, 65535))), (127.5,) * 3, id="16-bit grey PNG"),
        pytest.param(
            encode(Image.fromarray(ramp(np.uint16, 65535)), "TIFF"), (127.5,) * 3, id="16-bit grey TIFF"
        ),
        pytest.param(
            encode(Image.fromarray(ramp(np.float32, 1)), "TIFF"), (127.5,) * 3, id="float TIFF 0 to 1"
        ),
        pytest.param(
            encode(Image.fromarray(ramp(np.float32, 255)), "TIFF"), (127.5,) * 3, id="float TIFF 0 to 255"
        ),
        pytest.param(
            encode(Image.fromarray(ramp(np.int32, 255)), "TIFF"), (127.5,) * 3, id="int32 TIFF 0 to 255"
        ),
        pytest.param(
            encode(Image.fromarray(ramp(np.int32, 65535)), "TIFF"), (127.5,) * 3, id="int32 TIFF 0 to 65,535"
        ),
        pytest.param(
            encode(Image.fromarray(ramp(np.int32, 10**6)), "TIFF"), (127.5,) * 3, id="int32 TIFF, wider"
        ),
        pytest.param(
            encode(Image.fromarray(ramp(np.float32, np.nan)), "TIFF"), (0, 0, 0), id="float TIFF of NaN"
        ),
        pytest.param(animation("GIF"), (200, 0, 0), id="first frame of a GIF"),
        pytest.param(animation("WEBP"), (200, 0, 0), id="first frame of a WebP"),
        pytest.param(animation("PNG"), (200, 0, 0), id="first frame of a PNG"),
        pytest.param(encode(plain(size=(1, 1))), ORANGE, id="one pixel"),
    ],
)
def test_a_picture_looks_as_a_person_expects(data, mean):
    image = decode_picture(data, **LIMITS)
    assert image.mode == "RGB"
    assert image.format in FORMATS
    assert np.allclose(np.asarray(image).mean(axis=(0, 1)), mean, atol=2.5)


@pytest.mark.parametrize("format", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(orientation, format):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = Image.new("RGB", (24, 16), (0, 0, 0))
    upright.paste((255, 255, 255), (0, 0, 12, 8))
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_picture(encode(stored, format, exif=exif), **LIMITS)
    assert image.size == (24, 16)
    assert np.abs(np.asarray(image).astype(int) - np.asarray(upright)).mean() < 12


def test_damaged_exif_does_not_cost_the_picture():
    data = encode(plain(), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff" + b"\xee" * 40)
    assert decode_picture(data, **LIMITS).size == (12, 10)


def png_claiming(width, height):
    """A PNG of a few bytes whose header claims any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\x00" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def jpeg_claiming(width, height):
    """A small JPEG whose header claims any size; its data would give grey."""
    data = bytearray(encode(plain(size=(64, 64)), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"hello, I am a text", "no picture", id="text"),
        pytest.param(b"%PDF-1.7 " + b"x" * 100, "a PDF document", id="PDF"),
        pytest.param(b"PK\x03\x04" + b"\x00" * 40, "a ZIP archive", id="ZIP"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing", id="SVG"),
        pytest.param(b"\n<!doctype html><p>404", "a web page", id="web page"),
        pytest.param(b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "HEIC", id="HEIC"),
        pytest.param(encode(plain(size=(16, 16)), "ICO"), "an icon", id="icon, which Pillow could read"),
        pytest.param(encode(plain(), "EPS"), "PostScript", id="EPS, whose parser must not run"),
        pytest.param(encode(plain(), "PPM"), "no picture", id="PPM"),
        pytest.param(
            encode(plain(), "PSD") if "PSD" in Image.SAVE else b"8BPS" + b"\x00" * 40,
            "Photoshop",
            id="Photoshop",
        ),
        pytest.param(
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS", id="Git LFS pointer"
        ),
        pytest.param(encode(plain(size=(80, 80)), "JPEG")[:400], "damaged", id="JPEG cut off"),
        pytest.param(encode(plain(size=(80, 80)))[:-30], "damaged", id="PNG cut off"),
        pytest.param(encode(plain(), "BMP")[:40], "damaged", id="BMP cut off"),
        pytest.param(encode(plain(), "TIFF")[:60], "damaged|no picture", id="TIFF cut off"),
        pytest.param(encode(plain(), "WEBP")[:30], "damaged|no picture", id="WebP cut off"),
        pytest.param(encode(plain(), "AVIF")[:200], "damaged|no picture", id="AVIF cut off"),
        pytest.param(encode(plain(), "GIF")[:30], "damaged|no picture", id="GIF cut off"),
        pytest.param(png_claiming(30_000, 30_000), "30,000 × 30,000", id="PNG bomb of 900 megapixels"),
        pytest.param(
            png_claiming(9_400, 9_400), "at most 50 million", id="88 megapixels, below Pillow's own limit"
        ),
        pytest.param(png_claiming(0, 10), "damaged|no picture|nothing to see", id="no width"),
        pytest.param(png_claiming(70_000, 1), "70,000 × 1", id="wider than a picture is"),
        pytest.param(png_claiming(3_000, 3_000), "damaged", id="PNG without its data"),
        pytest.param(
            jpeg_claiming(7_000, 7_000), "most of it is missing", id="JPEG claiming what it cannot hold"
        ),
        pytest.param(b"\x00" * 10_000_001, "larger than 10 MB", id="too many bytes"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(data, reason):
    with pytest.raises(PictureError, match=reason) as caught:
        decode_picture(data, **LIMITS)
    assert str(caught.value).endswith(".")


def test_a_large_plain_jpeg_is_no_bomb():
    data = encode(plain(90, mode="L", size=(3000, 3000)), "JPEG", quality=10, optimize=True)
    assert decode_picture(data, **LIMITS).size == (3000, 3000)


WHOLE = [encode(plain(size=(40, 30)), format) for format in FORMATS]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=20),
)
def test_random_damage_gives_a_picture_or_a_sentence(data, damage):
    damaged = bytearray(data)
    for place, value in damage:
        damaged[place % len(damaged)] = value
    with contextlib.suppress(PictureError):
        assert decode_picture(bytes(damaged), **LIMITS).mode == "RGB"


def test_a_jpeg_for_a_thumbnail_is_decoded_smaller():
    data = encode(plain(size=(1600, 1200)), "JPEG")
    assert decode_picture(data, **LIMITS, at_least=160).size == (400, 300)
    assert decode_picture(data, **LIMITS).size == (1600, 1200)


@pytest.mark.parametrize("resize", ["squash", "crop"])
@pytest.mark.parametrize("size", [(100, 40), (40, 100), (7, 9), (64, 64), (300, 300), (1, 500)])
def test_any_picture_is_brought_to_the_size(size, resize):
    fitted = fit_picture(plain(size=size), image_size=64, resize=resize)
    assert fitted.shape == (64, 64, 3)
    assert fitted.dtype == np.uint8
    assert np.abs(fitted.astype(int) - ORANGE).max() <= 1


def test_a_picture_of_the_right_size_is_left_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert (fit_picture(Image.fromarray(pixels), image_size=32) == pixels).all()


def test_the_crop_keeps_seven_eighths_of_the_short_side_from_the_middle():
    image = Image.new("RGB", (512, 256), (0, 0, 0))
    image.paste((255, 255, 255), (144, 16, 368, 240))
    assert fit_picture(image, image_size=224, resize="crop").mean() > 250
    squashed = fit_picture(image, image_size=224, resize="squash")
    assert 80 < squashed.mean() < 110


def test_fine_patterns_become_grey_and_not_noise():
    stripes = Image.fromarray(
        np.tile(np.array([0, 255], np.uint8), (256, 128)).repeat(3).reshape(256, 256, 3)
    )
    assert np.abs(fit_picture(stripes, image_size=32).astype(int) - 127).max() < 12


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        pytest.param((1000, 500), (160, 80), id="made smaller"),
        pytest.param((100, 160), (100, 160), id="fits"),
        pytest.param((8, 8), (160, 160), id="enlarged by whole pixels"),
        pytest.param((32, 28), (160, 140), id="enlarged five times"),
    ],
)
def test_a_thumbnail_is_a_small_jpeg(size, shown):
    with Image.open(io.BytesIO(encode_thumbnail(plain(size=size), size=160))) as image:
        assert (image.format, image.size) == ("JPEG", shown)
