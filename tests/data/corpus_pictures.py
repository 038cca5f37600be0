"""A corpus of odd, damaged and hostile picture files, made here: what each is, and what a person should get of it.

Each row is shown (then its size and mean colour are known) or refused (then the words of its sentence
are). Files are written byte by byte where Pillow would not write them.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from tests.data.making import ORANGE, encode, plain

BLUE = (20, 40, 200)
WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)
DAMAGED = "The picture is damaged"
NO_PICTURE = "It is no picture, or too damaged to recognise"
HEADER = "but its header is damaged, or of a sort that is not read"
TOO_LARGE = "at most 50 million are read"
SIZE = (48, 36)


@dataclass(frozen=True, kw_only=True)
class OddPicture:
    """One file of the corpus."""

    name: str
    """Begins with the format that it is read as, where it is shown."""
    make: Callable[[], bytes]
    sentence: str = ""
    """Words of the sentence that refuses it; empty where it is shown."""
    size: tuple[int, int] = SIZE
    mean: tuple[float, float, float] = ORANGE


def shown(name: str, make: Callable[[], bytes], *, size=SIZE, mean=ORANGE) -> OddPicture:
    """A row of a file that is a picture."""
    return OddPicture(name=name, make=make, size=size, mean=mean)


def refused(name: str, make: Callable[[], bytes], sentence: str) -> OddPicture:
    """A row of a file that is not, or none that we read."""
    return OddPicture(name=name, make=make, sentence=sentence)


def saved(format: str, **options) -> bytes:
    """An orange picture in a format."""
    return encode(plain(size=SIZE), format, **options)


def noise(format: str, **options) -> bytes:
    """A picture that cannot be packed well, so that its end is far from its beginning."""
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    return encode(Image.fromarray(pixels), format, **options)


# --- PNG


def png(*chunks: tuple[bytes, bytes], wrong_crc: bytes = b"") -> bytes:
    """A PNG of these chunks; the checksum of the kind `wrong_crc` is not right."""
    body = b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data) ^ (kind == wrong_crc))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def header(width=SIZE[0], height=SIZE[1], *, depth=8, colour=2, interlace=0) -> tuple[bytes, bytes]:
    """The first chunk of a PNG."""
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


def rows(pixel: bytes, *, size=SIZE, bits: int = 24) -> bytes:
    """What a PNG holds, before it is packed: every row begins with its filter."""
    line = (pixel * size[0])[: -(-size[0] * bits // 8)]
    return (b"\x00" + line) * size[1]


def packed(data: bytes) -> tuple[bytes, bytes]:
    """A chunk of pixels."""
    return b"IDAT", zlib.compress(data)


def interlaced() -> bytes:
    """Seven passes over 8 x 8 pixels, as Adam7 has them."""
    passes = [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)]
    data = b"".join(rows(bytes(ORANGE), size=size) for size in passes)
    return png(header(8, 8, interlace=1), packed(data), END)


def cramped(kind: bytes, before: bytes, megabytes: int) -> bytes:
    """A PNG with a text or a profile that unpacks to very much."""
    bomb = zlib.compress(b"\x00" * (megabytes << 20), 9)
    return png(header(), (kind, before + bomb), packed(ROWS), END)


END = (b"IEND", b"")
ROWS = rows(bytes(ORANGE))
FIVE = struct.pack(">I", 5)


def png_rows() -> Iterator[OddPicture]:
    """What can be wrong in a PNG."""
    good = (header(), packed(ROWS), END)
    yield shown("PNG by hand", lambda: png(*good))
    yield shown("PNG without its end", lambda: png(*good[:2]))
    yield shown("PNG, interlaced", interlaced, size=(8, 8))
    yield shown("PNG of 16 bits a colour", lambda: png(header(depth=16), packed(_deep(6)), END))
    yield shown(
        "PNG of 1 bit", lambda: png(header(depth=1, colour=0), packed(rows(b"\xff", bits=1)), END), mean=WHITE
    )
    yield shown(
        "PNG of 2 bits",
        lambda: png(header(depth=2, colour=0), packed(rows(b"\xaa", bits=2)), END),
        mean=(170,) * 3,
    )
    yield shown(
        "PNG of 4 bits",
        lambda: png(header(depth=4, colour=0), packed(rows(b"\x88", bits=4)), END),
        mean=(136,) * 3,
    )
    yield shown(
        "PNG of one transparent colour",
        lambda: png(header(), (b"tRNS", struct.pack(">HHH", *ORANGE)), packed(ROWS), END),
        mean=WHITE,
    )
    yield shown("PNG in ten thousand pieces", lambda: png(header(), *_pieces(), END))
    for kind, before in ((b"zTXt", b"Comment\0\0"), (b"iCCP", b"icc\0\0")):
        yield refused(
            f"PNG with 30 MB in {kind.decode()}",
            partial(cramped, kind, before, 30),
            "a text or a colour profile in it unpacks to very much",
        )
    yield shown("PNG with unknown chunks", lambda: png(header(), (b"abCd", bytes(5000)), *good[1:]))
    yield refused("PNG with a wrong checksum of its header", lambda: png(*good, wrong_crc=b"IHDR"), HEADER)
    yield shown("PNG with a wrong checksum of its pixels", lambda: png(*good, wrong_crc=b"IDAT"))
    yield refused("PNG whose pixels are not packed", lambda: png(header(), (b"IDAT", ROWS), END), DAMAGED)
    yield refused("PNG without pixels", lambda: png(header(), END), DAMAGED)
    yield shown(
        "PNG with half of its rows, the others are black",
        lambda: png(header(), packed(ROWS[: len(ROWS) // 2]), END),
        mean=(115, 60, 15),
    )
    yield refused("PNG of no kind of colour", lambda: png(header(colour=5), *good[1:]), HEADER)
    yield shown(
        "PNG with a palette that is missing",
        lambda: png(header(colour=3), packed(rows(b"\x01", bits=8)), END),
        mean=BLACK,
    )
    yield refused("PNG with a header too short", lambda: png((b"IHDR", FIVE), *good[1:]), DAMAGED)
    yield refused(
        "PNG with a chunk longer than the file",
        lambda: png(header()) + b"\x7f\xff\xff\xffIDAT" + b"x" * 100,
        DAMAGED,
    )
    for width, height in ((40_000, 40_000), (2**31 - 1, 1), (60_000, 1_000), (1, 2**31 - 1)):
        yield refused(
            f"PNG that claims {width} x {height}",
            partial(png, header(width, height), packed(b"\0" * 1000), END),
            TOO_LARGE,
        )


def _deep(count: int) -> bytes:
    pixel = b"".join(bytes([value, value]) for value in ORANGE)
    return rows(pixel, bits=8 * count)


def _pieces() -> list[tuple[bytes, bytes]]:
    data = zlib.compress(ROWS, 0)
    return [(b"IDAT", data[at : at + 1]) for at in range(len(data))] + [(b"IDAT", b"")] * 5000


# --- GIF


def gif(*blocks: bytes, size=SIZE, palette=bytes(ORANGE) + bytes(BLUE), trailer=b";") -> bytes:
    """A GIF of two colours."""
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + palette + b"".join(blocks) + trailer


def frame(color: int = 0, *, size=SIZE, at=(0, 0), code_bits: int = 2) -> bytes:
    """A frame of one colour, its codes as they are: a 'clear' before every two pixels, so that no code grows."""
    clear, end = 4, 5
    codes = []
    for place in range(size[0] * size[1]):
        codes += [clear, color] if place % 2 == 0 else [color]
    bits = "".join(f"{code:03b}"[::-1] for code in [*codes, end])
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    blocks = b"".join(
        bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255)
    )
    return b"," + struct.pack("<HHHHB", *at, *size, 0) + bytes([code_bits]) + blocks + b"\0"


def control(*, transparent: int) -> bytes:
    """What comes before a frame: one of its colours is not seen."""
    return b"\x21\xf9\x04" + bytes([1, 0, 0, transparent]) + b"\0"


def gif_rows() -> Iterator[OddPicture]:
    """What can be odd in a GIF."""
    yield shown("GIF by hand", lambda: gif(frame()))
    yield shown("GIF without its end", lambda: gif(frame(), trailer=b""))
    yield shown("GIF of 500 frames", lambda: gif(frame(), *[frame(1, size=(2, 2))] * 500))
    yield shown("GIF whose second frame is damaged", lambda: gif(frame(), b",garbage"))
    yield shown("GIF of what is not seen", lambda: gif(control(transparent=0), frame()), mean=WHITE)
    yield shown(
        "GIF with a comment of 1 MB", lambda: gif(b"!\xfe" + (b"\xff" + b"x" * 255) * 4096 + b"\0", frame())
    )
    yield refused("GIF without a frame", lambda: gif(), HEADER)
    yield refused("GIF whose codes have 13 bits", lambda: gif(frame(code_bits=13)), DAMAGED)
    yield refused(
        "GIF that claims 65535 x 65535", lambda: gif(frame(size=(2, 2)), size=(65535, 65535)), TOO_LARGE
    )
    yield refused("GIF of no width", lambda: gif(frame(size=(0, 0)), size=(0, 0)), HEADER)


# --- BMP


def bmp(
    pixels: bytes, *, width=SIZE[0], height=SIZE[1], bits=24, packing=0, palette=b"", offset=None
) -> bytes:
    """A BMP with a header of 40 bytes."""
    at = 54 + len(palette) if offset is None else offset
    info = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(pixels), 0, 0, len(palette) // 4, 0
    )
    return b"BM" + struct.pack("<IHHI", 54 + len(palette) + len(pixels), 0, 0, at) + info + palette + pixels


def bmp_rows() -> Iterator[OddPicture]:
    """What can be odd in a BMP."""
    count = SIZE[0] * SIZE[1]
    orange, two = bytes(ORANGE[::-1]), bytes(ORANGE[::-1]) + b"\0" + bytes(BLUE[::-1]) + b"\0"
    yield shown("BMP by hand", lambda: bmp(orange * count))
    yield shown("BMP upside down", lambda: bmp(orange * count, height=-SIZE[1]))
    yield shown("BMP of 32 bits", lambda: bmp((orange + b"\0") * count, bits=32))
    yield shown("BMP of 8 bits", lambda: bmp(bytes(count), bits=8, palette=two))
    yield shown("BMP of 4 bits", lambda: bmp(bytes(count // 2), bits=4, palette=two))
    yield shown("BMP of 1 bit", lambda: bmp(bytes(8 * SIZE[1]), bits=1, palette=two))
    yield shown(
        "BMP, run-length encoded",
        lambda: bmp(b"\x30\x01\x00\x00" * SIZE[1] + b"\x00\x01", bits=8, packing=1, palette=two),
        mean=BLUE,
    )
    yield refused("BMP without its pixels", lambda: bmp(b""), DAMAGED)
    yield refused("BMP whose pixels lie beyond its end", lambda: bmp(orange * count, offset=10**8), DAMAGED)
    yield refused("BMP of 7 bits", lambda: bmp(orange * count, bits=7), DAMAGED)
    yield refused("BMP of no known packing", lambda: bmp(orange * count, packing=77), DAMAGED)
    yield refused("BMP that claims a gigapixel", lambda: bmp(orange, width=32_000, height=32_000), TOO_LARGE)


# --- TIFF


def tiff(
    *,
    changes: dict[int, int] | None = None,
    order: str = "<",
    following: int = 0,
    pixels: bytes | None = None,
) -> bytes:
    """A TIFF of 8-bit RGB in one strip; `changes` gives tags other values."""
    pixels = bytes(ORANGE) * (SIZE[0] * SIZE[1]) if pixels is None else pixels
    entries = {
        256: SIZE[0],
        257: SIZE[1],
        258: 8,
        259: 1,
        262: 2,
        273: 200,
        277: 3,
        278: SIZE[1],
        279: len(pixels),
    } | (changes or {})
    directory = struct.pack(order + "H", len(entries)) + b"".join(
        struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in sorted(entries.items())
    )
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return (start + directory + struct.pack(order + "I", following)).ljust(200, b"\0") + pixels


def tiff_rows() -> Iterator[OddPicture]:
    """What can be odd in a TIFF."""
    for packing in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield shown(f"TIFF packed with {packing}", partial(saved, "TIFF", compression=packing))
    yield shown(
        "TIFF of a fax",
        lambda: encode(plain(1, size=SIZE, mode="1"), "TIFF", compression="group4"),
        mean=WHITE,
    )
    yield shown(
        "TIFF of two pages",
        lambda: saved("TIFF", save_all=True, append_images=[plain(BLUE, size=SIZE)]),
    )
    yield shown("TIFF by hand", tiff)
    yield shown("TIFF with its numbers the other way round", lambda: tiff(order=">"))
    yield shown("TIFF whose pages are a ring", lambda: tiff(following=8))
    yield shown("TIFF whose next page lies beyond its end", lambda: tiff(following=10**9))
    yield shown("TIFF with a palette", lambda: encode(plain(size=SIZE).quantize(4), "TIFF"))
    yield refused("TIFF whose pixels lie beyond its end", lambda: tiff(changes={273: 10**9}), DAMAGED)
    yield refused("TIFF with half of its pixels", lambda: tiff(pixels=bytes(ORANGE) * 800), DAMAGED)
    yield refused("TIFF of no known packing", lambda: tiff(changes={259: 31_337}), HEADER)
    yield refused("TIFF that claims a terapixel", lambda: tiff(changes={256: 2**20, 257: 2**20}), TOO_LARGE)
    yield refused("TIFF of no width", lambda: tiff(changes={256: 0}), HEADER)
    yield refused("TIFF without a page", lambda: b"II*\0" + bytes(4), HEADER)


# --- JPEG


def segment(marker: int, data: bytes) -> bytes:
    """A part of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg_with(*parts: bytes, **options) -> bytes:
    """A JPEG with parts after its beginning."""
    data = saved("JPEG", quality=95, **options)
    return data[:2] + b"".join(parts) + data[2:]


