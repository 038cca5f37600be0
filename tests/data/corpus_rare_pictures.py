"""More of the corpus of pictures: rare ways to store colours, transparency and orientation, and files made to do harm.

Rows are as in `corpus_pictures`; together they are what `test_corpus_pictures` runs.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial

import numpy as np
from PIL import Image

from tests.data.corpus_pictures import (
    BLACK,
    BLUE,
    DAMAGED,
    END,
    GREY,
    HEADER,
    ROWS,
    SIZE,
    TOO_LARGE,
    WHITE,
    OddPicture,
    bmp,
    control,
    frame,
    gif,
    header,
    jpeg_frame,
    jpeg_with,
    packed,
    png,
    refused,
    rows,
    saved,
    segment,
    shown,
    tiff,
)
from tests.data.making import ORANGE, encode, plain

HALF = (243, 188, 143)
"""Orange half seen on white."""
CUT = "its end is missing"


def of(mode: str, color, format: str = "PNG", **options) -> bytes:
    """One colour in a mode of Pillow's."""
    return encode(plain(color, size=SIZE, mode=mode), format, **options)


def ramp(dtype, low: float, high: float) -> Image.Image:
    """Grey from left to right; its mean is in the middle."""
    return Image.fromarray(np.tile(np.linspace(low, high, SIZE[0]), (SIZE[1], 1)).astype(dtype))


def text_bomb(kind: bytes, *, times: int) -> bytes:
    """Many texts, each of which unpacks to less than is allowed of one."""
    body = b"Comment\0\0" if kind == b"zTXt" else b"Comment\0\1\0\0\0"
    chunk = (kind, body + zlib.compress(bytes(1_000_000), 9))
    return png(header(), *[chunk] * times, packed(ROWS), END)


def png_rows() -> Iterator[OddPicture]:
    """Rare PNGs."""
    yield shown("PNG of grey and alpha", lambda: of("LA", (0, 128)), mean=(127,) * 3)
    yield shown("PNG of colours and alpha", lambda: of("RGBA", (*ORANGE, 128)), mean=HALF)
    yield shown(
        "PNG of 16 bits a colour and alpha",
        lambda: png(header(depth=16, colour=6), packed(rows(_wide(*ORANGE, 0), bits=64)), END),
        mean=WHITE,
    )
    yield shown(
        "PNG of 16 bits of grey and alpha",
        lambda: png(header(depth=16, colour=4), packed(rows(_wide(128, 255), bits=32)), END),
        mean=GREY,
    )
    yield shown("PNG of 16 bits of grey", lambda: encode(ramp(np.uint16, 0, 65_535)), mean=(127.5,) * 3)
    yield shown(
        "PNG of 1 bit, its white transparent",
        lambda: png(header(depth=1, colour=0), (b"tRNS", b"\0\1"), packed(rows(b"\xff", bits=1)), END),
        mean=WHITE,
    )
    yield shown("PNG with a palette, half seen", _half_seen, mean=HALF)
    yield shown(
        "PNG with a palette, its numbers beyond it",
        lambda: png(header(colour=3), (b"PLTE", bytes(ORANGE)), packed(rows(b"\xff", bits=8)), END),
        mean=BLACK,
    )
    yield shown("PNG, animated", partial(saved, "PNG", save_all=True, append_images=[plain(BLUE, size=SIZE)]))
    yield shown(
        "PNG that says it has four billion frames",
        lambda: png(header(), (b"acTL", struct.pack(">II", 2**32 - 1, 0)), packed(ROWS), END),
    )
    yield shown(
        "PNG whose EXIF is garbage", lambda: png(header(), (b"eXIf", b"\xee" * 500), packed(ROWS), END)
    )
    yield shown(
        "PNG whose pixels unpack to 50 MB",
        lambda: png(header(), packed(ROWS + bytes(50 << 20)), END),
    )
    yield refused(
        "PNG with 100 texts of 1 MB each",
        lambda: text_bomb(b"zTXt", times=100),
        "texts in it unpack to very much",
    )
    yield refused(
        "PNG with 100 texts of 1 MB each in iTXt",
        lambda: text_bomb(b"iTXt", times=100),
        "texts in it unpack to very much",
    )
    yield refused(
        "PNG with its header twice", lambda: png(header(), header(9, 9), packed(ROWS), END), DAMAGED
    )
    yield refused("PNG, interlaced, cut off", lambda: png(header(interlace=1), packed(ROWS[:500])), DAMAGED)
    yield shown("PNG that is a ZIP too", partial(_and_zip, "PNG"))