def jpeg_without(marker: int) -> bytes:
    """A JPEG that lacks every part of a kind."""
    data = saved("JPEG", quality=95)
    while (at := data.find(bytes([0xFF, marker]))) >= 0:
        data = data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :]
    return data


def jpeg_frame(place: int, value: bytes, *, marker: int | None = None) -> bytes:
    """A JPEG with something else in the header of its frame."""
    data = bytearray(saved("JPEG", quality=95))
    at = data.index(b"\xff\xc0")
    data[at + place : at + place + len(value)] = value
    if marker is not None:
        data[at + 1] = marker
    return bytes(data)


def with_orientation(value: object) -> bytes:
    """A JPEG whose EXIF gives an orientation that does not exist."""
    exif = Image.Exif()
    exif[0x0112] = value
    return saved("JPEG", quality=95, exif=exif)


def jpeg_rows() -> Iterator[OddPicture]:
    """What can be odd in a JPEG."""
    quality = {"quality": 95}
    yield shown("JPEG, progressive", partial(saved, "JPEG", progressive=True, **quality))
    yield shown("JPEG with restart markers", partial(saved, "JPEG", restart_marker_blocks=1, **quality))
    yield shown("JPEG with all of its colour", partial(saved, "JPEG", subsampling=0, **quality))
    yield shown("JPEG that stores RGB", partial(saved, "JPEG", keep_rgb=True, **quality))
    yield shown("JPEG of grey", lambda: encode(plain(128, size=SIZE, mode="L"), "JPEG", **quality), mean=GREY)
    yield shown(
        "JPEG of two pictures", lambda: saved("MPO", save_all=True, append_images=[plain(BLUE, size=SIZE)])
    )
    yield shown("JPEG with 2 MB of comments", lambda: jpeg_with(*[segment(0xFE, b"x" * 65_000)] * 32))
    yield shown("JPEG whose EXIF is garbage", lambda: jpeg_with(segment(0xE1, b"Exif\0\0" + b"\xee" * 500)))
    yield shown(
        "JPEG with a profile that is none", partial(saved, "JPEG", icc_profile=b"no profile" * 9, **quality)
    )
    yield shown("JPEG that a ZIP follows", lambda: saved("JPEG", **quality) + b"PK\x03\x04" + bytes(500))
    for value in (0, 9, 65_535):
        yield shown(f"JPEG of orientation {value}", partial(with_orientation, value))
    yield refused("JPEG without tables", lambda: jpeg_without(0xDB), DAMAGED)
    yield refused("JPEG of 12 bits", lambda: jpeg_frame(4, b"\x0c"), HEADER)
    yield refused("JPEG of no height", lambda: jpeg_frame(5, b"\0\0"), HEADER)
    yield refused("JPEG of nine colours", lambda: jpeg_frame(9, b"\x09"), HEADER)
    yield refused("JPEG of a kind that nobody reads", lambda: jpeg_frame(0, b"", marker=0xC3), DAMAGED)
    yield refused(
        "JPEG that claims 65500 x 65500", lambda: jpeg_frame(5, struct.pack(">HH", 65_500, 65_500)), TOO_LARGE
    )
    yield refused("JPEG that is its beginning only", lambda: b"\xff\xd8\xff", HEADER)
    yield refused("JPEG after a line of text", lambda: b"HTTP/1.1 200 OK\r\n" + saved("JPEG"), NO_PICTURE)


# --- WebP and AVIF


def webp_claiming(width: int, height: int) -> bytes:
    """A WebP whose canvas is larger than what it holds."""
    inner = saved("WEBP", lossless=True)[12:]
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\0" * 4
    canvas += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 4 + len(canvas) + len(inner)) + b"WEBP" + canvas + inner


def modern_rows() -> Iterator[OddPicture]:
    """What can be odd in WebP and AVIF."""
    clear = (*ORANGE, 0)
    for format in ("WEBP", "AVIF"):
        yield shown(
            f"{format} of what is not seen",
            partial(lambda format: encode(plain(clear, size=SIZE, mode="RGBA"), format), format),
            mean=WHITE,
        )
        yield shown(
            f"{format}, animated",
            partial(saved, format, save_all=True, append_images=[plain(BLUE, size=SIZE)], quality=95),
        )
    yield shown("WEBP without loss", partial(saved, "WEBP", lossless=True))
    yield refused("WEBP that claims 16384 x 16384", lambda: webp_claiming(16_384, 16_384), DAMAGED)
    yield refused("WEBP that is its beginning only", lambda: saved("WEBP")[:12], HEADER)
    yield refused("AVIF that is its beginning only", lambda: saved("AVIF")[:40], HEADER)


# --- every format


def every_format_rows() -> Iterator[OddPicture]:
    """What happens to files of any format: cut off, overwritten, or with something behind them."""
    exact = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}, "AVIF": {"quality": 95}}
    for format in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"):
        options = exact.get(format, {})
        for share in (0.3, 0.6, 0.9):
            # Of an AVIF that is not whole, the library says only that it is none.
            sentence = HEADER if format == "AVIF" and share < 0.9 else DAMAGED
            yield refused(f"{format}, {share:.0%} of it", partial(_cut, format, share), sentence)
        yield refused(f"{format}, its beginning overwritten", partial(_overwritten, format), NO_PICTURE)
        yield shown(
            f"{format} with garbage behind it",
            partial(lambda format, options: saved(format, **options) + b"\xa5" * 3000, format, options),
        )