def _wide(*values: int) -> bytes:
    return b"".join(bytes([value, value]) for value in values)


def _half_seen() -> bytes:
    return png(
        header(colour=3), (b"PLTE", bytes(ORANGE)), (b"tRNS", b"\x80"), packed(rows(b"\0", bits=8)), END
    )


def _and_zip(format: str) -> bytes:
    """A picture that unpacks as an archive too."""
    output = io.BytesIO(saved(format))
    with zipfile.ZipFile(output, "a") as archive:
        archive.writestr("evil.sh", "rm -rf /")
    return output.getvalue()


def gif_rows() -> Iterator[OddPicture]:
    """Rare GIFs."""
    yield shown(
        "GIF whose first frame covers a quarter",
        lambda: gif(frame(1, size=(24, 18))),
        mean=(177.5, 100, 72.5),
    )
    yield refused("GIF whose first frame covers nothing", lambda: gif(frame(size=(0, 0)), frame()), DAMAGED)
    yield shown(
        "GIF whose first frame lies outside", lambda: gif(frame(at=(100, 100), size=(2, 2))), size=(102, 102)
    )
    yield refused(
        "GIF whose first frame lies far outside",
        lambda: gif(frame(at=(65_000, 65_000), size=(2, 2))),
        TOO_LARGE,
    )
    yield shown("GIF of 89a as 87a", lambda: b"GIF87a" + gif(frame())[6:])
    yield shown(
        "GIF of what is not seen, twice", lambda: gif(*[control(transparent=0), frame()] * 2), mean=WHITE
    )
    yield shown("GIF that is a script too", lambda: gif(frame(), b"!\xfe\x10*/=1;alert(1);//\0"))
    yield shown("GIF that is a ZIP too", partial(_and_zip, "GIF"))
    yield refused("GIF cut off in its codes", lambda: gif(frame())[:60], DAMAGED)


def bmp_rows() -> Iterator[OddPicture]:
    """Rare BMPs."""
    count = SIZE[0] * SIZE[1]
    two = bytes(ORANGE[::-1]) + b"\0" + bytes(BLUE[::-1]) + b"\0"
    yield shown("BMP of OS/2", _old_bmp)
    yield shown("BMP of 16 bits", lambda: bmp(struct.pack("<H", 28 << 10 | 15 << 5 | 4) * count, bits=16))
    yield shown(
        "BMP of 4 bits, run-length encoded",
        lambda: bmp(b"\x30\x11\0\0" * SIZE[1] + b"\0\1", bits=4, packing=2, palette=two),
        mean=BLUE,
    )
    yield refused(
        "BMP whose runs leave the picture",
        lambda: bmp(b"\xff\x01" * 60 + b"\0\1", bits=8, packing=1, palette=two),
        CUT,
    )
    yield refused(
        "BMP whose header is of no known length", lambda: b"BM" + bytes(12) + b"\x77" + bytes(200), DAMAGED
    )
    yield refused("BMP of no width", lambda: bmp(b"", width=0), HEADER)
    yield refused("BMP of a negative width", lambda: bmp(bytes(ORANGE) * count, width=-48), TOO_LARGE)
    yield refused("BMP of the lowest height", lambda: bmp(b"", height=-(2**31)), TOO_LARGE)
    yield refused("BMP that is a text", lambda: b"BMW is a maker of cars, as everybody knows.", DAMAGED)


def _old_bmp() -> bytes:
    pixels = bytes(ORANGE[::-1]) * (SIZE[0] * SIZE[1])
    info = struct.pack("<IHHHH", 12, *SIZE, 1, 24)
    return b"BM" + struct.pack("<IHHI", 26 + len(pixels), 0, 0, 26) + info + pixels