def _cut(format: str, share: float) -> bytes:
    data = noise(format)
    return data[: int(len(data) * share)]


def _overwritten(format: str) -> bytes:
    return bytes(32) + noise(format)[32:]


# --- what is no picture, or none that we read


OTHERS: tuple[tuple[str, bytes, str], ...] = (
    ("a web page", b"<!DOCTYPE html><title>404</title>", "a web page"),
    ("a web page in capitals", b"\xef\xbb\xbf<HTML><BODY>", "a web page"),
    (
        "an SVG",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        "an SVG drawing",
    ),
    ("an SVG with a declaration", b"<?xml version='1.0'?><svg/>", "an XML file, perhaps an SVG"),
    ("an XML bomb", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bb'>]><a>&b;</a>", "an XML file"),
    ("a PDF", b"%PDF-1.7\n", "a PDF document"),
    ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n(ls) system", "a PostScript file"),
    ("a document", b"PK\x03\x04" + bytes(60), "a ZIP archive or an office document"),
    ("gzip", b"\x1f\x8b\x08" + bytes(60), "a compressed file"),
    ("a placeholder", b"version https://git-lfs.github.com/spec/v1\n", "a placeholder of Git LFS"),
    ("Photoshop", b"8BPS\0\x01" + bytes(60), "a Photoshop file"),
    ("an icon", b"\0\0\x01\0\x01\0" + bytes(60), "an icon"),
    ("HEIC of a telephone", b"\0\0\0\x18ftypheic" + bytes(60), "a HEIC picture"),
    ("HEIC of another", b"\0\0\0\x18ftypmif1" + bytes(60), "a HEIC picture"),
    ("a video", b"\0\0\0\x18ftypmp42" + bytes(60), "a video"),
    ("JPEG XL", b"\xff\x0a" + bytes(60), "a JPEG XL picture, which"),
    ("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60), "a JPEG 2000 picture, which"),
    ("a cursor", b"\0\0\x02\0\x01\0" + bytes(60), NO_PICTURE),
    ("PPM", b"P6 2 2 255\n" + bytes(12), NO_PICTURE),
    ("a program", b"\x7fELF\x02\x01\x01" + bytes(60), NO_PICTURE),
    ("a program of Windows", b"MZ\x90\0" + bytes(60), NO_PICTURE),
    ("a script", b"#!/bin/sh\nrm -rf /\n", NO_PICTURE),
    ("a pickle", b"\x80\x04cos\nsystem\n(S'id'\ntR.", NO_PICTURE),
    ("an array", b"\x93NUMPY\x01\0v\0{'descr': '|O'}", NO_PICTURE),
    ("a database", b"SQLite format 3\0" + bytes(60), NO_PICTURE),
    ("a sound", b"RIFF\x24\0\0\0WAVEfmt " + bytes(60), NO_PICTURE),
    ("a table", b"name,label\n1.jpg,cat\n", NO_PICTURE),
    ("text of Windows", "\ufeffhello".encode("utf-16-le"), NO_PICTURE),
    ("zeros", bytes(5000), NO_PICTURE),
    ("nothing", b"", "The file is empty"),
    ("one byte", b"\x89", NO_PICTURE),
)


def other_rows() -> Iterator[OddPicture]:
    """Files that came with the pictures, or were called `.jpg`."""
    for name, data, sentence in OTHERS:
        yield refused(name, partial(bytes, data), sentence)
    for format in ("TGA", "PCX", "ICNS", "DDS", "SGI"):
        yield refused(
            f"{format}, whose parser must not run",
            partial(lambda format: encode(plain(size=(16, 16)), format), format),
            NO_PICTURE,
        )


def shape_rows() -> Iterator[OddPicture]:
    """Odd shapes."""
    for size in ((1, 1), (1, 5000), (5000, 1), (65_535, 2)):
        yield shown(
            f"PNG of {size[0]} x {size[1]}", partial(lambda size: encode(plain(size=size)), size), size=size
        )
    yield refused(
        "PNG of 70000 x 1", lambda: encode(plain(size=(70_000, 1))), "no side may be longer than 65,535"
    )


PICTURES: tuple[OddPicture, ...] = (
    *png_rows(),
    *gif_rows(),
    *bmp_rows(),
    *tiff_rows(),
    *jpeg_rows(),
    *modern_rows(),
    *every_format_rows(),
    *other_rows(),
    *shape_rows(),
)