def tiff_rows() -> Iterator[OddPicture]:
    """Rare TIFFs."""
    for mode, color, mean in (
        ("L", 128, GREY),
        ("1", 1, WHITE),
        ("RGBA", (*ORANGE, 0), WHITE),
        ("LA", (0, 255), BLACK),
        ("CMYK", (0, 0, 0, 255), BLACK),
    ):
        yield shown(f"TIFF of mode {mode}", partial(of, mode, color, "TIFF"), mean=mean)
    for dtype, low, high in (
        (np.uint16, 0, 65_535),
        (np.int32, 0, 255),
        (np.int32, 0, 65_535),
        (np.int32, -1000, 1000),
        (np.float32, 0, 1),
        (np.float32, 0, 255),
        (np.float32, -5, 5),
    ):
        yield shown(
            f"TIFF of {dtype.__name__} from {low} to {high}",
            partial(lambda *ends: encode(ramp(*ends), "TIFF"), dtype, low, high),
            mean=(127.5,) * 3,
        )
    yield shown(
        "TIFF of what is no number", lambda: encode(ramp(np.float32, np.nan, np.nan), "TIFF"), mean=BLACK
    )
    yield refused("TIFF of LAB", lambda: of("LAB", (128, 128, 128), "TIFF"), "stored as LAB")
    yield shown("TIFF, large", partial(saved, "TIFF", big_tiff=True))
    yield shown("TIFF in planes", _planes)
    yield shown("TIFF in tiles", _tiles)
    yield shown(
        "TIFF of 200 pages",
        partial(saved, "TIFF", save_all=True, append_images=[plain(BLUE, size=(2, 2))] * 199),
    )
    yield refused("TIFF with JPEG of the old kind", lambda: tiff(changes={259: 6}), DAMAGED)
    yield refused("TIFF of 64 bits a colour", lambda: tiff(changes={258: 64}), HEADER)
    yield refused("TIFF whose page lies beyond its end", lambda: b"II*\0" + struct.pack("<I", 10**9), HEADER)
    yield refused(
        "TIFF of 65,535 empty tags", lambda: b"II*\0" + struct.pack("<IH", 8, 65_535) + bytes(786_420), HEADER
    )


def _planes() -> bytes:
    """First all the red, then all the green, then all the blue."""
    count = SIZE[0] * SIZE[1]
    starts = struct.pack("<III", *(300 + plane * count for plane in range(3)))
    counts = struct.pack("<III", *[count] * 3)
    pixels = b"".join(bytes([value]) * count for value in ORANGE)
    return _strips(
        starts + counts, at=270, tags={284: (4, 1, 2), 273: (4, 3, 270), 279: (4, 3, 282)}, pixels=pixels
    )


def _tiles() -> bytes:
    """Nine tiles of 16 by 16."""
    count = 9
    starts = struct.pack("<9I", *(400 + tile * 768 for tile in range(count)))
    counts = struct.pack("<9I", *[768] * count)
    tags = {
        322: (4, 1, 16),
        323: (4, 1, 16),
        324: (4, count, 270),
        325: (4, count, 306),
        273: None,
        278: None,
        279: None,
    }
    return _strips(starts + counts, at=270, tags=tags, pixels=bytes(ORANGE) * 256 * count, begin=400)


def _strips(table: bytes, *, at: int, tags: dict, pixels: bytes, begin: int = 300) -> bytes:
    """A TIFF of 8-bit RGB whose pixels lie in several places, which a table says."""
    entries = {
        256: (4, 1, SIZE[0]),
        257: (4, 1, SIZE[1]),
        258: (3, 3, 262),
        259: (3, 1, 1),
        262: (3, 1, 2),
        277: (3, 1, 3),
        278: (4, 1, SIZE[1]),
    }
    entries |= tags
    kept = sorted((tag, entry) for tag, entry in entries.items() if entry)
    directory = struct.pack("<H", len(kept)) + b"".join(
        struct.pack("<HHII", tag, *entry) for tag, entry in kept
    )
    start = (b"II*\0" + struct.pack("<I", 8) + directory + bytes(4)).ljust(262, b"\0") + struct.pack(
        "<HHH", 8, 8, 8
    )
    return (start.ljust(at, b"\0") + table).ljust(begin, b"\0") + pixels


def jpeg_rows() -> Iterator[OddPicture]:
    """Rare JPEGs."""
    best = {"quality": 95}
    yield shown("JPEG of CMYK", lambda: of("CMYK", (0, 0, 0, 255), "JPEG", **best), mean=BLACK)
    yield shown("JPEG of CMYK that is not Adobe's", _plain_cmyk, mean=BLACK)
    yield refused("JPEG whose last two bytes are missing", lambda: saved("JPEG", **best)[:-2], CUT)
    yield shown(
        "JPEG with EXIF of 1 MB", lambda: jpeg_with(*[segment(0xE1, b"Exif\0\0" + bytes(65_000))] * 16)
    )
    yield shown("JPEG with EXIF that is a ring", lambda: jpeg_with(segment(0xE1, RING)))
    yield refused("JPEG with half a mark of Adobe", lambda: jpeg_with(segment(0xEE, b"Adobe\0")), HEADER)
    yield shown(
        "JPEG with a profile in no order", lambda: jpeg_with(segment(0xE2, b"ICC_PROFILE\0\x09\x02xyz"))
    )
    yield shown(
        "JPEG with fill bytes", lambda: saved("JPEG", **best)[:2] + b"\xff" * 500 + saved("JPEG", **best)[2:]
    )
    yield shown(
        "JPEG with another before its end", lambda: saved("JPEG", **best) + encode(plain(BLUE), "JPEG")
    )
    yield shown("JPEG that is a ZIP too", partial(_and_zip, "JPEG"))
    yield shown(
        "JPEG with a program of a web page",
        lambda: jpeg_with(segment(0xFE, b"<?php system($_GET[0]); ?><script>alert(1)</script>")),
    )
    yield refused("JPEG, progressive, half of it", lambda: _half(saved("JPEG", progressive=True)), CUT)
    yield refused("JPEG of two colours", lambda: jpeg_frame(9, b"\x02"), HEADER)
    yield shown("JPEG with a part of no length", lambda: jpeg_with(b"\xff\xe5\0\0"))
    yield refused(
        "JPEG that claims what it cannot hold",
        lambda: jpeg_frame(5, struct.pack(">HH", 7000, 7000)),
        "most of it is missing",
    )


RING = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)


def _plain_cmyk() -> bytes:
    data = of("CMYK", (0, 0, 0, 0), "JPEG", quality=95)
    start = data.index(b"\xff\xee")
    return data[:start] + data[start + 2 + struct.unpack(">H", data[start + 2 : start + 4])[0] :]


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def turned(orientation: int, format: str) -> bytes:
    """A picture, stored otherwise than it is seen: 48 wide and 36 high once it is upright."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = plain(size=SIZE)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    return encode(stored, format, exif=exif, quality=95)


def turned_rows() -> Iterator[OddPicture]:
    """Pictures that a camera stored as it was held; `test_images` looks at their corners."""
    for format in ("JPEG", "PNG", "WEBP", "TIFF"):
        for orientation in (5, 6, 8):
            yield shown(f"{format} turned as {orientation}", partial(turned, orientation, format))


def modern_rows() -> Iterator[OddPicture]:
    """Rare WebP and AVIF."""
    yield shown(
        "WEBP, half seen", lambda: of("RGBA", (*ORANGE, 128), "WEBP", lossless=True, exact=True), mean=HALF
    )
    yield shown(
        "WEBP of 60 frames",
        partial(saved, "WEBP", save_all=True, append_images=[plain(BLUE, size=SIZE)] * 59),
    )
    yield shown(
        "WEBP whose EXIF is garbage", partial(saved, "WEBP", lossless=True, exif=b"Exif\0\0" + b"\xee" * 99)
    )
    yield refused("WEBP that says it is longer", lambda: _longer(saved("WEBP")), DAMAGED)
    yield shown("AVIF, half seen", lambda: of("RGBA", (*ORANGE, 128), "AVIF", quality=95), mean=HALF)
    yield shown("AVIF of grey", lambda: of("L", 128, "AVIF", quality=95), mean=GREY)
    yield refused("AVIF that claims 65535 x 65535", _wide_avif, HEADER)


def _longer(data: bytes) -> bytes:
    return data[:4] + struct.pack("<I", 2**31) + data[8:]


def _wide_avif() -> bytes:
    data = bytearray(saved("AVIF"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 65_535, 65_535)
    return bytes(data)


def large_rows() -> Iterator[OddPicture]:
    """Files of some kilobytes with 25 million pixels, half of what is allowed."""
    large = (5000, 5000)
    for name, depth, colour, bits, mean in (
        ("of colours and alpha", 8, 6, 32, WHITE),
        ("of 16 bits of grey", 16, 0, 16, BLACK),
    ):
        yield shown(f"PNG {name}, large", partial(_black, large, depth, colour, bits), size=large, mean=mean)
    yield shown(
        "JPEG of grey, large", lambda: encode(plain(0, size=large, mode="L"), "JPEG"), size=large, mean=BLACK
    )


def _black(size: tuple[int, int], depth: int, colour: int, bits: int) -> bytes:
    """A PNG of zeros, which are never in memory all at once."""
    packer = zlib.compressobj(1)
    line = bytes(1 + size[0] * bits // 8)
    data = b"".join(packer.compress(line) for _ in range(size[1])) + packer.flush()
    return png(header(*size, depth=depth, colour=colour), (b"IDAT", data), END)


def other_rows() -> Iterator[OddPicture]:
    """Formats that Pillow would read, and others under a picture's name."""
    for format, sentence in (
        ("ICO", "an icon"),
        ("EPS", "a PostScript file"),
        ("PDF", "a PDF document"),
        ("PPM", "It is no picture"),
        ("JPEG2000", "a JPEG 2000 picture"),
        ("SPIDER", "It is no picture"),
    ):
        mode = "F" if format == "SPIDER" else "RGB"
        color = 1.0 if mode == "F" else ORANGE
        yield refused(
            f"{format}, which Pillow could read",
            partial(
                lambda format, mode, color: encode(plain(color, size=(16, 16), mode=mode), format),
                format,
                mode,
                color,
            ),
            sentence,
        )
    for name, data, sentence in (
        ("a drawing of Windows", b"\xd7\xcd\xc6\x9a" + bytes(40), "WMF"),
        ("a newer drawing of Windows", b"\x01\0\0\0\x6c\0\0\0" + bytes(80) + b" EMF", "EMF"),
        ("JPEG XL in a box", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "JPEG XL"),
        ("FITS", b"SIMPLE  =                    T" + b" " * 2850, "It is no picture"),
        ("XPM", b'/* XPM */ static char *a[] = {"1 1 1 1", "a c #fff", "a"};', "It is no picture"),
        ("a web page before a picture", b"<html>" + saved("PNG"), "a web page"),
        ("a ZIP before a picture", b"PK\x03\x04" + saved("JPEG"), "a ZIP archive"),
        ("a page of a server", b"HTTP/1.1 404 Not Found\r\n\r\n", "It is no picture"),
        ("JSON", b'{"error": "not found"}', "It is no picture"),
        ("base64", b"data:image/png;base64,iVBORw0KGgo=", "It is no picture"),
        ("a song", b"ID3\x03\0\0\0\0\0\x21" + bytes(60), "It is no picture"),
        ("a film of QuickTime", b"\0\0\0\x14ftypqt  " + bytes(60), "a video"),
    ):
        yield refused(name, partial(bytes, data), sentence)


RARE: tuple[OddPicture, ...] = (
    *png_rows(),
    *gif_rows(),
    *bmp_rows(),
    *tiff_rows(),
    *jpeg_rows(),
    *turned_rows(),
    *modern_rows(),
    *large_rows(),
    *other_rows(),
)
